//! The events that ECS sends to EventBridge, as aws.md part 4 has them [D]. They are hints: order and delivery are not promised.

use serde_json::{Value, json};

use super::engine::detail;
use super::service::{Service, uuid};
use super::task::Task;
use super::{arn, task_view};
use crate::Ids;
use crate::clock::{Time, iso8601};

/// An event before it has an id and a time.
pub(super) struct Event {
    detail_type: &'static str,
    /// ARN of the service or task.
    resource: String,
    detail: Value,
}

impl Event {
    /// The event as it stands in a queue.
    pub(super) fn envelope(mut self, ids: &mut Ids, now: Time) -> Value {
        let time = iso8601(now);
        for member in ["updatedAt", "createdAt"] {
            if self.detail.get(member) == Some(&Value::Null) {
                self.detail[member] = json!(time);
            }
        }
        json!({
            "version": "0",
            "id": uuid(ids),
            "detail-type": self.detail_type,
            "source": "aws.ecs",
            "account": arn::account(&self.resource),
            "time": format!("{}Z", &time[..19]),
            "region": arn::region(&self.resource),
            "resources": [self.resource],
            "detail": self.detail,
        })
    }
}

/// "ECS Deployment State Change".
pub(super) fn deployment(
    service: &Service,
    kind: &str,
    name: &str,
    id: &str,
    reason: &str,
) -> Event {
    let mut detail = detail(kind, name, service);
    detail["deploymentId"] = json!(id);
    detail["updatedAt"] = Value::Null;
    detail["reason"] = json!(reason);
    Event {
        detail_type: "ECS Deployment State Change",
        resource: service.arn.clone(),
        detail,
    }
}

/// "ECS Hook State Change": a deployment waits for an answer.
pub(super) fn hook(service: &Service, id: &str, stage: &str, expires_at: Time) -> Event {
    let mut detail = detail("INFO", "HOOK_AWAITING_ACTION", service);
    detail["hookId"] = json!(id);
    detail["lifecycleStage"] = json!(stage);
    detail["expiresAt"] = json!(iso8601(expires_at));
    Event {
        detail_type: "ECS Hook State Change",
        resource: service.arn.clone(),
        detail,
    }
}

/// "ECS Service Action".
pub(super) fn action(service: &Service, kind: &str, name: &str) -> Event {
    let mut detail = detail(kind, name, service);
    detail["createdAt"] = Value::Null;
    Event {
        detail_type: "ECS Service Action",
        resource: service.arn.clone(),
        detail,
    }
}

/// "ECS Task State Change": the task as DescribeTasks has it, with times as text.
pub(super) fn task(task: &Task) -> Event {
    let mut detail = task_view::view(task, false);
    if let Some(members) = detail.as_object_mut() {
        for (name, value) in members.iter_mut() {
            if let (true, Some(time)) = (name.ends_with("At"), value.as_f64()) {
                *value = json!(iso8601(time));
            }
        }
        members.remove("tags");
    }
    Event {
        detail_type: "ECS Task State Change",
        resource: task.arn.clone(),
        detail,
    }
}
