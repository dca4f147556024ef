//! Events: what happened, on the object, from the closed list of reasons.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Client,
    runtime::events::{Event, EventType, Recorder, Reporter},
};

use super::in_time;
use crate::{api::condition::Reason, model::text::truncate};

/// Characters of a note (events.k8s.io/v1 Event, member note: 1 kB).
const NOTE_MAX: usize = 1000;

/// Publishes events; a failure to is logged and hinders nothing.
#[derive(Clone)]
pub struct Events(Recorder);

impl Events {
    /// Events in the name of the operator.
    pub fn new(client: Client) -> Self {
        let reporter = Reporter {
            controller: "ecs-operator".into(),
            instance: std::env::var("HOSTNAME").ok(),
        };
        Self(Recorder::new(client, reporter))
    }

    /// Something went as it should.
    pub async fn normal(&self, object: &ObjectReference, reason: Reason, note: String) {
        self.publish(object, EventType::Normal, reason, note).await;
    }

    /// Somebody should look.
    pub async fn warning(&self, object: &ObjectReference, reason: Reason, note: String) {
        self.publish(object, EventType::Warning, reason, note).await;
    }

    async fn publish(
        &self,
        object: &ObjectReference,
        type_: EventType,
        reason: Reason,
        mut note: String,
    ) {
        truncate(&mut note, NOTE_MAX);
        let event = Event {
            type_,
            reason: reason.as_str().to_owned(),
            note: Some(note),
            action: "Reconcile".into(),
            secondary: None,
        };
        if let Err(error) = in_time(self.0.publish(&event, object)).await {
            tracing::warn!(%error, %reason, "an event could not be published");
        }
    }
}
