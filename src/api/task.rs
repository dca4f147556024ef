//! What holds for a whole task: its network, its namespaces, its platform.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::environment::KeyValuePair;

/// Network mode of a task.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// Docker's bridge.
    Bridge,
    /// The instance's network.
    Host,
    /// A network interface per task.
    Awsvpc,
    /// No network.
    None,
}

/// Whose processes a container sees.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PidMode {
    /// Those of the container instance.
    Host,
    /// Those of all containers of the task.
    Task,
}

/// Whose inter-process communication a container shares.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IpcMode {
    /// That of the container instance.
    Host,
    /// That of the other containers of the task.
    Task,
    /// Nobody's.
    None,
}

/// Where a task can run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Compatibility {
    /// EC2 container instances.
    Ec2,
    /// Fargate.
    Fargate,
    /// ECS Anywhere.
    External,
    /// ECS Managed Instances.
    ManagedInstances,
}

/// Disk of a Fargate task.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EphemeralStorage {
    /// Size in GiB, 21–200.
    #[serde(rename = "sizeInGiB")]
    #[schemars(range(min = 21, max = 200))]
    pub size_in_gib: i32,
}

/// Processor architecture and operating system.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimePlatform {
    /// `X86_64` or `ARM64`. Absent: `X86_64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = "^[A-Z0-9_]{1,64}$"))]
    pub cpu_architecture: Option<String>,
    /// `LINUX` or a Windows Server edition, for example `WINDOWS_SERVER_2022_CORE`; on Fargate a service's tasks must all have the same. Absent: `LINUX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = "^[A-Z0-9_]{1,64}$"))]
    pub operating_system_family: Option<String>,
}

/// A condition that container instances must meet.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinitionPlacementConstraint {
    /// `memberOf`: instances that meet `expression`. Absent: refused by AWS.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<TaskDefinitionPlacementConstraintType>,
    /// Expression of the cluster query language, for example `attribute:ecs.instance-type =~ t3.*`; at most 2,000 characters. Absent: refused by AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000))]
    pub expression: Option<String>,
}

/// Kind of a task definition's placement constraint.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TaskDefinitionPlacementConstraintType {
    /// Only instances that meet the expression.
    MemberOf,
}

/// An App Mesh proxy through which the task's traffic goes. AWS ends App Mesh; Service Connect comes after it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProxyConfiguration {
    /// Kind of the proxy: `APPMESH`. Absent: the same.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<ProxyConfigurationType>,
    /// The container of this task that is the proxy.
    #[schemars(length(min = 1, max = 255))]
    pub container_name: String,
    /// The proxy's network settings: `IgnoredUID`, `IgnoredGID`, `AppPorts`, `ProxyIngressPort`, `ProxyEgressPort`, `EgressIgnoredPorts`, `EgressIgnoredIPs`. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub properties: Option<Vec<KeyValuePair>>,
}

/// Kind of a proxy.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ProxyConfigurationType {
    /// App Mesh.
    Appmesh,
}

/// How far the task is isolated from the host and how that is proved.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustedExecutionConfiguration {
    /// `SHARED`, `ISOLATED_SANDBOX` or `CONFIDENTIAL_SANDBOX`.
    #[schemars(length(max = 64), regex(pattern = "^[A-Z0-9_]{1,64}$"))]
    pub isolation_mode: String,
    /// The policy by which the sandbox proves what it runs, in AWS's own wording. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 65536))]
    pub attestation_policy: Option<String>,
}
