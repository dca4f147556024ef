//! Lifecycle hooks of type PAUSE: a deployment waits at a stage until ContinueServiceDeployment answers, or the time is up [D].
//!
//! Hooks that call a function are kept and read back, but never called. [?] unverified: HOOKS_NOT_CALLED

use serde_json::{Value, json};

use super::failure::invalid;
use super::input::{list, text, texts};
use super::service::Service;
use super::service_deployment::Status;
use super::stop_service_deployment::not_found;
use super::{State, World, event_bridge};
use crate::Call;
use crate::clock::Time;
use crate::error::Answer;

/// Stages before the first new task starts, in their order.
pub(super) const BEFORE_SCALE_UP: [&str; 2] = ["RECONCILE_SERVICE", "PRE_SCALE_UP"];

/// Stages when all new tasks are healthy and the old ones still run. [?] unverified: TRAFFIC_STAGES_AT_ONCE
pub(super) const AFTER_SCALE_UP: [&str; 4] = [
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

/// A pause that was reached.
#[derive(Clone)]
pub(super) struct PauseHook {
    id: String,
    pub(super) stage: &'static str,
    /// Its place in `lifecycleHooks`.
    place: usize,
    status: &'static str,
    expires_at: Time,
    timeout_action: String,
}

impl PauseHook {
    /// Whether it waits for an answer.
    pub(super) fn is_open(&self) -> bool {
        self.status == "AWAITING_ACTION"
    }

    /// As DescribeServiceDeployments has it.
    pub(super) fn view(&self) -> Value {
        json!({
            "hookId": self.id,
            "targetType": "PAUSE",
            "status": self.status,
            "expiresAt": self.expires_at,
            "timeoutAction": self.timeout_action,
        })
    }
}

impl State {
    /// Answers a pause of a deployment.
    pub(super) fn continue_service_deployment(&mut self, call: &Call, world: &mut World) -> Answer {
        let full = text(call.input, "serviceDeploymentArn").unwrap_or_default();
        let (service, id) = self.service_and_id(full);
        let mut service = service.ok_or_else(not_found)?.clone();
        let record = service.history_mut(id).ok_or_else(not_found)?;
        let named = text(call.input, "hookId").unwrap_or_default();
        let is_running = record.status == Status::InProgress;
        let hook = record.pauses.iter_mut().find(|hook| hook.id == named);
        // [?] unverified: LATE_ANSWERS
        let Some(hook) = hook.filter(|hook| is_running && hook.is_open()) else {
            return Err(invalid(
                "The lifecycle hook is not awaiting an action on this service deployment.",
            ));
        };
        // Absent is CONTINUE [D].
        let goes_back = text(call.input, "action") == Some("ROLLBACK");
        hook.status = if goes_back { "FAILED" } else { "SUCCEEDED" };
        if goes_back {
            record.enter(
                Status::RollbackRequested,
                Some("Service deployment rolled back at a lifecycle hook."),
                call.now,
            );
        }
        service.wake(&mut self.agenda, call.now + world.script.tick_seconds);
        self.services.insert(service.key.clone(), service);
        Ok(json!({ "serviceDeploymentArn": full }))
    }

    /// Whether the deployment waits at one of these stages. Rolling deployments and a service's first have none.
    /// [?] unverified: WHERE_PAUSES_ACT
    pub(super) fn pauses(
        &mut self,
        service: &mut Service,
        stages: &[&'static str],
        world: &mut World,
    ) -> bool {
        let has_completed = service.completed.is_some();
        let several = service.deployments.len() > 2;
        let Some(record) = service.history.last_mut() else {
            return false;
        };
        let strategy = text(&record.configuration, "strategy").unwrap_or("ROLLING");
        if strategy == "ROLLING" || !has_completed || record.status != Status::InProgress {
            return false;
        }
        let hooks: Vec<Value> = list(&record.configuration, "lifecycleHooks").to_vec();
        let (mut begun, mut until) = (Vec::new(), None);
        for stage in stages {
            // Only with more than one revision beside the new one.
            if *stage == "RECONCILE_SERVICE" && !several {
                continue;
            }
            for (place, hook) in hooks.iter().enumerate() {
                let is_meant = text(hook, "targetType") == Some("PAUSE")
                    && texts(hook, "lifecycleStages").contains(stage);
                let is_known = |known: &PauseHook| (known.place, known.stage) == (place, *stage);
                if !is_meant || record.pauses.iter().any(is_known) {
                    continue;
                }
                let timeout = &hook["timeoutConfiguration"];
                let minutes = timeout["timeoutInMinutes"].as_f64().unwrap_or(1440.0);
                let pause = PauseHook {
                    id: format!("ecs-pause-{}", world.ids.hex(32)),
                    stage,
                    place,
                    status: "AWAITING_ACTION",
                    expires_at: world.now + minutes * 60.0,
                    timeout_action: text(timeout, "action").unwrap_or("ROLLBACK").to_owned(),
                };
                begun.push(pause.clone());
                record.pauses.push(pause);
            }
            let mut goes_back = false;
            for pause in record.pauses.iter_mut().filter(|pause| pause.is_open()) {
                if pause.expires_at <= world.now {
                    pause.status = "TIMED_OUT";
                    goes_back |= pause.timeout_action == "ROLLBACK";
                }
            }
            if goes_back {
                let reason = "Service deployment rolled back because a lifecycle hook timed out.";
                record.enter(Status::RollbackRequested, Some(reason), world.now);
                until = Some(world.now + world.script.tick_seconds);
                break;
            }
            let open = record.pauses.iter().filter(|pause| pause.is_open());
            until = open.map(|pause| pause.expires_at).reduce(Time::min);
            if until.is_some() {
                break;
            }
        }
        for pause in begun {
            let event = event_bridge::hook(service, &pause.id, pause.stage, pause.expires_at);
            self.emit(world, event);
        }
        if let Some(at) = until {
            service.wake(&mut self.agenda, at);
        }
        until.is_some()
    }
}
