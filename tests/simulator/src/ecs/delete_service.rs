//! DeleteService: the service drains, then lingers as INACTIVE.

use serde_json::json;

use super::failure::{invalid, service_not_found};
use super::input::{flag, text};
use super::service::Status;
use super::{State, World, arn};
use crate::Call;
use crate::error::Answer;

impl State {
    /// Deletes a service that is scaled to 0, or any with `force`. Deleting a draining one again answers the same [?] unverified: DELETE_WHILE_DRAINING
    pub(super) fn delete_service(&mut self, call: &Call, world: &mut World) -> Answer {
        let named = text(call.input, "service").unwrap_or_default();
        let cluster = arn::cluster_of(named).or(text(call.input, "cluster"));
        let cluster = self.active_cluster(cluster)?.name.clone();
        let found = self
            .find_service(&cluster, named)
            .filter(|service| !service.is_gone());
        let mut service = found.ok_or_else(service_not_found)?.clone();
        let daemon = service.settings.get("schedulingStrategy") == Some(&json!("DAEMON"));
        // Text: [I]
        if service.is_active() && service.desired > 0 && !flag(call.input, "force") && !daemon {
            return Err(invalid(
                "The service cannot be stopped while it is scaled above 0.",
            ));
        }
        if service.is_active() {
            service.status = Status::Draining;
            service.desired = 0;
            for deployment in &mut service.deployments {
                deployment.desired = 0;
                deployment.updated_at = call.now;
            }
            service.wake(&mut self.agenda, world.now + world.script.tick_seconds);
        }
        let answer = json!({ "service": self.view_service(&service, true) });
        self.services.insert(service.key.clone(), service);
        Ok(answer)
    }
}
