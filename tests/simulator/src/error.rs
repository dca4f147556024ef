//! AWS's error answers. Nothing here knows a protocol: `protocol/` writes them.

/// An AWS error answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// The code as it stands on the wire, for example `ClusterNotFoundException`.
    pub code: String,
    /// The sentence beside the code.
    pub message: String,
    /// HTTP status.
    pub status: u16,
}

/// What a handler returns: an output in the model's member names, or an error.
pub type Answer = Result<serde_json::Value, ApiError>;

impl ApiError {
    /// The caller's fault: HTTP 400.
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self::with_status(400, code, message)
    }

    /// AWS's fault: HTTP 500.
    pub fn server(code: &str, message: impl Into<String>) -> Self {
        Self::with_status(500, code, message)
    }

    /// Any HTTP status.
    pub fn with_status(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status,
        }
    }
}
