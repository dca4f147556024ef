//! Elastic Load Balancing v2: load balancers, listeners, rules, target groups and the health of targets.

mod action;
mod action_config;
mod arn;
mod attributes;
mod condition;
mod health_check;
mod input;
mod listener;
mod load_balancer;
mod paging;
mod rule;
mod rule_calls;
mod tags;
mod target;
mod target_calls;
mod target_group;
mod target_group_calls;

pub use health_check::HealthCheck;
pub use target::Target;
pub use target_group::TargetGroup;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::clock::Time;
use crate::faults::Script;
use crate::world::NOT_SIMULATED;
use crate::{Answer, ApiError, Call};
use listener::Listener;
use load_balancer::LoadBalancer;
use rule::Rule;

/// All of ELBv2 in one account and Region.
#[derive(Clone, Debug, Default)]
pub struct State {
    load_balancers: BTreeMap<String, LoadBalancer>,
    listeners: BTreeMap<String, Listener>,
    rules: BTreeMap<String, Rule>,
    target_groups: BTreeMap<String, TargetGroup>,
    /// How often each name was used, so that a resource made again under its old name gets another ARN.
    used: BTreeMap<String, u32>,
    /// Load balancers that send traffic to each target group, by rules and default actions.
    traffic: BTreeMap<String, BTreeSet<String>>,
    script: Script,
}

impl State {
    /// One API call.
    pub fn call(&mut self, call: &Call) -> Answer {
        match call.operation {
            "CreateLoadBalancer" => self.create_load_balancer(call),
            "DescribeLoadBalancers" => self.describe_load_balancers(call.input),
            "DeleteLoadBalancer" => self.delete_load_balancer(call.input),
            "CreateListener" => self.create_listener(call),
            "DescribeListeners" => self.describe_listeners(call.input),
            "ModifyListener" => self.modify_listener(call.input),
            "DeleteListener" => self.delete_listener(call.input),
            "CreateRule" => self.create_rule(call),
            "ModifyRule" => self.modify_rule(call.input),
            "DeleteRule" => self.delete_rule(call.input),
            "DescribeRules" => self.describe_rules(call.input),
            "SetRulePriorities" => self.set_rule_priorities(call.input),
            "CreateTargetGroup" => self.create_target_group(call),
            "ModifyTargetGroup" => self.modify_target_group(call.input),
            "DescribeTargetGroups" => self.describe_target_groups(call.input),
            "DeleteTargetGroup" => self.delete_target_group(call.input),
            "ModifyTargetGroupAttributes" => self.modify_attributes(call.input),
            "DescribeTargetGroupAttributes" => self.describe_attributes(call.input),
            "RegisterTargets" => self.register_targets(call),
            "DeregisterTargets" => self.deregister_targets(call),
            "DescribeTargetHealth" => self.describe_target_health(call),
            "AddTags" => self.add_tags(call.input),
            "RemoveTags" => self.remove_tags(call.input),
            "DescribeTags" => self.describe_tags(call.input),
            other => Err(ApiError::with_status(
                501,
                NOT_SIMULATED,
                format!("elbv2 {other}"),
            )),
        }
    }

    /// The target group with this ARN.
    pub fn target_group(&self, arn: &str) -> Option<&TargetGroup> {
        self.target_groups.get(arn)
    }

    /// Whether a listener's default action or a rule refers to the target group.
    pub fn is_associated(&self, arn: &str) -> bool {
        self.traffic.contains_key(arn)
    }

    /// Registers a target, as ECS does for its tasks. Without `healthy_at` it never becomes healthy.
    pub fn register_target(
        &mut self,
        arn: &str,
        id: &str,
        port: i64,
        now: Time,
        healthy_at: Option<Time>,
    ) {
        let recovers = healthy_at.is_some() || !self.script.target_healthy(arn);
        if let Some(group) = self.target_groups.get_mut(arn) {
            group.register(id, port, Target::new(now, healthy_at, recovers));
        }
    }

    /// Starts draining a target.
    pub fn deregister_target(&mut self, arn: &str, id: &str, port: i64, now: Time) {
        let used = self.is_associated(arn);
        if let Some(group) = self.target_groups.get_mut(arn) {
            let seconds = self.script.draining(group.deregistration_delay());
            group.deregister(id, port, now + if used { seconds } else { 0.0 });
        }
    }

    /// Whether the target is healthy at `now`.
    pub fn healthy(&self, arn: &str, id: &str, port: i64, now: Time) -> bool {
        let target = self
            .target_groups
            .get(arn)
            .and_then(|group| group.target(id, port, now));
        self.is_associated(arn) && target.is_some_and(|target| target.is_healthy(now))
    }

