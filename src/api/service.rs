//! EcsService: an ECS service with its target groups and listener rules.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    deployment::{DeploymentConfiguration, DeploymentController},
    lifecycle::{Drift, LastError, Lifecycle, LocalReference, PlannedStep},
    load_balancer::LoadBalancer,
    network::{NetworkConfiguration, Toggle},
    strategy::{CapacityProviderStrategyItem, PlacementConstraint, PlacementStrategy},
};

/// An ECS service with its target groups and listener rules.
#[derive(Clone, CustomResource, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[kube(
    group = "ecs-operator.dev",
    version = "v1alpha1",
    kind = "EcsService",
    plural = "ecsservices",
    namespaced,
    status = "EcsServiceStatus",
    derive = "PartialEq",
    shortname = "ecss",
    category = "ecs",
    doc = "An ECS service with its target groups and listener rules. Ready means: the declared revision runs, steady, with healthy targets.",
    scale(
        spec_replicas_path = ".spec.desiredCount",
        status_replicas_path = ".status.runningCount"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].reason"
    ),
    printcolumn(
        name = "Desired",
        type_ = "integer",
        json_path = ".status.desiredCount"
    ),
    printcolumn(
        name = "Running",
        type_ = "integer",
        json_path = ".status.runningCount"
    ),
    printcolumn(
        name = "Pending",
        type_ = "integer",
        json_path = ".status.pendingCount"
    ),
    printcolumn(
        name = "TaskDef",
        type_ = "integer",
        json_path = ".status.taskDefinition.revision"
    ),
    printcolumn(
        name = "Rollout",
        type_ = "string",
        json_path = ".status.rollout.state"
    ),
    printcolumn(
        name = "Cluster",
        type_ = "string",
        json_path = ".status.cluster",
        priority = 1
    ),
    printcolumn(
        name = "ARN",
        type_ = "string",
        json_path = ".status.arn",
        priority = 1
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.clusterRef) != has(self.cluster)")
        .message("spec: give exactly one of clusterRef (an EcsCluster of this namespace) and cluster (name or ARN of a cluster that exists).")
        .reason(Reason::FieldValueInvalid),
    validation = Rule::new("has(self.taskDefinitionRef) != has(self.taskDefinition)")
        .message("spec: give exactly one of taskDefinitionRef (an EcsTaskDefinition of this namespace) and taskDefinition (family:revision or ARN).")
        .reason(Reason::FieldValueInvalid),
    validation = Rule::new("has(self.clusterRef) == has(oldSelf.clusterRef) && (!has(self.clusterRef) || self.clusterRef == oldSelf.clusterRef) && has(self.cluster) == has(oldSelf.cluster) && (!has(self.cluster) || self.cluster == oldSelf.cluster)")
        .message("spec.clusterRef and spec.cluster are immutable: AWS cannot move a service. Create another EcsService in the other cluster.")
        .reason(Reason::FieldValueForbidden),
    validation = Rule::new("has(self.serviceName) == has(oldSelf.serviceName) && (!has(self.serviceName) || self.serviceName == oldSelf.serviceName)")
        .message("spec.serviceName is immutable: AWS cannot rename a service. Create another EcsService.")
        .reason(Reason::FieldValueForbidden),
    validation = Rule::new("has(self.schedulingStrategy) == has(oldSelf.schedulingStrategy) && (!has(self.schedulingStrategy) || self.schedulingStrategy == oldSelf.schedulingStrategy)")
        .message("spec.schedulingStrategy is immutable in AWS. Create another EcsService.")
        .reason(Reason::FieldValueForbidden),
    validation = Rule::new("has(self.region) == has(oldSelf.region) && (!has(self.region) || self.region == oldSelf.region)")
        .message("spec.region is immutable. Create another object for another Region.")
        .reason(Reason::FieldValueForbidden),
    validation = Rule::new("!(has(self.launchType) && has(self.capacityProviderStrategy) && size(self.capacityProviderStrategy) > 0)")
        .message("spec: launchType and capacityProviderStrategy exclude each other. Remove one.")
        .reason(Reason::FieldValueInvalid),
    validation = Rule::new("!(has(self.schedulingStrategy) && self.schedulingStrategy == 'DAEMON' && has(self.desiredCount))")
        .message("spec.desiredCount: a DAEMON service runs one task per instance. Remove desiredCount.")
        .reason(Reason::FieldValueForbidden),
    validation = Rule::new("!(has(self.schedulingStrategy) && self.schedulingStrategy == 'DAEMON' && has(self.launchType) && self.launchType == 'FARGATE')")
        .message("spec.schedulingStrategy: DAEMON does not run on Fargate. Use REPLICA, or launch type EC2.")
        .reason(Reason::FieldValueInvalid),
    validation = Rule::new("!has(self.tags) || self.tags.all(k, !k.lowerAscii().startsWith('aws:') && !k.startsWith('ecs-operator.dev/') && size(k) > 0 && size(k) <= 128 && size(self.tags[k]) <= 256)")
        .message("spec.tags: a key must have 1-128 characters and not begin with 'aws:' or 'ecs-operator.dev/', a value at most 256. Rename or shorten it.")
        .reason(Reason::FieldValueInvalid)
)]
pub struct EcsServiceSpec {
    /// The EcsCluster of this namespace. Exactly one of clusterRef and cluster. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_ref: Option<LocalReference>,
    /// Name or ARN of a cluster that exists. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub cluster: Option<String>,
    /// Name in AWS, 1–255 letters, digits, hyphens and underscores. Absent: `<namespace>-<name>`. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,255}$"))]
    pub service_name: Option<String>,
    /// The EcsTaskDefinition of this namespace whose current revision runs. Exactly one of taskDefinitionRef and taskDefinition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition_ref: Option<TaskDefinitionReference>,
    /// `family:revision` or ARN of a task definition that exists. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub task_definition: Option<String>,
    /// Number of tasks, 0–5000. Absent: 1 at creation, then left alone: it belongs to whoever scales in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 5000))]
    pub desired_count: Option<i32>,
    /// `FARGATE`, `EC2` or `EXTERNAL`. Absent: the cluster's default strategy, else EC2. Immutable in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// Shares of capacity providers instead of a launch type, at most 20. A change forces a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub capacity_provider_strategy: Option<Vec<CapacityProviderStrategyItem>>,
    /// Fargate platform version: `LATEST` or a number such as `1.4.0`. Absent: LATEST. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// `REPLICA` or `DAEMON` (one task per instance). Absent: REPLICA. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_strategy: Option<SchedulingStrategy>,
    /// Network of the tasks; required for network mode awsvpc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// Target groups of the service, at most 5. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    pub load_balancers: Option<Vec<LoadBalancer>>,
    /// Seconds after a task's start in which failed load balancer checks do not count. Absent: unmanaged, AWS's 0 at creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub health_check_grace_period_seconds: Option<i32>,
    /// How a deployment replaces tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_configuration: Option<DeploymentConfiguration>,
    /// Who deploys. Absent: ECS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_controller: Option<DeploymentController>,
    /// Conditions that container instances must meet; not on Fargate. At most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub placement_constraints: Option<Vec<PlacementConstraint>>,
    /// How ECS chooses among instances, in this order; not on Fargate. At most 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    pub placement_strategy: Option<Vec<PlacementStrategy>>,
    /// Whether ECS moves tasks so that zones stay even. Absent: unmanaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone_rebalancing: Option<Toggle>,
    /// Whether ECS Exec works on new tasks. Absent: false at creation, then unmanaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// Whether ECS tags tasks with cluster and service. Absent: false at creation, then unmanaged.
    #[serde(
        default,
        rename = "enableECSManagedTags",
        skip_serializing_if = "Option::is_none"
    )]
    pub enable_ecs_managed_tags: Option<bool>,
    /// Whose tags new tasks get. Absent: nobody's at creation, then unmanaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
    /// suspend, managementPolicy, deletionPolicy, tags and region.
    #[serde(flatten)]
    pub lifecycle: Lifecycle,
}

/// An EcsTaskDefinition and, to roll back visibly, one of its revisions.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinitionReference {
    /// Name of the EcsTaskDefinition.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Revision to run. Absent: always the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub revision: Option<i32>,
}

/// Infrastructure of the tasks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LaunchType {
    /// Container instances.
    Ec2,
    /// Fargate.
    Fargate,
    /// ECS Anywhere.
    External,
}

/// How many tasks run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SchedulingStrategy {
    /// `desiredCount` tasks.
    Replica,
    /// One task per container instance.
    Daemon,
}

/// Whose tags tasks get.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PropagateTags {
    /// The task definition's.
    TaskDefinition,
    /// The service's.
    Service,
    /// Nobody's.
    None,
}

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
    /// The latest rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// ID of the newest ECS deployment that failed; a failure that is known is not mistaken for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failed_deployment: Option<String>,
    /// Why tasks failed most recently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// Declared members that AWS had otherwise at the last look; they were repaired unless the management policy forbids it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// While `managementPolicy` is `Observe`: the calls that would bring AWS to what is declared, in order. Empty: it is in sync.
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

/// A rollout: one deployment of the service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// ID of the ECS deployment.
    pub id: String,
    /// `InProgress`, `Completed` or `Failed`.
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
