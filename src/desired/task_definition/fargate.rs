//! What Fargate does not have.

use super::{first_of_container, of_task};
use crate::{
    api::{
        EcsTaskDefinitionSpec,
        container::ContainerDefinition,
        rules, size,
        task::{Compatibility, NetworkMode, PidMode},
    },
    desired::{Invalid, first},
};

/// CPU units that Windows needs on Fargate (ECS, Windows on Fargate).
const WINDOWS_CPU: i64 = 1024;

/// Seconds that a container may take to start or to stop on Fargate (ContainerDefinition, startTimeout and stopTimeout).
const TIMEOUT: std::ops::RangeInclusive<i32> = 2..=120;

/// Whether the task must be able to run on Fargate.
fn is_fargate(spec: &EcsTaskDefinitionSpec) -> bool {
    let mut compatibilities = spec.requires_compatibilities.iter().flatten();
    compatibilities.any(|compatibility| *compatibility == Compatibility::Fargate)
}

/// Refuses what Fargate would refuse.
pub fn check(spec: &EcsTaskDefinitionSpec) -> Result<(), Invalid> {
    if !is_fargate(spec) {
        return Ok(());
    }
    let is_empty = |length: Option<usize>| length.is_none_or(|length| length == 0);
    let accelerators = spec.inference_accelerators.as_ref().map(Vec::len);
    let constraints = spec.placement_constraints.as_ref().map(Vec::len);
    let wrong = [
        (
            spec.network_mode != Some(NetworkMode::Awsvpc),
            "networkMode",
            rules::FARGATE_NETWORK,
        ),
        (
            spec.pid_mode == Some(PidMode::Host),
            "pidMode",
            rules::FARGATE_PID_MODE,
        ),
        (spec.ipc_mode.is_some(), "ipcMode", rules::FARGATE_IPC_MODE),
        (
            !is_empty(accelerators),
            "inferenceAccelerators",
            rules::FARGATE_ACCELERATORS,
        ),
        (
            !is_empty(constraints),
            "placementConstraints",
            rules::FARGATE_PLACEMENT,
        ),
    ];
    first("spec", spec, &wrong)?;
    check_size(spec)?;
    for (index, volume) in spec.volumes.iter().flatten().enumerate() {
        let host_path = volume.host.as_ref().and_then(|h| h.source_path.as_ref());
        if volume.docker_volume_configuration.is_some() || host_path.is_some() {
            let message = rules::said(rules::FARGATE_VOLUMES, volume);
            return Err(of_task(&format!("volumes[{index}]"), &message));
        }
    }
    let containers = spec.container_definitions.iter().enumerate();
    containers.into_iter().try_for_each(|(index, container)| {
        check_container(index, container, spec.execution_role_arn.is_some())
    })
}

fn check_size(spec: &EcsTaskDefinitionSpec) -> Result<(), Invalid> {
    let Some(cpu) = &spec.cpu else {
        return Err(of_task("cpu", rules::FARGATE_CPU));
    };
    let Some(memory) = &spec.memory else {
        return Err(of_task("memory", rules::FARGATE_MEMORY));
    };
    let platform = spec.runtime_platform.as_ref();
    let is_windows = platform
        .and_then(|platform| platform.operating_system_family.as_deref())
        .is_some_and(|family| family.starts_with("WINDOWS"));
    let (units, mib) = (size::cpu_units(cpu), size::memory_mib(memory));
    let fits = { units.zip(mib) }.is_some_and(|(units, mib)| size::is_on_fargate(units, mib));
    let is_little = is_windows && units.is_none_or(|units| units < WINDOWS_CPU);
    first(
        "spec",
        spec,
        &[
            (is_little, "cpu", rules::FARGATE_WINDOWS),
            (!fits, "cpu", rules::FARGATE_SIZE),
        ],
    )
}

fn check_container(
    index: usize,
    container: &ContainerDefinition,
    has_role: bool,
) -> Result<(), Invalid> {
    let outside = |timeout: Option<i32>| timeout.is_some_and(|s| !TIMEOUT.contains(&s));
    let options = container.docker_security_options.as_ref();
    let secrets = container.secrets.as_ref();
    let logs = container.log_configuration.as_ref();
    let needs_role = secrets.is_some_and(|secrets| !secrets.is_empty())
        || logs.is_some_and(|logs| logs.log_driver == "awslogs")
        || container.image.contains(".dkr.ecr.");
    let wrong = [
        (
            container.privileged == Some(true),
            "privileged",
            rules::FARGATE_PRIVILEGED,
        ),
        (
            options.is_some_and(|options| !options.is_empty()),
            "dockerSecurityOptions",
            rules::FARGATE_SECURITY_OPTIONS,
        ),
        (
            outside(container.start_timeout),
            "startTimeout",
            rules::FARGATE_TIMEOUTS,
        ),
        (
            outside(container.stop_timeout),
            "stopTimeout",
            rules::FARGATE_TIMEOUTS,
        ),
        (needs_role && !has_role, "", rules::FARGATE_EXECUTION_ROLE),
    ];
    first_of_container(index, container, &wrong)
}
