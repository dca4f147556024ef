//! Whether AWS has what was declared: only declared members count, in canonical form.

use serde_json::{Value, json};

use super::Change;
use crate::model::{
    Members,
    absent::{self, is_absence},
    arn,
    declared::DOCUMENTS,
    text::{is_secret, without_secrets},
};

/// Lists whose order has a meaning: strategies are tried one after the other. No other list of a service or cluster has one.
const ORDERED: [&str; 1] = ["placementStrategy"];

/// Sets of which only the declared items count.
const SUBSETS: [&str; 1] = ["settings"];

/// The declared values that AWS has otherwise, with their paths below `spec`.
pub fn changes(declared: &Members, observed: &Members) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, value) in declared {
        let seen = observed.get(key).unwrap_or(&Value::Null);
        collect(key, key, value, seen, &mut changes);
    }
    changes
}

fn collect(path: &str, key: &str, declared: &Value, observed: &Value, changes: &mut Vec<Change>) {
    if !differs(key, declared, observed) {
        return;
    }
    if is_secret(key) {
        let untold = |value: &Value| {
            if value.is_null() {
                Value::Null
            } else {
                json!("…")
            }
        };
        changes.push(change(path, &untold(declared), &untold(observed)));
        return;
    }
    let (Value::Object(members), Value::Object(seen)) = (declared, observed) else {
        changes.push(change(path, declared, observed));
        return;
    };
    for (key, value) in members {
        let seen = seen.get(key).unwrap_or(&Value::Null);
        collect(&format!("{path}.{key}"), key, value, seen, changes);
    }
}

/// The declared members that changed, whole: AWS replaces most blocks, so that half of one would take the other half away.
pub fn changed(declared: &Members, changes: &[Change]) -> Members {
    declared
        .iter()
        .filter(|(key, _)| changes.iter().any(|change| change.member() == *key))
        .map(|(key, value)| (key.clone(), without_nulls(value)))
        .collect()
}

/// A value as it is sent: nulls say what is compared, and mean to AWS what their absence does.
pub(super) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| {
                (
                    key.clone(),
                    if DOCUMENTS.contains(&key.as_str()) {
                        value.clone()
                    } else {
                        without_nulls(value)
                    },
                )
            })
            .collect(),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        scalar => scalar.clone(),
    }
}

/// A change, in words.
pub fn change(path: &str, declared: &Value, observed: &Value) -> Change {
    Change {
        path: path.to_owned(),
        declared: without_secrets(declared).to_string(),
        observed: without_secrets(observed).to_string(),
    }
}

/// Whether `observed` is other than `declared`, for the member `key`. A declared null means: not there, or AWS's default.
pub fn differs(key: &str, declared: &Value, observed: &Value) -> bool {
    if DOCUMENTS.contains(&key) {
        return !is_same_document(declared, observed);
    }
    match (declared, observed) {
        (Value::Object(declared), Value::Object(observed)) => {
            declared.iter().any(|(name, value)| {
                let seen = observed.get(name).unwrap_or(&Value::Null);
                match absent::is_map(key) {
                    true => value != seen,
                    false => differs(name, value, seen),
                }
            })
        }
        (Value::Array(declared), Value::Array(observed)) => lists_differ(key, declared, observed),
        (Value::Number(declared), Value::Number(observed)) => {
            declared.as_f64() != observed.as_f64()
        }
        (Value::String(declared), Value::String(observed)) => texts_differ(key, declared, observed),
        (value, Value::Null) | (Value::Null, value) => !is_absence(key, value),
        (declared, observed) => declared != observed,
    }
}

/// JSON that went through AWS: a whole number may come back with a fraction of zero.
fn is_same_document(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_same_document(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, a)| other.get(key).is_some_and(|b| is_same_document(a, b)))
        }
        (one, other) => one == other,
    }
}

