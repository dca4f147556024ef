//! Calls on scaling policies and scheduled actions. Both are upserts by name.

use serde_json::{Value, json};

use super::calls::missing_target;
use super::key::{Key, page};
use super::{State, invalid, not_found};
use crate::{Answer, ApiError, Call, ids};

/// Policies and scheduled actions of one target [D].
const POLICIES: usize = 50;
const ACTIONS: usize = 200;

impl State {
    pub(super) fn put_policy(&mut self, call: &Call) -> Answer {
        let (key, name) = self.named(call.input, "PolicyName")?;
        let old = self.policies.get(&(key.clone(), name.clone()));
        let kind = call.input["PolicyType"]
            .as_str()
            .unwrap_or("StepScaling")
            .to_owned();
        if old.is_some_and(|old| old["PolicyType"] != kind) {
            // Unverified: AAS_POLICY_TYPE.
            return Err(invalid(
                "The policy type of an existing policy cannot be changed",
            ));
        }
        check_config(call.input, &kind)?;
        if old.is_none() && count(&self.policies, &key) >= POLICIES {
            return Err(too_many("scaling policies"));
        }
        let created = old.map_or(json!(call.now), |old| old["CreationTime"].clone());
        let mut policy = call.input.clone();
        policy["PolicyType"] = json!(kind);
        policy["PolicyARN"] = json!(arn(call, "scalingPolicy", &key, "policyName", &name));
        policy["Alarms"] = alarms(call, &key, &name, &kind);
        policy["CreationTime"] = created;
        let output = json!({ "PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"] });
        self.policies.insert((key, name), policy);
        Ok(output)
    }

    pub(super) fn describe_policies(&self, request: &Value) -> Answer {
        let shown = listed(&self.policies, request, "PolicyNames");
        page(
            request,
            "ScalingPolicies",
            shown,
            if request["ResourceId"].is_string() {
                50
            } else {
                10
            },
        )
    }

    pub(super) fn delete_policy(&mut self, request: &Value) -> Answer {
        let (key, name) = (Key::read(request), text(request, "PolicyName"));
        let missing = || {
            not_found(format!(
                "No scaling policy found for {}: {name}",
                key.resource_id
            ))
        };
        self.policies
            .remove(&(key.clone(), name.clone()))
            .ok_or_else(missing)?;
        Ok(json!({}))
    }

    pub(super) fn put_action(&mut self, call: &Call) -> Answer {
        let (key, name) = self.named(call.input, "ScheduledActionName")?;
        let old = self.actions.get(&(key.clone(), name.clone()));
        let merged = merge(old, call.input);
        let schedule = merged["Schedule"].as_str().unwrap_or_default();
        let form = ["cron(", "rate(", "at("]
            .iter()
            .any(|start| schedule.starts_with(start));
        if !form || !schedule.ends_with(')') {
            return Err(invalid(format!(
                "The schedule expression '{schedule}' is not valid"
            )));
        }
        if old.is_none() && count(&self.actions, &key) >= ACTIONS {
            return Err(too_many("scheduled actions"));
        }
        let created = old.map_or(json!(call.now), |old| old["CreationTime"].clone());
        let mut action = merged;
        action["ScheduledActionARN"] = json!(arn(
            call,
            "scheduledAction",
            &key,
            "scheduledActionName",
            &name
        ));
        action["CreationTime"] = created;
        self.actions.insert((key, name), action);
        Ok(json!({}))
    }

    pub(super) fn describe_actions(&self, request: &Value) -> Answer {
        page(
            request,
            "ScheduledActions",
            listed(&self.actions, request, "ScheduledActionNames"),
            50,
        )
    }

    pub(super) fn delete_action(&mut self, request: &Value) -> Answer {
        let (key, name) = (Key::read(request), text(request, "ScheduledActionName"));
        let missing = || {
            not_found(format!(
                "No scheduled action found for {}: {name}",
                key.resource_id
            ))
        };
        self.actions
            .remove(&(key.clone(), name.clone()))
            .ok_or_else(missing)?;
        Ok(json!({}))
    }

    /// The target, which must be registered, and the name.
    fn named(&self, request: &Value, member: &str) -> Result<(Key, String), ApiError> {
        let key = Key::read(request);
        match self.targets.contains_key(&key) {
            true => Ok((key, text(request, member))),
            false => Err(missing_target(&key)),
        }
    }
}

type Named = std::collections::BTreeMap<(Key, String), Value>;

fn text(request: &Value, name: &str) -> String {
    request[name].as_str().unwrap_or_default().to_owned()
}

fn count(all: &Named, key: &Key) -> usize {
    all.keys().filter(|(of, _)| of == key).count()
}

fn listed(all: &Named, request: &Value, names: &str) -> Vec<Value> {
    let names = request[names].as_array();
    let wanted =
        |name: &String| names.is_none_or(|names| names.is_empty() || names.contains(&json!(name)));
    let shown = all
        .iter()
        .filter(|((key, name), _)| key.shown_by(request) && wanted(name));
    shown.map(|(_, value)| value.clone()).collect()
}

/// Absent members of an existing action stay [M].
fn merge(old: Option<&Value>, input: &Value) -> Value {
    let mut merged = old.cloned().unwrap_or_else(|| json!({}));
    for (name, value) in input.as_object().into_iter().flatten() {
        merged[name] = value.clone();
    }
    merged
}

/// The configuration that belongs to the type, and no other [M].
fn check_config(input: &Value, kind: &str) -> Result<(), ApiError> {
    let blocks = [
        ("StepScaling", "StepScalingPolicyConfiguration"),
        (
            "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration",
        ),
        ("PredictiveScaling", "PredictiveScalingPolicyConfiguration"),
    ];
    for (of, block) in blocks {
        if input[block].is_object() != (of == kind) {
            return Err(invalid(format!(
                "{block} belongs to policies of type {of}, and the type is {kind}"
            )));
        }
    }
    let steps = input["StepScalingPolicyConfiguration"]["StepAdjustments"].as_array();
    if steps.is_some_and(|steps| steps.len() > 20) {
        return Err(invalid(
            "A step scaling policy can have at most 20 step adjustments",
        ));
    }
    Ok(())
}

fn too_many(what: &str) -> ApiError {
    ApiError::client(
        "LimitExceededException",
        format!("You have reached the maximum number of {what}"),
    )
}

fn arn(call: &Call, kind: &str, key: &Key, label: &str, name: &str) -> String {
    let Call {
        account, region, ..
    } = call;
    let hex = ids::named(&[account, region, kind, &key.resource_id, name], 32);
    let uuid = format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    );
    format!(
        "arn:aws:autoscaling:{region}:{account}:{kind}:{uuid}:resource/ecs/{}:{label}/{name}",
        key.resource_id
    )
}

/// Target tracking makes two alarms of its own [D].
fn alarms(call: &Call, key: &Key, name: &str, kind: &str) -> Value {
    if kind != "TargetTrackingScaling" {
        return json!([]);
    }
    let Call {
        account, region, ..
    } = call;
    let alarm = |end: &str| {
        let id = ids::named(&[account, region, &key.resource_id, name, end], 32);
        let alarm = format!("TargetTracking-{}-{end}-{id}", key.resource_id);
        json!({ "AlarmName": alarm, "AlarmARN": format!("arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}") })
    };
    json!([alarm("AlarmHigh"), alarm("AlarmLow")])
}
