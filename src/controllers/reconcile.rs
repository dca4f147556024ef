//! One reconcile of one object.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use kube::{Resource, ResourceExt, runtime::controller::Action};
use tracing::Instrument;

use super::{
    backoff::jittered,
    context::Context,
    delete,
    kind::{Common, Kind},
};
use crate::{
    api::{
        ManagementPolicy,
        condition::{self, READY, Reason},
        lifecycle::{Drift, LastError},
    },
    aws::{AwsError, Kind as ErrorKind},
    desired::Identity,
    kubernetes::{finalizer, status as kubernetes_status, stores::Guarded},
    plan::{Plan, State, Step, filter},
    status::{Outcome, conditions::conditions},
};

/// Waves in one reconcile: target group, rule and service need four; the rest is for looking again.
const WAVES: usize = 10;

/// The same wave so often in a row means that it has no effect.
const SAME_WAVES: usize = 5;

/// How long an object that AWS refused as it is waits for AWS to change its mind (a quota, a role, a subnet).
const INVALID_RETRY: Duration = Duration::from_secs(3600);

/// How long a new object waits in silence for objects that were applied together with it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a reconcile found out.
pub struct Report<K: Kind> {
    /// How it ended.
    pub outcome: Outcome,
    /// The AWS error behind it.
    pub error: Option<AwsError>,
    /// The facts.
    pub status: K::Status,
    /// What AWS had otherwise.
    pub drift: Vec<Drift>,
}

impl<K: Kind> Report<K> {
    /// What is known before the first look: the last status.
    pub fn of(object: &K) -> Self {
        Self {
            outcome: Outcome::Waiting(Reason::Creating, "not looked at yet".into()),
            error: None,
            status: object.status().cloned().unwrap_or_default(),
            drift: Vec::new(),
        }
    }
}

/// Reconciles an object: never fails, says when to look again.
pub async fn reconcile<K: Kind>(
    guarded: Arc<Guarded<K>>,
    context: Arc<Context>,
) -> Result<Action, Infallible> {
    let start = Instant::now();
    let meta = guarded.meta();
    let span = tracing::info_span!(
        "reconcile",
        controller = K::CONTROLLER,
        namespace = meta.namespace,
        name = meta.name,
        generation = meta.generation
    );
    context.metrics.reconcile_begins(K::CONTROLLER);
    let work = async {
        match &guarded.0 {
            Ok(object) if object.meta().deletion_timestamp.is_some() => {
                delete::reconcile(object, &context).await
            }
            Ok(object) => live(object, &context).await,
            Err(invalid) => {
                tracing::error!(error = %invalid.error, "the object can't be read; it is left alone until it changes");
                let note = format!(
                    "the object can't be read: {}. Correct it; others are not affected.",
                    invalid.error
                );
                context
                    .events
                    .warning(&guarded.object_ref(&()), Reason::InvalidSpec.as_str(), note)
                    .await;
                Ok(Action::await_change())
            }
        }
    };
    let (action, result) = match AssertUnwindSafe(work)
        .catch_unwind()
        .instrument(span.clone())
        .await
    {
        Ok(Ok(action)) => (action, "success"),
        Ok(Err(error)) => {
            let wait = context.backoff.failed(&guarded.uid().unwrap_or_default());
            span.in_scope(
                || tracing::warn!(%error, ?wait, "Kubernetes did not take a write; trying again"),
            );
            (Action::requeue(wait), "error")
        }
        Err(_) => {
            let wait = context.backoff.failed(&guarded.uid().unwrap_or_default());
            span.in_scope(|| tracing::error!(?wait, reason = %Reason::InternalError, "the reconcile panicked: a defect of the operator; trying again"));
            (Action::requeue(wait), "panic")
        }
    };
    context
        .metrics
        .reconcile_ends(K::CONTROLLER, result, start.elapsed());
    Ok(action)
}

async fn live<K: Kind>(object: &K, context: &Context) -> Result<Action, kube::Error> {
    let observes_only = object.lifecycle().management_policy == Some(ManagementPolicy::Observe);
    if object.lifecycle().suspend == Some(true) {
        let mut report = Report::of(object);
        report.outcome = Outcome::Suspended;
        return publish(object, report, context).await;
    }
    let references = match object.resolve(&context.stores) {
        Ok(references) => references,
        Err(pending) if is_new(object, context) => {
            // Applied together, what it refers to is a moment away: it wakes this object when it comes.
            tracing::debug!(reason = %pending.reason, "waiting");
            return Ok(Action::requeue(PATIENCE));
        }
        Err(pending) => {
            let mut report = Report::of(object);
            report.outcome = Outcome::Waiting(pending.reason, pending.message);
            return publish(object, report, context).await;
        }
    };
    if !observes_only && !finalizer::is_on(object) {
        finalizer::put_on(&context.client, object).await?;
    }
    let report = converge(object, &references, context).await;
    publish(object, report, context).await
}

