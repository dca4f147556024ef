//! GPUs and other accelerators of a task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An accelerator that a container needs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRequirement {
    /// `GPU`, `NeuronDevice` or `InferenceAccelerator`.
    #[serde(rename = "type")]
    #[schemars(length(max = 63), regex(pattern = "^[A-Za-z][A-Za-z0-9]{0,62}$"))]
    pub type_: String,
    /// How many, for `GPU` and `NeuronDevice`; for `InferenceAccelerator` the `deviceName` of one of `inferenceAccelerators`. Absent: not counted, for a shared GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub value: Option<String>,
    /// How a GPU is shared among containers. Absent: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing_strategy: Option<SharingStrategy>,
}

/// How a GPU is shared among containers.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SharingStrategy {
    /// A share of an NVIDIA GPU, by its Multi-Process Service. Absent: not shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvidia_mps: Option<NvidiaMpsAllocation>,
}

/// A share of an NVIDIA GPU.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NvidiaMpsAllocation {
    /// Memory of the GPU, MiB, at least 1.
    #[schemars(range(min = 1))]
    pub memory: i32,
    /// Most of the GPU's threads, percent, 1–100. Absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_compute_percent: Option<i32>,
}

/// An Elastic Inference accelerator of the task. AWS has ended the service and lets nobody begin with it; not on Fargate.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InferenceAccelerator {
    /// Name that a container's `resourceRequirements` refers to.
    #[schemars(length(min = 1, max = 255))]
    pub device_name: String,
    /// Type of the accelerator, for example `eia2.medium`.
    #[schemars(length(min = 1, max = 255))]
    pub device_type: String,
}
