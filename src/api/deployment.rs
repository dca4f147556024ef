//! How ECS replaces tasks.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rules;

/// How a deployment replaces tasks. Can be changed without a deployment; the next one follows it.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::linear_with_strategy(),
    validation = rules::canary_with_strategy(),
    validation = rules::blue_green_bakes(),
    validation = rules::early_success_rolls(),
    validation = rules::room_to_replace(),
    validation = rules::early_but_enough(),
)]
pub struct DeploymentConfiguration {
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`. Absent: `ROLLING`. Can be changed; the next deployment follows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<DeploymentStrategy>,
    /// Upper limit of running and pending tasks during a deployment, percent of `desiredCount`, rounded down, 100–200. Absent: 200 (100 for `DAEMON`). Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 200))]
    pub maximum_percent: Option<i32>,
    /// Lower limit of healthy tasks during a deployment, percent of `desiredCount`, rounded up, 0–100. Absent: 100 (0 for `DAEMON`). Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub minimum_healthy_percent: Option<i32>,
    /// Fails a deployment whose tasks do not start. Strongly recommended: without it ECS retries forever. Absent: off. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_circuit_breaker: Option<DeploymentCircuitBreaker>,
    /// CloudWatch alarms that fail a deployment. Absent: none. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<DeploymentAlarms>,
    /// Minutes in which old and new tasks run side by side after the traffic has moved, 0–1440; required for `BLUE_GREEN`. Absent: 0. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1440))]
    pub bake_time_in_minutes: Option<i32>,
    /// Calls and pauses at stages of a deployment, at most 50. Absent: none. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub lifecycle_hooks: Option<Vec<DeploymentLifecycleHook>>,
    /// Steps of a `LINEAR` deployment. Absent: AWS's 10 percent every 6 minutes. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear_configuration: Option<LinearConfiguration>,
    /// First share of a `CANARY` deployment. Absent: AWS's 5 percent for 10 minutes. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_configuration: Option<CanaryConfiguration>,
    /// When a `ROLLING` deployment counts as successful before every task is replaced. Absent: off. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_success_criteria: Option<DeploymentEarlySuccessCriteria>,
}

/// Kind of a deployment.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentStrategy {
    /// Old tasks are replaced step by step.
    Rolling,
    /// All new tasks first, then all traffic at once.
    BlueGreen,
    /// All new tasks first, then traffic in equal steps.
    Linear,
    /// All new tasks first, then a small share of traffic, then the rest.
    Canary,
}

/// When ECS gives a deployment up. AWS replaces this block as a whole, so `enable` and `rollback` are both required.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentCircuitBreaker {
    /// Whether ECS fails a deployment whose tasks keep failing. Can be changed.
    pub enable: bool,
    /// Whether ECS then rolls back to the last completed deployment. Can be changed.
    pub rollback: bool,
    /// Whether a task that becomes healthy resets the failure count. Absent: true. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_on_healthy_task: Option<bool>,
    /// How many failures fail the deployment. Absent: half of `desiredCount`, 3–200. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_configuration: Option<ThresholdConfiguration>,
}

/// How many failed tasks are too many.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdConfiguration {
    /// What `value` counts: `COUNT` tasks, or percent of `desiredCount` with (`BOUNDED_PERCENT`) or without (`UNBOUNDED_PERCENT`) AWS's bounds. Can be changed.
    #[serde(rename = "type")]
    pub type_: ThresholdType,
    /// Tasks or percent, at least 1. Can be changed.
    #[schemars(range(min = 1))]
    pub value: i32,
}

/// What a threshold counts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ThresholdType {
    /// Tasks.
    Count,
    /// Percent of `desiredCount`, at least 3 and at most 200 tasks.
    BoundedPercent,
    /// Percent of `desiredCount`.
    UnboundedPercent,
}

/// CloudWatch alarms that fail a deployment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentAlarms {
    /// Names of the alarms. Order has no meaning. Can be changed.
    #[schemars(length(max = 50))]
    pub alarm_names: Vec<String>,
    /// Whether ECS then rolls back to the last completed deployment. Can be changed.
    pub rollback: bool,
    /// Whether the alarms are watched. Can be changed.
    pub enable: bool,
}

/// A call or a pause at stages of a deployment.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::hook_has_target(),
    validation = rules::pause_beside_shifts(),
    validation = rules::pause_calls_nothing(),
)]
pub struct DeploymentLifecycleHook {
    /// `AWS_LAMBDA` calls a function, `PAUSE` waits until the deployment is continued or rolled back. Absent: `AWS_LAMBDA`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_type: Option<DeploymentLifecycleHookTargetType>,
    /// ARN of the Lambda function; required for `AWS_LAMBDA`. Absent: only for `PAUSE`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub hook_target_arn: Option<String>,
    /// ARN of the role with which ECS calls it; required for `AWS_LAMBDA`. Absent: only for `PAUSE`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub role_arn: Option<String>,
    /// Stages at which it acts, at least one; not the two traffic shifts themselves for `PAUSE`. Order has no meaning. Can be changed.
    #[schemars(length(min = 1, max = 8))]
    pub lifecycle_stages: Vec<DeploymentLifecycleHookStage>,
    /// Any JSON, passed to the function in each call. Not a place for secrets. Absent: nothing. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "document")]
    #[schemars(schema_with = "document::schema")]
    pub hook_details: Option<Value>,
    /// How long to wait for an unanswered hook. Absent: 1,440 minutes, then a rollback. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_configuration: Option<DeploymentLifecycleHookTimeoutConfiguration>,
}

/// A member that AWS calls a document: any JSON, `null` too.
mod document {
    use schemars::{Schema, SchemaGenerator, json_schema};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    pub fn serialize<S: Serializer>(value: &Option<Value>, to: S) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
        Value::deserialize(from).map(|value| Some(value).filter(|value| !value.is_null()))
    }

    pub fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"x-kubernetes-preserve-unknown-fields": true})
    }
}

/// What a lifecycle hook does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentLifecycleHookTargetType {
    /// Calls a Lambda function.
    AwsLambda,
    /// Waits for a person.
    Pause,
}

/// A stage of a deployment.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentLifecycleHookStage {
    /// A deployment begins while more than one revision is active.
    ReconcileService,
    /// Before new tasks start.
    PreScaleUp,
    /// New tasks run, without traffic.
    PostScaleUp,
    /// Test traffic moves to the new tasks.
    TestTrafficShift,
    /// Test traffic has moved.
    PostTestTrafficShift,
    /// Before production traffic moves, at each step.
    PreProductionTrafficShift,
    /// Production traffic moves.
    ProductionTrafficShift,
    /// Production traffic has moved.
    PostProductionTrafficShift,
}

/// How long to wait for an unanswered hook. AWS replaces this block as a whole.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentLifecycleHookTimeoutConfiguration {
    /// Minutes, 1–20160. Absent: 1440. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20160))]
    pub timeout_in_minutes: Option<i32>,
    /// What happens then: `ROLLBACK` or `CONTINUE`. Absent: `ROLLBACK`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<DeploymentLifecycleHookAction>,
}

/// What happens when a hook stays unanswered.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentLifecycleHookAction {
    /// The deployment is rolled back.
    Rollback,
    /// The deployment goes on.
    Continue,
}

/// Steps of a `LINEAR` deployment. AWS replaces this block as a whole.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinearConfiguration {
    /// Share of the traffic that each step moves, percent, 3.0–100.0 in steps of 0.1. Absent: 10. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3.0, max = 100.0))]
    pub step_percent: Option<f64>,
    /// Minutes between steps, 0–1440. Absent: 6. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1440))]
    pub step_bake_time_in_minutes: Option<i32>,
}

/// First share of a `CANARY` deployment. AWS replaces this block as a whole.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryConfiguration {
    /// Share of the traffic that moves first, percent, 0.1–100.0 in steps of 0.1. Absent: 5. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 100.0))]
    pub canary_percent: Option<f64>,
    /// Minutes until the rest follows, 0–1440. Absent: 10. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1440))]
    pub canary_bake_time_in_minutes: Option<i32>,
}

/// When a rolling deployment counts as successful early.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::early_success_is_whole(),
)]
pub struct DeploymentEarlySuccessCriteria {
    /// Whether it applies. Can be changed.
    pub enable: bool,
    /// Healthy new tasks that suffice, percent of `desiredCount`, 0–100, not below `minimumHealthyPercent`; required with `enable`. Absent: only while `enable` is false. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub healthy_percent: Option<i32>,
    /// Whether old tasks are removed before (`BLOCKING`) or after (`DEFERRED`) the deployment counts as successful; required with `enable`. Absent: only while `enable` is false. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_service_revision_cleanup: Option<SourceServiceRevisionCleanup>,
}

/// When old tasks are removed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SourceServiceRevisionCleanup {
    /// Before the deployment counts as successful.
    Blocking,
    /// After it.
    Deferred,
}

/// Who deploys.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentController {
    /// `ECS`: the service scheduler itself; `CODE_DEPLOY` and `EXTERNAL` are rejected so far, because then this object would not declare what runs. Can be changed.
    #[serde(rename = "type")]
    #[x_kube(validation = rules::controller_is_ecs())]
    pub type_: DeploymentControllerType,
}

/// Kind of a deployment controller.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentControllerType {
    /// ECS's own scheduler.
    Ecs,
    /// AWS CodeDeploy.
    CodeDeploy,
    /// A third party, by task sets.
    External,
}
