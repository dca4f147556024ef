//! Wave after wave: look, plan, act, until nothing is left to do now.

use super::{
    adoption, context::Context, failure::failed, kind::Kind, memory::Wave, report::Report,
};
use crate::{
    api::{
        condition::{self, READY, Reason},
        lifecycle::Drift,
    },
    aws::{AwsError, Kind as ErrorKind, observe::Look},
    desired::Identity,
    kubernetes::{fresh, status as kubernetes_status},
    plan::{
        Plan, State, Step, filter,
        forecast::{differences, forecast},
    },
    status::Outcome,
};

/// Waves in one reconcile: target group, rule and service need four; the rest is for looking again.
const WAVES: usize = 10;

/// What a reconcile knows before it looks.
pub struct Given<O> {
    /// A look that was taken already.
    pub look: Option<Result<Look<O>, AwsError>>,
    /// That the object is as the watch shows it was just proved.
    pub is_current: bool,
    /// What was just put on record of an object that has nothing in AWS yet.
    pub recorded: Option<Vec<String>>,
}

/// The line, wave after wave, until nothing is left to do now. None: the object is not as the watch shows it.
pub async fn converge<K: Kind>(
    object: &K,
    id: Identity<'_>,
    desired: &K::Desired,
    given: Given<K::Observed>,
    context: &Context,
) -> Result<Option<Report<K>>, kube::Error> {
    let Given {
        mut look,
        mut is_current,
        recorded,
    } = given;
    let mut report = Report::of(object);
    let uid = id.uid;
    let aws = context.aws(object.region());
    let observes_only = object.lifecycle().observes_only();
    // What AWS does not say now is not "still Ready" when a change is known to be due.
    let mut is_changing = K::is_due(&report.status, desired);
    let mut is_intended = false;
    // Of what is new nothing is in AWS, whatever is on record.
    let in_aws = match &recorded {
        Some(_) => Vec::new(),
        None => K::applied(&mut report.status).clone(),
    };
    if let Some(recorded) = recorded {
        *K::applied(&mut report.status) = recorded;
    }
    let before = K::applied(&mut report.status).clone();
    for wave in 0..WAVES {
        let seen = match look.take() {
            Some(look) => look,
            None => K::observe(&aws, desired).await,
        };
        let observed = match seen {
            Ok(Ok(observed)) => observed,
            Ok(Err(unseen)) => {
                report.outcome = Outcome::Waiting(
                    Reason::Creating,
                    format!("{} was created and AWS does not show it yet", unseen.0),
                );
                return Ok(Some(report));
            }
            Err(error) => return Ok(Some(failed(report, error, is_changing))),
        };
        let plan = filter::observe_only(object.plan(desired, &observed), object.lifecycle());
        if !observes_only {
            for found in drift(object, &plan) {
                if report.drift.iter().all(|known| known.path != found.path) {
                    report.drift.push(found);
                }
            }
        }
        K::facts(&mut report.status, desired, &observed, &plan);
        let is_settled = plan.steps.is_empty() && plan.state == State::Settled;
        if !observes_only && (is_settled || plan.is_cleanup()) {
            object.tell(&report.status, &context.stores);
        }
        if plan.steps.is_empty() {
            context.memory.settled(uid);
            report.outcome = match plan.state {
                State::Settled => Outcome::Settled(K::settled(desired, &observed)),
                State::Waiting(reason, message) => Outcome::Waiting(reason, message),
                State::Blocked(reason, message) => Outcome::Stalled(reason, message),
            };
            if observes_only {
                let seen = forecast(observed, |seen| object.plan(desired, seen), K::foresee);
                let found = differences(&seen.steps).filter(|found| K::is_drift(&found.path));
                report.drift = found.cloned().collect();
                report.plan = seen.steps;
            }
            return Ok(Some(report));
        }
        if plan.is_cleanup() {
            if is_current || fresh::is_current(&context.client, object).await? {
                tracing::info!(steps = plan.operations(), "clearing away");
                if let Err(error) = aws.execute(&plan.steps).await.1 {
                    tracing::warn!(%error, "not everything was cleared away; trying again");
                }
            }
            report.outcome = Outcome::Settled(K::settled(desired, &observed));
            return Ok(Some(report));
        }
        let owner = id.owner(&context.installation);
        if let Some(told) = adoption::untold(object, &owner, desired, &observed) {
            // Nothing is done to what is about to be adopted before the object shows what that will be.
            adoption::announce(object, &told, context).await;
            report.plan = told;
            // An edit of what is only planned takes nothing out of AWS.
            *K::applied(&mut report.status) = if object.is_unsaid() {
                Vec::new()
            } else {
                in_aws
            };
            report.outcome = Outcome::Waiting(
                Reason::Updating,
                "adopting what exists in AWS: status.plan tells what is done next".into(),
            );
            return Ok(Some(report));
        }
        let operations = plan.operations();
        match context.memory.next(uid, &plan, wave == 0) {
            Wave::New => {}
            Wave::Again => {
                let message = format!("{operations} was done and AWS does not show it yet");
                report.outcome = Outcome::Waiting(Reason::Updating, message);
                return Ok(Some(report));
            }
            Wave::Useless => {
                let message = format!(
                    "{operations} ran five times without effect. Look at the resource in AWS for another writer; it is tried again when the object changes or is reconciled by hand."
                );
                report.outcome = Outcome::Stalled(Reason::NoProgress, message);
                return Ok(Some(report));
            }
        }
        is_changing = true;
        if !is_current && !fresh::is_current(&context.client, object).await? {
            tracing::info!("the watch is behind; waiting for it");
            return Ok(None);
        }
        is_current = true;
        // Once a reconcile: what later waves create is in it, and what was seen meanwhile is written at the end.
        // What is declared is on record before it is in AWS, so that it can be taken out again whatever happens to this process:
        // of a new object since it has the finalizer, of an edit from here on.
        let adds = K::applied(&mut report.status)
            .iter()
            .any(|path| !before.contains(path));
        if !is_intended && (K::intend(&mut report.status, desired, &plan) || adds) {
            let version =
                kubernetes_status::apply(&context.client, object, object.status(), &report.status)
                    .await?;
            context.memory.wrote(uid, version.as_deref());
        }
        is_intended = true;
        tracing::info!(steps = operations, "applying");
        let (applied, result) = aws.execute(&plan.steps).await;
        if result.is_err() {
            // A wave that failed says nothing about its effect.
            context.memory.settled(uid);
        }
        report.has_acted |= !applied.is_empty();
        match result {
            Err(error) if error.kind == ErrorKind::PriorityInUse => continue,
            Err(error)
                if !report.has_acted
                    && matches!(
                        error.kind,
                        ErrorKind::Invalid | ErrorKind::AccessDenied | ErrorKind::Quota
                    ) =>
            {
                // Refused: what was declared is not in AWS, and what AWS has there is not ours to set back.
                *K::applied(&mut report.status) = in_aws;
                return Ok(Some(failed(report, error, is_changing)));
            }
            Err(error) => return Ok(Some(failed(report, error, is_changing))),
            Ok(()) => {}
        }
        let mut seen = observed;
        if applied.len() == 1 && K::absorb(&mut seen, &applied[0]) {
            look = Some(Ok(Ok(seen)));
        }
    }
    report.outcome = Outcome::Waiting(Reason::Updating, "more is left to do; continuing".into());
    Ok(Some(report))
}

/// What others changed in AWS: differences in an object that was in sync with this very spec.
fn drift<K: Kind>(object: &K, plan: &Plan) -> Vec<Drift> {
    let was_settled = object.status().is_some_and(|status| {
        condition::find(K::conditions(status), READY).is_some_and(|ready| {
            ready.status == "True" && ready.observed_generation == object.meta().generation
        })
    });
    if !was_settled {
        return Vec::new();
    }
    let changes = plan
        .changes
        .iter()
        .filter(|change| K::is_drift(&change.path));
    let mut drift: Vec<_> = changes
        .map(|change| Drift {
            path: change.path.clone(),
            declared: change.declared.clone(),
            observed: change.observed.clone(),
        })
        .collect();
    if drift.is_empty() {
        let missing = plan
            .steps
            .iter()
            .filter(|step| step.creates() && !matches!(step, Step::RegisterTaskDefinition(_)));
        drift.extend(missing.map(|step| Drift {
            path: step.operation().trim_start_matches("Create").to_owned(),
            declared: "present".into(),
            observed: "absent".into(),
        }));
    }
    drift
}
