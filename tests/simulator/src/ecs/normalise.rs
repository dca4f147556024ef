//! Task definitions as AWS reads them back: aws.md §4.4 [L] and Part 6 [I]. Refuses only sizes it cannot read.

use serde_json::{Value, json};

use super::input::{default, flag, integer, list, object, text};
use super::size;
use crate::error::ApiError;

/// Lists of a container that come back in an order of AWS's own, as the containers themselves do; the others keep theirs.
const REORDERED: [&str; 5] = [
    "portMappings",
    "volumesFrom",
    "links",
    "environment",
    "secrets",
];

/// Lists of a container that are empty rather than absent.
const FILLED: [&str; 5] = [
    "portMappings",
    "volumesFrom",
    "environment",
    "mountPoints",
    "systemControls",
];

/// The body of a revision, without what registering adds to it.
pub(super) fn task_definition(input: &Value) -> Result<Value, ApiError> {
    let mut body = object(input);
    body.remove("tags");
    if let Some(cpu) = text(input, "cpu") {
        body.insert("cpu".into(), json!(size::cpu(cpu)?.to_string()));
    }
    if let Some(memory) = text(input, "memory") {
        body.insert("memory".into(), json!(size::memory(memory)?.to_string()));
    }
    let mode = text(input, "networkMode");
    let mut containers: Vec<Value> = list(input, "containerDefinitions")
        .iter()
        .map(|c| container(c, mode))
        .collect();
    reorder(&mut containers);
    body.insert("containerDefinitions".into(), json!(containers));
    let volumes: Vec<Value> = list(input, "volumes").iter().map(volume).collect();
    body.insert("volumes".into(), json!(volumes));
    default(&mut body, "placementConstraints", json!([]));
    let mut body = Value::Object(body);
    body["compatibilities"] = compatibilities(&body);
    body["requiresAttributes"] = requires_attributes(&body);
    Ok(body)
}

fn container(container: &Value, mode: Option<&str>) -> Value {
    let mut members = object(container);
    default(&mut members, "cpu", 0);
    default(&mut members, "essential", true);
    for name in FILLED {
        default(&mut members, name, json!([]));
    }
    if let Some(Value::Array(ports)) = members.get_mut("portMappings") {
        for mapping in ports {
            port_mapping(mapping, mode);
        }
    }
    if let Some(Value::Object(check)) = members.get_mut("healthCheck") {
        for (name, seconds) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            default(check, name, seconds);
        }
    }
    for name in REORDERED {
        if let Some(Value::Array(entries)) = members.get_mut(name) {
            reorder(entries);
        }
    }
    Value::Object(members)
}

/// [?] unverified: REORDERING. AWS's order is unknown; what matters is that it is not the caller's.
fn reorder(entries: &mut [Value]) {
    entries.sort_by_cached_key(|entry| crate::ids::named(&[&entry.to_string()], 16));
}

fn port_mapping(mapping: &mut Value, mode: Option<&str>) {
    let mut members = object(mapping);
    default(&mut members, "protocol", "tcp");
    let port = integer(mapping, "containerPort");
    let asked = integer(mapping, "hostPort").filter(|port| *port != 0);
    match (mode, port) {
        (Some("awsvpc" | "host"), Some(port)) => {
            members.insert("hostPort".into(), json!(asked.unwrap_or(port)));
        }
        (_, Some(_)) => {
            members.insert("hostPort".into(), json!(asked.unwrap_or(0)));
        }
        _ => {}
    }
    *mapping = Value::Object(members);
}

/// A volume that says nothing else is a bind mount.
fn volume(volume: &Value) -> Value {
    let mut members = object(volume);
    if !members.keys().any(|name| name != "name") {
        members.insert("host".into(), json!({}));
    }
    Value::Object(members)
}

/// Where the revision can run: EC2 always, Fargate if it has its network mode and a size of its.
fn compatibilities(body: &Value) -> Value {
    let number = |name| text(body, name).and_then(|text| text.parse().ok());
    let sized = match (number("cpu"), number("memory")) {
        (Some(cpu), Some(memory)) => size::fargate(cpu, memory).is_ok(),
        _ => false,
    };
    let external = list(body, "requiresCompatibilities") == [json!("EXTERNAL")];
    match text(body, "networkMode") {
        _ if external => json!(["EXTERNAL"]),
        Some("awsvpc") if sized => json!(["EC2", "FARGATE"]),
        _ => json!(["EC2"]),
    }
}

/// The container agent's capabilities that the revision needs. A part of AWS's list. [?] unverified: REQUIRES_ATTRIBUTES
fn requires_attributes(body: &Value) -> Value {
    let containers = list(body, "containerDefinitions");
    let any = |test: &dyn Fn(&Value) -> bool| containers.iter().any(test);
    let logs = |c: &Value| c["logConfiguration"]["logDriver"] == json!("awslogs");
    let execution_role = text(body, "executionRoleArn").is_some();
    [
        (
            any(&logs),
            "com.amazonaws.ecs.capability.logging-driver.awslogs",
        ),
        (
            execution_role && any(&logs),
            "ecs.capability.execution-role-awslogs",
        ),
        (
            any(&|c| flag(c, "privileged")),
            "com.amazonaws.ecs.capability.privileged-container",
        ),
        (
            any(&|c| !list(c, "secrets").is_empty()),
            "ecs.capability.secrets.ssm.environment-variables",
        ),
        (
            any(&|c| c["healthCheck"].is_object()),
            "ecs.capability.container-health-check",
        ),
        (
            text(body, "taskRoleArn").is_some(),
            "com.amazonaws.ecs.capability.task-iam-role",
        ),
        (
            text(body, "networkMode") == Some("awsvpc"),
            "ecs.capability.task-eni",
        ),
        (true, "com.amazonaws.ecs.capability.docker-remote-api.1.18"),
    ]
    .iter()
    .filter(|(needed, _)| *needed)
    .map(|(_, name)| json!({ "name": name }))
    .collect()
}
