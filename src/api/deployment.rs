//! How ECS replaces tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a deployment replaces tasks. Can be changed without a deployment. Only `ROLLING` deployments so far.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentConfiguration {
    /// `ROLLING`. Absent: the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<DeploymentStrategy>,
    /// Upper limit of running and pending tasks during a deployment, percent of `desiredCount`, rounded down. Absent: 200 (100 for `DAEMON`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 200))]
    pub maximum_percent: Option<i32>,
    /// Lower limit of healthy tasks during a deployment, percent of `desiredCount`, rounded up. Absent: 100 (0 for `DAEMON`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub minimum_healthy_percent: Option<i32>,
    /// Gives a deployment up whose tasks do not start. Strongly advised: without it ECS tries for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_circuit_breaker: Option<DeploymentCircuitBreaker>,
    /// CloudWatch alarms that fail a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<DeploymentAlarms>,
    /// Minutes that a finished deployment is watched before it counts as complete, 0–1440. Absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1440))]
    pub bake_time_in_minutes: Option<i32>,
}

/// Kind of a deployment.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentStrategy {
    /// Old tasks are replaced step by step.
    Rolling,
}

/// When ECS gives a deployment up. AWS replaces this block as a whole, so both members are required.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentCircuitBreaker {
    /// Whether a deployment whose tasks keep failing is given up.
    pub enable: bool,
    /// Whether ECS then goes back to the last completed deployment.
    pub rollback: bool,
}

/// CloudWatch alarms that fail a deployment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentAlarms {
    /// Names of the alarms.
    pub alarm_names: Vec<String>,
    /// Whether ECS then goes back to the last completed deployment.
    pub rollback: bool,
    /// Whether the alarms are watched.
    pub enable: bool,
}

/// Who deploys. Absent: `ECS`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentController {
    /// `ECS`: the service scheduler itself.
    #[serde(rename = "type")]
    pub type_: DeploymentControllerType,
}

/// Kind of a deployment controller.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentControllerType {
    /// ECS's own scheduler.
    Ecs,
}
