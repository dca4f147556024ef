//! A container of a task definition.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    accelerator::ResourceRequirement,
    environment::{EnvironmentFile, KeyValuePair, Secret},
    linux::{HostEntry, LinuxParameters, SystemControl, Ulimit},
    logging::{FirelensConfiguration, LogConfiguration},
    port::PortMapping,
    rules,
};

/// A container of the task. Every change registers a new revision.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::memory_above_reservation())]
pub struct ContainerDefinition {
    /// Name, 1–255 letters, digits, hyphens and underscores; unique in the task.
    #[schemars(length(max = 255), regex(pattern = r"^[A-Za-z0-9_-]{1,255}$"))]
    pub name: String,
    /// Image: `repository/image:tag` or `…@sha256:digest`, at most 255 characters.
    #[schemars(length(min = 1, max = 255))]
    pub image: String,
    /// Credentials of a private registry that is not Amazon ECR. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_credentials: Option<RepositoryCredentials>,
    /// `enabled`: ECS resolves the tag of the image once per deployment, so that every task of it runs the same digest; `disabled`: each task resolves it anew. Absent: `enabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_consistency: Option<VersionConsistency>,
    /// CPU units (1 vCPU = 1024) reserved for the container. Absent: 0, a share of the task's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 196608))]
    pub cpu: Option<i32>,
    /// Hard memory limit, MiB; the container is killed beyond it. Absent: the task's. Without a limit of the task, each container needs memory or memoryReservation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 4))]
    pub memory: Option<i32>,
    /// Memory kept for the container, MiB, at most `memory`. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 4))]
    pub memory_reservation: Option<i32>,
    /// Whether the task stops when this container stops. Absent: true. One container must be essential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub essential: Option<bool>,
    /// Whether ECS restarts the container in its task when it exits. Absent: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<ContainerRestartPolicy>,
    /// Ports of the container; not in network mode `none`. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub port_mappings: Option<Vec<PortMapping>>,
    /// Other containers, `name` or `name:alias`, that this one can reach by name; network mode `bridge` only. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 511)))]
    pub links: Option<Vec<String>>,
    /// Replaces the image's ENTRYPOINT. Absent: the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub entry_point: Option<Vec<String>>,
    /// Replaces the image's CMD. Absent: the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub command: Option<Vec<String>>,
    /// Environment variables. Not for secrets: AWS shows them to everyone who may describe the task definition. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 3000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub environment: Option<Vec<KeyValuePair>>,
    /// Files of environment variables, at most 10. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub environment_files: Option<Vec<EnvironmentFile>>,
    /// Environment variables whose values come from Secrets Manager or Parameter Store, read by the execution role when the container starts. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub secrets: Option<Vec<Secret>>,
    /// Where volumes are mounted. Absent: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub mount_points: Option<Vec<MountPoint>>,
    /// Containers whose volumes are mounted in this one as well. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub volumes_from: Option<Vec<VolumeFrom>>,
    /// Linux options: capabilities, devices, memory file systems, swap. Absent: Docker's defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linux_parameters: Option<LinuxParameters>,
    /// Containers that must be in a certain state before this one starts. At the end of the task they stop in the reverse order. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub depends_on: Option<Vec<ContainerDependency>>,
    /// A command that says whether the container is healthy. Absent: health is not known; an image's own check is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Where the container's output goes. Absent: nowhere on Fargate, Docker's default driver on EC2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// Makes this container the log router of the task. Absent: it is not one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firelens_configuration: Option<FirelensConfiguration>,
    /// Seconds to wait for the containers it depends on; 2–120 on Fargate. Absent: 3 minutes on Fargate, the agent's setting on EC2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub start_timeout: Option<i32>,
    /// Seconds between SIGTERM and SIGKILL; 2–120 on Fargate. Absent: 30, or the agent's setting on EC2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub stop_timeout: Option<i32>,
    /// Host name of the container; not in network mode `awsvpc`. Absent: Docker's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub hostname: Option<String>,
    /// User, as `user`, `user:group`, `uid` or `uid:gid`. Absent: the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub user: Option<String>,
    /// Working directory. Absent: the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub working_directory: Option<String>,
    /// Whether the container has no network. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_networking: Option<bool>,
    /// Whether the container has root privileges on the instance; not on Fargate. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Whether the root file system is read-only. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readonly_root_filesystem: Option<bool>,
    /// DNS servers of the container. Absent: the network's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub dns_servers: Option<Vec<String>>,
    /// DNS search domains. Absent: the network's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub dns_search_domains: Option<Vec<String>>,
    /// Lines of `/etc/hosts`; not in network mode `awsvpc`. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub extra_hosts: Option<Vec<HostEntry>>,
    /// SELinux, AppArmor and credential spec options, for example `no-new-privileges`; not on Fargate. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub docker_security_options: Option<Vec<String>>,
    /// Whether standard input stays open. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactive: Option<bool>,
    /// Whether the container gets a terminal. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudo_terminal: Option<bool>,
    /// Docker labels. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 500))]
    pub docker_labels: Option<BTreeMap<String, String>>,
    /// Limits of processes. Absent: Docker's on EC2; on Fargate the platform's, with 65,535 open files at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 15))]
    pub ulimits: Option<Vec<Ulimit>>,
    /// Kernel parameters of the container. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub system_controls: Option<Vec<SystemControl>>,
    /// GPUs and other accelerators. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub resource_requirements: Option<Vec<ResourceRequirement>>,
    /// At most one: ARN of a credential spec file for gMSA, with `credentialspec:` or `credentialspecdomainless:` before it. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1))]
    pub credential_specs: Option<Vec<String>>,
}

