//! The error with which a service refuses a request that breaks its model (unverified: `VIOLATION_CODES`).

use super::{Kind, Violation};
use crate::ApiError;
use crate::service::Service;

/// The answer to these violations (at least one).
pub fn refuse(service: Service, violations: &[Violation]) -> ApiError {
    let wrong_type = violations
        .iter()
        .any(|violation| violation.kind == Kind::Type);
    let code = match service {
        Service::Ecs | Service::Autoscaling | Service::Sqs if wrong_type => {
            "SerializationException"
        }
        Service::Ecs => "InvalidParameterException",
        Service::Elbv2 | Service::Sts => "ValidationError",
        Service::Autoscaling => "ValidationException",
        Service::Sqs => "InvalidParameterValue",
    };
    let count = violations.len();
    let sentences: Vec<_> = violations.iter().map(Violation::to_string).collect();
    let plural = if count == 1 { "error" } else { "errors" };
    let message = format!(
        "{count} validation {plural} detected: {}",
        sentences.join("; ")
    );
    ApiError::client(code, message)
}
