//! Volumes that a service configures when tasks start, and the resolution of its metrics.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{rules, service::PropagateTags};

/// Settings of a volume that the task definition marks `configuredAtLaunch`. A change starts a deployment; AWS replaces the list as a whole.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceVolumeConfiguration {
    /// Name of the volume in the task definition. A change starts a deployment.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// The EBS volume that each task gets. Absent: AWS knows no other volume. A change starts a deployment.
    #[serde(
        default,
        rename = "managedEBSVolume",
        skip_serializing_if = "Option::is_none"
    )]
    pub managed_ebs_volume: Option<ServiceManagedEbsVolumeConfiguration>,
}

/// An EBS volume that each task gets. Every change starts a deployment.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::volume_has_size(),
    validation = rules::volume_needs_iops(),
    validation = rules::volume_takes_no_iops(),
    validation = rules::throughput_of_gp3(),
    validation = rules::rate_of_snapshot(),
)]
pub struct ServiceManagedEbsVolumeConfiguration {
    /// Whether the volume is encrypted. Absent: as the account does by default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// KMS key that encrypts it. Absent: the account's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub kms_key_id: Option<String>,
    /// `gp3`, `gp2`, `io2`, `io1`, `st1`, `sc1` or `standard`. Absent: EC2's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(gp2|gp3|io1|io2|st1|sc1|standard)$"))]
    pub volume_type: Option<String>,
    /// GiB, 1–16384. Absent: the snapshot's. A change starts a deployment.
    #[serde(default, rename = "sizeInGiB", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16_384))]
    pub size_in_gib: Option<i32>,
    /// ID of the snapshot that it starts from. Absent: empty. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub snapshot_id: Option<String>,
    /// MiB per second at which the snapshot is fetched, 100–300; needs `snapshotId`. Absent: as needed. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub volume_initialization_rate: Option<i32>,
    /// I/O operations per second, 100–256000; required for `io1` and `io2`. Absent: 3,000 for `gp3`. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 256_000))]
    pub iops: Option<i32>,
    /// MiB per second, at most 1000, `gp3` only. Absent: 125. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub throughput: Option<i32>,
    /// Tags of the volumes. Absent: ECS's own only. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1))]
    pub tag_specifications: Option<Vec<EbsTagSpecification>>,
    /// ARN of the role with which ECS manages the volumes. A change starts a deployment.
    #[schemars(length(min = 1, max = 2048))]
    pub role_arn: String,
    /// `xfs`, `ext4`, `ext3` or, on Windows, `ntfs`. Absent: `xfs`. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filesystem_type: Option<FilesystemType>,
}

/// File system of a volume.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the file systems' own names")]
pub enum FilesystemType {
    Ext3,
    Ext4,
    Xfs,
    Ntfs,
}

/// Tags of volumes.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EbsTagSpecification {
    /// What is tagged: `volume`. A change starts a deployment.
    pub resource_type: EbsResourceType,
    /// The tags, at most 50. Absent: only those of `propagateTags`. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50))]
    pub tags: Option<Vec<Tag>>,
    /// Whose tags volumes get besides. Absent: nobody's. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<PropagateTags>,
}

/// What a tag specification is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EbsResourceType {
    /// The EBS volume.
    Volume,
}

/// A tag in AWS's own form.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// Key, 1–128 characters, not beginning with `aws:`. Absent: AWS documents no default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub key: Option<String>,
    /// Value, at most 256 characters. Absent: empty. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub value: Option<String>,
}

/// How finely the service's metrics are measured.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MonitoringConfiguration {
    /// Metrics with another resolution than 60 seconds, at most 5. Order has no meaning. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    pub metric_configurations: Option<Vec<MetricConfiguration>>,
}

/// The resolution of some metrics.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricConfiguration {
    /// `CPUUtilization` and `MemoryUtilization`, 1–5 names. Order has no meaning. A change starts a deployment.
    #[schemars(length(min = 1, max = 5), inner(length(min = 1, max = 255)))]
    pub metric_names: Vec<String>,
    /// Seconds: 20 or 60. A change starts a deployment.
    #[schemars(range(min = 20, max = 60))]
    pub resolution_seconds: i32,
}
