//! EcsCluster: an ECS cluster.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    lifecycle::{Drift, LastError, Lifecycle, PlannedStep},
    rules,
    strategy::CapacityProviderStrategyItem,
};

/// An ECS cluster. Every member can be changed in place, unless it says otherwise.
#[derive(Clone, CustomResource, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[kube(
    group = "ecs-operator.dev",
    version = "v1alpha1",
    kind = "EcsCluster",
    plural = "ecsclusters",
    namespaced,
    status = "EcsClusterStatus",
    derive = "PartialEq",
    shortname = "ecsc",
    category = "ecs",
    doc = "An ECS cluster: settings, configuration, capacity providers and Service Connect defaults.",
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
        name = "Services",
        type_ = "integer",
        json_path = ".status.activeServicesCount",
        priority = 1
    ),
    printcolumn(
        name = "Running",
        type_ = "integer",
        json_path = ".status.runningTasksCount",
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
    validation = rules::immutable("clusterName", "AWS cannot rename a cluster. Create another EcsCluster and move the services."),
    validation = rules::immutable_region(),
    validation = rules::strategy_needs_providers(),
    validation = rules::strategy_of_own_providers(),
)]
pub struct EcsClusterSpec {
    /// Name in AWS, 1–255 letters, digits, hyphens and underscores. Absent: `<namespace>-<name>`. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255), regex(pattern = r"^[A-Za-z0-9_-]{1,255}$"))]
    pub cluster_name: Option<String>,
    /// Settings: Container Insights. Settings that are not named here are left alone. Absent: unmanaged, the account's at creation; AWS has no way back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub settings: Option<Vec<ClusterSetting>>,
    /// ECS Exec and storage encryption. Absent: unmanaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ClusterConfiguration>,
    /// Capacity providers of the cluster, at most 20: `FARGATE`, `FARGATE_SPOT` or names of existing ones. The list is complete: providers that are not in it are removed from the cluster. Order has no meaning. Absent: unmanaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 20),
        inner(length(max = 255), regex(pattern = r"^[A-Za-z0-9_-]{1,255}$"))
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub capacity_providers: Option<Vec<String>>,
    /// Strategy of services and tasks that name none; its providers are among capacityProviders. Order has no meaning. Absent: none, where capacityProviders are declared; else unmanaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    #[x_kube(
        validation = rules::strategy_has_weight(),
        validation = rules::strategy_has_one_base(),
        validation = rules::strategy_is_of_one_sort(),
    )]
    pub default_capacity_provider_strategy: Option<Vec<CapacityProviderStrategyItem>>,
    /// Namespace that Service Connect uses when a service names none. Absent: unmanaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_connect_defaults: Option<ClusterServiceConnectDefaults>,
    /// suspend, managementPolicy, deletionPolicy, tags and region.
    #[serde(flatten)]
    pub lifecycle: Lifecycle,
}

/// A setting of a cluster.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSetting {
    /// `containerInsights`.
    #[schemars(length(max = 63), regex(pattern = "^[A-Za-z][A-Za-z0-9]{0,62}$"))]
    pub name: String,
    /// `enabled`, `enhanced` or `disabled`. Absent: the account's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub value: Option<String>,
}

/// ECS Exec and storage encryption of a cluster. What is not declared is left alone.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterConfiguration {
    /// Encryption and logging of ECS Exec. Absent: unmanaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execute_command_configuration: Option<ExecuteCommandConfiguration>,
    /// Keys of managed storage. Absent: unmanaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_storage_configuration: Option<ManagedStorageConfiguration>,
}

/// Encryption and logging of ECS Exec.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::override_says_where())]
pub struct ExecuteCommandConfiguration {
    /// ID, ARN or alias of the KMS key of the session's data. Absent: AWS's own encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub kms_key_id: Option<String>,
    /// `NONE`, `DEFAULT` (the task's awslogs configuration) or `OVERRIDE` (with `logConfiguration`). Absent: `DEFAULT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging: Option<ExecuteCommandLogging>,
    /// Where sessions are logged, for `OVERRIDE`. Absent: nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<ExecuteCommandLogConfiguration>,
}

/// Logging of ECS Exec.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecuteCommandLogging {
    /// Not logged.
    None,
    /// To the task's awslogs configuration.
    Default,
    /// To the given places.
    Override,
}

/// Where ECS Exec sessions are logged.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteCommandLogConfiguration {
    /// CloudWatch log group; it must exist. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub cloud_watch_log_group_name: Option<String>,
    /// Whether the log group must be encrypted. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_watch_encryption_enabled: Option<bool>,
    /// S3 bucket; it must exist. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub s3_bucket_name: Option<String>,
    /// Whether the bucket must be encrypted. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_encryption_enabled: Option<bool>,
    /// Prefix of the objects. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub s3_key_prefix: Option<String>,
}

/// KMS keys of managed storage.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedStorageConfiguration {
    /// ID or ARN of the key of managed EBS volumes. Absent: AWS's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub kms_key_id: Option<String>,
    /// ID or ARN of the key of Fargate's ephemeral storage. Absent: AWS's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub fargate_ephemeral_storage_kms_key_id: Option<String>,
}

/// Defaults of Service Connect.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterServiceConnectDefaults {
    /// Name or ARN of the Cloud Map namespace; AWS makes it when a name does not exist.
    #[schemars(length(min = 1, max = 1024))]
    pub namespace: String,
}

/// What is known of a cluster.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EcsClusterStatus {
    /// The generation of the spec that this status speaks of; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready always; Reconciling and Stalled only while True.
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// ARN of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Name in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// Active services when the cluster was last read, at most a drift period ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_services_count: Option<i64>,
    /// Running tasks when the cluster was last read, at most a drift period ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_tasks_count: Option<i64>,
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
