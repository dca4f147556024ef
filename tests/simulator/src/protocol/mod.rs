//! The two wire formats. They turn a body into an operation and its input, and an answer into a body; nothing is decided here.

pub mod json;
pub mod query;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use crate::contract::Violation;
use crate::service::{Protocol, Service};
use crate::{Answer, ApiError};

/// A decoded request.
#[derive(Debug)]
pub struct Request {
    /// Operation, as the request names it.
    pub operation: String,
    /// Input in the model's member names.
    pub input: Value,
    /// What decoding alone could find wrong.
    pub violations: Vec<Violation>,
}

/// The ordinary errors that each protocol has its own words for.
#[derive(Clone, Copy, Debug)]
pub enum Common {
    /// A token bucket is empty.
    Throttled,
    /// IAM says no.
    Denied,
    /// The session token has expired.
    Expired,
    /// No account has this access key.
    UnknownKey,
    /// The request is not signed.
    Unsigned,
    /// The signature is not well formed.
    Malformed,
    /// No such operation.
    UnknownOperation,
}

impl Common {
    /// The error as this service writes it, with AWS's usual sentence. Unverified: AUTH_STATUS.
    pub fn error(self, service: Service) -> ApiError {
        let query = service.protocol() == Protocol::Query;
        let pick = |json: &'static str, form: &'static str| if query { form } else { json };
        let (status, code, message) = match self {
            Self::Throttled => (
                400,
                pick("ThrottlingException", "Throttling"),
                "Rate exceeded",
            ),
            Self::Denied => (
                if query { 403 } else { 400 },
                pick("AccessDeniedException", "AccessDenied"),
                "User is not authorized to perform this operation",
            ),
            Self::Expired => (
                if query { 403 } else { 400 },
                pick("ExpiredTokenException", "ExpiredToken"),
                "The security token included in the request is expired",
            ),
            Self::UnknownKey => (
                if query { 403 } else { 400 },
                pick("UnrecognizedClientException", "InvalidClientTokenId"),
                "The security token included in the request is invalid.",
            ),
            Self::Unsigned => (
                if query { 403 } else { 400 },
                pick(
                    "MissingAuthenticationTokenException",
                    "MissingAuthenticationToken",
                ),
                "Missing Authentication Token",
            ),
            Self::Malformed => (
                if query { 403 } else { 400 },
                pick("IncompleteSignatureException", "IncompleteSignature"),
                "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.",
            ),
            Self::UnknownOperation => (
                400,
                pick("UnknownOperationException", "InvalidAction"),
                "Could not find operation.",
            ),
        };
        ApiError::with_status(status, code, message)
    }
}

/// Writes an answer as the service's protocol does.
pub fn encode(service: Service, operation: &str, answer: &Answer, id: &str) -> Response<Bytes> {
    match service.protocol() {
        Protocol::Json => json::encode(service, answer, id),
        Protocol::Query => query::encode(service, operation, answer, id),
    }
}

fn response(status: u16, kind: &str, id: &str, body: String) -> Response<Bytes> {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header("content-type", kind)
        .header("x-amzn-requestid", id)
        .header("content-length", body.len())
        .body(Bytes::from(body))
        .expect("content types and ids are header values")
}
