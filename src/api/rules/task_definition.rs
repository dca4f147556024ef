//! Rules among the containers of a task: sizes, ports, network modes.

use kube::core::{Message, Rule};

use super::{Items, message, rule, rule_that_says, second_of};

/// CPU units of the task, a CEL list of one number; the text has the pattern of the schema.
pub(super) const UNITS: &str = "[self.cpu.lowerAscii()].map(t, t.endsWith('vcpu') ? int(double(t.replace('vcpu', '').trim()) * 1024.0) : int(t))";

/// MiB of the task, a CEL list of one number; the text has the pattern of the schema.
pub(super) const MIB: &str = "[self.memory.lowerAscii()].map(t, t.endsWith('gb') ? int(double(t.replace('gb', '').trim()) * 1024.0) : int(t))";

/// A mistake that a container can make: an expression of CEL, and what is said of the first container that makes it.
pub(super) type Mistake = (&'static str, &'static str);

/// No container `c` makes one of these mistakes; they may ask for `given`, an expression of the task, as `g`.
///
/// One rule for several: for each rule the API server takes all containers apart anew.
pub(super) fn containers(given: &str, mistakes: &[Mistake]) -> Rule {
    containers_with("", given, mistakes)
}

/// The same of the containers `c` that have something; empty: of all.
pub(super) fn containers_with(has: &str, given: &str, mistakes: &[Mistake]) -> Rule {
    let any: Vec<_> = { mistakes.iter() }
        .map(|(wrong, _)| format!("({wrong})"))
        .collect();
    let any = any.join(" || ");
    let (guard, any) = match has {
        "" => (String::new(), any),
        has => (format!("{has} && "), format!("{has} && ({any})")),
    };
    let expression = format!("![{given}].exists(g, self.containerDefinitions.exists(c, {any}))");
    // The last one is meant when none before it is.
    let said = mistakes.iter().rev().fold(None, |after, (wrong, message)| {
        let found =
            format!("self.containerDefinitions.filter(c, [{given}].exists(g, {guard}{wrong}))");
        let message = format!("container '{{name}}' {message}");
        let said = message::expression(&message, &format!("{found}[0]")).unwrap_or_default();
        Some(match after {
            None => said,
            Some(after) => format!("{found}.size() > 0 ? {said} : {after}"),
        })
    });
    let said = Message::Expression(said.unwrap_or_default());
    rule_that_says(&expression, ".containerDefinitions", said)
}

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
        "has(self.memory)",
        &[(
            "!g && !has(c.memory) && !has(c.memoryReservation)",
            MEMORY_SOMEWHERE,
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

/// See [`containers_fit_cpu`].
pub const CONTAINERS_CPU: &str =
    "'{cpu}' is less than the containers' cpu together. Raise it or lower theirs.";

/// The containers' CPU is part of the task's.
pub fn containers_fit_cpu() -> Rule {
    rule(
        &format!(
            "!has(self.cpu) || self.containerDefinitions.map(c, has(c.cpu) ? c.cpu : 0).sum() <= {UNITS}[0]"
        ),
        ".cpu",
        CONTAINERS_CPU,
    )
}

/// See [`ec2_cpu`].
pub const EC2_CPU: &str =
    "'{cpu}' is outside of the 128-196608 CPU units that a task can have. Change it.";

/// Instances bound a task's CPU; Fargate has its own sizes.
pub fn ec2_cpu() -> Rule {
    rule(
        &format!("!has(self.cpu) || {UNITS}.exists(c, c >= 128 && c <= 196608)"),
        ".cpu",
        EC2_CPU,
    )
}

/// See [`fits_network_mode`].
pub const HOST_PORTS: &str = "has a hostPort that differs from its containerPort, which network modes awsvpc and host do not allow. Remove hostPort.";

/// See [`fits_network_mode`].
pub const NO_PORTS: &str =
    "has portMappings, but network mode none has no ports. Remove them or change networkMode.";

/// See [`fits_network_mode`].
pub const NO_HOSTNAME: &str =
    "has a hostname or extraHosts, which network mode awsvpc does not allow. Remove them.";

/// See [`fits_network_mode`].
pub const NO_LINKS: &str =
    "has links, which only network mode bridge has. Remove them or change networkMode.";

/// See [`fits_network_mode`].
pub const NO_RANGES: &str = "has a containerPortRange, which only network modes bridge and awsvpc have. List the ports or change networkMode.";

/// A network interface's or instance's port is the container's, ECS writes the names of a task with an interface of its own,
/// and links are Docker's bridge's.
pub fn fits_network_mode() -> Rule {
    containers(
        "has(self.networkMode) ? self.networkMode : 'bridge'",
        &[
            (
                "g == 'none' && has(c.portMappings) && c.portMappings.size() > 0",
                NO_PORTS,
            ),
            (
                "g == 'host' && has(c.portMappings) && c.portMappings.exists(p, has(p.containerPortRange))",
                NO_RANGES,
            ),
            (
                "g in ['awsvpc', 'host'] && has(c.portMappings) && c.portMappings.exists(p, has(p.hostPort) && p.hostPort != 0 && has(p.containerPort) && p.hostPort != p.containerPort)",
                HOST_PORTS,
            ),
            (
                "g == 'awsvpc' && (has(c.hostname) || (has(c.extraHosts) && c.extraHosts.size() > 0))",
                NO_HOSTNAME,
            ),
            (
                "g != 'bridge' && has(c.links) && c.links.size() > 0",
                NO_LINKS,
            ),
        ],
    )
}

/// See [`one_firelens`].
pub const FIRELENS: &str = "container '{name}' has firelensConfiguration, and another has it already. Keep one log router.";

/// A task has one log router. A rule of the list itself.
pub fn one_firelens() -> Rule {
    let items = Items { of: "", item: "c" };
    second_of(items, "has(c.firelensConfiguration)", FIRELENS)
}
