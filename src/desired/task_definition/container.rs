//! Rules within a container and among the containers of a task: memory, ports, health checks, network modes.

use std::collections::BTreeSet;

use super::{first_of_container, of_container, of_task};
use crate::{
    api::{
        EcsTaskDefinitionSpec, container::ContainerDefinition, port::PortMapping, rules, size,
        task::NetworkMode,
    },
    desired::{Invalid, first},
};

/// CPU units of a task on instances (RegisterTaskDefinition, parameter cpu).
const CPU: std::ops::RangeInclusive<i64> = 128..=196_608;

/// Port ranges of one container (PortMapping, containerPortRange).
const RANGES_MAX: usize = 100;

/// Refuses what no launch type can run.
pub fn check(spec: &EcsTaskDefinitionSpec) -> Result<(), Invalid> {
    let containers = &spec.container_definitions;
    if !containers.iter().any(|c| c.essential != Some(false)) {
        return Err(of_task("containerDefinitions", rules::ESSENTIAL));
    }
    let mut routers = { containers.iter() }.filter(|c| c.firelens_configuration.is_some());
    if let Some(second) = routers.nth(1) {
        let message = rules::said(rules::FIRELENS, second);
        return Err(of_task("containerDefinitions", &message));
    }
    for (index, container) in containers.iter().enumerate() {
        check_memory(index, container, spec.memory.is_some())?;
        check_health_check(index, container)?;
        check_ports(index, container)?;
        check_network_mode(index, container, spec.network_mode)?;
    }
    check_task_size(spec)
}

fn check_memory(
    index: usize,
    container: &ContainerDefinition,
    has_task_memory: bool,
) -> Result<(), Invalid> {
    let bounds = container.memory.zip(container.memory_reservation);
    let is_below = bounds.is_some_and(|(memory, reservation)| memory < reservation);
    first(
        &format!("spec.containerDefinitions[{index}]"),
        container,
        &[(is_below, "memory", rules::MEMORY)],
    )?;
    match (container.memory, container.memory_reservation) {
        (None, None) if !has_task_memory => {
            Err(of_container(index, container, "", rules::MEMORY_SOMEWHERE))
        }
        _ => Ok(()),
    }
}

fn check_health_check(index: usize, container: &ContainerDefinition) -> Result<(), Invalid> {
    let command = container.health_check.as_ref().map(|check| &check.command);
    match command.and_then(|command| command.first()) {
        Some(first) if !["CMD", "CMD-SHELL", "NONE"].contains(&first.as_str()) => Err(of_task(
            &format!("containerDefinitions[{index}].healthCheck.command"),
            rules::HEALTH_CHECK,
        )),
        _ => Ok(()),
    }
}

/// First and last port of `8000-8010`.
fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first >= 1 && first <= last).then_some((first, last))
}

fn check_ports(index: usize, container: &ContainerDefinition) -> Result<(), Invalid> {
    let (mut names, mut ranges) = (BTreeSet::new(), Vec::new());
    for (i, port) in container.port_mappings.iter().flatten().enumerate() {
        let path = format!("containerDefinitions[{index}].portMappings[{i}]");
        let has_range = port.container_port_range.is_some();
        if port.container_port.is_some() == has_range || (port.host_port.is_some() && has_range) {
            return Err(of_task(&path, &rules::said(rules::PORT_OR_RANGE, port)));
        }
        if let Some(name) = &port.name
            && !names.insert(name)
        {
            let message = format!("'{name}' stands twice in this container. Rename one.");
            return Err(of_task(&format!("{path}.name"), &message));
        }
        if let Some(text) = &port.container_port_range {
            let path = format!("{path}.containerPortRange");
            let Some(found) = range(text) else {
                return Err(of_task(&path, &rules::said(rules::RANGE, port)));
            };
            if ranges.iter().any(|other| overlap(*other, found)) {
                let message = format!("'{text}' overlaps another range. Change one.");
                return Err(of_task(&path, &message));
            }
            ranges.push(found);
        }
    }
    if ranges.len() > RANGES_MAX {
        let message = format!(
            "has {} ranges of ports; AWS takes {RANGES_MAX}. Join some.",
            ranges.len()
        );
        return Err(of_container(index, container, "portMappings", &message));
    }
    Ok(())
}

fn overlap(a: (u16, u16), b: (u16, u16)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

fn check_network_mode(
    index: usize,
    container: &ContainerDefinition,
    mode: Option<NetworkMode>,
) -> Result<(), Invalid> {
    let Some(mode) = mode else {
        return Ok(());
    };
    let (awsvpc, host) = (mode == NetworkMode::Awsvpc, mode == NetworkMode::Host);
    for (i, port) in container.port_mappings.iter().flatten().enumerate() {
        let wrong = if mode == NetworkMode::None {
            Some(("", rules::NO_PORTS))
        } else if host && port.container_port_range.is_some() {
            Some((".containerPortRange", rules::NO_RANGES))
        } else if (awsvpc || host) && is_mapped_elsewhere(port) {
            Some((".hostPort", rules::HOST_PORTS))
        } else {
            None
        };
        if let Some((member, message)) = wrong {
            let path = format!("portMappings[{i}]{member}");
            return Err(of_container(index, container, &path, message));
        }
    }
    let hosts = container.extra_hosts.as_ref();
    let links = container.links.as_ref();
    let wrong = [
        (
            awsvpc && container.hostname.is_some(),
            "hostname",
            rules::NO_HOSTNAME,
        ),
        (
            awsvpc && hosts.is_some_and(|hosts| !hosts.is_empty()),
            "extraHosts",
            rules::NO_HOSTNAME,
        ),
        (
            mode != NetworkMode::Bridge && links.is_some_and(|links| !links.is_empty()),
            "links",
            rules::NO_LINKS,
        ),
    ];
    first_of_container(index, container, &wrong)
}

fn is_mapped_elsewhere(port: &PortMapping) -> bool {
    let host = port.host_port.filter(|host| *host != 0);
    host.is_some() && port.container_port.is_some() && host != port.container_port
}

/// The containers fit into the task, and the task into an instance.
fn check_task_size(spec: &EcsTaskDefinitionSpec) -> Result<(), Invalid> {
    let sum = |of: fn(&ContainerDefinition) -> Option<i32>| {
        let each = spec.container_definitions.iter().filter_map(of);
        each.map(i64::from).sum::<i64>()
    };
    let (units, mib) = (
        spec.cpu.as_deref().map(size::cpu_units),
        spec.memory.as_deref().map(size::memory_mib),
    );
    if let (Some(memory), Some(None)) = (&spec.memory, mib) {
        let message =
            format!("'{memory}' is no whole number of MiB. Write MiB, or GB behind a number.");
        return Err(of_task("memory", &message));
    }
    let is_outside = units.is_some_and(|units| units.is_none_or(|units| !CPU.contains(&units)));
    let reserved = sum(|c| c.memory_reservation.or(c.memory));
    first(
        "spec",
        spec,
        &[
            (is_outside, "cpu", rules::EC2_CPU),
            (
                units.flatten().is_some_and(|units| sum(|c| c.cpu) > units),
                "cpu",
                rules::CONTAINERS_CPU,
            ),
            (
                mib.flatten().is_some_and(|mib| reserved > mib),
                "memory",
                rules::CONTAINERS_MEMORY,
            ),
        ],
    )
}
