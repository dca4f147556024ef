//! The end of every reconcile: status, events, and when to look again.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{ResourceExt, runtime::controller::Action};

use super::{
    backoff::jittered,
    context::Context,
    kind::{Common, Kind},
    report::Report,
};
use crate::{
    api::{
        condition::{self, READY, Reason},
        lifecycle::LastError,
    },
    aws::{AwsError, Kind as ErrorKind},
    kubernetes::status as kubernetes_status,
    plan::filter,
    status::{Outcome, conditions::conditions},
    telemetry::traces,
};

/// How long an object that AWS refused as it is waits for AWS to change its mind (a quota, a role, a subnet).
const INVALID_RETRY: Duration = Duration::from_secs(3600);

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
        plan,
    } = report;
    let observes_only = filter::observes_only(object.lifecycle());
    let previous = object.status();
    let generation = object.meta().generation.unwrap_or_default();
    let old = previous.map_or(&[][..], K::conditions);
    let last_error = error
        .as_ref()
        .map(|error| last_error(error, K::last_error(&status)));
    let new = conditions(&outcome, old, generation, context.now());
    // Of an object that is only observed nothing is repaired, so that it would be told at every look.
    if !drift.is_empty() && !observes_only {
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
            .warning(
                &object.object_ref(&()),
                Reason::DriftDetected,
                list.join("; "),
            )
            .await;
    }
    announce::<K>(object, &outcome, old, context).await;
    if let Some(why) = K::refused(&status)
        && previous.and_then(K::refused) != Some(why)
    {
        let events = &context.events;
        events
            .warning(&object.object_ref(&()), Reason::InvalidSpec, why.to_owned())
            .await;
    }
    let uid = object.uid().unwrap_or_default();
    K::set_common(
        &mut status,
        Common {
            observed_generation: generation,
            conditions: new,
            last_error,
            drift,
            plan,
        },
    );
    let version = kubernetes_status::apply(&context.client, object, previous, &status).await?;
    context.memory.wrote(&uid, version.as_deref());
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
    // Nothing is under way for an object that is only observed.
    if observes_only && error.is_none() {
        return Ok(Action::requeue(jittered(context.periods.drift)));
    }
    Ok(requeue(&uid, &outcome, error.as_ref(), context))
}

/// What the status tells of an error. The same one again keeps the trace it was first told with, so that a lasting error is
/// written once.
fn last_error(error: &AwsError, told: Option<&LastError>) -> LastError {
    traces::failed(&error.code);
    let is_told = |told: &&LastError| (&told.code, &told.message) == (&error.code, &error.message);
    LastError {
        code: error.code.clone(),
        message: error.message.clone(),
        request_id: error.request_id.clone(),
        trace_id: match told.filter(is_told) {
            Some(told) => told.trace_id.clone(),
            None => traces::trace_id(&tracing::Span::current()),
        },
    }
}

/// Events for what people watch for: a change into and out of trouble.
async fn announce<K: Kind>(object: &K, outcome: &Outcome, old: &[Condition], context: &Context) {
    let before = condition::find(old, READY);
    let same = before.is_some_and(|before| {
        before.reason == outcome.reason().as_str() && before.message == outcome.message()
    });
    match outcome {
        Outcome::Stalled(reason, message) if !same => {
            context
                .events
                .warning(&object.object_ref(&()), *reason, message.clone())
                .await;
        }
        // Once an outage, not once an attempt.
        Outcome::Unknown(reason, message)
        | Outcome::Waiting(
            reason @ (Reason::Throttled | Reason::AwsUnavailable | Reason::CredentialsInvalid),
            message,
        ) if context.backoff.is_first(&object.uid().unwrap_or_default()) => {
            context
                .events
                .warning(&object.object_ref(&()), *reason, message.clone())
                .await;
        }
        Outcome::Settled(message)
            if K::ANNOUNCES_READY && before.is_none_or(|before| before.status != "True") =>
        {
            context
                .events
                .normal(&object.object_ref(&()), Reason::Synced, message.clone())
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
        Outcome::Waiting(..) => Action::requeue(context.until_poll()),
        // What ECS does with it, and drift besides, is still seen.
        Outcome::Stalled(Reason::RolloutFailed, _) => {
            Action::requeue(jittered(context.periods.drift))
        }
        Outcome::Stalled(..) | Outcome::Unknown(..) => {
            Action::requeue(jittered(context.periods.stalled))
        }
    }
}
