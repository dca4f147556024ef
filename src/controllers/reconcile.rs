//! One reconcile of one object.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use kube::{Resource, ResourceExt};
use tracing::Instrument;

use super::{
    adoption,
    context::Context,
    delete,
    failure::failed,
    kind::{Kind, Pending},
    memory::Wave,
    publish::publish,
    record,
    report::Report,
    rivals,
};
use crate::{
    api::{
        condition::{self, READY, Reason},
        lifecycle::Drift,
    },
    aws::{AwsError, Kind as ErrorKind, observe::Look},
    desired::{Identity, Invalid},
    kubernetes::{finalizer, fresh, status as kubernetes_status, stores::Guarded},
    model::{declared::Paths, text::without_values},
    plan::{
        Plan, State, Step, filter,
        forecast::{differences, forecast},
    },
    status::Outcome,
    telemetry::{
        queue::{Ended, Turn},
        traces,
    },
};

/// Waves in one reconcile: target group, rule and service need four; the rest is for looking again.
const WAVES: usize = 10;

/// How long a reconcile waits for the watch to show what there is.
const SOON: Duration = Duration::from_millis(20);

/// How long an object waits for a watch that shows it as it no longer is.
pub const BEHIND: Duration = Duration::from_secs(1);

/// How long a new object waits in silence for an object that may have been applied together with it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The same for an object that is there and only waits for its turn.
const TURN: Duration = Duration::from_secs(30);

/// Reconciles an object: never fails, says when to look again.
pub async fn reconcile<K: Kind>(guarded: Arc<Guarded<K>>, context: Arc<Context>) -> Turn {
    let meta = guarded.meta();
    let uid = meta.uid.clone().unwrap_or_default();
    let span = tracing::info_span!(
        "reconcile",
        controller = K::CONTROLLER,
        namespace = meta.namespace,
        name = meta.name,
        generation = meta.generation,
        trace_id = tracing::field::Empty,
    );
    if let Some(id) = traces::trace_id(&span) {
        span.record("trace_id", id);
    }
    let work = async {
        if !context.stores.are_complete()
            || context
                .memory
                .is_stale(&uid, meta.resource_version.as_deref())
        {
            context.metrics.work.stale(K::CONTROLLER);
            return Ok(Turn::requeue(SOON));
        }
        match &guarded.0 {
            Ok(object) if object.meta().deletion_timestamp.is_some() => {
                delete::reconcile(object, &context).await
            }
            Ok(object) => live(object, &context).await,
            Err(invalid) => {
                tracing::error!(error = %without_values(&invalid.error), "the object can't be read; it is left alone until it changes");
                let what = without_values(&invalid.error);
                let note = format!(
                    "the object can't be read: {what}. Correct it; others are not affected."
                );
                context
                    .events
                    .warning(&guarded.object_ref(&()), Reason::InvalidSpec, note)
                    .await;
                Ok(Turn::await_change())
            }
        }
    };
    match AssertUnwindSafe(work)
        .catch_unwind()
        .instrument(span.clone())
        .await
    {
        Ok(Ok(turn)) => turn,
        Ok(Err(error)) => {
            let wait = context.backoff.failed(&uid);
            span.in_scope(|| {
                traces::failed("Kubernetes did not take a write");
                tracing::warn!(%error, ?wait, "Kubernetes did not take a write; trying again");
            });
            Turn::requeue(wait).but(Ended::Failed)
        }
        Err(_) => {
            let wait = context.backoff.failed(&uid);
            span.in_scope(|| {
                traces::failed("the reconcile panicked");
                tracing::error!(?wait, reason = %Reason::InternalError, "the reconcile panicked: a defect of the operator; trying again");
            });
            Turn::requeue(wait).but(Ended::Panicked)
        }
    }
}

