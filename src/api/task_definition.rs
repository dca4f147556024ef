//! EcsTaskDefinition: a task definition family. Editing it registers one new revision.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    container::ContainerDefinition,
    lifecycle::{LastError, Lifecycle},
    strategy::PlacementConstraint,
    volume::Volume,
};

/// A task definition family: every edit registers exactly one new revision, and every service that refers to it rolls to that revision.
#[derive(Clone, CustomResource, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[kube(
    group = "ecs-operator.dev",
    version = "v1alpha1",
    kind = "EcsTaskDefinition",
    plural = "ecstaskdefinitions",
    namespaced,
    status = "EcsTaskDefinitionStatus",
    derive = "PartialEq",
    shortname = "ecstd",
    category = "ecs",
    doc = "A task definition family: every edit registers exactly one new revision, and every service that refers to it rolls to that revision.",
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
    printcolumn(name = "Family", type_ = "string", json_path = ".status.family"),
    printcolumn(name = "Rev", type_ = "integer", json_path = ".status.revision"),
    printcolumn(name = "CPU", type_ = "string", json_path = ".spec.cpu", priority = 1),
    printcolumn(
        name = "Memory",
        type_ = "string",
        json_path = ".spec.memory",
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
    validation = Rule::new("has(self.family) == has(oldSelf.family) && (!has(self.family) || self.family == oldSelf.family)")
        .message("spec.family is immutable: services keep the family they run. Create another EcsTaskDefinition for another family.")
        .reason(Reason::FieldValueForbidden),
    validation = Rule::new("has(self.region) == has(oldSelf.region) && (!has(self.region) || self.region == oldSelf.region)")
        .message("spec.region is immutable. Create another object for another Region.")
        .reason(Reason::FieldValueForbidden),
    validation = Rule::new("!has(self.tags) || self.tags.all(k, !k.lowerAscii().startsWith('aws:') && !k.startsWith('ecs-operator.dev/') && size(k) > 0 && size(k) <= 128 && size(self.tags[k]) <= 256)")
        .message("spec.tags: a key must have 1-128 characters and not begin with 'aws:' or 'ecs-operator.dev/', a value at most 256. Rename or shorten it.")
        .reason(Reason::FieldValueInvalid),
    validation = Rule::new("self.containerDefinitions.exists(c, !has(c.essential) || c.essential)")
        .message("spec.containerDefinitions: at least one container must be essential. Remove 'essential: false' from one.")
        .reason(Reason::FieldValueInvalid)
)]
pub struct EcsTaskDefinitionSpec {
    /// Family name, 1–255 letters, digits, hyphens and underscores. Absent: `<namespace>-<name>`. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,255}$"))]
    pub family: Option<String>,
    /// ARN of the role that the containers act as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<String>,
    /// ARN of the role that pulls images, writes logs and reads secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<String>,
    /// Network of the containers: `awsvpc` (the only one on Fargate), `bridge`, `host` or `none`. Absent: `bridge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<NetworkMode>,
    /// The containers, 1–10.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub container_definitions: Vec<ContainerDefinition>,
    /// Volumes that containers mount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub volumes: Option<Vec<Volume>>,
    /// Conditions that container instances must meet; not on Fargate. At most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub placement_constraints: Option<Vec<PlacementConstraint>>,
    /// Where the task can run; AWS checks the definition against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_compatibilities: Option<Vec<Compatibility>>,
    /// CPU of the task: units (`256`, `1024`, …) or vCPU (`.25 vCPU`, `1 vCPU`). Required on Fargate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    pub cpu: Option<String>,
    /// Memory of the task: MiB (`512`, `2048`, …) or GB (`0.5GB`, `2 GB`). Required on Fargate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    pub memory: Option<String>,
    /// Disk of the task on Fargate. Absent: 20 GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// Processor architecture and operating system. Absent: Linux on X86_64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_platform: Option<RuntimePlatform>,
    /// How many older revisions are kept besides the current one and those in use. The others that this object registered are
    /// deregistered once it is settled. In use is what an EcsService refers to or runs, and what any service or task in
    /// the account and Region runs, whoever made it. Absent: 10. Can be changed without a new revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10000))]
    pub revision_history_limit: Option<i32>,
    /// Deletes revisions for good some minutes after they were deregistered for `revisionHistoryLimit`; AWS then no longer
    /// shows what they were. Absent: false, they stay INACTIVE. Can be changed without a new revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_old_revisions: Option<bool>,
    /// suspend, managementPolicy, deletionPolicy, tags and region.
    #[serde(flatten)]
    pub lifecycle: Lifecycle,
}

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
    pub cpu_architecture: Option<CpuArchitecture>,
    /// `LINUX` or a Windows Server edition. Absent: `LINUX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating_system_family: Option<OsFamily>,
}

/// Processor architecture.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum CpuArchitecture {
    /// x86-64.
    #[serde(rename = "X86_64")]
    X86_64,
    /// 64-bit Arm.
    #[serde(rename = "ARM64")]
    Arm64,
}

/// Operating system of a task.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "AWS's own names of Windows editions")]
pub enum OsFamily {
    Linux,
    #[serde(rename = "WINDOWS_SERVER_2019_FULL")]
    WindowsServer2019Full,
    #[serde(rename = "WINDOWS_SERVER_2019_CORE")]
    WindowsServer2019Core,
    #[serde(rename = "WINDOWS_SERVER_2022_FULL")]
    WindowsServer2022Full,
    #[serde(rename = "WINDOWS_SERVER_2022_CORE")]
    WindowsServer2022Core,
    #[serde(rename = "WINDOWS_SERVER_2025_FULL")]
    WindowsServer2025Full,
    #[serde(rename = "WINDOWS_SERVER_2025_CORE")]
    WindowsServer2025Core,
}

/// What is known of a task definition family.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EcsTaskDefinitionStatus {
    /// The generation of the spec that this status speaks of; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready always; Reconciling and Stalled only while True.
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// ARN of the current revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Family in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Number of the current revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// Hash of the declared content, as in the revision's tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Revisions that the operator registered and has not deregistered, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<Revision>,
    /// The AWS error that hinders this object, while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
}

/// A revision that the operator registered.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// Its number.
    pub number: i64,
    /// Hash of its content.
    pub hash: String,
    /// When AWS registered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Time>,
}
