//! How a deployment fails: it stays FAILED, or what completed last is deployed again.

use serde_json::Value;

use super::deployment::{Deployment, Rollout};
use super::service::{Service, digits};
use super::service_deployment::{Rollback, Status};
use super::{State, World, circuit_breaker, event_bridge};
use std::sync::Arc;

use super::revision::Revision;

/// `rolloutStateReason` of a deployment that the breaker ended [D].
const TRIPPED: &str = "ECS deployment circuit breaker: tasks failed to start.";

impl State {
    /// The circuit breaker ends PRIMARY.
    pub(super) fn trip(&mut self, service: &mut Service, world: &mut World) {
        let rolls_back =
            circuit_breaker::of(service).is_some_and(|b| b["rollback"] == Value::Bool(true));
        let Some(primary) = service.deployments.first() else {
            return;
        };
        let (id, failures) = (primary.service_deployment.clone(), primary.breaker_failures);
        let was_rollback = service.history_mut(&id).is_some_and(|record| {
            record.triggered = true;
            record.failure_count = failures;
            record.rollback.is_some()
        });
        // [?] unverified: SERVICE_DEPLOYMENT_REASONS
        let reason = "Service deployment rolled back because of a circuit breaker.";
        self.fail_primary(service, TRIPPED, world);
        match service
            .completed
            .clone()
            .filter(|_| rolls_back && !was_rollback)
        {
            Some(target) => {
                let text = format!(
                    "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/{}.",
                    target.id
                );
                self.roll_back(service, &target, reason, text, world);
            }
            None => {
                let status = if was_rollback {
                    Status::RollbackFailed
                } else {
                    Status::Stopped
                };
                if let Some(record) = service.history_mut(&id) {
                    record.enter(
                        status,
                        Some("Service deployment failed because of a circuit breaker."),
                        world.now,
                    );
                }
            }
        }
    }

    /// Marks PRIMARY as FAILED; it starts no task any more [M].
    pub(super) fn fail_primary(&mut self, service: &mut Service, reason: &str, world: &mut World) {
        let Some(primary) = service.deployments.first_mut() else {
            return;
        };
        primary.enter(Rollout::Failed, reason.to_owned(), world.now);
        let id = primary.id();
        let message = format!("(deployment {id}) deployment failed: tasks failed to start.");
        service.say(world.ids, world.now, message);
        self.emit(
            world,
            event_bridge::deployment(service, "ERROR", "SERVICE_DEPLOYMENT_FAILED", &id, reason),
        );
    }

    /// Deploys what `target` configured, as part of the same service deployment. [?] unverified: ROLLBACK_DEPLOYMENT_ID
    pub(super) fn roll_back(
        &mut self,
        service: &mut Service,
        target: &Revision,
        reason: &str,
        rollout_reason: String,
        world: &mut World,
    ) {
        let message = format!("rolling back to deployment ecs-svc/{}.", target.id);
        service.say(world.ids, world.now, message);
        let revision = Arc::new(Revision {
            id: digits(world.ids),
            service: target.service.clone(),
            service_arn: target.service_arn.clone(),
            cluster_arn: target.cluster_arn.clone(),
            members: target.members.clone(),
            body: target.body.clone(),
            created_at: world.now,
        });
        let Some(failed) = service.deployments.first() else {
            return;
        };
        let record = failed.service_deployment.clone();
        let mut deployment =
            Deployment::begin(revision.clone(), &record, service.desired, world.now);
        deployment.reason = rollout_reason;
        if let Some(record) = service.history_mut(&record) {
            record.enter(Status::RollbackInProgress, Some(reason), world.now);
            record.rollback = Some(Rollback {
                reason: reason.to_owned(),
                started_at: world.now,
                revision,
            });
        }
        self.put_primary(service, deployment, world);
    }
}
