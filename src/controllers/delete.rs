//! One reconcile of an object that is being deleted: the same line with nothing desired.

use kube::ResourceExt;

use super::{
    context::Context, failure::failed, kind::Kind, outcomes, publish::publish, reconcile::BEHIND,
    report::Report,
};
use crate::{
    api::condition::Reason,
    aws::Kind as ErrorKind,
    desired::Identity,
    kubernetes::{finalizer, fresh},
    plan::State,
    status::Outcome,
    telemetry::queue::Turn,
};

/// Users that a message names.
const NAMED: usize = 3;

/// Waves in one reconcile: service, rules, target groups, and a look that sees nothing.
const WAVES: usize = 6;

/// What a deletion waits for when AWS has nothing and may yet have something.
const UNSEEN: &str = "something may have been created that the operator did not see: AWS did not answer, or the operator was restarted; goes when it shows up, or in a minute";

/// Deletes in AWS what the object owns; takes the finalizer off when nothing is left.
pub async fn reconcile<K: Kind>(object: &K, context: &Context) -> Result<Turn, kube::Error> {
    if !finalizer::is_on(object.meta()) {
        return Ok(Turn::await_change());
    }
    let mut report = Report::of(object);
    if object.lifecycle().suspend == Some(true) {
        report.outcome = Outcome::Waiting(Reason::DeletionBlocked, "spec.suspend is true, so nothing is deleted in AWS: set it to false to let the object go".into());
        return publish(object, report, context).await;
    }
    let users = object.users(&context.stores);
    if !users.is_empty() {
        report.outcome = Outcome::Waiting(Reason::DeletionBlocked, used_by(users));
        return publish(object, report, context).await;
    }
    // Observed resources stay as they are, without even a tombstone.
    if object.lifecycle().observes_only() {
        return done(object, context).await;
    }
    let id = Identity::of(object.meta());
    let Some(target) = object.target(id, &context.stores, &context.installation) else {
        return done(object, context).await;
    };
    let aws = context.aws(object.region());
    report.outcome = Outcome::Waiting(
        Reason::Draining,
        "more is left to delete; continuing".into(),
    );
    for wave in 0..WAVES {
        let observed = match K::observe_deletion(&aws, &target).await {
            Ok(Ok(observed)) => observed,
            Ok(Err(unseen)) => {
                report.outcome = Outcome::Waiting(
                    Reason::Draining,
                    format!("{} was created and AWS does not show it yet", unseen.0),
                );
                break;
            }
            Err(error) => return publish(object, failed(report, error, true), context).await,
        };
        if object.is_seen(&observed) {
            aws.showed_up(id.uid);
        }
        let plan = object.plan_deletion(&target, &observed);
        if plan.steps.is_empty() {
            match plan.state {
                State::Settled if aws.may_show_up(id.uid, object.arn().is_some()) => {
                    report.outcome = Outcome::Waiting(Reason::Draining, UNSEEN.into());
                }
                State::Settled => {
                    aws.forget(id.uid);
                    return done(object, context).await;
                }
                State::Waiting(reason, message) | State::Blocked(reason, message) => {
                    report.outcome = Outcome::Waiting(reason, message)
                }
            }
            break;
        }
        // Whether anything is deleted at all, the spec says until the end.
        if wave == 0 && !fresh::is_current(&context.client, object).await? {
            tracing::info!("the watch is behind; waiting for it");
            return Ok(Turn::requeue(BEHIND));
        }
        tracing::info!(steps = plan.operations(), "deleting");
        let (applied, result) = aws.execute(&plan.steps).await;
        report.has_acted |= !applied.is_empty();
        match result {
            // Gone already is what we want; the next look sees the rest.
            Err(error) if error.kind != ErrorKind::NotFound => {
                return publish(object, failed(report, error, true), context).await;
            }
            _ => {}
        }
    }
    publish(object, report, context).await
}

/// Some of the users, always the same ones, so that the message does not change with each that goes.
fn used_by(mut users: Vec<String>) -> String {
    users.sort();
    let others = if users.len() > NAMED {
        " and others"
    } else {
        ""
    };
    users.truncate(NAMED);
    format!(
        "still used by EcsService {}{others}; goes when they are gone",
        users.join(", ")
    )
}

async fn done<K: Kind>(object: &K, context: &Context) -> Result<Turn, kube::Error> {
    finalizer::take_off(&context.client, object).await?;
    let uid = object.uid().unwrap_or_default();
    context.backoff.succeeded(&uid);
    context.memory.released(&uid);
    outcomes::terminated(object, context);
    tracing::info!(object = %object.object_ref(&()).name.unwrap_or_default(), "AWS has nothing of it left; the object goes");
    Ok(Turn::await_change())
}
