//! Members that every managed kind has: how the operator treats the object.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// How the operator treats the object and its AWS resources.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle {
    /// Pauses reconciling while true: AWS is neither read nor changed, and the status keeps its last state. Absent: false. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// `Full` (absent: the same) creates, updates and deletes in AWS; `Observe` only reads and reports. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_policy: Option<ManagementPolicy>,
    /// What happens in AWS when this object is deleted: `Delete` or `Retain`. Absent: `Delete`, and `Retain` for an adopted resource. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// AWS tags, at most 43: AWS takes 50, and the operator needs up to seven. Keys 1–128 characters, values up to 256, of letters, digits, spaces and `_.:/=+-@`; keys that start with
    /// `aws:` or `ecs-operator.dev/` are reserved. Can be changed without a deployment. Absent: none but the operator's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        extend("maxProperties" = 43),
        extend("additionalProperties" = {"type": "string", "maxLength": 256})
    )]
    #[x_kube(validation = rules::tags())]
    pub tags: Option<BTreeMap<String, String>>,
    /// AWS Region. Absent: the operator's own. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z]{2,}(-[a-z]+)+-\d+$"))]
    pub region: Option<String>,
}

impl Lifecycle {
    /// Whether the object may only be looked at.
    pub fn observes_only(&self) -> bool {
        self.management_policy == Some(ManagementPolicy::Observe)
    }
}

/// What the operator may do in AWS for an object.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ManagementPolicy {
    /// Create, update and delete.
    Full,
    /// Read and report only.
    Observe,
}

/// What happens to the AWS resources when the object is deleted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum DeletionPolicy {
    /// They are deleted.
    Delete,
    /// They stay, with the operator's tags and a tombstone, so that the same namespace and name can take them back.
    Retain,
}

/// The last AWS error that hindered this object.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastError {
    /// AWS's error code, for example `AccessDeniedException`.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// The AWS request, for AWS Support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The OpenTelemetry trace of the reconcile that met it first. Absent: nothing is traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// A declared member that AWS had otherwise when it was last read.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The member, as a path below `spec`.
    pub path: String,
    /// What the object declares, as JSON.
    pub declared: String,
    /// What AWS had, as JSON.
    pub observed: String,
}

/// A call that the operator would make.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    /// AWS's name of the call, for example `UpdateService`.
    pub operation: String,
    /// What it is made for: a name or an ARN.
    pub resource: String,
    /// `Create`, `Update`, `Roll` (every task of the service is replaced), `Replace` (it takes the place of one that is destroyed) or `Destroy`.
    pub effect: Effect,
    /// Members that it would change, with what AWS has. What may be secret is `…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Drift>,
}

/// What a call does to what there is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum Effect {
    /// Something comes that was not there.
    Create,
    /// Something is changed in place.
    Update,
    /// A service is changed in a way that replaces its tasks.
    Roll,
    /// Something comes in the place of something that goes.
    Replace,
    /// Something goes.
    Destroy,
}

/// A reference to an object of the same namespace.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalReference {
    /// Name of the object.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}
