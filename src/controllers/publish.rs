//! The end of every reconcile: status, events, and when to look again.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;

use super::{
    backoff::{Backoff, jittered},
    context::{Context, Periods},
    kind::{Common, Kind},
    outcomes,
    report::Report,
};
use crate::{
    api::{
        condition::{self, READY, Reason},
        lifecycle::LastError,
    },
    aws::{AwsError, Kind as ErrorKind},
    kubernetes::status as kubernetes_status,
    status::{Outcome, conditions::conditions},
    telemetry::{
        queue::{Ended, Turn},
        traces,
    },
};

/// How long an object that AWS refused as it is waits for AWS to change its mind (a quota, a role, a subnet).
const INVALID_RETRY: Duration = Duration::from_secs(3600);

/// Writes the status, tells what happened, and says when to look again.
pub async fn publish<K: Kind>(
    object: &K,
    report: Report<K>,
    context: &Context,
) -> Result<Turn, kube::Error> {
    // Nothing is known of the object but that the next process looks at it.
    if report
        .error
        .as_ref()
        .is_some_and(|error| error.kind == ErrorKind::Stopping)
    {
        return Ok(Turn::await_change());
    }
    let Report {
        outcome,
        error,
        mut status,
        drift,
        plan,
        has_acted,
    } = report;
    let observes_only = object.lifecycle().observes_only();
    let previous = object.status();
    let generation = object.meta().generation.unwrap_or_default();
    let old = previous.map_or(&[][..], K::conditions);
    let last_error = error
        .as_ref()
        .map(|error| last_error(error, K::last_error(&status)));
    let new = conditions(&outcome, old, generation, context.now());
    // Of an object that is only observed nothing is repaired, so that it would be told at every look.
    if !drift.is_empty() && !observes_only {
        outcomes::drifted(object, &drift, context);
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
    if version.is_some() {
        outcomes::told::<K>(previous, &status, context);
    }
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
    let turn = if observes_only && error.is_none() {
        steady(context)
    } else {
        requeue(&uid, &outcome, error.as_ref(), has_acted, context)
    };
    Ok(Turn {
        settled: matches!(outcome, Outcome::Settled(_)).then_some(generation),
        ..turn
    })
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

/// Again when it is time to look for drift.
fn steady(context: &Context) -> Turn {
    Turn::requeue(jittered(context.periods.drift)).but(Ended::Success)
}

/// When an object is looked at again whose AWS call failed.
fn after_error(uid: &str, kind: ErrorKind, periods: Periods, backoff: &Backoff) -> Turn {
    match kind {
        ErrorKind::Invalid => Turn::requeue(jittered(INVALID_RETRY)).but(Ended::Refused),
        ErrorKind::AccessDenied | ErrorKind::Quota | ErrorKind::NameTaken => {
            Turn::requeue(jittered(periods.stalled)).but(Ended::Refused)
        }
        ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::Credentials => {
            Turn::requeue(backoff.failed(uid)).but(Ended::Failed)
        }
        _ => Turn::requeue(backoff.failed(uid)),
    }
}

fn requeue(
    uid: &str,
    outcome: &Outcome,
    error: Option<&AwsError>,
    has_acted: bool,
    context: &Context,
) -> Turn {
    if let Some(error) = error {
        return after_error(uid, error.kind, context.periods, &context.backoff);
    }
    context.backoff.succeeded(uid);
    match outcome {
        Outcome::Suspended => Turn::await_change(),
        // What is waited for wakes it; the timer is for a wake-up that was lost.
        Outcome::Settled(_)
        | Outcome::Waiting(Reason::DependencyNotFound | Reason::DependencyNotReady, _) => {
            steady(context)
        }
        Outcome::Waiting(..) => Turn::requeue(context.until_poll(has_acted)),
        // What ECS does with it, and drift besides, is still seen.
        Outcome::Stalled(Reason::RolloutFailed, _) => steady(context),
        Outcome::Stalled(reason, _) | Outcome::Unknown(reason, _) => {
            let ended = match reason {
                Reason::InvalidSpec => Ended::Refused,
                _ => Ended::Success,
            };
            Turn::requeue(jittered(context.periods.stalled)).but(ended)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_refuses_is_tried_again_after_an_hour_and_what_passes_soon() {
        const HOUR: Duration = Duration::from_secs(3600);
        const STALLED: Duration = Duration::from_secs(600);
        const FIRST: Duration = Duration::from_secs(1);
        let periods = Periods {
            drift: Duration::from_secs(300),
            poll: Duration::from_secs(5),
            stalled: STALLED,
        };
        for (kind, longest, ended) in [
            (ErrorKind::Invalid, HOUR, Ended::Refused),
            (ErrorKind::AccessDenied, STALLED, Ended::Refused),
            (ErrorKind::Quota, STALLED, Ended::Refused),
            (ErrorKind::NameTaken, STALLED, Ended::Refused),
            (ErrorKind::Throttled, FIRST, Ended::Failed),
            (ErrorKind::Unavailable, FIRST, Ended::Failed),
            (ErrorKind::Credentials, FIRST, Ended::Failed),
            (ErrorKind::NotFound, FIRST, Ended::RequeueAfter),
            (ErrorKind::Transient, FIRST, Ended::RequeueAfter),
            (ErrorKind::PriorityInUse, FIRST, Ended::RequeueAfter),
        ] {
            let backoff = Backoff::new(FIRST, Duration::from_secs(300));
            // However often: the waits of what AWS refuses do not grow.
            for _ in 0..if longest == FIRST { 1 } else { 20 } {
                let turn = after_error("u1", kind, periods, &backoff);
                let wait = turn.wait.expect("it is looked at again");
                assert!(
                    (longest.mul_f64(0.74)..=longest).contains(&wait),
                    "{kind:?}: {wait:?}"
                );
                assert_eq!(turn.ended, ended, "{kind:?}");
            }
        }
    }
}
