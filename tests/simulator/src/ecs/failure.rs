//! The errors of ECS that more than one operation answers. Codes: [M]; texts: as aws.md §B4 and third parties quote them.

use serde_json::{Value, json};

use crate::error::ApiError;

/// A request that is wrong in itself.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterException", message)
}

/// ECS's catch-all for what the caller did.
pub(super) fn client(message: impl Into<String>) -> ApiError {
    ApiError::client("ClientException", message)
}

/// The cluster does not exist.
pub(super) fn cluster_not_found() -> ApiError {
    ApiError::client("ClusterNotFoundException", "Cluster not found.")
}

/// The service does not exist, or is gone.
pub(super) fn service_not_found() -> ApiError {
    ApiError::client("ServiceNotFoundException", "Service not found.")
}

/// Several calls register in one family at the same moment. Text: [I].
pub(crate) fn family_is_busy() -> ApiError {
    client("Too many concurrent attempts to create a new revision of the specified family.")
}

/// An entry of `failures`, which comes with HTTP 200.
pub(super) fn missing(arn: &str) -> Value {
    json!({ "arn": arn, "reason": "MISSING" })
}
