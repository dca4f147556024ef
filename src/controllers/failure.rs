//! What an AWS error means for an object: reason, message with code and request, and whether it needs somebody.

use super::{kind::Kind, report::Report};
use crate::{
    api::condition::Reason,
    aws::{AwsError, Kind as ErrorKind},
    status::Outcome,
};

/// What an AWS error means for the object. `is_changing`: it is known not to be as declared.
pub fn failed<K: Kind>(mut report: Report<K>, mut error: AwsError, is_changing: bool) -> Report<K> {
    // The same error again keeps the request it was first told with, so that a lasting error is written once.
    if let Some(told) = K::last_error(&report.status)
        && (&told.code, &told.message) == (&error.code, &error.message)
    {
        error.request_id.clone_from(&told.request_id);
    }
    let what = format!(
        "{}: {} ({}{})",
        error.operation,
        error.message,
        error.code,
        error
            .request_id
            .as_deref()
            .map_or(String::new(), |id| format!(", request {id}"))
    );
    report.outcome = match error.kind {
        ErrorKind::Throttled => Outcome::Unknown(
            Reason::Throttled,
            format!("AWS asks to slow down; tried again. {what}"),
        ),
        ErrorKind::Unavailable => Outcome::Unknown(
            Reason::AwsUnavailable,
            format!("AWS did not answer as it should; tried again. {what}"),
        ),
        ErrorKind::Credentials => Outcome::Unknown(
            Reason::CredentialsInvalid,
            format!("the operator's AWS credentials are not accepted: check its role. {what}"),
        ),
        ErrorKind::AccessDenied => Outcome::Stalled(
            Reason::AccessDenied,
            format!(
                "the operator's AWS role lacks a right: allow the action, or change what the object names. {what}"
            ),
        ),
        ErrorKind::Quota => Outcome::Stalled(
            Reason::QuotaExceeded,
            format!("an AWS quota is used up: raise it or free some of it. {what}"),
        ),
        ErrorKind::Invalid => Outcome::Stalled(
            Reason::InvalidSpec,
            format!("AWS refuses the object as it is: correct the spec. {what}"),
        ),
        ErrorKind::NotFound => Outcome::Waiting(
            Reason::DependencyNotFound,
            format!("AWS does not know something the object needs; tried again. {what}"),
        ),
        ErrorKind::NameTaken => Outcome::Stalled(
            Reason::NameConflict,
            format!(
                "the name is taken in AWS by a resource that is otherwise: choose another. {what}"
            ),
        ),
        ErrorKind::Transient | ErrorKind::PriorityInUse | ErrorKind::Stopping => Outcome::Waiting(
            Reason::Updating,
            format!("AWS is not ready for this yet; tried again. {what}"),
        ),
    };
    if is_changing && let Outcome::Unknown(reason, message) = report.outcome {
        report.outcome = Outcome::Waiting(reason, message);
    }
    report.error = Some(error);
    report
}
