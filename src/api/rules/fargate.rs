//! What Fargate does not have.

use kube::core::Rule;

use super::{Items, first_of, mistake::Mistakes, rule, task_definition::MIB};
use crate::api::size::FARGATE as SIZES;

/// Whether the task is for Fargate, a CEL list of one.
pub(super) const ON_FARGATE: &str =
    "[has(self.requiresCompatibilities) && 'FARGATE' in self.requiresCompatibilities]";

/// The opposite, an expression.
const NOT_FARGATE: &str =
    "!has(self.requiresCompatibilities) || !('FARGATE' in self.requiresCompatibilities)";

/// Holds on Fargate only.
fn fargate(expression: &str, path: &str, message: &str) -> Rule {
    rule(&format!("({expression}) || {NOT_FARGATE}"), path, message)
}

/// See [`fargate_network`].
pub const FARGATE_NETWORK: &str =
    "is {networkMode?}; Fargate needs awsvpc. Set networkMode: awsvpc.";

/// Every Fargate task has a network interface of its own.
pub fn fargate_network() -> Rule {
    fargate(
        "self.?networkMode.orValue('') == 'awsvpc'",
        ".networkMode",
        FARGATE_NETWORK,
    )
}

/// See [`fargate_cpu`].
pub const FARGATE_CPU: &str =
    "is absent; Fargate needs cpu of the task. Set it, for example cpu: '256' with memory: '512'.";

/// Fargate sells sizes of tasks.
pub fn fargate_cpu() -> Rule {
    fargate("has(self.cpu)", ".cpu", FARGATE_CPU)
}

/// See [`fargate_memory`].
pub const FARGATE_MEMORY: &str = "is absent; Fargate needs memory of the task. Set it, for example memory: '512' with cpu: '256'.";

/// Fargate sells sizes of tasks.
pub fn fargate_memory() -> Rule {
    fargate("has(self.memory)", ".memory", FARGATE_MEMORY)
}

/// See [`super::fits_cpu`].
pub const FARGATE_SIZE: &str = "'{cpu}' with memory '{memory}' is no size that Fargate has: 256 CPU units with 512, 1024 or 2048 MiB, 512 with 1024-4096, 1024 with 2048-8192, 2048 with 4096-16384, 4096 with 8192-30720 in steps of 1024, 8192 with 16384-61440 in steps of 4096, 16384 with 32768-122880 in steps of 8192. Choose one of them.";

/// Fargate (`g`) has certain sizes, and units `u` with the task's memory are none of them.
pub(super) fn is_no_size() -> String {
    let fits: Vec<_> = SIZES
        .iter()
        .map(|size| {
            let (cpu, least, most, step) = (size.cpu, size.least, size.most, size.step);
            format!("u == {cpu} && m >= {least} && m <= {most} && (m - {least}) % {step} == 0")
        })
        .collect();
    format!(
        "g && has(self.memory) && !{MIB}.exists(m, {})",
        fits.join(" || ")
    )
}

/// See [`super::fits_cpu`].
pub const FARGATE_WINDOWS: &str = "'{cpu}' is too little for Windows on Fargate, which needs 1 vCPU at least. Raise cpu to '1024'.";

/// Windows needs a processor of its own on Fargate (`g`), and has units `u`.
pub(super) const WINDOWS: &str = "g && u < 1024 && has(self.runtimePlatform) && has(self.runtimePlatform.operatingSystemFamily) && self.runtimePlatform.operatingSystemFamily.startsWith('WINDOWS')";

/// See [`fargate_pid_mode`].
pub const FARGATE_PID_MODE: &str = "'host' does not exist on Fargate. Set task, or remove pidMode.";

/// There is no host to share processes with.
pub fn fargate_pid_mode() -> Rule {
    fargate(
        "!has(self.pidMode) || self.pidMode != 'host'",
        ".pidMode",
        FARGATE_PID_MODE,
    )
}

/// See [`fargate_ipc_mode`].
pub const FARGATE_IPC_MODE: &str = "'{ipcMode}' does not exist on Fargate. Remove ipcMode.";

/// There is no inter-process communication to choose.
pub fn fargate_ipc_mode() -> Rule {
    fargate("!has(self.ipcMode)", ".ipcMode", FARGATE_IPC_MODE)
}

/// See [`fargate_accelerators`].
pub const FARGATE_ACCELERATORS: &str = "do not exist on Fargate. Remove inferenceAccelerators.";

/// Accelerators are attached to instances.
pub fn fargate_accelerators() -> Rule {
    fargate(
        "!has(self.inferenceAccelerators) || self.inferenceAccelerators.size() == 0",
        ".inferenceAccelerators",
        FARGATE_ACCELERATORS,
    )
}

/// See [`fargate_placement`].
pub const FARGATE_PLACEMENT: &str =
    "there are no instances to choose on Fargate. Remove placementConstraints.";

/// There are no instances to choose among.
pub fn fargate_placement() -> Rule {
    fargate(
        "!has(self.placementConstraints) || self.placementConstraints.size() == 0",
        ".placementConstraints",
        FARGATE_PLACEMENT,
    )
}

/// See [`fargate_volumes`].
pub const FARGATE_VOLUMES: &str = "volume '{name}' is of a kind that Fargate does not have: dockerVolumeConfiguration or host.sourcePath. Remove that.";

/// There is neither Docker nor an instance's disk.
pub fn fargate_volumes() -> Rule {
    first_of(
        Items {
            of: "volumes",
            item: "v",
        },
        &format!("!has(self.volumes) || {NOT_FARGATE}"),
        "has(v.dockerVolumeConfiguration) || (has(v.host) && has(v.host.sourcePath))",
        FARGATE_VOLUMES,
    )
}

/// See [`super::containers_fit`].
pub const FARGATE_PRIVILEGED: &str = "cannot be privileged on Fargate. Remove privileged.";

/// See [`super::containers_fit`].
pub const FARGATE_SECURITY_OPTIONS: &str =
    "cannot have dockerSecurityOptions on Fargate. Remove them.";

/// See [`super::containers_fit`].
pub const FARGATE_TIMEOUTS: &str = "has a startTimeout ({startTimeout?}) or stopTimeout ({stopTimeout?}) outside 2-120 seconds, which Fargate does not take. Change it.";

/// See [`super::containers_fit`].
pub const FARGATE_EXECUTION_ROLE: &str = "has secrets, log driver awslogs or an image of Amazon ECR, for which Fargate needs a role to act as. Set spec.executionRoleArn.";

/// There is no Docker, no instance to have rights on, and no instance whose role could do what an execution role does; Fargate
/// (`g`) bounds how long a container starts and stops.
pub(super) const CONTAINERS: Mistakes = (
    "g",
    &[
        ("has(c.privileged) && c.privileged", FARGATE_PRIVILEGED),
        (
            "has(c.dockerSecurityOptions) && c.dockerSecurityOptions.size() > 0",
            FARGATE_SECURITY_OPTIONS,
        ),
        (
            "(has(c.startTimeout) && (c.startTimeout < 2 || c.startTimeout > 120)) || (has(c.stopTimeout) && (c.stopTimeout < 2 || c.stopTimeout > 120))",
            FARGATE_TIMEOUTS,
        ),
        (
            "!has(self.executionRoleArn) && ((has(c.secrets) && c.secrets.size() > 0) || (has(c.logConfiguration) && c.logConfiguration.logDriver == 'awslogs') || c.image.contains('.dkr.ecr.'))",
            FARGATE_EXECUTION_ROLE,
        ),
    ],
);
