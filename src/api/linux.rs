//! What a container may do to the kernel and what it gets of it: capabilities, devices, memory file systems, limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Linux options of a container; not for Windows.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinuxParameters {
    /// Capabilities added to or taken from Docker's defaults. Absent: Docker's defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<KernelCapabilities>,
    /// Devices of the instance that the container sees; not on Fargate. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub devices: Option<Vec<Device>>,
    /// Whether an init process forwards signals and reaps processes. ECS Exec works better with it. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_process_enabled: Option<bool>,
    /// Size of `/dev/shm`, MiB; not on Fargate. Absent: Docker's 64 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub shared_memory_size: Option<i32>,
    /// File systems in memory; not on Fargate. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub tmpfs: Option<Vec<Tmpfs>>,
    /// Swap that the container may use, MiB; 0 is none. Not on Fargate. Absent: the instance's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub max_swap: Option<i32>,
    /// How readily pages are swapped, 0–100; counts with `maxSwap` only. Not on Fargate. Absent: 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub swappiness: Option<i32>,
}

/// Linux capabilities, as capabilities(7) names them, without `CAP_`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KernelCapabilities {
    /// Capabilities added, for example `NET_ADMIN`; on Fargate only `SYS_PTRACE`. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub add: Option<Vec<String>>,
    /// Capabilities taken away, or `ALL`. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub drop: Option<Vec<String>>,
}

/// A device of the container instance.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Path on the instance.
    #[schemars(length(min = 1, max = 4096))]
    pub host_path: String,
    /// Path in the container. Absent: `hostPath`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub container_path: Option<String>,
    /// What the container may do with it: `read`, `write`, `mknod`. Absent: all three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 3))]
    pub permissions: Option<Vec<DevicePermission>>,
}

/// A right on a device.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DevicePermission {
    /// Read.
    Read,
    /// Write.
    Write,
    /// Make device files.
    Mknod,
}

/// A file system in memory.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tmpfs {
    /// Where it is mounted in the container.
    #[schemars(length(min = 1, max = 4096))]
    pub container_path: String,
    /// Its size, MiB.
    #[schemars(range(min = 1))]
    pub size: i32,
    /// Options of mount(8), for example `noexec`. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub mount_options: Option<Vec<String>>,
}

/// A limit of a container, as getrlimit(2) has it.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ulimit {
    /// Which limit. On Fargate only `nofile` can be other than the platform's.
    pub name: UlimitName,
    /// The limit that processes start with, in the limit's own unit; -1 is unlimited.
    #[schemars(range(min = -1))]
    pub soft_limit: i32,
    /// The limit up to which processes may raise it, in the limit's own unit; -1 is unlimited.
    #[schemars(range(min = -1))]
    pub hard_limit: i32,
}

/// A limit of getrlimit(2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UlimitName {
    /// Size of core dumps, bytes.
    Core,
    /// CPU time, seconds.
    Cpu,
    /// Size of the data segment, bytes.
    Data,
    /// Size of files, bytes.
    Fsize,
    /// File locks.
    Locks,
    /// Locked memory, bytes.
    Memlock,
    /// Message queues, bytes.
    Msgqueue,
    /// Ceiling of the nice value.
    Nice,
    /// Open files.
    Nofile,
    /// Processes.
    Nproc,
    /// Resident memory, bytes.
    Rss,
    /// Real-time priority.
    Rtprio,
    /// Real-time CPU time, microseconds.
    Rttime,
    /// Pending signals.
    Sigpending,
    /// Size of the stack, bytes.
    Stack,
}

/// A kernel parameter that is set in the container, as sysctl(8) does. In network modes `host` and, for network parameters of several containers, `awsvpc` the last one wins for the task.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemControl {
    /// The parameter, for example `net.core.somaxconn`. Absent: refused by AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub namespace: Option<String>,
    /// Its value. Absent: refused by AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub value: Option<String>,
}

/// A line of the container's `/etc/hosts`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostEntry {
    /// The name.
    #[schemars(length(min = 1, max = 255))]
    pub hostname: String,
    /// The address it stands for.
    #[schemars(length(min = 1, max = 64))]
    pub ip_address: String,
}
