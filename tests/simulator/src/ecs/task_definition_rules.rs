//! What RegisterTaskDefinition refuses besides what AWS's model says. Rules: aws.md §B3 [M]; texts quoted from issues of other tools [I], the rest ours.
//!
//! Looks at the normalised body. [?] unverified: REGISTER_REFUSALS (texts and, between ClientException and InvalidParameterException, codes)

use serde_json::Value;

use super::cluster::is_name;
use super::failure::client;
use super::input::{flag, integer, list, text, texts};
use super::{container_rules, size, volume_rules};
use crate::error::ApiError;

/// Containers of one task definition [D].
const CONTAINERS_MAX: usize = 10;

/// Bytes of a task definition [D].
const BYTES_MAX: usize = 64 * 1024;

/// Refuses a body that ECS would refuse.
pub(super) fn check(body: &Value) -> Result<(), ApiError> {
    if !is_name(text(body, "family").unwrap_or_default()) {
        return Err(client("Family contains invalid characters."));
    }
    let containers = list(body, "containerDefinitions");
    if containers.is_empty() {
        return Err(client("Container list cannot be empty."));
    }
    if containers.len() > CONTAINERS_MAX {
        return Err(client(
            "The number of containers in a task definition cannot exceed 10.",
        ));
    }
    if body.to_string().len() > BYTES_MAX {
        return Err(client(
            "Actual length: task definition exceeds the maximum of 64 KB.",
        ));
    }
    if !containers
        .iter()
        .any(|container| flag(container, "essential"))
    {
        return Err(client(
            "Invalid setting for task definition. At least one container must be essential.",
        ));
    }
    volume_rules::check(body)?;
    container_rules::check(body)?;
    task_size(body)?;
    if texts(body, "requiresCompatibilities").contains(&"FARGATE") {
        fargate(body)?;
    }
    Ok(())
}

fn number(body: &Value, member: &str) -> Option<i64> {
    text(body, member).and_then(|text| text.parse().ok())
}

/// Containers fit into the task, and have memory if the task has none of its own.
fn task_size(body: &Value) -> Result<(), ApiError> {
    let containers = list(body, "containerDefinitions");
    let needed = |container: &Value| {
        integer(container, "memoryReservation").or(integer(container, "memory"))
    };
    let Some(memory) = number(body, "memory") else {
        return match containers
            .iter()
            .find(|container| needed(container).is_none())
        {
            None => Ok(()),
            Some(container) => Err(client(format!(
                "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' must be specified.",
                text(container, "name").unwrap_or_default()
            ))),
        };
    };
    if containers.iter().filter_map(needed).sum::<i64>() > memory {
        return Err(client(
            "Total container memory cannot exceed the memory of the task.",
        ));
    }
    let cpu: i64 = containers
        .iter()
        .filter_map(|container| integer(container, "cpu"))
        .sum();
    if number(body, "cpu").is_some_and(|most| cpu > most) {
        return Err(client(
            "Total container cpu cannot exceed the cpu of the task.",
        ));
    }
    Ok(())
}

fn fargate(body: &Value) -> Result<(), ApiError> {
    if text(body, "networkMode") != Some("awsvpc") {
        return Err(client("Fargate only supports network mode ‘awsvpc’."));
    }
    let Some(cpu) = number(body, "cpu") else {
        return Err(client(
            "Fargate requires that 'cpu' be defined at the task level.",
        ));
    };
    let Some(memory) = number(body, "memory") else {
        return Err(client(
            "Fargate requires that 'memory' be defined at the task level.",
        ));
    };
    size::fargate(cpu, memory)?;
    let storage = body["ephemeralStorage"]["sizeInGiB"].as_i64();
    let wrong = [
        (text(body, "pidMode") == Some("host"), "pidMode 'host'"),
        (text(body, "ipcMode").is_some(), "ipcMode"),
        (
            !list(body, "inferenceAccelerators").is_empty(),
            "inferenceAccelerators",
        ),
        (
            !list(body, "placementConstraints").is_empty(),
            "placementConstraints",
        ),
        (
            storage.is_some_and(|gib| !(21..=200).contains(&gib)),
            "ephemeralStorage outside 21 to 200 GiB",
        ),
    ];
    match wrong.iter().find(|(found, _)| *found) {
        Some((_, what)) => Err(client(format!("Fargate does not support {what}."))),
        None => container_rules::check_fargate(body),
    }?;
    execution_role(body)
}

/// Fargate pulls and logs with the execution role. Texts: [I].
fn execution_role(body: &Value) -> Result<(), ApiError> {
    if text(body, "executionRoleArn").is_some() {
        return Ok(());
    }
    for container in list(body, "containerDefinitions") {
        let needs = |what| {
            client(format!(
                "Fargate requires task definition to have execution role ARN to support {what}."
            ))
        };
        if text(container, "image").is_some_and(|image| image.contains(".dkr.ecr.")) {
            return Err(needs("ECR images"));
        }
        if text(&container["logConfiguration"], "logDriver") == Some("awslogs") {
            return Err(needs("log driver awslogs"));
        }
        if !list(container, "secrets").is_empty() {
            return Err(client(
                "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
            ));
        }
    }
    Ok(())
}
