//! Whether AWS has what was declared: only declared members count, in canonical form.

use serde_json::Value;

use super::Change;
use crate::model::{Members, arn, text::without_secrets};

/// Lists without an order.
const SETS: [&str; 6] = [
    "subnets",
    "securityGroups",
    "alarmNames",
    "capacityProviders",
    "capacityProviderStrategy",
    "defaultCapacityProviderStrategy",
];

/// Sets of which only the declared items count.
const SUBSETS: [&str; 1] = ["settings"];

/// The declared members that AWS has otherwise, with their paths below `spec`.
pub fn changes(declared: &Members, observed: &Members) -> Vec<Change> {
    declared
        .iter()
        .filter_map(|(key, value)| {
            let seen = observed.get(key).unwrap_or(&Value::Null);
            differs(key, value, seen).then(|| change(key, value, seen))
        })
        .collect()
}

/// The declared members that changed, whole.
pub fn changed(declared: &Members, changes: &[Change]) -> impl Iterator<Item = (String, Value)> {
    changes
        .iter()
        .filter_map(|change| Some((change.path.clone(), declared.get(&change.path)?.clone())))
}

/// A change, in words.
pub fn change(path: &str, declared: &Value, observed: &Value) -> Change {
    Change {
        path: path.to_owned(),
        declared: without_secrets(declared).to_string(),
        observed: without_secrets(observed).to_string(),
    }
}

/// Whether `observed` is other than `declared`, for the member `key`.
pub fn differs(key: &str, declared: &Value, observed: &Value) -> bool {
    match (declared, observed) {
        (Value::Object(declared), Value::Object(observed)) => declared
            .iter()
            .any(|(key, value)| differs(key, value, observed.get(key).unwrap_or(&Value::Null))),
        (Value::Array(declared), Value::Array(observed)) => lists_differ(key, declared, observed),
        (Value::Number(declared), Value::Number(observed)) => {
            declared.as_f64() != observed.as_f64()
        }
        (Value::String(declared), Value::String(observed)) => texts_differ(key, declared, observed),
        (declared, Value::Null) => !is_default(declared),
        (Value::Null, observed) => !is_default(observed),
        (declared, observed) => declared != observed,
    }
}

fn lists_differ(key: &str, declared: &[Value], observed: &[Value]) -> bool {
    let missing =
        |from: &[Value], item: &Value| !from.iter().any(|other| !differs("", item, other));
    if SUBSETS.contains(&key) {
        return declared.iter().any(|item| missing(observed, item));
    }
    if declared.len() != observed.len() {
        return true;
    }
    if SETS.contains(&key) {
        return declared.iter().any(|item| missing(observed, item));
    }
    declared
        .iter()
        .zip(observed)
        .any(|(declared, observed)| differs("", declared, observed))
}

/// ECS answers `LATEST` with the concrete version and gives placement fields back in another case, `host` as `instanceId` (measured; aws.md 4.4).
fn texts_differ(key: &str, declared: &str, observed: &str) -> bool {
    match key {
        "taskDefinition" => !arn::same_task_definition(declared, observed),
        "platformVersion" => declared != "LATEST" && declared != observed,
        "field" => {
            let canonical = |field: &str| match field.to_ascii_lowercase().as_str() {
                "host" => "instanceid".to_owned(),
                other => other.to_owned(),
            };
            canonical(declared) != canonical(observed)
        }
        _ => declared != observed,
    }
}

/// What AWS may leave out of an answer.
fn is_default(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_default),
        Value::Bool(true) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_awss_defaults_add_is_no_difference() {
        let cases = [
            (
                "networkConfiguration",
                json!({"awsvpcConfiguration": {"subnets": ["b", "a"]}}),
                json!({"awsvpcConfiguration": {"subnets": ["a", "b"], "securityGroups": [], "assignPublicIp": "DISABLED"}}),
            ),
            (
                "deploymentConfiguration",
                json!({"maximumPercent": 150}),
                json!({"maximumPercent": 150, "minimumHealthyPercent": 100}),
            ),
            ("healthCheckGracePeriodSeconds", json!(0), json!(null)),
            ("placementConstraints", json!([]), json!(null)),
            ("platformVersion", json!("LATEST"), json!("1.4.0")),
            (
                "placementStrategy",
                json!([{"type": "binpack", "field": "memory"}]),
                json!([{"type": "binpack", "field": "MEMORY"}]),
            ),
            (
                "placementStrategy",
                json!([{"type": "spread", "field": "host"}]),
                json!([{"type": "spread", "field": "instanceId"}]),
            ),
            (
                "taskDefinition",
                json!("web:3"),
                json!("arn:aws:ecs:us-east-1:000000000000:task-definition/web:3"),
            ),
            (
                "settings",
                json!([{"name": "containerInsights", "value": "enabled"}]),
                json!([{"name": "other", "value": "x"}, {"name": "containerInsights", "value": "enabled"}]),
            ),
        ];
        for (key, declared, observed) in cases {
            assert!(
                !differs(key, &declared, &observed),
                "{key}: {declared} {observed}"
            );
        }
    }

    #[test]
    fn real_differences_are_seen() {
        let cases = [
            ("desiredCount", json!(2), json!(3)),
            ("enableExecuteCommand", json!(true), json!(null)),
            ("platformVersion", json!("1.3.0"), json!("1.4.0")),
            ("subnets", json!(["a"]), json!(["a", "b"])),
            (
                "placementStrategy",
                json!([{"type": "spread", "field": "a"}, {"type": "spread", "field": "b"}]),
                json!([{"type": "spread", "field": "b"}, {"type": "spread", "field": "a"}]),
            ),
            (
                "settings",
                json!([{"name": "containerInsights", "value": "enabled"}]),
                json!([{"name": "containerInsights", "value": "disabled"}]),
            ),
        ];
        for (key, declared, observed) in cases {
            assert!(
                differs(key, &declared, &observed),
                "{key}: {declared} {observed}"
            );
        }
    }
}
