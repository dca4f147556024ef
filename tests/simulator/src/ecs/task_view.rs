//! Tasks as DescribeTasks and the events have them.

use serde_json::{Value, json};

use super::input::Object;
use super::task::{Container, Status, Task};
use super::{arn, tags, task_life};

/// A task as AWS describes it; tags only if asked for [D].
pub(super) fn view(task: &Task, with_tags: bool) -> Value {
    let mut view = Object::new();
    for (member, value) in identity(task).into_iter().chain(times(task)) {
        view.extend(value.map(|value| (member.to_owned(), value)));
    }
    let containers: Vec<Value> = task.containers.iter().map(|c| container(task, c)).collect();
    view.insert("containers".into(), json!(containers));
    view.insert("attachments".into(), attachments(task));
    view.insert(
        "attributes".into(),
        json!([{ "name": "ecs.cpu-architecture", "value": architecture(task) }]),
    );
    view.insert("inferenceAccelerators".into(), json!([]));
    if with_tags {
        view.insert("tags".into(), tags::write(&task.tags));
    }
    Value::Object(view)
}

fn identity(task: &Task) -> Vec<(&'static str, Option<Value>)> {
    let sized = |member: &str| {
        task.overrides
            .get(member)
            .or(task.body.get(member))
            .cloned()
    };
    vec![
        ("taskArn", Some(json!(task.arn))),
        ("clusterArn", Some(json!(task.cluster_arn))),
        ("taskDefinitionArn", Some(json!(task.task_definition))),
        ("group", Some(json!(task.group))),
        ("startedBy", task.started_by.as_ref().map(|by| json!(by))),
        (
            "launchType",
            task.launch_type.as_ref().map(|launch| json!(launch)),
        ),
        (
            "capacityProviderName",
            task.capacity_provider.as_ref().map(|name| json!(name)),
        ),
        ("platformVersion", task.platform_version.clone()),
        ("platformFamily", task.platform_family.clone()),
        ("cpu", sized("cpu")),
        ("memory", sized("memory")),
        ("ephemeralStorage", ephemeral_storage(task)),
        ("overrides", Some(task.overrides.clone())),
        ("enableExecuteCommand", Some(json!(task.execute_command))),
        ("availabilityZone", Some(json!(zone(task)))),
        ("lastStatus", Some(json!(task.status.name()))),
        (
            "desiredStatus",
            Some(json!(if task.wanted { "RUNNING" } else { "STOPPED" })),
        ),
        ("healthStatus", Some(json!(health(task)))),
        ("version", Some(json!(task.version))),
        ("stopCode", task.stop.as_ref().map(|stop| json!(stop.code))),
        (
            "stoppedReason",
            task.stop.as_ref().map(|stop| json!(stop.reason)),
        ),
        ("connectivity", task.started_at.map(|_| json!("CONNECTED"))),
    ]
}

fn times(task: &Task) -> Vec<(&'static str, Option<Value>)> {
    vec![
        ("createdAt", Some(json!(task.created_at))),
        (
            "connectivityAt",
            task.pull_started_at
                .filter(|_| task.started_at.is_some())
                .map(Value::from),
        ),
        ("pullStartedAt", task.pull_started_at.map(Value::from)),
        ("pullStoppedAt", task.pull_stopped_at.map(Value::from)),
        ("startedAt", task.started_at.map(Value::from)),
        ("stoppingAt", task.stopping_at.map(Value::from)),
        (
            "executionStoppedAt",
            task.stopping_at
                .filter(|_| task.is_stopped())
                .map(Value::from),
        ),
        ("stoppedAt", task.stopped_at.map(Value::from)),
    ]
}

/// Fargate's 20 GiB unless the task definition says more [D].
fn ephemeral_storage(task: &Task) -> Option<Value> {
    let default =
        || (task.launch_type.as_deref() == Some("FARGATE")).then(|| json!({ "sizeInGiB": 20 }));
    task.body.get("ephemeralStorage").cloned().or_else(default)
}

fn architecture(task: &Task) -> String {
    let asked = task.body["runtimePlatform"]["cpuArchitecture"].as_str();
    asked.unwrap_or("X86_64").to_ascii_lowercase()
}

/// Tasks spread over three zones by their ids.
fn zone(task: &Task) -> String {
    let letter = match task.id.bytes().next().unwrap_or_default() % 3 {
        0 => 'a',
        1 => 'b',
        _ => 'c',
    };
    format!("{}{letter}", arn::region(&task.arn))
}

fn health(task: &Task) -> &'static str {
    match (task.is_checked(), task.healthy) {
        (false, _) => "UNKNOWN",
        (true, true) => "HEALTHY",
        (true, false) if task.is_running() => "UNKNOWN",
        (true, false) => "UNHEALTHY",
    }
}

fn container(task: &Task, container: &Container) -> Value {
    let arn = format!(
        "{}/{}",
        task.arn.replacen(":task/", ":container/", 1),
        container.id
    );
    let interfaces: Vec<Value> = task
        .address
        .iter()
        .filter(|_| task.status != Status::Provisioning)
        .map(|(address, _)| json!({ "attachmentId": attachment(task), "privateIpv4Address": address }))
        .collect();
    let health = if container.checked {
        health(task)
    } else {
        "UNKNOWN"
    };
    let mut view = json!({
        "containerArn": arn,
        "taskArn": task.arn,
        "name": container.name,
        "image": container.image,
        "lastStatus": container.status,
        "healthStatus": health,
        "networkBindings": [],
        "networkInterfaces": interfaces,
        "cpu": "0",
    });
    if task.pull_stopped_at.is_some() {
        view["imageDigest"] = json!(task_life::digest(&container.image));
        view["runtimeId"] = json!(format!("{}-{}", task.id, &container.id[..10]));
    }
    if let Some(code) = container.exit_code {
        view["exitCode"] = json!(code);
    }
    if let Some(reason) = &container.reason {
        view["reason"] = json!(reason);
    }
    view
}

fn attachment(task: &Task) -> String {
    crate::ids::dashed(&crate::ids::named(&[&task.id, "attachment"], 32))
}

fn attachments(task: &Task) -> Value {
    let Some((address, subnet)) = &task.address else {
        return json!([]);
    };
    let status = match task.status {
        Status::Provisioning => "PRECREATED",
        Status::Stopped => "DELETED",
        _ => "ATTACHED",
    };
    let interface = crate::ids::named(&[&task.id, "interface"], 17);
    json!([{
        "id": attachment(task),
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": [
            { "name": "subnetId", "value": subnet },
            { "name": "networkInterfaceId", "value": format!("eni-{interface}") },
            { "name": "privateIPv4Address", "value": address },
        ],
    }])
}