async fn live<K: Kind>(object: &K, context: &Context) -> Result<Turn, kube::Error> {
    let observes_only = filter::observes_only(object.lifecycle());
    if object.lifecycle().suspend == Some(true) {
        let mut report = Report::of(object);
        report.outcome = Outcome::Suspended;
        return publish(object, report, context).await;
    }
    let uid = object.uid().unwrap_or_default();
    let generation = object.meta().generation;
    // A new object that this process has taken is as it was then, or the watch says otherwise in a moment.
    let mut is_current = is_unsaid(object) && context.memory.is_proved(&uid, generation);
    let namespace = object.namespace().unwrap_or_default();
    let name = object.name_any();
    let id = Identity {
        namespace: &namespace,
        name: &name,
        uid: &uid,
    };
    let references = object.resolve(&context.stores);
    let desired =
        references.map(|references| object.desired(id, &references, &context.installation));
    let (mut look, mut recorded) = (None, None);
    if !observes_only && !finalizer::is_on(object) {
        let first_look = async {
            match &desired {
                Ok(Ok(desired)) => Some(K::observe(&context.aws(object.region()), desired).await),
                _ => None,
            }
        };
        // The answer says what the object is: for a new one nothing else need be asked. The look needs no finalizer, only what
        // follows from it does.
        let is_new = is_unsaid(object) && object.arn().is_none();
        let declared = is_new.then(|| declared(object, id, &desired, context));
        let annotation = declared.as_ref();
        let annotation = annotation.and_then(|declared| record::annotation(object, declared));
        let (written, looked) = tokio::join!(
            finalizer::put_on(&context.client, object, annotation),
            first_look
        );
        let written = written?;
        (look, recorded) = (looked, declared);
        is_current = written.metadata.generation == generation;
        if is_current {
            context.memory.proved(&uid, generation);
        }
        context
            .memory
            .wrote(&uid, written.resource_version().as_deref());
    }
    let desired = match desired {
        Ok(Ok(desired)) => desired,
        Ok(Err(invalid)) => {
            let mut report = Report::of(object);
            report.outcome = Outcome::Stalled(Reason::InvalidSpec, invalid.to_string());
            return publish(object, report, context).await;
        }
        Err(pending) => {
            let patience = if pending.is_next { TURN } else { PATIENCE };
            if is_newer(object, patience, context) {
                // Applied together, what it refers to is a moment away: it wakes this object when it comes.
                tracing::debug!(reason = %pending.reason, "waiting");
                return Ok(Turn::requeue(patience));
            }
            let mut report = Report::of(object);
            report.outcome = Outcome::Waiting(pending.reason, pending.message);
            return publish(object, report, context).await;
        }
    };
    if let Some((name, rival)) = rivals::older(object, &context.stores, &context.installation) {
        let mut report = Report::of(object);
        let message = format!(
            "\"{name}\" in AWS is what {rival} declares, which is older. Nothing was changed. One resource of AWS is one object: choose another name, or delete one of the two objects."
        );
        report.outcome = Outcome::Stalled(Reason::NameConflict, message);
        return publish(object, report, context).await;
    }
    let given = Given {
        look,
        is_current,
        recorded,
    };
    match converge(object, id, &desired, given, context).await? {
        Some(report) => publish(object, report, context).await,
        None => Ok(Turn::requeue(BEHIND)),
    }
}

/// What a new object declares, also when what it refers to is not there yet: nothing that could be taken out depends on that.
fn declared<K: Kind>(
    object: &K,
    id: Identity<'_>,
    desired: &Result<Result<K::Desired, Invalid>, Pending>,
    context: &Context,
) -> Vec<String> {
    let paths = match desired {
        Ok(Ok(desired)) => K::declared(desired),
        Ok(Err(_)) => Paths::new(),
        Err(_) => {
            let desired = object.desired(id, &K::References::default(), &context.installation);
            desired.map_or_else(|_| Paths::new(), |desired| K::declared(&desired))
        }
    };
    paths.into_iter().collect()
}

/// Whether nothing was ever said of the object.
pub fn is_unsaid<K: Kind>(object: &K) -> bool {
    object
        .status()
        .is_none_or(|status| K::conditions(status).is_empty())
}

/// Whether the object was made less than `age` ago and nothing was said of it yet.
fn is_newer<K: Kind>(object: &K, age: Duration, context: &Context) -> bool {
    let made = object.meta().creation_timestamp.as_ref();
    is_unsaid(object)
        && made.is_some_and(|made| context.now().duration_since(made.0).unsigned_abs() < age)
}

/// What a reconcile knows before it looks.
struct Given<O> {
    /// A look that was taken already.
    look: Option<Result<Look<O>, AwsError>>,
    /// That the object is as the watch shows it was just proved.
    is_current: bool,
    /// What was just put on record of an object that has nothing in AWS yet.
    recorded: Option<Vec<String>>,
}

/// The line, wave after wave, until nothing is left to do now. None: the object is not as the watch shows it.
async fn converge<K: Kind>(
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
    let observes_only = filter::observes_only(object.lifecycle());
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
    let mut has_effect = false;
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
            *K::applied(&mut report.status) = if is_unsaid(object) {
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
        has_effect |= !applied.is_empty();
        match result {
            Err(error) if error.kind == ErrorKind::PriorityInUse => continue,
            Err(error)
                if !has_effect
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
