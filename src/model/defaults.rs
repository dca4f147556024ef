//! Members that AWS fills in by itself, so that what it answers says more than anybody declared (aws.md 4.4, measured).
//! Only such members: leaving out one that is merely documented as a default could change what is meant.

use serde_json::Value;

use super::{Members, hash::TELLING};

/// Paths with what AWS fills in there, as JSON; `[]` stands for every item of a list.
pub type Defaults = [(&'static str, &'static str)];

/// What AWS fills in of a task definition.
pub const TASK_DEFINITION: &Defaults = &[
    ("networkMode", r#""bridge""#),
    ("enableFaultInjection", "false"),
    ("containerDefinitions[].cpu", "0"),
    ("containerDefinitions[].essential", "true"),
    ("containerDefinitions[].versionConsistency", r#""enabled""#),
    ("containerDefinitions[].portMappings[].protocol", r#""tcp""#),
    ("containerDefinitions[].portMappings[].hostPort", "0"),
    ("containerDefinitions[].mountPoints[].readOnly", "false"),
    ("containerDefinitions[].volumesFrom[].readOnly", "false"),
    ("containerDefinitions[].healthCheck.interval", "30"),
    ("containerDefinitions[].healthCheck.timeout", "5"),
    ("containerDefinitions[].healthCheck.retries", "3"),
    ("volumes[].efsVolumeConfiguration.rootDirectory", r#""/""#),
];

/// What AWS fills in of a service.
pub const SERVICE: &Defaults = &[
    ("schedulingStrategy", r#""REPLICA""#),
    ("availabilityZoneRebalancing", r#""ENABLED""#),
    ("healthCheckGracePeriodSeconds", "0"),
    ("enableExecuteCommand", "false"),
    ("enableECSManagedTags", "false"),
    ("propagateTags", r#""NONE""#),
    ("platformVersion", r#""LATEST""#),
    // What LATEST is read back as on Linux.
    ("platformVersion", r#""1.4.0""#),
    ("deploymentController.type", r#""ECS""#),
    (
        "networkConfiguration.awsvpcConfiguration.assignPublicIp",
        r#""DISABLED""#,
    ),
    ("deploymentConfiguration.strategy", r#""ROLLING""#),
    ("deploymentConfiguration.bakeTimeInMinutes", "0"),
    ("deploymentConfiguration.alarms.enable", "false"),
    ("deploymentConfiguration.alarms.rollback", "false"),
    (
        "deploymentConfiguration.deploymentCircuitBreaker.enable",
        "false",
    ),
    (
        "deploymentConfiguration.deploymentCircuitBreaker.rollback",
        "false",
    ),
    (
        "deploymentConfiguration.deploymentCircuitBreaker.resetOnHealthyTask",
        "true",
    ),
    (
        "deploymentConfiguration.deploymentCircuitBreaker.thresholdConfiguration.type",
        r#""BOUNDED_PERCENT""#,
    ),
    (
        "deploymentConfiguration.deploymentCircuitBreaker.thresholdConfiguration.value",
        "50",
    ),
    ("serviceConnectConfiguration.enabled", "false"),
];

/// What AWS fills in besides of a service with the scheduling strategy REPLICA.
pub const REPLICA: &Defaults = &[
    ("deploymentConfiguration.maximumPercent", "200"),
    ("deploymentConfiguration.minimumHealthyPercent", "100"),
];

/// What AWS fills in besides of a service with the scheduling strategy DAEMON.
pub const DAEMON: &Defaults = &[
    ("deploymentConfiguration.maximumPercent", "100"),
    ("deploymentConfiguration.minimumHealthyPercent", "0"),
];

/// What AWS fills in of a cluster.
pub const CLUSTER: &Defaults = &[(
    "settings[]",
    r#"{"name":"containerInsights","value":"disabled"}"#,
)];

/// Takes out what AWS fills in, and what is empty then. A member that `is_required` by path stays, unless all
/// around it goes.
pub fn strip(members: &mut Members, defaults: &Defaults, is_required: &dyn Fn(&str) -> bool) {
    strip_object(members, "", defaults, is_required);
}

fn strip_object(
    members: &mut Members,
    path: &str,
    defaults: &Defaults,
    is_required: &dyn Fn(&str) -> bool,
) {
    members.retain(|name, value| {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let goes = is_default(value, &path, defaults) && !is_required(&path);
        if !goes {
            strip_value(value, &path, defaults, is_required);
        }
        !goes
    });
}

fn strip_value(
    value: &mut Value,
    path: &str,
    defaults: &Defaults,
    is_required: &dyn Fn(&str) -> bool,
) {
    match value {
        Value::Object(members) => strip_object(members, path, defaults, is_required),
        Value::Array(items) => {
            let path = format!("{path}[]");
            items.retain(|item| !is_listed(item, &path, defaults));
            for item in items {
                strip_value(item, &path, defaults, is_required);
            }
        }
        _ => {}
    }
}

/// Whether a value says no more than AWS does by itself. What tells by being there does not.
pub fn is_default(value: &Value, path: &str, defaults: &Defaults) -> bool {
    is_listed(value, path, defaults)
        || match value {
            Value::Null => true,
            Value::Object(_) if TELLING.iter().any(|member| path.ends_with(member)) => false,
            Value::Object(members) => members
                .iter()
                .all(|(name, value)| is_default(value, &format!("{path}.{name}"), defaults)),
            Value::Array(items) => {
                let path = format!("{path}[]");
                items.iter().all(|item| is_listed(item, &path, defaults))
            }
            _ => false,
        }
}

fn is_listed(value: &Value, path: &str, defaults: &Defaults) -> bool {
    defaults
        .iter()
        .filter(|(of, _)| *of == path)
        .any(|(_, default)| {
            serde_json::from_str(default).is_ok_and(|default: Value| default == *value)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stripped(value: Value, defaults: &Defaults, required: &[&str]) -> Value {
        let mut members = value.as_object().expect("an object").clone();
        strip(&mut members, defaults, &|path| required.contains(&path));
        Value::Object(members)
    }

    #[test]
    fn what_aws_fills_in_goes_and_what_was_declared_stays() {
        let service = json!({
            "desiredCount": 0, "enableExecuteCommand": true, "propagateTags": "NONE", "loadBalancers": [],
            "deploymentConfiguration": {"maximumPercent": 150,
                "deploymentCircuitBreaker": {"enable": true, "rollback": false, "resetOnHealthyTask": true},
                "alarms": {"alarmNames": [], "enable": false, "rollback": false}},
        });
        let breaker = "deploymentConfiguration.deploymentCircuitBreaker.rollback";
        assert_eq!(
            stripped(
                service,
                SERVICE,
                &[breaker, "deploymentConfiguration.alarms.enable"]
            ),
            json!({"desiredCount": 0, "enableExecuteCommand": true,
                "deploymentConfiguration": {"maximumPercent": 150, "deploymentCircuitBreaker": {"enable": true, "rollback": false}}})
        );
    }

    #[test]
    fn block_that_tells_by_being_there_stays_though_empty() {
        let volumes = json!({"volumes": [{"name": "a", "host": {}}, {"name": "b", "dockerVolumeConfiguration": {}}]});
        assert_eq!(
            stripped(volumes, TASK_DEFINITION, &[]),
            json!({"volumes": [{"name": "a"}, {"name": "b", "dockerVolumeConfiguration": {}}]})
        );
    }

    #[test]
    fn default_items_of_lists_go() {
        let cluster = json!({"settings": [{"name": "containerInsights", "value": "disabled"}]});
        assert_eq!(stripped(cluster, CLUSTER, &[]), json!({}));
    }
}
