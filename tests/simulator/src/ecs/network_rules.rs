//! How a service reaches the network: its VPC configuration, load balancers and registries. Rules: aws.md §B3 [M]; texts [I] unless ours.

use serde_json::{Value, json};

use super::failure::invalid;
use super::input::{Object, default, given, integer, list, object, text, texts};
use crate::elbv2;
use crate::error::ApiError;

/// Target groups of one service [D].
const TARGET_GROUPS_MAX: usize = 5;

/// `networkConfiguration` as it is read, if it and the network mode go together.
pub(super) fn network(asked: Option<&Value>, body: &Value) -> Result<Option<Value>, ApiError> {
    let vpc = asked.and_then(|asked| given(asked, "awsvpcConfiguration"));
    match (text(body, "networkMode") == Some("awsvpc"), vpc) {
        (true, None) => Err(invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        )),
        (false, Some(_)) => Err(invalid(
            "Network Configuration is not valid for the given networkMode of this task definition.",
        )),
        (false, None) => Ok(None),
        (true, Some(vpc)) => {
            let subnets = texts(vpc, "subnets");
            if subnets.is_empty() {
                return Err(invalid("subnets can not be empty."));
            }
            if subnets.len() > 16 {
                return Err(invalid("subnets can have at most 16 items."));
            }
            if texts(vpc, "securityGroups").len() > 5 {
                return Err(invalid("securityGroups can have at most 5 items."));
            }
            let mut members = object(vpc);
            default(&mut members, "securityGroups", json!([]));
            default(&mut members, "assignPublicIp", "DISABLED");
            Ok(Some(json!({ "awsvpcConfiguration": members })))
        }
    }
}

/// Refuses load balancers that ECS could not register the tasks of `body` with.
pub(super) fn load_balancers(
    entries: &[Value],
    body: &Value,
    elbv2: &elbv2::State,
) -> Result<(), ApiError> {
    if entries.len() > TARGET_GROUPS_MAX {
        return Err(invalid("load balancers can have at most 5 items."));
    }
    let awsvpc = text(body, "networkMode") == Some("awsvpc");
    for entry in entries {
        match (
            text(entry, "targetGroupArn"),
            text(entry, "loadBalancerName"),
        ) {
            (Some(_), Some(_)) | (None, None) => {
                return Err(invalid(
                    "Specify either a targetGroupArn or a loadBalancerName.",
                ));
            }
            (None, Some(_)) if awsvpc => {
                return Err(invalid(
                    "Classic Load Balancers are not supported with awsvpc network mode.",
                ));
            }
            (None, Some(_)) => {}
            (Some(group), None) => target_group(group, awsvpc, elbv2)?,
        }
        container(entry, body)?;
    }
    Ok(())
}

fn target_group(arn: &str, awsvpc: bool, elbv2: &elbv2::State) -> Result<(), ApiError> {
    let Some(group) = elbv2.target_group(arn) else {
        return Err(invalid(format!("The target group {arn} does not exist.")));
    };
    if !elbv2.is_associated(arn) {
        return Err(invalid(format!(
            "The target group with targetGroupArn {arn} does not have an associated load balancer."
        )));
    }
    if awsvpc && group.target_type != "ip" {
        return Err(invalid(format!(
            "The provided target group {arn} has target type {}, which is incompatible with the awsvpc network mode specified in the task definition.",
            group.target_type
        )));
    }
    if !awsvpc && group.target_type != "instance" {
        return Err(invalid(format!(
            "The provided target group {arn} has target type {}, which is incompatible with the network mode specified in the task definition.",
            group.target_type
        )));
    }
    Ok(())
}

fn container(entry: &Value, body: &Value) -> Result<(), ApiError> {
    let name = text(entry, "containerName").unwrap_or_default();
    let port = integer(entry, "containerPort").unwrap_or_default();
    let containers = list(body, "containerDefinitions");
    let Some(container) = containers.iter().find(|c| text(c, "name") == Some(name)) else {
        return Err(invalid(format!(
            "The container {name} does not exist in the task definition."
        )));
    };
    let mapped = |mapping: &Value| integer(mapping, "containerPort") == Some(port);
    if list(container, "portMappings").iter().any(mapped) {
        return Ok(());
    }
    Err(invalid(format!(
        "The container {name} did not have a container port {port} defined."
    )))
}

/// Refuses registries that contradict the network mode.
pub(super) fn registries(entries: &[Value], body: &Value) -> Result<(), ApiError> {
    if entries.len() > 1 {
        return Err(invalid("service registries can have at most 1 items."));
    }
    for entry in entries {
        let container = text(entry, "containerName").is_some();
        let container_port = integer(entry, "containerPort").is_some();
        let port = integer(entry, "port").is_some();
        let awsvpc = text(body, "networkMode") == Some("awsvpc");
        if container != container_port || (container && port) || (!awsvpc && !container) {
            return Err(invalid(
                "Service registries need containerName and containerPort, or with awsvpc either these or port.",
            ));
        }
    }
    Ok(())
}

/// Service Connect, volumes and the like must fit the task definition.
pub(super) fn attachments(members: &Object, body: &Value) -> Result<(), ApiError> {
    let all = json!(members);
    let ports: Vec<&str> = list(body, "containerDefinitions")
        .iter()
        .flat_map(|container| list(container, "portMappings"))
        .filter_map(|mapping| text(mapping, "name"))
        .collect();
    let named = list(&all["serviceConnectConfiguration"], "services").iter();
    for service in named.chain(list(&all, "vpcLatticeConfigurations")) {
        let port = text(service, "portName").unwrap_or_default();
        if !ports.contains(&port) {
            return Err(invalid(format!(
                "portName({port}) does not refer to any named PortMapping in the specified task definition."
            )));
        }
    }
    volumes(&all, body)
}

/// Volumes configured at launch are configured, and only those. Text of the first: [I].
fn volumes(members: &Value, body: &Value) -> Result<(), ApiError> {
    let launched = |volume: &&Value| volume["configuredAtLaunch"] == json!(true);
    let wanted = list(body, "volumes")
        .iter()
        .filter(launched)
        .filter_map(|v| text(v, "name"));
    let wanted: Vec<&str> = wanted.collect();
    let given: Vec<&str> = list(members, "volumeConfigurations")
        .iter()
        .filter_map(|v| text(v, "name"))
        .collect();
    if wanted.iter().any(|name| !given.contains(name)) {
        return Err(invalid(
            "Task definition has configuredAtLaunch volume but no volume configuration provided at runtime",
        ));
    }
    match given.iter().find(|name| !wanted.contains(name)) {
        Some(name) => Err(invalid(format!(
            "Volume configuration '{name}' does not match a volume of the task definition that is configured at launch."
        ))),
        None => Ok(()),
    }
}