fn lists_differ(key: &str, declared: &[Value], observed: &[Value]) -> bool {
    if SUBSETS.contains(&key) {
        let is_there = |item: &Value| observed.iter().any(|other| !differs("", item, other));
        return !declared.iter().all(is_there);
    }
    if declared.len() != observed.len() {
        return true;
    }
    if ORDERED.contains(&key) {
        // Their items have no name by which one that says less than before could be told: they are compared both ways.
        let mut pairs = declared.iter().zip(observed);
        return pairs.any(|(a, b)| differs("", a, b) || differs("", b, a));
    }
    !each_has_its_own(declared, observed)
}

/// Whether every declared item can be given an observed one of its own: an item that says little may fit several, and the
/// same item may be there twice.
fn each_has_its_own(declared: &[Value], observed: &[Value]) -> bool {
    let mut owner: Vec<Option<usize>> = vec![None; observed.len()];
    (0..declared.len()).all(|item| {
        let mut tried = vec![false; observed.len()];
        give(item, declared, observed, &mut owner, &mut tried)
    })
}

/// Gives an item one of the observed that fit, moving the item that has it to another.
fn give(
    item: usize,
    declared: &[Value],
    observed: &[Value],
    owner: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for place in 0..observed.len() {
        if tried[place] || differs("", &declared[item], &observed[place]) {
            continue;
        }
        tried[place] = true;
        if owner[place].is_none_or(|other| give(other, declared, observed, owner, tried)) {
            owner[place] = Some(item);
            return true;
        }
    }
    false
}

