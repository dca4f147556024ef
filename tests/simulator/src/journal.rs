//! The record of every call: what tests assert on.

use serde::Serialize;
use serde_json::Value;

use crate::clock::Time;
use crate::{ApiError, ids};

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// It succeeded.
    Ok,
    /// It was answered with an error.
    Error {
        /// Code on the wire.
        code: String,
        /// Sentence beside it.
        message: String,
        /// HTTP status.
        status: u16,
    },
    /// It hangs, before or after its effect, and nobody has answered it.
    Held,
    /// It hung, before or after its effect, until who made it went away.
    GivenUp,
    /// It took effect and its reply was lost or cut.
    Lost,
    /// The connection was cut before it took effect.
    Reset,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Counts from 1.
    pub seq: u64,
    /// Virtual time.
    pub time: Time,
    /// Who called; `console` for [`crate::Simulator::api`].
    pub access_key: String,
    /// Account of the access key.
    pub account: String,
    /// Region of the signature's scope.
    pub region: String,
    /// Signing name, for example `elasticloadbalancing`.
    pub service: String,
    /// For example `CreateRule`.
    pub operation: String,
    /// Whether it changes what a person declared.
    pub mutating: bool,
    /// The input, in the model's member names.
    pub request: Value,
    /// What in the request AWS's model forbids. Empty in every call that is not a bug of the caller.
    pub violations: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The output of a mutating call, as sent or as lost; else null.
    pub response: Value,
    /// The id sent in `x-amzn-requestid`.
    pub request_id: String,
    /// The resource that a mutating call names; the first, if it names several.
    pub resource: Option<String>,
    /// Hash of that resource before the call; none: there was no such thing.
    pub before: Option<String>,
    /// Hash of that resource after the call.
    pub after: Option<String>,
}

impl Entry {
    /// The error code that the call was answered with.
    pub fn code(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Error { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the resource that the call names was changed by it.
    pub fn changed(&self) -> bool {
        self.before != self.after
    }
}

impl Outcome {
    /// The outcome of an answer that reached the client.
    pub fn of<T>(answer: &Result<T, ApiError>) -> Self {
        match answer {
            Ok(_) => Self::Ok,
            Err(ApiError {
                code,
                message,
                status,
            }) => Self::Error {
                code: code.clone(),
                message: message.clone(),
                status: *status,
            },
        }
    }
}

/// A short hash of a resource.
pub fn hash(resource: &Value) -> String {
    ids::named(&[&resource.to_string()], 16)
}

/// The request id of a call, shaped like AWS's.
pub fn request_id(seq: u64) -> String {
    let hex = ids::named(&["request", &seq.to_string()], 32);
    let (a, b, c, d, e) = (
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    );
    format!("{a}-{b}-{c}-{d}-{e}")
}
