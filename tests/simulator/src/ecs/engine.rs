//! What happens when something is due, and how a deployment begins.

use std::sync::Arc;

use serde_json::{Value, json};

use super::agenda::Happening;
use super::deployment::Deployment;
use super::event_bridge;
use super::revision::Revision;
use super::service::{Service, ServiceKey};
use super::service_deployment::{ServiceDeployment, Status};
use super::{State, World};

impl State {
    /// Does what is due at `world.now`.
    pub(super) fn happen(&mut self, happening: Happening, world: &mut World) {
        match happening {
            Happening::Schedule(key) => self.schedule(&key, world),
            Happening::Task { id, phase } => self.task_phase(&id, phase, world),
            Happening::ForgetTaskDefinition { family, revision } => {
                self.forget_task_definition(&family, revision, world.now);
            }
        }
    }

    /// Has PRIMARY roll out `revision`; the deployments before it become ACTIVE and make room.
    pub(super) fn begin_deployment(
        &mut self,
        service: &mut Service,
        revision: Arc<Revision>,
        world: &mut World,
    ) {
        let sources = service
            .deployments
            .iter()
            .map(|d| d.revision.clone())
            .collect();
        if let Some(previous) = service.history.last_mut().filter(|d| !d.status.is_final()) {
            // [?] unverified: SUPERSEDED_SERVICE_DEPLOYMENT
            let reason = "Service deployment stopped because a new service deployment started.";
            previous.enter(Status::Stopped, Some(reason), world.now);
        }
        let id = world.ids.hex(20);
        let mut record = ServiceDeployment::pending(id, revision.clone(), sources, world.now);
        record.requested = service.desired;
        record.configuration = service
            .settings
            .get("deploymentConfiguration")
            .cloned()
            .unwrap_or(Value::Null);
        let deployment =
            Deployment::begin(revision.clone(), &record.id, service.desired, world.now);
        service.history.push(record);
        self.put_primary(service, deployment, world);
    }

    /// Puts a deployment in front of the others and has the scheduler look.
    pub(super) fn put_primary(
        &mut self,
        service: &mut Service,
        primary: Deployment,
        world: &mut World,
    ) {
        service
            .revisions
            .insert(primary.revision.id.clone(), primary.revision.clone());
        service.revision = primary.revision.clone();
        service.steady = false;
        let id = primary.id();
        service.deployments.insert(0, primary);
        self.emit(
            world,
            event_bridge::deployment(
                service,
                "INFO",
                "SERVICE_DEPLOYMENT_IN_PROGRESS",
                &id,
                &format!("ECS deployment {id} in progress."),
            ),
        );
        service.wake(&mut self.agenda, world.now + world.script.tick_seconds);
    }

    /// Keeps an event for whoever listens.
    pub(super) fn emit(&mut self, world: &mut World, event: event_bridge::Event) {
        let envelope = event.envelope(world.ids, world.now);
        self.outbox.push(envelope);
    }

    fn schedule(&mut self, key: &ServiceKey, world: &mut World) {
        // An earlier look may have replaced this one; then it is not the planned one any more.
        let planned = |service: &Service| service.look_at == Some(world.now);
        if !self.services.get(key).is_some_and(planned) {
            return;
        }
        let Some(mut service) = self.services.remove(key) else {
            return;
        };
        service.look_at = None;
        self.look(&mut service, world);
        self.services.insert(key.clone(), service);
    }
}

/// The members of an event's detail about a service.
pub(super) fn detail(kind: &str, name: &str, service: &Service) -> Value {
    json!({ "eventType": kind, "eventName": name, "clusterArn": service.cluster_arn })
}
