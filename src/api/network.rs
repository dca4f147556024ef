//! Network of a service's tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Network of tasks whose network mode is `awsvpc`; required for them and refused for others. A change starts a deployment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkConfiguration {
    /// Subnets and security groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awsvpc_configuration: Option<AwsVpcConfiguration>,
}

/// Subnets and security groups of the tasks' network interfaces.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsVpcConfiguration {
    /// Subnet IDs of one VPC, 1–16. Order has no meaning.
    #[schemars(length(min = 1, max = 16))]
    pub subnets: Vec<String>,
    /// Security group IDs of the same VPC, at most 5. Absent: the VPC's default group. Order has no meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    pub security_groups: Option<Vec<String>>,
    /// Whether the interface gets a public address. Absent: `DISABLED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign_public_ip: Option<Toggle>,
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
