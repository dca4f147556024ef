//! What RegisterTaskDefinition refuses in containers. Rules: aws.md §B3 [M]; texts as `task_definition_rules` says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cluster::is_name;
use super::failure::client;
use super::input::{flag, integer, list, text, texts};
use crate::error::ApiError;

/// Characters of an image reference [M].
const IMAGE_MAX: usize = 255;

/// Refuses what no launch type can run.
pub(super) fn check(body: &Value) -> Result<(), ApiError> {
    let containers = list(body, "containerDefinitions");
    let mut names = BTreeSet::new();
    for container in containers {
        let name = text(container, "name").unwrap_or_default();
        if !is_name(name) {
            return Err(client("Container.name contains invalid characters."));
        }
        if !names.insert(name) {
            return Err(client(format!(
                "Container names must be unique within a task definition: '{name}'."
            )));
        }
        let image = text(container, "image").unwrap_or_default();
        if image.is_empty() {
            return Err(client("Container.image should not be null or empty."));
        }
        if image.len() > IMAGE_MAX {
            return Err(client("Container.image should not be longer than 255."));
        }
        memory(container)?;
        health_check(container)?;
        environment(container)?;
        ports(container, text(body, "networkMode"))?;
        network_mode(container, text(body, "networkMode"))?;
    }
    for container in containers {
        dependencies(container, containers)?;
    }
    Ok(())
}

/// Refuses what Fargate cannot run.
pub(super) fn check_fargate(body: &Value) -> Result<(), ApiError> {
    let timeout = |c: &Value, name| integer(c, name).is_some_and(|s| !(2..=120).contains(&s));
    for container in list(body, "containerDefinitions") {
        let wrong = [
            (flag(container, "privileged"), "privileged containers"),
            (
                !list(container, "dockerSecurityOptions").is_empty(),
                "dockerSecurityOptions",
            ),
            (!list(container, "links").is_empty(), "links"),
            (
                timeout(container, "startTimeout"),
                "a startTimeout outside 2 to 120 seconds",
            ),
            (
                timeout(container, "stopTimeout"),
                "a stopTimeout outside 2 to 120 seconds",
            ),
        ];
        if let Some((_, what)) = wrong.iter().find(|(found, _)| *found) {
            return Err(client(format!("Fargate does not support {what}.")));
        }
    }
    Ok(())
}

fn memory(container: &Value) -> Result<(), ApiError> {
    let name = text(container, "name").unwrap_or_default();
    let (hard, soft) = (
        integer(container, "memory"),
        integer(container, "memoryReservation"),
    );
    if hard.is_some_and(|mib| mib < 4) || soft.is_some_and(|mib| mib < 4) {
        return Err(client(format!(
            "Invalid setting for container '{name}'. Memory must be at least 4 MiB."
        )));
    }
    match (hard, soft) {
        (Some(hard), Some(soft)) if hard < soft => Err(client(format!(
            "Invalid setting for container '{name}'. 'memory' must be greater than 'memoryReservation'."
        ))),
        _ => Ok(()),
    }
}

fn health_check(container: &Value) -> Result<(), ApiError> {
    let check = &container["healthCheck"];
    if !check.is_object() {
        return Ok(());
    }
    let command = texts(check, "command");
    if !matches!(command.first(), Some(&("CMD" | "CMD-SHELL" | "NONE"))) {
        return Err(client(
            "Container.healthCheck.command must start with CMD or CMD-SHELL.",
        ));
    }
    let bounds = [
        ("interval", 5..=300),
        ("timeout", 2..=60),
        ("retries", 1..=10),
        ("startPeriod", 0..=300),
    ];
    for (member, range) in bounds {
        if integer(check, member).is_some_and(|value| !range.contains(&value)) {
            return Err(client(format!(
                "Container.healthCheck.{member} must be between {} and {}.",
                range.start(),
                range.end()
            )));
        }
    }
    Ok(())
}

