//! The calls on targets. Tasks of ECS services are registered by the ECS engine, not by these.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::target::{Target, health};
use super::{State, TargetGroup, input, not_found};
use crate::clock::Time;
use crate::{Answer, ApiError, Call};

/// Id and port.
type Named = (String, i64);

impl State {
    pub(super) fn register_targets(&mut self, call: &Call) -> Answer {
        let (group, targets) = self.named_targets(call.input)?;
        for (id, _) in &targets {
            let valid = match &group.target_type[..] {
                "ip" => id.parse::<IpAddr>().is_ok(),
                "instance" => id.starts_with("i-"),
                _ => id.starts_with("arn:"),
            };
            if !valid {
                let message = format!(
                    "The following targets are not valid for target type '{}': '{id}'",
                    group.target_type
                );
                return Err(ApiError::client("InvalidTarget", message));
            }
        }
        let arn = group.arn.clone();
        let healthy = self.script.target_healthy(&arn);
        let healthy_at = healthy.then_some(call.now + self.script.health_seconds);
        for (id, port) in targets {
            self.register_target(&arn, &id, port, call.now, healthy_at);
        }
        Ok(json!({}))
    }

    pub(super) fn deregister_targets(&mut self, call: &Call) -> Answer {
        let (group, targets) = self.named_targets(call.input)?;
        let arn = group.arn.clone();
        for (id, port) in targets {
            self.deregister_target(&arn, &id, port, call.now);
        }
        Ok(json!({}))
    }

    pub(super) fn describe_target_health(&self, call: &Call) -> Answer {
        let (group, wanted) = self.named_targets(call.input)?;
        let registered = group.targets(call.now);
        let mut shown: Vec<_> = Vec::new();
        if wanted.is_empty() {
            shown.extend(
                registered
                    .map(|(id, port, target)| self.show(group, id, port, Some(target), call.now)),
            );
        } else {
            let one = |(id, port): &(String, i64)| {
                self.show(
                    group,
                    id,
                    *port,
                    group.target(id, *port, call.now),
                    call.now,
                )
            };
            shown.extend(wanted.iter().map(one));
        }
        Ok(json!({ "TargetHealthDescriptions": shown }))
    }

    fn show(
        &self,
        group: &TargetGroup,
        id: &str,
        port: i64,
        target: Option<&Target>,
        now: Time,
    ) -> Value {
        let state = match target {
            None => health(
                "unused",
                "Target.NotRegistered",
                "Target is not registered to the target group",
            ),
            // Unverified: UNUSED_AT_ONCE.
            Some(_) if !self.is_associated(&group.arn) => health(
                "unused",
                "Target.NotInUse",
                "Target group is not configured to receive traffic from the load balancer",
            ),
            Some(target) => target.health(now, &group.health_check),
        };
        json!({
            "Target": { "Id": id, "Port": port },
            "HealthCheckPort": match &group.health_check.port[..] {
                "traffic-port" => port.to_string(),
                port => port.to_owned(),
            },
            "TargetHealth": state,
        })
    }

    /// The group and targets that a request names, with the group's port where it gives none.
    fn named_targets(&self, request: &Value) -> Result<(&TargetGroup, Vec<Named>), ApiError> {
        let group = self
            .target_groups
            .get(input::text(request, "TargetGroupArn"));
        let group = group.ok_or_else(|| not_found("target group"))?;
        let port = |target: &Value| target["Port"].as_i64().or(group.port).unwrap_or_default();
        let named = |target: &Value| (input::text(target, "Id").to_owned(), port(target));
        Ok((
            group,
            input::list(request, "Targets").iter().map(named).collect(),
        ))
    }
}
