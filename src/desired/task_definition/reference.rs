//! What containers name is there: other containers, volumes, accelerators. Volumes are of one kind.

use std::collections::{BTreeMap, BTreeSet};

use super::{of_container, of_task};
use crate::{
    api::{
        EcsTaskDefinitionSpec,
        container::{ContainerCondition, ContainerDefinition},
        network::Toggle,
        rules,
        volume::{EfsVolumeConfiguration, Volume},
    },
    desired::Invalid,
};

/// Refuses names that lead nowhere.
pub fn check(spec: &EcsTaskDefinitionSpec) -> Result<(), Invalid> {
    let all = spec.container_definitions.iter();
    let containers = all.map(|c| (c.name.as_str(), c)).collect();
    let volumes = spec.volumes.iter().flatten();
    let names: BTreeSet<_> = volumes.map(|volume| volume.name.as_str()).collect();
    for (index, container) in spec.container_definitions.iter().enumerate() {
        check_variables(index, container)?;
        check_dependencies(index, container, &containers)?;
        check_others(index, container, &containers)?;
        for (i, mount) in container.mount_points.iter().flatten().enumerate() {
            let volume = mount.source_volume.as_deref().unwrap_or_default();
            if !names.contains(volume) {
                let path = format!("mountPoints[{i}].sourceVolume");
                let message = format!("{} It is '{volume}'.", rules::MOUNTS);
                return Err(of_container(index, container, &path, &message));
            }
        }
        check_accelerators(index, container, spec)?;
    }
    if let Some(proxy) = &spec.proxy_configuration
        && !containers.contains_key(proxy.container_name.as_str())
    {
        let message = rules::said(rules::PROXY, spec);
        return Err(of_task("proxyConfiguration.containerName", &message));
    }
    let volumes = spec.volumes.iter().flatten().enumerate();
    volumes
        .into_iter()
        .try_for_each(|(index, volume)| check_volume(index, volume))
}

type Containers<'a> = BTreeMap<&'a str, &'a ContainerDefinition>;

/// A variable is a value or a secret.
fn check_variables(index: usize, container: &ContainerDefinition) -> Result<(), Invalid> {
    let plain = container.environment.iter().flatten();
    let plain: BTreeSet<_> = plain.map(|variable| variable.name.as_str()).collect();
    for (i, secret) in container.secrets.iter().flatten().enumerate() {
        if plain.contains(secret.name.as_str()) {
            let message = format!(
                "has the variable '{}' in environment and in secrets. Remove one.",
                secret.name
            );
            let path = format!("secrets[{i}].name");
            return Err(of_container(index, container, &path, &message));
        }
    }
    Ok(())
}

fn check_dependencies(
    index: usize,
    container: &ContainerDefinition,
    containers: &Containers<'_>,
) -> Result<(), Invalid> {
    for (i, dependency) in container.depends_on.iter().flatten().enumerate() {
        let name = dependency.container_name.as_str();
        let wrong = |member: &str, message| {
            let path = format!("dependsOn[{i}].{member}");
            of_container(
                index,
                container,
                &path,
                &format!("{message} It is '{name}'."),
            )
        };
        let Some(other) = containers.get(name).filter(|_| name != container.name) else {
            return Err(wrong("containerName", rules::DEPENDS_ON));
        };
        let is_essential = other.essential != Some(false);
        match dependency.condition {
            ContainerCondition::Complete | ContainerCondition::Success if is_essential => {
                return Err(wrong("condition", rules::DEPENDS_ON_ESSENTIAL));
            }
            ContainerCondition::Healthy if other.health_check.is_none() => {
                return Err(wrong("condition", rules::DEPENDS_ON_HEALTH));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Links and volumes of others.
fn check_others(
    index: usize,
    container: &ContainerDefinition,
    containers: &Containers<'_>,
) -> Result<(), Invalid> {
    let is_other = |name: &str| name != container.name && containers.contains_key(name);
    for (i, link) in container.links.iter().flatten().enumerate() {
        if !is_other(link.split(':').next().unwrap_or_default()) {
            let message = format!("{} It is '{link}'.", rules::LINKS);
            return Err(of_container(
                index,
                container,
                &format!("links[{i}]"),
                &message,
            ));
        }
    }
    for (i, from) in container.volumes_from.iter().flatten().enumerate() {
        let source = from.source_container.as_deref().unwrap_or_default();
        if !is_other(source) {
            let path = format!("volumesFrom[{i}].sourceContainer");
            let message = format!("{} It is '{source}'.", rules::VOLUMES_FROM);
            return Err(of_container(index, container, &path, &message));
        }
    }
    Ok(())
}

fn check_accelerators(
    index: usize,
    container: &ContainerDefinition,
    spec: &EcsTaskDefinitionSpec,
) -> Result<(), Invalid> {
    let is_declared = |name: Option<&str>| {
        let mut declared = spec.inference_accelerators.iter().flatten();
        declared.any(|accelerator| Some(accelerator.device_name.as_str()) == name)
    };
    let requirements = container.resource_requirements.iter().flatten();
    for (i, requirement) in requirements.enumerate() {
        if requirement.type_ == "InferenceAccelerator" && !is_declared(requirement.value.as_deref())
        {
            let path = format!("resourceRequirements[{i}].value");
            return Err(of_container(index, container, &path, rules::ACCELERATORS));
        }
    }
    Ok(())
}

fn check_volume(index: usize, volume: &Volume) -> Result<(), Invalid> {
    let kinds = [
        volume.host.is_some(),
        volume.docker_volume_configuration.is_some(),
        volume.efs_volume_configuration.is_some(),
        volume.s3files_volume_configuration.is_some(),
        volume
            .fsx_windows_file_server_volume_configuration
            .is_some(),
        volume.configured_at_launch == Some(true),
    ];
    let path = format!("volumes[{index}]");
    if kinds.into_iter().filter(|is_there| *is_there).count() > 1 {
        let message = rules::said(rules::VOLUME, volume);
        return Err(of_task(&path, &message));
    }
    volume
        .efs_volume_configuration
        .as_ref()
        .map_or(Ok(()), |efs| check_efs(&path, efs))
}

fn check_efs(path: &str, efs: &EfsVolumeConfiguration) -> Result<(), Invalid> {
    let Some(authorization) = &efs.authorization_config else {
        return Ok(());
    };
    let member = |name: &str| format!("{path}.efsVolumeConfiguration.{name}");
    if authorization.iam == Some(Toggle::Enabled) && efs.transit_encryption != Some(Toggle::Enabled)
    {
        return Err(of_task(&member("transitEncryption"), rules::EFS_IAM));
    }
    match efs.root_directory.as_deref() {
        None | Some("" | "/") => Ok(()),
        Some(_) if authorization.access_point_id.is_none() => Ok(()),
        Some(_) => Err(of_task(
            &member("rootDirectory"),
            &rules::said(rules::EFS_ROOT, efs),
        )),
    }
}
