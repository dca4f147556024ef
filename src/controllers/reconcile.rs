//! One reconcile of one object.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use kube::{Resource, ResourceExt};
use tracing::Instrument;

use super::{
    context::Context,
    converge::{Given, converge},
    delete,
    kind::Kind,
    publish::publish,
    record,
    report::Report,
    rivals,
};
use crate::{
    api::condition::{self, Reason},
    desired::Identity,
    kubernetes::{finalizer, fresh, kept::Kept},
    model::text::without_values,
    status::Outcome,
    telemetry::{
        queue::{Ended, Turn},
        traces,
    },
};

/// How long a reconcile waits for the watch to show what there is.
const SOON: Duration = Duration::from_millis(20);

/// How long an object waits for a watch that shows it as it no longer is.
pub const BEHIND: Duration = Duration::from_secs(1);

/// How long a new object waits in silence for an object that may have been applied together with it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The same for an object that is there and only waits for its turn.
const TURN: Duration = Duration::from_secs(30);

/// Reconciles an object: never fails, says when to look again.
pub async fn reconcile<K: Kind>(kept: Arc<Kept<K>>, context: Arc<Context>) -> Turn {
    let meta = &kept.metadata;
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
        let version = meta.resource_version.as_deref();
        let is_let_go = meta.deletion_timestamp.is_some()
            && finalizer::is_on(meta)
            && context.memory.is_released(&uid);
        if is_let_go || context.memory.is_stale(&uid, version) {
            context.metrics.work.stale(K::CONTROLLER);
            return Ok(Turn::requeue(SOON));
        }
        match record::opened(&kept) {
            Ok(object) if object.meta().deletion_timestamp.is_some() => {
                delete::reconcile(&object, &context).await
            }
            Ok(object) => live(&object, &context).await,
            Err(error) => {
                let what = without_values(&error);
                tracing::error!(error = %what, "the object can't be read; it is left alone until it changes");
                let note = format!(
                    "the object can't be read: {what}. Correct it; others are not affected."
                );
                context
                    .events
                    .warning(&kept.object_ref(&()), Reason::InvalidSpec, note)
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
    let observes_only = object.lifecycle().observes_only();
    if object.lifecycle().suspend == Some(true) {
        let mut report = Report::of(object);
        report.outcome = Outcome::Suspended;
        return publish(object, report, context).await;
    }
    let uid = object.uid().unwrap_or_default();
    let generation = object.meta().generation;
    // A new object that this process has taken is as it was then, or the watch says otherwise in a moment.
    let shown = object.meta().resource_version.as_deref();
    let mut is_current = object.is_unsaid() && context.memory.is_proved(&uid, generation, shown);
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
    if !observes_only && !finalizer::is_on(object.meta()) {
        let first_look = async {
            match &desired {
                Ok(Ok(desired)) => Some(K::observe(&context.aws(object.region()), desired).await),
                _ => None,
            }
        };
        // The answer says what the object is: for a new one nothing else need be asked. The look needs no finalizer, only what
        // follows from it does.
        let is_new = object.is_unsaid() && object.arn().is_none();
        let declared = is_new.then(|| record::declared(object, id, &desired, context));
        let annotation = declared
            .as_deref()
            .and_then(|declared| record::annotation(object, declared));
        let (written, looked) = tokio::join!(
            finalizer::put_on(&context.client, object, annotation),
            first_look
        );
        let written = written?;
        (look, recorded) = (looked, declared);
        is_current = written.generation == generation;
        if is_current {
            context.memory.proved(&uid, generation);
        }
        context
            .memory
            .wrote(&uid, written.resource_version.as_deref());
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
    if !observes_only && look.is_none() && !is_current && is_edited(object) {
        // Most edits change something in AWS: whether the edit is the last word is asked while AWS is looked at.
        let aws = context.aws(object.region());
        let (last_word, looked) = tokio::join!(
            fresh::is_current(&context.client, object),
            K::observe(&aws, &desired)
        );
        (is_current, look) = (last_word?, Some(looked));
    }
    let given = Given {
        look,
        is_current,
        recorded,
    };
    let report = converge(object, id, &desired, given, context).await?;
    // A write may wait, and many objects with it.
    drop(desired);
    match report {
        Some(report) => publish(object, report, context).await,
        None => Ok(Turn::requeue(BEHIND)),
    }
}

/// Whether nothing was said of this generation yet.
fn is_edited<K: Kind>(object: &K) -> bool {
    let conditions = object.status().map_or(&[][..], K::conditions);
    let said = condition::ready_generation(conditions);
    said.is_some() && said != object.meta().generation
}

/// Whether the object was made less than `age` ago and nothing was said of it yet.
fn is_newer<K: Kind>(object: &K, age: Duration, context: &Context) -> bool {
    let made = object.meta().creation_timestamp.as_ref();
    object.is_unsaid()
        && made.is_some_and(|made| context.now().duration_since(made.0).unsigned_abs() < age)
}
