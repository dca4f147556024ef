//! Application Auto Scaling of ECS services: scalable targets, policies, scheduled actions. It sets bounds and remembers; no metric drives it.

mod calls;
mod key;
mod scheduled;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::Time;
use crate::world::NOT_SIMULATED;
use crate::{Answer, ApiError, Call, Ids, Script, ecs, elbv2};
use key::Key;

/// All of Application Auto Scaling in one account and Region.
#[derive(Clone, Debug, Default)]
pub struct State {
    targets: BTreeMap<Key, ScalableTarget>,
    policies: BTreeMap<(Key, String), Value>,
    actions: BTreeMap<(Key, String), Value>,
}

/// A scalable target.
#[derive(Clone, Debug)]
pub struct ScalableTarget {
    /// Lower bound.
    pub min: i64,
    /// Upper bound.
    pub max: i64,
    arn: String,
    role: String,
    suspended: Value,
    created: Time,
    tags: BTreeMap<String, String>,
}

/// What the calls need of the other services.
pub(crate) struct World<'a> {
    ecs: &'a mut ecs::State,
    elbv2: &'a mut elbv2::State,
    ids: &'a mut Ids,
    script: &'a Script,
}

impl State {
    /// One API call.
    pub fn call(
        &mut self,
        call: &Call,
        ecs: &mut ecs::State,
        elbv2: &mut elbv2::State,
        ids: &mut Ids,
        script: &Script,
    ) -> Answer {
        let world = World {
            ecs,
            elbv2,
            ids,
            script,
        };
        match call.operation {
            "RegisterScalableTarget" => self.register(call, world),
            "DescribeScalableTargets" => self.describe_targets(call.input),
            "DeregisterScalableTarget" => self.deregister(call.input),
            "PutScalingPolicy" => self.put_policy(call),
            "DescribeScalingPolicies" => self.describe_policies(call.input),
            "DeleteScalingPolicy" => self.delete_policy(call.input),
            "PutScheduledAction" => self.put_action(call),
            "DescribeScheduledActions" => self.describe_actions(call.input),
            "DeleteScheduledAction" => self.delete_action(call.input),
            "TagResource" => self.tag(call.input),
            "UntagResource" => self.untag(call.input),
            "ListTagsForResource" => self.list_tags(call.input),
            other => {
                let text = format!("application-autoscaling {other}");
                Err(ApiError::with_status(501, NOT_SIMULATED, text))
            }
        }
    }

    /// The bounds of a service's desired count.
    pub fn target(&self, cluster: &str, service: &str) -> Option<&ScalableTarget> {
        self.targets.get(&Key::of_service(cluster, service))
    }

    /// What a call names, for the journal.
    pub(crate) fn resource(&self, input: &Value) -> Option<(String, Value)> {
        let key = match input["ResourceARN"].as_str() {
            Some(arn) => self.by_arn(arn)?.0.clone(),
            None => Key::read(input),
        };
        let mine = |(of, _): &(&(Key, String), &Value)| of.0 == key;
        let policies: Vec<_> = self
            .policies
            .iter()
            .filter(mine)
            .map(|(_, value)| value)
            .collect();
        let actions: Vec<_> = self
            .actions
            .iter()
            .filter(mine)
            .map(|(_, value)| value)
            .collect();
        let target = self.targets.get(&key)?;
        let shown = json!({ "target": target.show(&key), "tags": target.tags, "policies": policies, "actions": actions });
        Some((key.resource_id, shown))
    }

    /// Everything, in a stable order.
    pub(crate) fn snapshot(&self) -> Value {
        let shown = |(key, target): (&Key, &ScalableTarget)| json!([target.show(key), target.tags]);
        json!({
            "targets": self.targets.iter().map(shown).collect::<Vec<_>>(),
            "policies": self.policies.values().collect::<Vec<_>>(),
            "actions": self.actions.values().collect::<Vec<_>>(),
        })
    }

    fn by_arn(&self, arn: &str) -> Option<(&Key, &ScalableTarget)> {
        self.targets.iter().find(|(_, target)| target.arn == arn)
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationException", message)
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::client("ObjectNotFoundException", message)
}
