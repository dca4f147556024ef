//! What an AWS error means: the one place where codes become kinds.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::{display::DisplayErrorContext, metadata::ProvideErrorMetadata};

use crate::telemetry::calls::Failure;

/// What to do about an error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Too many calls: the bucket is empty.
    Throttled,
    /// AWS's own fault, no answer, or one that can't be read: whether the call took effect is unknown.
    Unavailable,
    /// No credentials, wrong ones or expired ones.
    Credentials,
    /// Not allowed.
    AccessDenied,
    /// A quota is used up.
    Quota,
    /// The request is wrong until the object changes.
    Invalid,
    /// The resource is not there.
    NotFound,
    /// Will pass by itself: something is still changing, draining or in use.
    Transient,
    /// The name is taken by something that is otherwise.
    NameTaken,
    /// The rule priority was taken in between: look again.
    PriorityInUse,
    /// The operator is stopping, or another replica leads: the call was not made.
    Stopping,
}

/// An AWS call that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{operation}: {code}: {message}")]
pub struct AwsError {
    /// The call.
    pub operation: &'static str,
    /// What it means.
    pub kind: Kind,
    /// AWS's code, or ours where AWS gave none (`Timeout`, `ConnectionFailed`, `InvalidResponse`, `CredentialsError`).
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// The request, for AWS Support.
    pub request_id: Option<String>,
    /// HTTP status; none: there was no answer, or one that could not be read.
    pub status: Option<u16>,
}

impl Kind {
    /// What sort of failure metrics count it as.
    pub const fn failure(self) -> Option<Failure> {
        match self {
            Self::Throttled => Some(Failure::Throttled),
            Self::Unavailable => Some(Failure::Unavailable),
            Self::Credentials => Some(Failure::Credentials),
            Self::AccessDenied => Some(Failure::Permission),
            Self::Quota => Some(Failure::ServiceLimitExceeded),
            Self::Invalid => Some(Failure::Validation),
            _ => None,
        }
    }

    /// Whether such a call is made again by itself soon: what needs somebody is looked at again much later.
    pub const fn is_retried(self) -> bool {
        matches!(
            self,
            Self::Throttled
                | Self::Unavailable
                | Self::Credentials
                | Self::Transient
                | Self::PriorityInUse
        )
    }
}

impl AwsError {
    /// From what the SDK returns.
    pub fn new<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let own = |kind, code: &str, message: String| Self {
            operation,
            kind,
            code: code.to_owned(),
            message,
            request_id: None,
            status: None,
        };
        match error {
            SdkError::ServiceError(context) => {
                let meta = context.err().meta();
                let raw = context.raw();
                let code = meta.code().unwrap_or("Unknown").to_owned();
                let message = advised(meta.message().unwrap_or("no message"));
                let request_id = raw.headers().get("x-amzn-requestid").map(str::to_owned);
                Self {
                    operation,
                    kind: late(operation, kind(&code, &message, raw.status().as_u16())),
                    code,
                    message,
                    request_id,
                    status: Some(raw.status().as_u16()),
                }
            }
            SdkError::TimeoutError(_) => own(
                Kind::Unavailable,
                "Timeout",
                "AWS did not answer in time; whether the call took effect is unknown".into(),
            ),
            SdkError::ResponseError(_) => own(
                Kind::Unavailable,
                "InvalidResponse",
                "AWS's answer could not be read; whether the call took effect is unknown".into(),
            ),
            other => {
                let chain = DisplayErrorContext(other).to_string();
                if chain.to_ascii_lowercase().contains("credential") {
                    own(Kind::Credentials, "CredentialsError", "no usable AWS credentials: check the service account's role annotation, the pod identity association or the environment".into())
                } else {
                    own(Kind::Unavailable, "ConnectionFailed", cause(other))
                }
            }
        }
    }

    /// An answer that is not what AWS documents.
    pub fn unreadable(operation: &'static str, what: impl Into<String>) -> Self {
        Self {
            operation,
            kind: Kind::Unavailable,
            code: "InvalidResponse".into(),
            message: what.into(),
            request_id: None,
            status: None,
        }
    }
}

/// The innermost cause, which says what happened.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    format!("no connection to AWS: {innermost}")
}

/// A pause that was answered by somebody else, or timed out, is no mistake of the object: the next look sees how it ended.
fn late(operation: &str, kind: Kind) -> Kind {
    match (operation, kind) {
        ("ContinueServiceDeployment", Kind::Invalid | Kind::NotFound) => Kind::Transient,
        (_, kind) => kind,
    }
}

/// What AWS says in an account in which the role that ECS itself acts with does not exist, or not for long enough.
const NO_SERVICE_LINKED_ROLE: &str = "Unable to assume the service linked role";

/// AWS's message, and what to do where waiting may not be enough: an account that never ran ECS has no service-linked role.
fn advised(message: &str) -> String {
    if !message.contains(NO_SERVICE_LINKED_ROLE) {
        return message.to_owned();
    }
    format!(
        "{message} In an account that is new to ECS, create the role once: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
    )
}