/// Whether the object was made a moment ago and nothing was said of it yet.
fn is_new<K: Kind>(object: &K, context: &Context) -> bool {
    let made = object.meta().creation_timestamp.as_ref();
    let said = object
        .status()
        .is_some_and(|status| !K::conditions(status).is_empty());
    !said && made.is_some_and(|made| context.now().duration_since(made.0).unsigned_abs() < PATIENCE)
}

/// The line, wave after wave, until nothing is left to do now.
async fn converge<K: Kind>(object: &K, references: &K::References, context: &Context) -> Report<K> {
    let mut report = Report::of(object);
    let (namespace, name, uid) = (
        object.namespace().unwrap_or_default(),
        object.name_any(),
        object.uid().unwrap_or_default(),
    );
    let id = Identity {
        namespace: &namespace,
        name: &name,
        uid: &uid,
    };
    let desired = match object.desired(id, references, &context.installation) {
        Ok(desired) => desired,
        Err(invalid) => {
            report.outcome = Outcome::Stalled(Reason::InvalidSpec, invalid.to_string());
            return report;
        }
    };
    let aws = context.aws(object.lifecycle().region.as_deref());
    let mut waves = Waves::default();
    let mut absorbed: Option<K::Observed> = None;
    for _ in 0..WAVES {
        let observed = match absorbed.take() {
            Some(observed) => observed,
            None => match K::observe(&aws, &desired).await {
                Ok(Ok(observed)) => observed,
                Ok(Err(unseen)) => {
                    report.outcome = Outcome::Waiting(
                        Reason::Creating,
                        format!("{} was created and AWS does not show it yet", unseen.0),
                    );
                    return report;
                }
                Err(error) => return failed(report, error),
            },
        };
        let plan = filter::observe_only(object.plan(&desired, &observed), object.lifecycle());
        for found in drift(object, &plan) {
            if report.drift.iter().all(|known| known.path != found.path) {
                report.drift.push(found);
            }
        }
        K::facts(&mut report.status, &desired, &observed, &plan);
        if plan.steps.is_empty() {
            report.outcome = match plan.state {
                State::Settled => Outcome::Settled(K::settled(&desired, &observed)),
                State::Waiting(reason, message) => Outcome::Waiting(reason, message),
                State::Blocked(reason, message) => Outcome::Stalled(reason, message),
            };
            return report;
        }
        if waves.repeats(&plan) {
            report.outcome = Outcome::Stalled(
                Reason::NoProgress,
                format!(
                    "{} ran {SAME_WAVES} times without effect. Look at the resource in AWS for another writer; this is tried again.",
                    plan.operations()
                ),
            );
            return report;
        }
        tracing::info!(steps = plan.operations(), "applying");
        let (applied, result) = aws.execute(&plan.steps).await;
        match result {
            Err(error) if error.kind == ErrorKind::PriorityInUse => continue,
            Err(error) => return failed(report, error),
            Ok(()) => {}
        }
        let mut seen = observed;
        if applied.len() == 1 && K::absorb(&mut seen, &applied[0]) {
            absorbed = Some(seen);
        }
    }
    report.outcome = Outcome::Waiting(Reason::Updating, "more is left to do; continuing".into());
    report
}

/// Counts equal waves.
#[derive(Default)]
struct Waves {
    last: Vec<Step>,
    count: usize,
}

