//! EcsService: an ECS service with its target groups and listener rules.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::service_status::{
    Creating, CurrentTaskDefinition, DeploymentAction, EcsServiceStatus, Restart, Rollout,
    RuleStatus, TargetGroupStatus,
};
use super::{
    deployment::{DeploymentConfiguration, DeploymentController},
    lifecycle::{Lifecycle, LocalReference},
    load_balancer::LoadBalancer,
    network::{NetworkConfiguration, ServiceRegistry, Toggle},
    rules,
    service_connect::{GatewayConnector, ServiceConnectConfiguration, VpcLatticeConfiguration},
    service_volume::{MonitoringConfiguration, ServiceVolumeConfiguration},
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
        status_replicas_path = ".status.runningCount",
        label_selector_path = ".status.selector"
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
        name = "Healthy",
        type_ = "integer",
        json_path = ".status.targetGroups[0].healthy",
        description = "Healthy targets of the first target group.",
        priority = 1
    ),
    printcolumn(
        name = "Deployed",
        type_ = "date",
        json_path = ".status.rollout.startedAt",
        description = "Since the latest deployment began.",
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
    validation = rules::one_cluster(),
    validation = rules::one_task_definition(),
    validation = rules::immutable("cluster", "AWS cannot move a service. Create another EcsService in the other cluster."),
    validation = rules::immutable("serviceName", "AWS cannot rename a service. Create another EcsService."),
    validation = rules::immutable("schedulingStrategy", "Create another EcsService."),
    validation = rules::immutable("role", "Create another EcsService."),
    validation = rules::immutable_region(),
    validation = rules::launch_type_or_strategy(),
    validation = rules::platform_on_fargate(),
    validation = rules::constraints_on_instances(),
    validation = rules::strategy_on_instances(),
    validation = rules::daemon(),
    validation = rules::room_to_rebalance(),
    validation = rules::role_with_load_balancer(),
    validation = rules::steps_of_traffic(),
    validation = rules::shift_needs_advanced(),
    validation = rules::balanced_by_address(),
)]
pub struct EcsServiceSpec {
    /// An EcsCluster in this namespace. Exactly one of clusterRef and cluster. Absent: `cluster` names it. Immutable.
    // That it is set or taken out is what the rule of `cluster` finds: there is exactly one of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::immutable_name("AWS cannot move a service. Create another EcsService in the other cluster."))]
    pub cluster_ref: Option<LocalReference>,
    /// Name or ARN of an existing cluster. Absent: `clusterRef` names it. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub cluster: Option<String>,
    /// Name in AWS, 1–255 letters, digits, hyphens and underscores. Absent: `<namespace>-<name>`. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,255}$"))]
    pub service_name: Option<String>,
    /// An EcsTaskDefinition in this namespace; the service runs its current revision. Exactly one of taskDefinitionRef and taskDefinition. Absent: `taskDefinition` names it. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition_ref: Option<TaskDefinitionReference>,
    /// `family:revision` or ARN of an existing task definition. Absent: `taskDefinitionRef` names it. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = rules::task_definition_names_revision())]
    pub task_definition: Option<String>,
    /// Number of tasks, 0–5000. Absent: 1 at creation, then not managed, so that autoscaling in AWS can set it. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 5000))]
    pub desired_count: Option<i32>,
    /// `FARGATE`, `EC2` or `EXTERNAL`. Absent: the cluster's default strategy, else EC2. Immutable in AWS; set `capacityProviderStrategy` to leave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::managed_instances())]
    pub launch_type: Option<LaunchType>,
    /// Capacity providers and their shares, instead of a launch type, at most 20. Order has no meaning. Absent: `launchType`. A change forces a deployment; AWS goes back to a launch type only if the service was created with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    #[x_kube(
        validation = rules::strategy_has_weight(),
        validation = rules::strategy_has_one_base(),
        validation = rules::strategy_is_of_one_sort(),
    )]
    pub capacity_provider_strategy: Option<Vec<CapacityProviderStrategyItem>>,
    /// Fargate platform version: `LATEST` or a number such as `1.4.0`. Absent: LATEST at creation and at each deployment. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// `REPLICA` or `DAEMON` (one task per instance). Absent: REPLICA. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_strategy: Option<SchedulingStrategy>,
    /// Network of the tasks; required for network mode awsvpc, rejected for others. Absent: none of their own. A change starts a deployment; AWS cannot remove it from a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// Target groups of the service, at most 5. Order has no meaning. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    pub load_balancers: Option<Vec<LoadBalancer>>,
    /// Seconds after a task's start in which failed load balancer health checks are ignored. Absent: 0. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub health_check_grace_period_seconds: Option<i32>,
    /// How a deployment replaces tasks. Absent: AWS's defaults. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_configuration: Option<DeploymentConfiguration>,
    /// Deployment controller. Absent: ECS. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_controller: Option<DeploymentController>,
    /// Conditions that container instances must meet; not on Fargate; at most 10. Order has no meaning. Absent: none. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub placement_constraints: Option<Vec<PlacementConstraint>>,
    /// How ECS chooses among instances, in this order; not on Fargate; at most 5. Absent: none. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    pub placement_strategy: Option<Vec<PlacementStrategy>>,
    /// Whether ECS rebalances tasks across Availability Zones. Absent: AWS decides at creation; AWS cannot reset it later. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone_rebalancing: Option<Toggle>,
    /// Whether ECS Exec works on new tasks. Absent: false. Can be changed without a deployment; running tasks keep what they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// Whether ECS tags new tasks with cluster and service. Absent: false. Can be changed without a deployment; running tasks keep what they have.
    #[serde(
        default,
        rename = "enableECSManagedTags",
        skip_serializing_if = "Option::is_none"
    )]
    pub enable_ecs_managed_tags: Option<bool>,
    /// Whose tags new tasks get: `TASK_DEFINITION`, `SERVICE` or `NONE`. Absent: `NONE`. Can be changed without a deployment; running tasks keep what they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
    /// Name or ARN of the role with which ECS calls the load balancer; only without network mode awsvpc. Absent: the service-linked role. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub role: Option<String>,
    /// The Cloud Map registry of the service, one at most. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1))]
    pub service_registries: Option<Vec<ServiceRegistry>>,
    /// Service Connect. Absent: off. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_connect_configuration: Option<ServiceConnectConfiguration>,
    /// Settings of the task definition's `configuredAtLaunch` volumes, one each. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub volume_configurations: Option<Vec<ServiceVolumeConfiguration>>,
    /// VPC Lattice target groups. Order has no meaning. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub vpc_lattice_configurations: Option<Vec<VpcLatticeConfiguration>>,
    /// The gateway in front of the service, at most one. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1))]
    pub gateway_connectors: Option<Vec<GatewayConnector>>,
    /// Resolution of the service's metrics. Absent: 60 seconds. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<MonitoringConfiguration>,
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
    /// ECS Managed Instances; only by way of their capacity provider.
    ManagedInstances,
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