/// ECS uses two codes for everything; their texts decide there, as the published issue threads show them (aws.md 4.5, B4).
const TRANSIENT_TEXTS: [&str; 9] = [
    "Too many concurrent attempts to create a new revision",
    "still Draining",
    "does not have an associated load balancer",
    NO_SERVICE_LINKED_ROLE,
    "verify that the ECS service role being passed has the proper permissions",
    "cannot be stopped while deployments are active",
    "is currently in use by a listener or a rule",
    "Capacity Providers are attached to the cluster",
    "Daemon services are still associated",
];

fn kind(code: &str, message: &str, status: u16) -> Kind {
    match code {
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "SlowDown" => Kind::Throttled,
        "AccessDeniedException"
        | "AccessDenied"
        | "UnauthorizedOperation"
        | "BlockedException"
        | "OperationNotPermitted" => Kind::AccessDenied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "RequestExpired" => Kind::Credentials,
        "LimitExceededException"
        | "TooManyTargetGroups"
        | "TooManyRules"
        | "TooManyTags"
        | "TooManyActions"
        | "TooManyUniqueTargetGroupsPerLoadBalancer"
        | "TooManyTargets"
        | "TargetGroupAssociationLimit" => Kind::Quota,
        "ServiceNotFoundException"
        | "ClusterNotFoundException"
        | "TargetGroupNotFound"
        | "RuleNotFound"
        | "ListenerNotFound"
        | "LoadBalancerNotFound"
        | "ServiceDeploymentNotFoundException" => Kind::NotFound,
        "PriorityInUse" => Kind::PriorityInUse,
        "DuplicateTargetGroupName" => Kind::NameTaken,
        "UpdateInProgressException"
        | "ResourceInUse"
        | "ResourceInUseException"
        | "ConflictException"
        | "ServiceNotActiveException"
        | "PriorRequestNotComplete"
        | "ClusterContainsServicesException"
        | "ClusterContainsTasksException"
        | "ClusterContainsContainerInstancesException"
        | "ClusterContainsCapacityProviderException" => Kind::Transient,
        _ if TRANSIENT_TEXTS.iter().any(|text| message.contains(text)) => Kind::Transient,
        _ if message.contains("Creation of service was not idempotent") => Kind::NameTaken,
        _ if message.contains("is not authorized to perform") => Kind::AccessDenied,
        // No code of AWS's: a proxy on the way answered.
        "Unknown" if status == 403 => Kind::AccessDenied,
        "Unknown" => Kind::Unavailable,
        _ if status >= 500 => Kind::Unavailable,
        _ => Kind::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_that_comes_late_is_no_mistake() {
        let continues = "ContinueServiceDeployment";
        for kind in [Kind::Invalid, Kind::NotFound] {
            assert_eq!(late(continues, kind), Kind::Transient);
            assert_eq!(late("UpdateService", kind), kind);
        }
        assert_eq!(late(continues, Kind::AccessDenied), Kind::AccessDenied);
    }

    #[test]
    fn missing_service_linked_role_is_retried_and_says_how_to_create_it() {
        let said = "Unable to assume the service linked role. Please verify that the ECS service linked role exists.";
        let code = "InvalidParameterException";
        assert_eq!(kind(code, said, 400), Kind::Transient);
        let advised = advised(said);
        assert!(advised.starts_with(said), "{advised}");
        let command = "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com";
        assert!(advised.ends_with(command), "{advised}");
        assert_eq!(super::advised("Invalid subnet"), "Invalid subnet");
    }

    #[test]
    fn codes_and_texts_have_their_kinds() {
        let cases = [
            ("ThrottlingException", "Rate exceeded", 400, Kind::Throttled),
            ("Throttling", "Rate exceeded", 400, Kind::Throttled),
            ("ServerException", "", 500, Kind::Unavailable),
            ("AccessDeniedException", "", 400, Kind::AccessDenied),
            ("ExpiredToken", "", 403, Kind::Credentials),
            (
                "ClientException",
                "Too many concurrent attempts to create a new revision of the specified family.",
                400,
                Kind::Transient,
            ),
            (
                "ClientException",
                "User: x is not authorized to perform: ecs:X",
                400,
                Kind::AccessDenied,
            ),
            (
                "InvalidParameterException",
                "Unable to Start a service that is still Draining.",
                400,
                Kind::Transient,
            ),
            (
                "InvalidParameterException",
                "Creation of service was not idempotent.",
                400,
                Kind::NameTaken,
            ),
            (
                "InvalidParameterException",
                "Invalid subnet",
                400,
                Kind::Invalid,
            ),
            (
                "ClusterNotFoundException",
                "Cluster not found.",
                400,
                Kind::NotFound,
            ),
            ("LimitExceededException", "", 400, Kind::Quota),
            (
                "PriorityInUse",
                "Priority '5' is currently in use",
                400,
                Kind::PriorityInUse,
            ),
            ("ResourceInUse", "", 400, Kind::Transient),
        ];
        for (code, message, status, expected) in cases {
            assert_eq!(kind(code, message, status), expected, "{code}: {message}");
        }
    }
}
