//! EcsService: an ECS service with its target groups and listener rules.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::service_status::{
    CurrentTaskDefinition, EcsServiceStatus, Rollout, RuleStatus, TargetGroupStatus,
};
use super::{
    deployment::{DeploymentConfiguration, DeploymentController},
    lifecycle::{Lifecycle, LocalReference},
    load_balancer::LoadBalancer,
    network::{NetworkConfiguration, ServiceRegistry, Toggle},
    rules::{forbidden, invalid, invalid_value},
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
    validation = invalid("has(self.clusterRef) != has(self.cluster)",
        "spec: give exactly one of clusterRef (an EcsCluster of this namespace) and cluster (name or ARN of a cluster that exists)."),
    validation = invalid("has(self.taskDefinitionRef) != has(self.taskDefinition)",
        "spec: give exactly one of taskDefinitionRef (an EcsTaskDefinition of this namespace) and taskDefinition (family:revision or ARN)."),
    validation = invalid_value("!has(self.taskDefinition) || self.taskDefinition.matches(':[0-9]+$')",
        "'spec.taskDefinition: \"' + self.taskDefinition + '\" names no revision, and what is newest can change behind our back. Write family:revision.'"),
    validation = forbidden("has(self.clusterRef) == has(oldSelf.clusterRef) && (!has(self.clusterRef) || self.clusterRef == oldSelf.clusterRef) && has(self.cluster) == has(oldSelf.cluster) && (!has(self.cluster) || self.cluster == oldSelf.cluster)",
        "spec.clusterRef and spec.cluster are immutable: AWS cannot move a service. Create another EcsService in the other cluster."),
    validation = forbidden("has(self.serviceName) == has(oldSelf.serviceName) && (!has(self.serviceName) || self.serviceName == oldSelf.serviceName)",
        "spec.serviceName is immutable: AWS cannot rename a service. Create another EcsService."),
    validation = forbidden("has(self.schedulingStrategy) == has(oldSelf.schedulingStrategy) && (!has(self.schedulingStrategy) || self.schedulingStrategy == oldSelf.schedulingStrategy)",
        "spec.schedulingStrategy is immutable in AWS. Create another EcsService."),
    validation = forbidden("has(self.role) == has(oldSelf.role) && (!has(self.role) || self.role == oldSelf.role)",
        "spec.role is immutable in AWS. Create another EcsService."),
    validation = forbidden("has(self.region) == has(oldSelf.region) && (!has(self.region) || self.region == oldSelf.region)",
        "spec.region is immutable. Create another object for another Region."),
    validation = invalid("!(has(self.launchType) && has(self.capacityProviderStrategy) && size(self.capacityProviderStrategy) > 0)",
        "spec: launchType and capacityProviderStrategy exclude each other. Remove one."),
    validation = invalid("!has(self.launchType) || self.launchType != 'MANAGED_INSTANCES'",
        "spec.launchType: MANAGED_INSTANCES is reached through its capacity provider. Remove launchType and set capacityProviderStrategy."),
    validation = invalid("!has(self.capacityProviderStrategy) || size(self.capacityProviderStrategy) == 0 || self.capacityProviderStrategy.exists(i, !has(i.weight) || i.weight > 0) ",
        "spec.capacityProviderStrategy: at least one item needs a weight above 0. Raise one."),
    validation = invalid("!has(self.capacityProviderStrategy) || self.capacityProviderStrategy.filter(i, has(i.base) && i.base > 0).size() <= 1",
        "spec.capacityProviderStrategy: only one item may have a base. Remove the others."),
    validation = invalid("!has(self.capacityProviderStrategy) || self.capacityProviderStrategy.all(i, i.capacityProvider in ['FARGATE', 'FARGATE_SPOT']) || self.capacityProviderStrategy.all(i, !(i.capacityProvider in ['FARGATE', 'FARGATE_SPOT']))",
        "spec.capacityProviderStrategy: Fargate providers do not mix with others. Keep one kind."),
    validation = invalid("!(has(self.platformVersion) && self.platformVersion != 'LATEST' && has(self.launchType) && self.launchType != 'FARGATE')",
        "spec.platformVersion: only Fargate has platform versions. Remove it, or set launchType: FARGATE."),
    validation = invalid("!((has(self.placementConstraints) && size(self.placementConstraints) > 0 || has(self.placementStrategy) && size(self.placementStrategy) > 0) && (has(self.launchType) && self.launchType == 'FARGATE' || has(self.capacityProviderStrategy) && self.capacityProviderStrategy.exists(i, i.capacityProvider in ['FARGATE', 'FARGATE_SPOT'])))",
        "spec.placementConstraints and spec.placementStrategy: Fargate has no instances to place tasks on. Remove them."),
    validation = forbidden("!(has(self.schedulingStrategy) && self.schedulingStrategy == 'DAEMON' && has(self.desiredCount))",
        "spec.desiredCount: a DAEMON service runs one task per instance. Remove desiredCount."),
    validation = invalid("!(has(self.schedulingStrategy) && self.schedulingStrategy == 'DAEMON' && (has(self.launchType) && self.launchType == 'FARGATE' || has(self.capacityProviderStrategy) && self.capacityProviderStrategy.exists(i, i.capacityProvider in ['FARGATE', 'FARGATE_SPOT'])))",
        "spec.schedulingStrategy: DAEMON does not run on Fargate. Use REPLICA, or launch type EC2."),
    validation = invalid("!(has(self.schedulingStrategy) && self.schedulingStrategy == 'DAEMON' && has(self.placementStrategy) && size(self.placementStrategy) > 0)",
        "spec.placementStrategy: a DAEMON service runs on every instance. Remove it."),
    validation = invalid("!(has(self.schedulingStrategy) && self.schedulingStrategy == 'DAEMON' && has(self.volumeConfigurations) && size(self.volumeConfigurations) > 0)",
        "spec.volumeConfigurations: a DAEMON service takes none. Remove them, or use REPLICA."),
    validation = invalid("!(has(self.schedulingStrategy) && self.schedulingStrategy == 'DAEMON' && has(self.deploymentConfiguration) && has(self.deploymentConfiguration.maximumPercent) && self.deploymentConfiguration.maximumPercent != 100)",
        "spec.deploymentConfiguration.maximumPercent: a DAEMON service takes only 100. Remove it."),
    validation = invalid("!(has(self.schedulingStrategy) && self.schedulingStrategy == 'DAEMON' && has(self.availabilityZoneRebalancing) && self.availabilityZoneRebalancing == 'ENABLED')",
        "spec.availabilityZoneRebalancing: a DAEMON service runs on every instance. Remove it, or set DISABLED."),
    validation = invalid("!(has(self.availabilityZoneRebalancing) && self.availabilityZoneRebalancing == 'ENABLED' && has(self.deploymentConfiguration) && has(self.deploymentConfiguration.maximumPercent) && self.deploymentConfiguration.maximumPercent <= 100)",
        "spec.availabilityZoneRebalancing: needs room to start a task elsewhere first. Raise deploymentConfiguration.maximumPercent above 100, or set DISABLED."),
    validation = invalid("!has(self.deploymentController) || self.deploymentController.type == 'ECS'",
        "spec.deploymentController.type: only ECS so far; with CODE_DEPLOY and EXTERNAL others decide what runs. Remove it, and set deploymentConfiguration.strategy: BLUE_GREEN for blue/green deployments."),
    validation = invalid("!(has(self.healthCheckGracePeriodSeconds) && self.healthCheckGracePeriodSeconds > 0) || (has(self.loadBalancers) && size(self.loadBalancers) > 0) || (has(self.vpcLatticeConfigurations) && size(self.vpcLatticeConfigurations) > 0) || has(self.gatewayConnectors)",
        "spec.healthCheckGracePeriodSeconds: there is no load balancer whose checks could be disregarded. Remove it, or add loadBalancers."),
    validation = invalid("!has(self.role) || (has(self.loadBalancers) && size(self.loadBalancers) > 0 && !has(self.networkConfiguration))",
        "spec.role: is only for services with loadBalancers whose tasks do not use network mode awsvpc. Remove it: ECS then uses its service-linked role."),
    validation = invalid("!(has(self.deploymentConfiguration) && has(self.deploymentConfiguration.strategy) && self.deploymentConfiguration.strategy in ['LINEAR', 'CANARY']) || (has(self.loadBalancers) && size(self.loadBalancers) > 0) || (has(self.serviceConnectConfiguration) && self.serviceConnectConfiguration.enabled) || (has(self.vpcLatticeConfigurations) && size(self.vpcLatticeConfigurations) > 0)",
        "spec.deploymentConfiguration.strategy: LINEAR and CANARY shift traffic in steps, and there is none. Add loadBalancers with advancedConfiguration or serviceConnectConfiguration, or use ROLLING."),
    validation = invalid("!(has(self.deploymentConfiguration) && has(self.deploymentConfiguration.strategy) && self.deploymentConfiguration.strategy != 'ROLLING') || !has(self.loadBalancers) || self.loadBalancers.all(l, has(l.advancedConfiguration))",
        "spec.loadBalancers: strategies BLUE_GREEN, LINEAR and CANARY need advancedConfiguration (the other target group and the production listener rule) in every entry. Add it, or use ROLLING."),
    validation = invalid("!has(self.loadBalancers) || !self.loadBalancers.exists(l, has(l.loadBalancerName)) || !has(self.networkConfiguration)",
        "spec.loadBalancers: a Classic Load Balancer (loadBalancerName) does not work with network mode awsvpc. Use a target group."),
    validation = invalid("!has(self.tags) || self.tags.all(k, !k.lowerAscii().startsWith('aws:') && !k.startsWith('ecs-operator.dev/') && size(k) > 0 && size(k) <= 128 && size(self.tags[k]) <= 256)",
        "spec.tags: a key must have 1-128 characters and not begin with 'aws:' or 'ecs-operator.dev/', a value at most 256. Rename or shorten it.")
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
    /// The EcsTaskDefinition of this namespace whose current revision runs. Exactly one of taskDefinitionRef and taskDefinition. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition_ref: Option<TaskDefinitionReference>,
    /// `family:revision` or ARN of a task definition that exists. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub task_definition: Option<String>,
    /// Number of tasks, 0–5000. Absent: 1 at creation, then left alone: it belongs to whoever scales in AWS. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 5000))]
    pub desired_count: Option<i32>,
    /// `FARGATE`, `EC2` or `EXTERNAL`. Absent: the cluster's default strategy, else EC2. Immutable in AWS; left by way of `capacityProviderStrategy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// Shares of capacity providers instead of a launch type, at most 20. Order has no meaning. Absent: `launchType`. A change forces a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub capacity_provider_strategy: Option<Vec<CapacityProviderStrategyItem>>,
    /// Fargate platform version: `LATEST` or a number such as `1.4.0`. Absent: LATEST at creation and at each deployment. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// `REPLICA` or `DAEMON` (one task per instance). Absent: REPLICA. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling_strategy: Option<SchedulingStrategy>,
    /// Network of the tasks; required for network mode awsvpc, refused for others. A change starts a deployment; AWS cannot take it off a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// Target groups of the service, at most 5. Order has no meaning. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    pub load_balancers: Option<Vec<LoadBalancer>>,
    /// Seconds after a task's start in which failed load balancer checks do not count. Absent: 0. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub health_check_grace_period_seconds: Option<i32>,
    /// How a deployment replaces tasks. Absent: AWS's defaults. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_configuration: Option<DeploymentConfiguration>,
    /// Who deploys. Absent: ECS. Can be changed without a deployment.
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
    /// Whether ECS moves tasks so that zones stay even. Absent: AWS decides at creation; AWS cannot reset it later. Can be changed without a deployment.
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
    /// Name or ARN of the role with which ECS calls the load balancer; only without network mode awsvpc. Absent: the service-linked role. Immutable in AWS.
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
    /// The gateway that leads to the service, one at most. Absent: none. A change starts a deployment.
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
