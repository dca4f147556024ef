//! awsJson 1.0 and 1.1.

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::{Value, json};

use super::Request;
use crate::Answer;
use crate::contract::{Kind, Violation};
use crate::service::Service;

/// Reads the operation from `X-Amz-Target` and the input from the body.
pub fn decode(service: Service, headers: &HeaderMap, body: &[u8]) -> Option<Request> {
    let target = headers.get("x-amz-target")?.to_str().ok()?;
    let (prefix, operation) = target.split_once('.')?;
    if Some(prefix) != service.model().metadata.target_prefix.as_deref() {
        return None;
    }
    let body = if body.is_empty() { b"{}" } else { body };
    let (input, violations) = match serde_json::from_slice(body) {
        Ok(input) => (input, Vec::new()),
        Err(error) => (json!({}), vec![not_json(&error)]),
    };
    Some(Request {
        operation: operation.to_owned(),
        input,
        violations,
    })
}

fn not_json(error: &serde_json::Error) -> Violation {
    Violation {
        path: String::new(),
        kind: Kind::Type,
        text: format!("the body is not JSON: {error}"),
    }
}

/// Writes an answer.
pub fn encode(service: Service, answer: &Answer, id: &str) -> Response<Bytes> {
    let version = service
        .model()
        .metadata
        .json_version
        .as_deref()
        .unwrap_or("1.1");
    let kind = format!("application/x-amz-json-{version}");
    match answer {
        Ok(Value::Null) => super::response(200, &kind, id, "{}".to_owned()),
        Ok(output) => super::response(200, &kind, id, output.to_string()),
        Err(error) => {
            let body = json!({ "__type": error.code, "message": error.message });
            super::response(error.status, &kind, id, body.to_string())
        }
    }
}
