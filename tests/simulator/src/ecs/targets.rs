//! Tasks as targets: ECS registers, watches and deregisters them in the service's target groups.

use std::collections::BTreeMap;

use serde_json::Value;

use super::World;
use super::input::{integer, text};
use super::service::Service;
use super::task::{Target, Task};
use crate::clock::Time;

/// Host ports of tasks without network interfaces of their own: Docker's ephemeral range [D].
const EPHEMERAL: (i64, i64) = (32768, 61000);

/// Registers a running task with the target groups of its service; each becomes healthy at `healthy_at`, or never.
pub(super) fn register(
    task: &mut Task,
    service: &mut Service,
    healthy_at: Option<Time>,
    world: &mut World,
) {
    let Some(revision) = task.of.clone() else {
        return;
    };
    for entry in revision.load_balancers() {
        let Some(group) = text(entry, "targetGroupArn") else {
            continue;
        };
        let port = integer(entry, "containerPort").unwrap_or_default();
        let (id, port) = match &task.address {
            Some((address, _)) => (address.clone(), port),
            None => (
                format!("i-{}", crate::ids::named(&[&task.cluster_arn], 17)),
                host_port(task, port),
            ),
        };
        let healthy_at = healthy_at.filter(|_| world.script.target_healthy(group));
        world
            .elbv2
            .register_target(group, &id, port, world.now, healthy_at);
        service.say(
            world.ids,
            world.now,
            format!("registered 1 targets in (target-group {group})"),
        );
        task.targets.push(Target {
            group: group.to_owned(),
            id,
            port,
        });
    }
}

/// The host port that is mapped, or one of its own for each task.
fn host_port(task: &Task, container_port: i64) -> i64 {
    let containers = task.body["containerDefinitions"].as_array();
    let mut mappings = containers
        .into_iter()
        .flatten()
        .flat_map(|c| c["portMappings"].as_array())
        .flatten();
    let mapped = mappings.find(|m| integer(m, "containerPort") == Some(container_port));
    match mapped
        .and_then(|m| m["hostPort"].as_i64())
        .filter(|port| *port != 0)
    {
        Some(port) => port,
        None => {
            let hash = i64::from_str_radix(&task.id[..8], 16).unwrap_or_default();
            EPHEMERAL.0 + hash % (EPHEMERAL.1 - EPHEMERAL.0)
        }
    }
}

/// Whether all of the task's targets are healthy.
pub(super) fn healthy(task: &Task, world: &World) -> bool {
    task.targets
        .iter()
        .all(|t| world.elbv2.healthy(&t.group, &t.id, t.port, world.now))
}

/// Begins draining; answers after how many seconds the connections are gone, or `None` if there were no targets.
pub(super) fn deregister(
    task: &mut Task,
    service: Option<&mut Service>,
    world: &mut World,
) -> Option<f64> {
    let targets = std::mem::take(&mut task.targets);
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seconds: Option<f64> = None;
    for target in &targets {
        let delay = world
            .elbv2
            .target_group(&target.group)
            .map_or(0.0, |g| g.deregistration_delay());
        world
            .elbv2
            .deregister_target(&target.group, &target.id, target.port, world.now);
        let draining = world.script.draining(delay);
        seconds = Some(seconds.unwrap_or(0.0).max(draining));
        *groups.entry(&target.group).or_default() += 1;
    }
    if let Some(service) = service {
        for (group, number) in groups {
            let message = format!("deregistered {number} targets in (target-group {group})");
            service.say(world.ids, world.now, message);
        }
        if seconds.is_some() {
            let message = format!(
                "has begun draining connections on 1 tasks. (task {})",
                task.id
            );
            service.say(world.ids, world.now, message);
        }
    }
    seconds
}

/// Seconds until ELB calls a target unhealthy that never answers, by its group's health check.
pub(super) fn seconds_to_unhealthy(load_balancers: &[Value], world: &World) -> f64 {
    let groups = load_balancers
        .iter()
        .filter_map(|entry| text(entry, "targetGroupArn"));
    let seconds = groups
        .filter_map(|group| world.elbv2.target_group(group))
        .map(|group| {
            let check = &group.health_check;
            (check.interval_seconds * check.unhealthy_threshold) as f64
        });
    seconds.fold(0.0, f64::max)
}
