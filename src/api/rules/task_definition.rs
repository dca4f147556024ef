//! Rules among the containers of a task: sizes, ports, network modes.

use kube::core::Rule;

use super::{
    FARGATE_SIZE, FARGATE_WINDOWS, Items, fargate,
    mistake::{CONTAINERS, Mistakes, containers, none_of},
    rule, second_of,
};

/// CPU units of the task, a CEL list of one number; the text has the pattern of the schema.
pub(super) const UNITS: &str = "[self.cpu.lowerAscii()].map(t, t.endsWith('vcpu') ? int(double(t.replace('vcpu', '').trim()) * 1024.0) : int(t))";

/// MiB of the task, a CEL list of one number; the text has the pattern of the schema.
pub(super) const MIB: &str = "[self.memory.lowerAscii()].map(t, t.endsWith('gb') ? int(double(t.replace('gb', '').trim()) * 1024.0) : int(t))";

/// See [`one_essential`].
pub const ESSENTIAL: &str =
    "at least one container must be essential. Remove essential: false from one.";

/// A task without an essential container would never end. A rule of the list itself.
pub fn one_essential() -> Rule {
    rule(
        "self.exists(c, !has(c.essential) || c.essential)",
        "",
        ESSENTIAL,
    )
}

/// See [`memory_somewhere`].
pub const MEMORY_SOMEWHERE: &str =
    "has neither memory nor memoryReservation, and the task has no memory. Set one of the three.";

/// Without a limit of the task each container needs one.
pub fn memory_somewhere() -> Rule {
    containers(
        CONTAINERS,
        "has(self.memory)",
        &[],
        &[(
            "!has(c.memory)",
            &[("!has(c.memoryReservation)", MEMORY_SOMEWHERE)],
        )],
    )
}

/// See [`containers_fit_memory`].
pub const CONTAINERS_MEMORY: &str = "'{memory}' is less than the containers' memoryReservation (or memory) together. Raise it or lower theirs.";

/// The containers' memory is part of the task's.
pub fn containers_fit_memory() -> Rule {
    rule(
        &format!(
            "!has(self.memory) || self.containerDefinitions.map(c, has(c.memoryReservation) ? c.memoryReservation : (has(c.memory) ? c.memory : 0)).sum() <= {MIB}[0]"
        ),
        ".memory",
        CONTAINERS_MEMORY,
    )
}

/// See [`fits_cpu`].
pub const CONTAINERS_CPU: &str =
    "'{cpu}' is less than the containers' cpu together. Raise it or lower theirs.";

/// See [`fits_cpu`].
pub const EC2_CPU: &str =
    "'{cpu}' is outside of the 128-196608 CPU units that a task can have. Change it.";

/// Instances bound a task's CPU, the containers' is part of it, and Fargate has its own sizes.
pub fn fits_cpu() -> Rule {
    let sizes = fargate::is_no_size();
    none_of(
        "!has(self.cpu)",
        &[("g", fargate::ON_FARGATE), ("u", UNITS)],
        ".cpu",
        &[
            ("u < 128 || u > 196608", EC2_CPU),
            (
                "self.containerDefinitions.map(c, has(c.cpu) ? c.cpu : 0).sum() > u",
                CONTAINERS_CPU,
            ),
            (fargate::WINDOWS, FARGATE_WINDOWS),
            (&sizes, FARGATE_SIZE),
        ],
    )
}

/// See [`super::containers_fit`].
pub const HOST_PORTS: &str = "has a hostPort that differs from its containerPort, which network modes awsvpc and host do not allow. Remove hostPort.";

/// See [`super::containers_fit`].
pub const NO_PORTS: &str =
    "has portMappings, but network mode none has no ports. Remove them or change networkMode.";

/// See [`super::containers_fit`].
pub const NO_HOSTNAME: &str =
    "has a hostname or extraHosts, which network mode awsvpc does not allow. Remove them.";

/// See [`super::containers_fit`].
pub const NO_LINKS: &str =
    "has links, which only network mode bridge has. Remove them or change networkMode.";

/// See [`super::containers_fit`].
pub const NO_RANGES: &str = "has a containerPortRange, which only network modes bridge and awsvpc have. List the ports or change networkMode.";

/// Of containers with ports in a task of network mode `n`: a network interface's or instance's port is the container's.
pub(super) const PORTS: Mistakes = (
    "has(c.portMappings)",
    &[
        ("n == 'none' && c.portMappings.size() > 0", NO_PORTS),
        (
            "n == 'host' && c.portMappings.exists(p, has(p.containerPortRange))",
            NO_RANGES,
        ),
        (
            "n in ['awsvpc', 'host'] && c.portMappings.exists(p, has(p.hostPort) && p.hostPort != 0 && has(p.containerPort) && p.hostPort != p.containerPort)",
            HOST_PORTS,
        ),
    ],
);

/// ECS writes the names of a task with an interface of its own.
pub(super) const NAMES: Mistakes = (
    "n == 'awsvpc'",
    &[(
        "has(c.hostname) || (has(c.extraHosts) && c.extraHosts.size() > 0)",
        NO_HOSTNAME,
    )],
);

/// The network mode of the task, a CEL list of one.
pub(super) const NETWORK_MODE: &str = "[self.?networkMode.orValue('bridge')]";

/// See [`one_firelens`].
pub const FIRELENS: &str = "container '{name}' has firelensConfiguration, and another has it already. Keep one log router.";

/// A task has one log router. A rule of the list itself.
pub fn one_firelens() -> Rule {
    let items = Items { of: "", item: "c" };
    second_of(items, "has(c.firelensConfiguration)", FIRELENS)
}