/// ECS gives placement fields back in another case, `host` as `instanceId` (measured; aws.md 4.4), and some names as ARNs.
fn texts_differ(key: &str, declared: &str, observed: &str) -> bool {
    let one_is_arn = declared.starts_with("arn:") != observed.starts_with("arn:");
    match key {
        "taskDefinition" => !arn::same_task_definition(declared, observed),
        "capacityProvider" | "role" | "kmsKeyId" | "kmsKey" if one_is_arn => {
            arn::last_segment(declared) != arn::last_segment(observed)
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placement_strategy_that_says_less_than_aws_has_differs() {
        let seen = json!([{"type": "spread", "field": "instanceId"}]);
        assert!(differs(
            "placementStrategy",
            &json!([{"type": "spread"}]),
            &seen
        ));
        assert!(!differs("placementStrategy", &seen, &seen));
    }

    #[test]
    fn what_awss_defaults_add_is_no_difference() {
        let cases = [
            (
                "networkConfiguration",
                json!({"awsvpcConfiguration": {"subnets": ["b", "a"]}}),
                json!({"awsvpcConfiguration": {"subnets": ["a", "b"], "securityGroups": [], "assignPublicIp": "DISABLED"}}),
            ),
            (
                "networkConfiguration",
                json!({"awsvpcConfiguration": {"subnets": ["a"], "securityGroups": [], "assignPublicIp": "DISABLED"}}),
                json!({"awsvpcConfiguration": {"subnets": ["a"]}}),
            ),
            (
                "deploymentConfiguration",
                json!({"maximumPercent": 150}),
                json!({"maximumPercent": 150, "minimumHealthyPercent": 100}),
            ),
            (
                "deploymentConfiguration",
                json!({"linearConfiguration": {"stepPercent": 25}}),
                json!({"linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 6}}),
            ),
            (
                "lifecycleHooks",
                json!([{"lifecycleStages": ["B", "A"], "hookDetails": {"a": [1]}}, {"targetType": "PAUSE", "lifecycleStages": ["A"]}]),
                json!([
                    {"targetType": "PAUSE", "lifecycleStages": ["A"], "timeoutConfiguration": {"timeoutInMinutes": 1440, "action": "ROLLBACK"}},
                    {"targetType": "AWS_LAMBDA", "lifecycleStages": ["A", "B"], "hookDetails": {"a": [1.0]}, "timeoutConfiguration": {"timeoutInMinutes": 1440, "action": "ROLLBACK"}},
                ]),
            ),
            ("healthCheckGracePeriodSeconds", json!(0), json!(null)),
            ("placementConstraints", json!([]), json!(null)),
            ("propagateTags", json!("NONE"), json!(null)),
            ("deploymentController", json!({"type": "ECS"}), json!(null)),
            (
                "capacityProviderStrategy",
                json!([{"capacityProvider": "arn:aws:ecs:us-east-1:0:capacity-provider/mine", "weight": 1}]),
                json!([{"capacityProvider": "mine", "weight": 1, "base": 0}]),
            ),
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
            (
                "loadBalancers",
                json!([{"containerName": "a", "containerPort": 1}, {"containerName": "a", "containerPort": 1, "targetGroupArn": "x"}]),
                json!([{"containerName": "a", "containerPort": 1, "targetGroupArn": "x"}, {"containerName": "a", "containerPort": 1, "targetGroupArn": "y"}]),
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
            (
                "timeout",
                json!({"perRequestTimeoutSeconds": 0}),
                json!(null),
            ),
            (
                "services",
                json!([{"portName": "a", "timeout": {"idleTimeoutSeconds": 0}}]),
                json!([{"portName": "a"}]),
            ),
            (
                "gatewayConnectors",
                json!([{"portName": "a", "deregistrationDelay": {"timeoutSeconds": 0}}]),
                json!([{"portName": "a"}]),
            ),
            (
                "linearConfiguration",
                json!({"stepBakeTimeInMinutes": null}),
                json!({"stepBakeTimeInMinutes": 0}),
            ),
            (
                "canaryConfiguration",
                json!({"canaryBakeTimeInMinutes": null}),
                json!({"canaryBakeTimeInMinutes": 0}),
            ),
            (
                "deploymentCircuitBreaker",
                json!({"resetOnHealthyTask": false}),
                json!({}),
            ),
            (
                "logConfiguration",
                json!({"logDriver": "awslogs", "options": {"mode": ""}}),
                json!({"logDriver": "awslogs", "options": {}}),
            ),
            ("enableExecuteCommand", json!(true), json!(null)),
            ("platformVersion", json!("1.3.0"), json!("1.4.0")),
            ("subnets", json!(["a"]), json!(["a", "b"])),
            ("assignPublicIp", json!("ENABLED"), json!("DISABLED")),
            ("hookDetails", json!({"a": 1}), json!({"a": 1, "b": null})),
            ("hookDetails", json!([1, 2]), json!([2, 1])),
            (
                "serviceConnectConfiguration",
                json!({"enabled": true, "logConfiguration": null}),
                json!({"enabled": true, "logConfiguration": {"logDriver": "awslogs"}}),
            ),
            (
                "loadBalancers",
                json!([{"targetGroupArn": "x"}, {"targetGroupArn": "x"}]),
                json!([{"targetGroupArn": "x"}, {"targetGroupArn": "y"}]),
            ),
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

    #[test]
    fn changes_are_told_by_the_value_and_sent_by_the_member() {
        let declared = json!({"deploymentConfiguration": {"maximumPercent": 150, "bakeTimeInMinutes": 5, "alarms": null}, "desiredCount": 1});
        let observed = json!({"deploymentConfiguration": {"maximumPercent": 200, "bakeTimeInMinutes": 5}, "desiredCount": 1});
        let (declared, observed) = (declared.as_object().unwrap(), observed.as_object().unwrap());
        let changes = changes(declared, observed);
        assert_eq!(
            changes,
            [Change {
                path: "deploymentConfiguration.maximumPercent".into(),
                declared: "150".into(),
                observed: "200".into(),
            }]
        );
        assert_eq!(
            Value::Object(changed(declared, &changes)),
            json!({"deploymentConfiguration": {"maximumPercent": 150, "bakeTimeInMinutes": 5}})
        );
    }

    #[test]
    fn what_may_be_secret_is_not_told() {
        let declared =
            json!({"a": {"options": {"splunk-token": "hush"}}, "b": [{"hookDetails": "hush"}]});
        let told = changes(
            declared.as_object().unwrap(),
            json!({"a": {"options": {"splunk-token": "old hush"}}})
                .as_object()
                .unwrap(),
        );
        assert_eq!(told.len(), 2);
        assert!(!format!("{told:?}").contains("hush"), "{told:?}");
    }
}
