//! StopServiceDeployment.

use serde_json::json;

use super::deployment::Rollout;
use super::failure::invalid;
use super::input::text;
use super::service::Service;
use super::service_deployment::Status;
use super::{State, World};
use crate::Call;
use crate::error::{Answer, ApiError};

impl State {
    /// Asks the scheduler to end a service deployment that is in progress: by rollback, or ABORT.
    pub(super) fn stop_service_deployment(&mut self, call: &Call, world: &mut World) -> Answer {
        let full = text(call.input, "serviceDeploymentArn").unwrap_or_default();
        let (service, id) = self.service_and_id(full);
        let mut service = service.ok_or_else(not_found)?.clone();
        let can_roll_back = service.completed.is_some();
        let record = service.history_mut(id).ok_or_else(not_found)?;
        if !matches!(record.status, Status::Pending | Status::InProgress) {
            return Err(ApiError::client(
                "ConflictException",
                format!(
                    "The service deployment is in status {} and cannot be stopped.",
                    record.status.name()
                ),
            ));
        }
        let abort = text(call.input, "stopType") == Some("ABORT");
        if !abort && !can_roll_back {
            // [?] unverified: ROLLBACK_OF_FIRST_DEPLOYMENT
            return Err(invalid(
                "The service deployment cannot be rolled back: no service deployment completed before it.",
            ));
        }
        let status = if abort {
            Status::StopRequested
        } else {
            Status::RollbackRequested
        };
        record.enter(
            status,
            Some("Service deployment stopped by user."),
            call.now,
        );
        service.wake(&mut self.agenda, call.now + world.script.tick_seconds);
        self.services.insert(service.key.clone(), service);
        Ok(json!({ "serviceDeploymentArn": full }))
    }

    /// The scheduler does what StopServiceDeployment asked for.
    pub(super) fn stop_as_requested(&mut self, service: &mut Service, world: &mut World) {
        let Some(record) = service.history.last() else {
            return;
        };
        let (id, status) = (record.id.clone(), record.status);
        let reason = "Service deployment stopped by user.";
        match status {
            Status::StopRequested => {
                if let Some(primary) = service.deployments.first_mut() {
                    primary.enter(Rollout::Failed, reason.to_owned(), world.now);
                }
                if let Some(record) = service.history_mut(&id) {
                    record.enter(Status::Stopped, Some(reason), world.now);
                }
            }
            Status::RollbackRequested => {
                let Some(target) = service.completed.clone() else {
                    return;
                };
                if let Some(primary) = service.deployments.first_mut() {
                    primary.enter(Rollout::Failed, reason.to_owned(), world.now);
                }
                let text = format!(
                    "ECS deployment rolling back to deploymentId ecs-svc/{}.",
                    target.id
                );
                self.roll_back(
                    service,
                    &target,
                    "Service deployment rolled back by user.",
                    text,
                    world,
                );
            }
            _ => {}
        }
    }
}

/// No service deployment has the ARN.
pub(super) fn not_found() -> ApiError {
    ApiError::client(
        "ServiceDeploymentNotFoundException",
        "Service deployment not found.",
    )
}