impl Waves {
    fn repeats(&mut self, plan: &Plan) -> bool {
        if self.last == plan.steps {
            self.count += 1;
        } else {
            self.last.clone_from(&plan.steps);
            self.count = 1;
        }
        self.count > SAME_WAVES
    }
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

/// What an AWS error means for the object.
pub fn failed<K: Kind>(mut report: Report<K>, error: AwsError) -> Report<K> {
    let what = format!(
        "{}: {} ({}{})",
        error.operation,
        error.message,
        error.code,
        error
            .request_id
            .as_deref()
            .map_or(String::new(), |id| format!(", request {id}"))
    );
    report.outcome = match error.kind {
        ErrorKind::Throttled => Outcome::Unknown(
            Reason::Throttled,
            format!("AWS asks to slow down; tried again. {what}"),
        ),
        ErrorKind::Unavailable => Outcome::Unknown(
            Reason::AwsUnavailable,
            format!("AWS did not answer as it should; tried again. {what}"),
        ),
        ErrorKind::Credentials => Outcome::Unknown(
            Reason::CredentialsInvalid,
            format!("the operator's AWS credentials are not accepted: check its role. {what}"),
        ),
        ErrorKind::AccessDenied => Outcome::Stalled(
            Reason::AccessDenied,
            format!(
                "the operator's AWS role lacks a right: allow the action, or change what the object names. {what}"
            ),
        ),
        ErrorKind::Quota => Outcome::Stalled(
            Reason::QuotaExceeded,
            format!("an AWS quota is used up: raise it or free some of it. {what}"),
        ),
        ErrorKind::Invalid => Outcome::Stalled(
            Reason::InvalidSpec,
            format!("AWS refuses the object as it is: correct the spec. {what}"),
        ),
        ErrorKind::NotFound => Outcome::Waiting(
            Reason::DependencyNotFound,
            format!("AWS does not know something the object needs; tried again. {what}"),
        ),
        ErrorKind::NameTaken => Outcome::Stalled(
            Reason::NameConflict,
            format!(
                "the name is taken in AWS by a resource that is otherwise: choose another. {what}"
            ),
        ),
        ErrorKind::Transient | ErrorKind::PriorityInUse | ErrorKind::Stopping => Outcome::Waiting(
            Reason::Updating,
            format!("AWS is not ready for this yet; tried again. {what}"),
        ),
    };
    report.error = Some(error);
    report
}

/// Writes the status, tells what happened, and says when to look again.
pub async fn publish<K: Kind>(
    object: &K,
    report: Report<K>,
    context: &Context,
) -> Result<Action, kube::Error> {
    // Nothing is known of the object but that the next process looks at it.
    if report
        .error
        .as_ref()
        .is_some_and(|error| error.kind == ErrorKind::Stopping)
    {
        return Ok(Action::await_change());
    }
    let Report {
        outcome,
        error,
        mut status,
        drift,
    } = report;
    let previous = object.status();
    let generation = object.meta().generation.unwrap_or_default();
    let old = previous.map_or(&[][..], K::conditions);
    let last_error = error.as_ref().map(|error| LastError {
        code: error.code.clone(),
        message: error.message.clone(),
        request_id: error.request_id.clone(),
    });
    let new = conditions(&outcome, old, generation, context.now());
    if !drift.is_empty() {
        context.metrics.drift_detected(K::CONTROLLER);
        let list: Vec<_> = drift
            .iter()
            .map(|drift| {
                format!(
                    "{}: declared {}, AWS had {}",
                    drift.path, drift.declared, drift.observed
                )
            })
            .collect();
        context
            .events
            .warning(&object.object_ref(&()), "DriftDetected", list.join("; "))
            .await;
    }
    announce::<K>(object, &outcome, old, context).await;
    let uid = object.uid().unwrap_or_default();
    K::set_common(
        &mut status,
        Common {
            observed_generation: generation,
            conditions: new,
            last_error,
            drift,
        },
    );
    kubernetes_status::apply(&context.client, object, previous, &status).await?;
    match &outcome {
        Outcome::Settled(_) | Outcome::Suspended => {
            tracing::debug!(outcome = %outcome.reason(), "reconciled")
        }
        Outcome::Waiting(reason, message) => {
            tracing::debug!(outcome = %reason, message, "reconciled")
        }
        Outcome::Stalled(reason, message) | Outcome::Unknown(reason, message) => {
            tracing::warn!(outcome = %reason, message, "reconciled")
        }
    }
    Ok(requeue(&uid, &outcome, error.as_ref(), context))
}

/// Events for what people watch for: a change into and out of trouble.
async fn announce<K: Kind>(
    object: &K,
    outcome: &Outcome,
    old: &[k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition],
    context: &Context,
) {
    let before = condition::find(old, READY);
    let same = before.is_some_and(|before| {
        before.reason == outcome.reason().as_str() && before.message == outcome.message()
    });
    match outcome {
        Outcome::Stalled(reason, message) if !same => {
            context
                .events
                .warning(&object.object_ref(&()), reason.as_str(), message.clone())
                .await;
        }
        // Once an outage, not once an attempt.
        Outcome::Unknown(reason, message)
            if context.backoff.is_first(&object.uid().unwrap_or_default()) =>
        {
            context
                .events
                .warning(&object.object_ref(&()), reason.as_str(), message.clone())
                .await;
        }
        // Task definitions become ready as soon as they are registered: their status says it, one write less says it too.
        Outcome::Settled(message)
            if K::CONTROLLER != "ecstaskdefinition"
                && before.is_none_or(|before| before.status != "True") =>
        {
            context
                .events
                .normal(
                    &object.object_ref(&()),
                    Reason::Synced.as_str(),
                    message.clone(),
                )
                .await;
        }
        _ => {}
    }
}

fn requeue(uid: &str, outcome: &Outcome, error: Option<&AwsError>, context: &Context) -> Action {
    if let Some(error) = error {
        return match error.kind {
            ErrorKind::Invalid => Action::requeue(jittered(INVALID_RETRY)),
            ErrorKind::AccessDenied | ErrorKind::Quota | ErrorKind::NameTaken => {
                Action::requeue(jittered(context.periods.stalled))
            }
            _ => Action::requeue(context.backoff.failed(uid)),
        };
    }
    context.backoff.succeeded(uid);
    match outcome {
        Outcome::Settled(_) => Action::requeue(jittered(context.periods.drift)),
        Outcome::Waiting(Reason::DependencyNotFound | Reason::DependencyNotReady, _)
        | Outcome::Suspended => Action::await_change(),
        Outcome::Waiting(..) => Action::requeue(context.periods.poll),
        // What ECS does with it, and drift besides, is still seen.
        Outcome::Stalled(Reason::RolloutFailed, _) => {
            Action::requeue(jittered(context.periods.drift))
        }
        Outcome::Stalled(Reason::InvalidSpec, _) => Action::requeue(jittered(INVALID_RETRY)),
        Outcome::Stalled(..) | Outcome::Unknown(..) => {
            Action::requeue(jittered(context.periods.stalled))
        }
    }
}