    /// Takes the script's word on the health of targets, and forgets drained ones.
    pub fn follow(&mut self, script: &Script, now: Time) {
        let changed = self.script.unhealthy_target_groups != script.unhealthy_target_groups;
        if self.script != *script {
            self.script = script.clone();
        }
        for group in self.target_groups.values_mut() {
            group.forget_drained(now);
            if changed {
                let healthy = script.target_healthy(&group.arn);
                group.heal(healthy.then_some(now + script.health_seconds));
            }
        }
    }

    /// What a call names, for the journal: a key and everything that can change about it.
    pub fn resource(&self, operation: &str, input: &Value) -> Option<(String, Value)> {
        let arn = match operation {
            "CreateTargetGroup" => self.group_named(input["Name"].as_str()?)?.arn.clone(),
            "CreateLoadBalancer" => self.balancer_named(input["Name"].as_str()?)?.arn.clone(),
            "CreateRule" => {
                let priority = input["Priority"].as_i64()?;
                self.rule_at(input["ListenerArn"].as_str()?, priority)?
                    .arn
                    .clone()
            }
            "CreateListener" => {
                let balancer = input["LoadBalancerArn"].as_str()?;
                self.listener_at(balancer, input["Port"].as_i64()?)?
                    .arn
                    .clone()
            }
            "SetRulePriorities" => {
                let first = self
                    .rules
                    .get(input["RulePriorities"][0]["RuleArn"].as_str()?)?;
                return Some((first.listener.clone(), self.priorities(&first.listener)));
            }
            "AddTags" | "RemoveTags" => input["ResourceArns"][0].as_str()?.to_owned(),
            _ => {
                let names = [
                    "TargetGroupArn",
                    "RuleArn",
                    "ListenerArn",
                    "LoadBalancerArn",
                ];
                names
                    .iter()
                    .find_map(|name| input[name].as_str())?
                    .to_owned()
            }
        };
        let value = self.described(&arn)?;
        Some((arn, value))
    }

    /// Everything, in a stable order.
    pub(crate) fn snapshot(&self) -> Value {
        let all = |arns: Vec<&String>| -> Value {
            arns.into_iter()
                .filter_map(|arn| self.described(arn))
                .collect()
        };
        json!({
            "loadBalancers": all(self.load_balancers.keys().collect()),
            "listeners": all(self.listeners.keys().collect()),
            "rules": all(self.rules.keys().collect()),
            "targetGroups": all(self.target_groups.keys().collect()),
        })
    }

    fn described(&self, arn: &str) -> Option<Value> {
        let tags = tags::list(self.tags(arn)?);
        if let Some(group) = self.target_groups.get(arn) {
            let mut body = self.show_group(group);
            body["Attributes"] = json!(group.attributes);
            body["Targets"] = group.target_names();
            body["Tags"] = tags;
            return Some(body);
        }
        let mut body = if let Some(rule) = self.rules.get(arn) {
            self.show_rule(rule)
        } else if let Some(listener) = self.listeners.get(arn) {
            listener.show()
        } else {
            self.load_balancers.get(arn)?.show()
        };
        body["Tags"] = tags;
        Some(body)
    }

    fn priorities(&self, listener: &str) -> Value {
        let rules = self.rules.values().filter(|rule| rule.listener == listener);
        rules.map(|rule| json!([rule.arn, rule.priority])).collect()
    }

    /// Counts the uses of a name: part of the hash behind its ARN.
    fn use_of(&mut self, name: &str) -> String {
        let count = self.used.entry(name.to_owned()).or_default();
        *count += 1;
        count.to_string()
    }

    /// Finds out again which load balancer sends traffic where.
    fn trace_traffic(&mut self) {
        self.traffic.clear();
        let rules = self
            .rules
            .values()
            .map(|rule| (&rule.listener, rule.target_groups()));
        let defaults = self
            .listeners
            .values()
            .map(|l| (&l.arn, action::target_groups(&l.actions)));
        for (listener, groups) in rules.chain(defaults) {
            let Some(listener) = self.listeners.get(listener) else {
                continue;
            };
            for group in groups {
                let balancers = self.traffic.entry(group.to_owned()).or_default();
                balancers.insert(listener.load_balancer.clone());
            }
        }
    }
}

/// `ValidationError`, the code of most of ELBv2's refusals.
fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationError", message)
}

/// The refusals for things that do not exist, with AWS's sentences.
fn not_found(what: &str) -> ApiError {
    let (code, message) = match what {
        "rule" => ("RuleNotFound", "One or more rules not found"),
        "listener" => ("ListenerNotFound", "One or more listeners not found"),
        "load balancer" => (
            "LoadBalancerNotFound",
            "One or more load balancers not found",
        ),
        _ => ("TargetGroupNotFound", "One or more target groups not found"),
    };
    ApiError::client(code, message)
}
