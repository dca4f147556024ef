//! What RegisterTaskDefinition refuses in volumes. Rules: aws.md §B3 [M]; texts as `task_definition_rules` says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cluster::is_name;
use super::failure::client;
use super::input::{flag, list, text, texts};
use crate::error::ApiError;

/// Refuses volumes that contradict themselves, and mounts of volumes that are not there.
pub(super) fn check(body: &Value) -> Result<(), ApiError> {
    let fargate = texts(body, "requiresCompatibilities").contains(&"FARGATE");
    let mut names = BTreeSet::new();
    for volume in list(body, "volumes") {
        let name = text(volume, "name").unwrap_or_default();
        if !is_name(name) || !names.insert(name) {
            return Err(client(format!(
                "Invalid or duplicate volume name '{name}'."
            )));
        }
        if fargate && volume["dockerVolumeConfiguration"].is_object() {
            return Err(client(
                "Fargate does not support dockerVolumeConfiguration.",
            ));
        }
        if fargate && volume["host"]["sourcePath"].is_string() {
            return Err(client("Fargate does not support host.sourcePath."));
        }
        if flag(volume, "configuredAtLaunch") && volume.as_object().is_some_and(|v| v.len() > 2) {
            return Err(client(
                "A volume that is configured at launch cannot be configured in the task definition.",
            ));
        }
        efs(&volume["efsVolumeConfiguration"])?;
    }
    for container in list(body, "containerDefinitions") {
        for mount in list(container, "mountPoints") {
            let volume = text(mount, "sourceVolume").unwrap_or_default();
            if !names.contains(volume) {
                return Err(client(format!("Unknown volume '{volume}'.")));
            }
        }
        volumes_from(container, list(body, "containerDefinitions"))?;
    }
    Ok(())
}

fn efs(efs: &Value) -> Result<(), ApiError> {
    let authorization = &efs["authorizationConfig"];
    let encrypted = text(efs, "transitEncryption") == Some("ENABLED");
    if text(authorization, "iam") == Some("ENABLED") && !encrypted {
        return Err(client(
            "EFS IAM authorization requires transit encryption to be enabled.",
        ));
    }
    let root = text(efs, "rootDirectory").unwrap_or("/");
    if text(authorization, "accessPointId").is_some() && !matches!(root, "" | "/") {
        return Err(client(
            "The root directory must be empty or / when an EFS access point is used.",
        ));
    }
    Ok(())
}

fn volumes_from(container: &Value, containers: &[Value]) -> Result<(), ApiError> {
    for from in list(container, "volumesFrom") {
        let source = text(from, "sourceContainer").unwrap_or_default();
        if !containers
            .iter()
            .any(|other| text(other, "name") == Some(source))
        {
            return Err(client(format!(
                "volumesFrom refers to unknown container '{source}'."
            )));
        }
    }
    Ok(())
}
