//! Network of a service's tasks.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// Network of tasks whose network mode is `awsvpc`; required for them and refused for others. AWS replaces it as a whole.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::network_is_awsvpc())]
pub struct NetworkConfiguration {
    /// Subnets and security groups. Absent: refused. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awsvpc_configuration: Option<AwsVpcConfiguration>,
}

/// Subnets and security groups of the tasks' network interfaces.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsVpcConfiguration {
    /// Subnet IDs of one VPC, 1–16. Order has no meaning. A change starts a deployment.
    #[schemars(length(min = 1, max = 16))]
    pub subnets: Vec<String>,
    /// Security group IDs of the same VPC, at most 5. Absent: the VPC's default group. Order has no meaning. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    pub security_groups: Option<Vec<String>>,
    /// `ENABLED` gives the interface a public address. Absent: `DISABLED`. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign_public_ip: Option<Toggle>,
}

/// The Cloud Map registry in which ECS registers the tasks.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::registry_is_whole(),
    validation = rules::registry_has_one_port(),
)]
pub struct ServiceRegistry {
    /// ARN of the Cloud Map service. Absent: AWS documents no default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub registry_arn: Option<String>,
    /// Port in SRV records, 1–65535, for network mode awsvpc instead of container and port. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// Container of the task definition; required for network modes bridge and host. Absent: only for network mode awsvpc. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub container_name: Option<String>,
    /// Port of that container, as in its `portMappings`. Absent: only for network mode awsvpc. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub container_port: Option<i32>,
}

/// AWS's `ENABLED`/`DISABLED`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Toggle {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}
