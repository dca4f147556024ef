//! Volumes of a task definition.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{network::Toggle, rules};

/// A volume that containers mount by name: of one kind, given by the member that is there. With a name alone it is an empty directory that lives as long as the task.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::volume_of_one_kind())]
pub struct Volume {
    /// Name, 1–255 letters, digits, hyphens and underscores; unique in the task.
    #[schemars(length(max = 255), regex(pattern = r"^[A-Za-z0-9_-]{1,255}$"))]
    pub name: String,
    /// A directory of the container instance, or of the task on Fargate (then without a path). Absent: it is of another kind; if of none, an empty directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostVolumeProperties>,
    /// A volume of a Docker volume driver; EC2 only. Absent: it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_volume_configuration: Option<DockerVolumeConfiguration>,
    /// An Amazon EFS file system. Absent: it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efs_volume_configuration: Option<EfsVolumeConfiguration>,
    /// An S3 Files file system: a bucket mounted as files. Absent: it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3files_volume_configuration: Option<S3FilesVolumeConfiguration>,
    /// An Amazon FSx for Windows File Server file system; Windows on EC2. Absent: it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fsx_windows_file_server_volume_configuration:
        Option<FsxWindowsFileServerVolumeConfiguration>,
    /// Whether each service or task says what the volume is, by `volumeConfigurations` of this volume's name: an EBS volume. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured_at_launch: Option<bool>,
}

/// A directory of the container instance.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostVolumeProperties {
    /// Path on the instance; not on Fargate. Absent: an empty directory that lives as long as the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub source_path: Option<String>,
}

/// A volume of a Docker volume driver.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DockerVolumeConfiguration {
    /// `task`: made and deleted with the task; `shared`: it stays. Absent: `task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<DockerVolumeScope>,
    /// Whether a `shared` volume is made when it does not exist. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoprovision: Option<bool>,
    /// The driver, as `docker plugin ls` names it. Absent: `local`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub driver: Option<String>,
    /// Options of the driver. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 100))]
    pub driver_opts: Option<BTreeMap<String, String>>,
    /// Docker labels of the volume. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 100))]
    pub labels: Option<BTreeMap<String, String>>,
}

/// Life of a Docker volume.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DockerVolumeScope {
    /// As long as the task.
    Task,
    /// Longer than any task.
    Shared,
}

/// An Amazon EFS file system.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::efs_iam_needs_encryption(), validation = rules::efs_access_point_has_its_root())]
pub struct EfsVolumeConfiguration {
    /// ID of the file system.
    #[schemars(length(min = 1, max = 255))]
    pub file_system_id: String,
    /// Directory mounted as root. Absent: `/`. With an access point it must be absent or `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub root_directory: Option<String>,
    /// Encryption in transit; required by IAM authorisation. Absent: `DISABLED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transit_encryption: Option<Toggle>,
    /// Port of the encrypted connection, 1–65535. Absent: chosen by the mount helper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub transit_encryption_port: Option<i32>,
    /// Access point and IAM authorisation. Absent: neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_config: Option<EfsAuthorizationConfig>,
}

/// Authorisation of an EFS mount.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EfsAuthorizationConfig {
    /// ID of the access point. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub access_point_id: Option<String>,
    /// Whether the task role authorises the mount. Absent: `DISABLED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam: Option<Toggle>,
}

/// An S3 Files file system. It is mounted by the task role, always encrypted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct S3FilesVolumeConfiguration {
    /// ARN of the file system.
    #[schemars(length(min = 1, max = 2048))]
    pub file_system_arn: String,
    /// Directory mounted as root. Absent: `/`. With an access point it must be absent or `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub root_directory: Option<String>,
    /// Port of the encrypted connection, 1–65535. Absent: chosen by the mount helper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub transit_encryption_port: Option<i32>,
    /// ARN of the access point. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub access_point_arn: Option<String>,
}

/// An Amazon FSx for Windows File Server file system.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FsxWindowsFileServerVolumeConfiguration {
    /// ID of the file system.
    #[schemars(length(min = 1, max = 255))]
    pub file_system_id: String,
    /// Directory of the file system that is mounted as root.
    #[schemars(length(min = 1, max = 4096))]
    pub root_directory: String,
    /// Who mounts it.
    pub authorization_config: FsxWindowsFileServerAuthorizationConfig,
}

/// Who mounts an FSx file system.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FsxWindowsFileServerAuthorizationConfig {
    /// ARN of the Secrets Manager secret or Systems Manager parameter with user name and password.
    #[schemars(length(min = 1, max = 2048))]
    pub credentials_parameter: String,
    /// Fully qualified name of the Active Directory domain.
    #[schemars(length(min = 1, max = 255))]
    pub domain: String,
}