fn environment(container: &Value) -> Result<(), ApiError> {
    let mut names = BTreeSet::new();
    for entry in list(container, "environment")
        .iter()
        .chain(list(container, "secrets"))
    {
        let name = text(entry, "name").unwrap_or_default();
        if name.is_empty() {
            return Err(client("Environment variable names cannot be blank."));
        }
        if !names.insert(name) {
            return Err(client(format!(
                "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '{name}'."
            )));
        }
    }
    let files = list(container, "environmentFiles");
    let wrong = |file: &Value| !text(file, "value").is_some_and(|value| value.ends_with(".env"));
    if files.len() > 10 || files.iter().any(wrong) {
        return Err(client(
            "Up to 10 environment files are allowed, and their names must end in .env.",
        ));
    }
    Ok(())
}

fn ports(container: &Value, mode: Option<&str>) -> Result<(), ApiError> {
    let valid = |port: i64, least: i64| (least..=65535).contains(&port);
    let mut names = BTreeSet::new();
    for mapping in list(container, "portMappings") {
        let (port, host) = (
            integer(mapping, "containerPort"),
            integer(mapping, "hostPort"),
        );
        if port.is_some_and(|port| !valid(port, 1)) || host.is_some_and(|port| !valid(port, 0)) {
            return Err(client(
                "Invalid port mapping: ports must be between 1 and 65535.",
            ));
        }
        if port.is_some() == text(mapping, "containerPortRange").is_some() {
            return Err(client(
                "Specify either containerPort or containerPortRange in a port mapping.",
            ));
        }
        if matches!(mode, Some("awsvpc" | "host")) && host.is_some() && host != port {
            return Err(client(format!(
                "When networkMode={}, the host ports and container ports in port mappings must match.",
                mode.unwrap_or_default()
            )));
        }
        if let Some(name) = text(mapping, "name")
            && (name.is_empty() || name.len() > 64 || name.starts_with('-') || !names.insert(name))
        {
            return Err(client(format!(
                "Invalid or duplicate port mapping name '{name}'."
            )));
        }
    }
    Ok(())
}

fn network_mode(container: &Value, mode: Option<&str>) -> Result<(), ApiError> {
    let name = text(container, "name").unwrap_or_default();
    let awsvpc = mode == Some("awsvpc");
    let wrong = [
        (
            mode == Some("none") && !list(container, "portMappings").is_empty(),
            "portMappings",
        ),
        (awsvpc && text(container, "hostname").is_some(), "hostname"),
        (
            awsvpc && !list(container, "extraHosts").is_empty(),
            "extraHosts",
        ),
        (
            mode.is_some_and(|m| m != "bridge") && !list(container, "links").is_empty(),
            "links",
        ),
    ];
    match wrong.iter().find(|(found, _)| *found) {
        Some((_, member)) => Err(client(format!(
            "Invalid setting for container '{name}'. {member} is not supported when networkMode={}.",
            mode.unwrap_or("bridge")
        ))),
        None => Ok(()),
    }
}

fn dependencies(container: &Value, containers: &[Value]) -> Result<(), ApiError> {
    let name = text(container, "name").unwrap_or_default();
    for dependency in list(container, "dependsOn") {
        let on = text(dependency, "containerName").unwrap_or_default();
        let Some(other) = containers
            .iter()
            .find(|other| text(other, "name") == Some(on))
        else {
            return Err(client(format!(
                "Container '{name}' depends on unknown container '{on}'."
            )));
        };
        if on == name {
            return Err(client(format!(
                "Container '{name}' cannot depend on itself."
            )));
        }
        let condition = text(dependency, "condition").unwrap_or_default();
        if matches!(condition, "COMPLETE" | "SUCCESS") && flag(other, "essential") {
            return Err(client(format!(
                "A dependency with condition {condition} cannot be on essential container '{on}'."
            )));
        }
        if condition == "HEALTHY" && !other["healthCheck"].is_object() {
            return Err(client(format!(
                "A dependency with condition HEALTHY needs a health check on container '{on}'."
            )));
        }
    }
    Ok(())
}
