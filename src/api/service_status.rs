//! What is known of a service: the status of EcsService.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lifecycle::{Drift, LastError, PlannedStep};

/// What is known of a service.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EcsServiceStatus {
    /// The generation of the spec that this status speaks of; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready always; Reconciling and Stalled only while True.
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// ARN of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Name of the cluster in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Tasks that ECS is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_count: Option<i64>,
    /// Tasks that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_count: Option<i64>,
    /// Selects no Pod: the tasks are in ECS. A HorizontalPodAutoscaler asks the scale subresource for a selector before it does anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Tasks that are starting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_count: Option<i64>,
    /// The revision of the current deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<CurrentTaskDefinition>,
    /// Managed target groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_groups: Vec<TargetGroupStatus>,
    /// Managed listener rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleStatus>,
    /// What is about to be created and was not seen since: a process that dies in between loses nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creating: Option<Creating>,
    /// The latest rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// The restart that the annotation `ecs-operator.dev/restarted-at` asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// What became of the annotation `ecs-operator.dev/deployment-action`. Each of its values is an answer to one pause: for the next
    /// one of the same deployment take it off and put it on again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_action: Option<DeploymentAction>,
    /// ID of the newest ECS deployment that failed; a failure that is known is not mistaken for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failed_deployment: Option<String>,
    /// Why tasks failed most recently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// Declared members that AWS had otherwise at the last look; they were repaired unless the management policy forbids it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// Members that are declared and may be in AWS, as JSON Pointers without values: what is taken out of the spec later is set back in AWS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<String>,
    /// While `managementPolicy` is `Observe`, and before something is adopted: the calls that would bring AWS to what is declared, in order. Empty: it is in sync.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<PlannedStep>,
    /// The AWS error that hinders this object, while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
}

/// The revision of the current deployment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CurrentTaskDefinition {
    /// Its ARN.
    pub arn: String,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
}

/// A managed target group.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroupStatus {
    /// Name in AWS.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Healthy targets at the last look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<i64>,
    /// Targets that are not healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unhealthy: Option<i64>,
}

/// A managed listener rule.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleStatus {
    /// ARN of the rule.
    pub arn: String,
    /// ARN of its listener.
    pub listener_arn: String,
    /// Its priority.
    pub priority: i32,
}

/// Where things are about to be created.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Creating {
    /// Names of target groups.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub target_groups: BTreeSet<String>,
    /// ARNs of listeners that get rules.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub listeners: BTreeSet<String>,
}

/// A restart that was asked for: written before it is begun, so that neither a crash nor a new process repeats or forgets it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restart {
    /// The annotation's value.
    pub at: String,
    /// ID of the ECS deployment that it replaces; absent once done, or if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
}

/// The answer to a pause of a deployment: written before it is given, so that neither a crash nor a new process repeats or forgets it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentAction {
    /// The annotation's value.
    pub value: String,
    /// ID of the lifecycle hook that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// Why it does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A rollout: one deployment of the service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// ID of the ECS deployment.
    pub id: String,
    /// `InProgress`, `Completed` or `Failed`; another word is AWS's own, which this version of the operator does not know and waits on.
    pub state: String,
    /// The revision it rolls out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// Hash of the declared members that start deployments; a failed rollout is not tried again while it is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// When ECS created the deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// ECS's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Tasks that failed to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_tasks: Option<i64>,
}
