//! Environment of a container: plain variables, files of variables and secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name with a value: an environment variable, or a property of a proxy.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyValuePair {
    /// The name; for a variable unique among the variables and secrets of its container.
    #[schemars(length(min = 1, max = 1024))]
    pub name: String,
    /// The value; an empty one is a value too. Absent: empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// An environment variable or log option whose value is a secret.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// Name of the variable or option.
    #[schemars(length(min = 1, max = 1024))]
    pub name: String,
    /// ARN of a Secrets Manager secret (with JSON key, stage and version if wanted), or ARN or, in the same Region, name of a parameter of Systems Manager.
    #[schemars(length(min = 1, max = 2048))]
    pub value_from: String,
}

/// A file of environment variables, one `NAME=value` a line. Variables of `environment` win over those of files.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentFile {
    /// ARN of the object in S3; its name ends in `.env`.
    #[schemars(length(max = 2048))]
    #[schemars(regex(pattern = r"^arn:.+\.env$"))]
    pub value: String,
    /// Where the file is: `s3`.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = "^[a-z0-9]{1,32}$"))]
    pub type_: String,
}
