//! Where the output of containers goes: log drivers and the FireLens log router.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::environment::Secret;

/// Where the container's output goes.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogConfiguration {
    /// `awslogs`, `awsfirelens` or `splunk` on Fargate; on EC2 also `json-file`, `syslog`, `journald`, `gelf` and `fluentd`.
    #[schemars(length(max = 63), regex(pattern = "^[a-z][a-z0-9-]{0,62}$"))]
    pub log_driver: String,
    /// Options of the driver, for example `awslogs-group`, `awslogs-region`, `awslogs-stream-prefix`. Absent: the driver's own defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 200))]
    pub options: Option<BTreeMap<String, String>>,
    /// Options whose values are secrets. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub secret_options: Option<Vec<Secret>>,
}

/// Makes the container the log router of the task: containers with log driver `awsfirelens` send their output to it. One container of a task can be it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FirelensConfiguration {
    /// The router: `fluentbit` or `fluentd`.
    #[serde(rename = "type")]
    #[schemars(length(max = 63), regex(pattern = "^[a-z][a-z0-9-]{0,62}$"))]
    pub type_: String,
    /// `enable-ecs-log-metadata` (`true` unless said otherwise), `config-file-type` (`s3` or `file`) and `config-file-value` (ARN or path). Absent: AWS's own configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 20))]
    pub options: Option<BTreeMap<String, String>>,
}
