//! EcsTaskDefinition: a task definition family. Editing it registers one new revision.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    accelerator::InferenceAccelerator,
    container::ContainerDefinition,
    lifecycle::{Drift, LastError, Lifecycle, PlannedStep},
    rules, size,
    task::{
        Compatibility, EphemeralStorage, IpcMode, NetworkMode, PidMode, ProxyConfiguration,
        RuntimePlatform, TaskDefinitionPlacementConstraint, TrustedExecutionConfiguration,
    },
    volume::Volume,
};

/// A task definition family: every edit registers exactly one new revision, and every service that refers to it rolls to that revision.
/// Every member can be changed, which registers a new revision, unless it says otherwise.
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
    printcolumn(name = "CPU", type_ = "string", json_path = ".spec.cpu"),
    printcolumn(name = "Memory", type_ = "string", json_path = ".spec.memory"),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::immutable("family", "Services keep the family they run. Create another EcsTaskDefinition for another family."),
    validation = rules::immutable_region(),
    validation = rules::fargate_network(),
    validation = rules::fargate_cpu(),
    validation = rules::fargate_memory(),
    validation = rules::fargate_pid_mode(),
    validation = rules::fargate_ipc_mode(),
    validation = rules::fargate_accelerators(),
    validation = rules::fargate_placement(),
    validation = rules::fargate_volumes(),
    validation = rules::memory_somewhere(),
    validation = rules::containers_fit_memory(),
    validation = rules::fits_cpu(),
    validation = rules::containers_fit(),
    validation = rules::proxy_is_a_container(),
)]
pub struct EcsTaskDefinitionSpec {
    /// Family name, 1–255 letters, digits, hyphens and underscores. Absent: `<namespace>-<name>`. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255), regex(pattern = r"^[A-Za-z0-9_-]{1,255}$"))]
    pub family: Option<String>,
    /// ARN (or name) of the role that the containers assume. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub task_role_arn: Option<String>,
    /// ARN (or name) of the role that pulls images, writes logs and reads secrets. Absent: the instance's on EC2, none on Fargate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub execution_role_arn: Option<String>,
    /// Network of the containers: `awsvpc` (the only one on Fargate), `bridge`, `host` or `none`. Absent: `bridge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<NetworkMode>,
    /// The containers, 1–10.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(
        merge_strategy = ListMerge::Map(vec!["name".into()]),
        validation = rules::one_essential(),
        validation = rules::one_firelens(),
        validation = rules::others_are_there(),
    )]
    pub container_definitions: Vec<ContainerDefinition>,
    /// Volumes that containers mount, at most 50. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub volumes: Option<Vec<Volume>>,
    /// Conditions that container instances must meet; not on Fargate. At most 10. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub placement_constraints: Option<Vec<TaskDefinitionPlacementConstraint>>,
    /// Where the task can run: `FARGATE`, `EC2`, `MANAGED_INSTANCES`, `EXTERNAL`; AWS checks the definition against each. Absent: `EC2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub requires_compatibilities: Option<Vec<Compatibility>>,
    /// CPU of the task: units (`256`, `1024`, …) or vCPU (`.25 vCPU`, `1 vCPU`); both ways mean the same. 128–196608 units. Required on Fargate, which has certain sizes. Absent: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), regex(pattern = size::CPU))]
    pub cpu: Option<String>,
    /// Memory of the task: MiB (`512`, `2048`, …) or GB (`0.5GB`, `2 GB`); both ways mean the same. Required on Fargate. Absent: no limit but the containers'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32), regex(pattern = size::MEMORY))]
    pub memory: Option<String>,
    /// PID namespace of the containers: `task`, or `host` (not on Fargate). Absent: each its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid_mode: Option<PidMode>,
    /// IPC namespace of the containers: `host`, `task` or `none`; not on Fargate. Absent: as the container instance is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipc_mode: Option<IpcMode>,
    /// An App Mesh proxy. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_configuration: Option<ProxyConfiguration>,
    /// Elastic Inference accelerators, which AWS has discontinued. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub inference_accelerators: Option<Vec<InferenceAccelerator>>,
    /// Disk of the task on Fargate. Absent: 20 GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// Processor architecture and operating system. Absent: Linux on X86_64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_platform: Option<RuntimePlatform>,
    /// Whether AWS Fault Injection Service may inject faults through the task's metadata endpoint. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_fault_injection: Option<bool>,
    /// Isolation of the task from its host. Absent: that of its capacity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_execution_configuration: Option<TrustedExecutionConfiguration>,
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
    /// Members that are declared and may be in AWS, as JSON Pointers without values: what is taken out of the spec later is set back in AWS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<String>,
    /// Declared members that AWS had otherwise at the last look, tags above all; they were repaired unless the management policy forbids it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// While `managementPolicy` is `Observe`, and before something is adopted: the calls that would bring AWS to what is declared, in order. Empty: it is in sync.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<PlannedStep>,
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