/// Credentials of a private registry.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryCredentials {
    /// ARN (or, in the same Region, name) of the Secrets Manager secret with user name and password.
    #[schemars(length(min = 1, max = 2048))]
    pub credentials_parameter: String,
}

/// Whether every task of a deployment runs the same image digest.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionConsistency {
    /// The tag is resolved once per deployment.
    Enabled,
    /// Each task resolves the tag.
    Disabled,
}

/// Whether ECS restarts a container in its task when it ends.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerRestartPolicy {
    /// Whether it does.
    pub enabled: bool,
    /// Exit codes after which it does not, at most 50. Absent: it always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub ignored_exit_codes: Option<Vec<i32>>,
    /// Seconds that the container must have run before it is restarted, 60–1800. Absent: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 1800))]
    pub restart_attempt_period: Option<i32>,
}

/// Where a volume is mounted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MountPoint {
    /// Name of a volume of the task definition. Absent: refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub source_volume: Option<String>,
    /// Path in the container. Absent: refused by AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub container_path: Option<String>,
    /// Whether the container may only read. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// A container whose mounts another gets too.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeFrom {
    /// Name of the container that has the mounts. Absent: refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    pub source_container: Option<String>,
    /// Whether the other may only read. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// A container that must be in a certain state first.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerDependency {
    /// Name of the other container.
    #[schemars(length(min = 1, max = 255))]
    pub container_name: String,
    /// The state: `START`, `COMPLETE`, `SUCCESS` or `HEALTHY`. `COMPLETE` and `SUCCESS` only on containers that are not essential, `HEALTHY` only on those with a health check.
    pub condition: ContainerCondition,
}

/// State of a container that another waits for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContainerCondition {
    /// Started.
    Start,
    /// Ended.
    Complete,
    /// Ended with exit code 0.
    Success,
    /// Its health check passed.
    Healthy,
}

/// A command that says whether the container is healthy.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::health_check_begins_with_cmd())]
pub struct HealthCheck {
    /// `CMD` and arguments, or `CMD-SHELL` and a shell line. Exit code 0 is healthy.
    #[schemars(length(min = 1, max = 1000))]
    pub command: Vec<String>,
    /// Seconds between checks, 5–300. Absent: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 300))]
    pub interval: Option<i32>,
    /// Seconds a check may take, 2–60. Absent: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 60))]
    pub timeout: Option<i32>,
    /// Failed checks in a row that make the container unhealthy, 1–10. Absent: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub retries: Option<i32>,
    /// Seconds after the start in which failures do not count, 0–300. Absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 300))]
    pub start_period: Option<i32>,
}
