//! Condition types and the closed list of reasons: the only words in which the operator says how an object is.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// Always set: the declared state is the running one.
pub const READY: &str = "Ready";
/// Present and True while the operator is bringing AWS to the declared state (kstatus: InProgress).
pub const RECONCILING: &str = "Reconciling";
/// Present and True when progress needs somebody (kstatus: Failed).
pub const STALLED: &str = "Stalled";

/// Why an object is as it is. A closed list: metric labels, events and documentation pages are made from it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// AWS is as declared.
    Synced,
    /// Something is being created.
    Creating,
    /// Something is being changed.
    Updating,
    /// ECS is rolling out the declared revision.
    RolloutInProgress,
    /// Others changed in AWS what the object declares (an event only).
    DriftDetected,
    /// Something is being emptied before it can go.
    Draining,
    /// A referenced object is not ready.
    DependencyNotReady,
    /// A referenced object does not exist.
    DependencyNotFound,
    /// AWS answers "slow down".
    Throttled,
    /// AWS does not answer, or with a fault of its own.
    AwsUnavailable,
    /// The credentials are missing, wrong or expired.
    CredentialsInvalid,
    /// AWS refuses the call for lack of rights.
    AccessDenied,
    /// An AWS quota is used up.
    QuotaExceeded,
    /// The declared state is impossible.
    InvalidSpec,
    /// The AWS resource exists and is not ours.
    NotOwned,
    /// Our ownership tags were taken off the AWS resource.
    OwnershipLost,
    /// The name is taken by another resource.
    NameConflict,
    /// The listener rule priority is taken by another rule.
    PriorityConflict,
    /// ECS gave the rollout up.
    RolloutFailed,
    /// The same steps ran again and again without effect.
    NoProgress,
    /// The deletion waits for something that still uses the resource.
    DeletionBlocked,
    /// `spec.suspend` is true.
    Suspended,
    /// A defect of the operator.
    InternalError,
}

impl Reason {
    /// Every reason. The match in `as_str` names them all, and the test below holds that this list does too.
    pub const ALL: [Self; 23] = [
        Self::Synced,
        Self::Creating,
        Self::Updating,
        Self::RolloutInProgress,
        Self::DriftDetected,
        Self::Draining,
        Self::DependencyNotReady,
        Self::DependencyNotFound,
        Self::Throttled,
        Self::AwsUnavailable,
        Self::CredentialsInvalid,
        Self::AccessDenied,
        Self::QuotaExceeded,
        Self::InvalidSpec,
        Self::NotOwned,
        Self::OwnershipLost,
        Self::NameConflict,
        Self::PriorityConflict,
        Self::RolloutFailed,
        Self::NoProgress,
        Self::DeletionBlocked,
        Self::Suspended,
        Self::InternalError,
    ];

    /// The word in conditions, events and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::RolloutInProgress => "RolloutInProgress",
            Self::DriftDetected => "DriftDetected",
            Self::Draining => "Draining",
            Self::DependencyNotReady => "DependencyNotReady",
            Self::DependencyNotFound => "DependencyNotFound",
            Self::Throttled => "Throttled",
            Self::AwsUnavailable => "AwsUnavailable",
            Self::CredentialsInvalid => "CredentialsInvalid",
            Self::AccessDenied => "AccessDenied",
            Self::QuotaExceeded => "QuotaExceeded",
            Self::InvalidSpec => "InvalidSpec",
            Self::NotOwned => "NotOwned",
            Self::OwnershipLost => "OwnershipLost",
            Self::NameConflict => "NameConflict",
            Self::PriorityConflict => "PriorityConflict",
            Self::RolloutFailed => "RolloutFailed",
            Self::NoProgress => "NoProgress",
            Self::DeletionBlocked => "DeletionBlocked",
            Self::Suspended => "Suspended",
            Self::InternalError => "InternalError",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The condition of this type, if it is there.
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|c| c.type_ == type_)
}

/// Whether the condition of this type is True.
pub fn is_true(conditions: &[Condition], type_: &str) -> bool {
    find(conditions, type_).is_some_and(|c| c.status == "True")
}

/// The generation that Ready speaks of; none: nothing was said yet.
pub fn ready_generation(conditions: &[Condition]) -> Option<i64> {
    find(conditions, READY)?.observed_generation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_of_reasons_is_complete() {
        let source = include_str!("condition.rs");
        let words = source.matches("=> \"").count();
        let distinct: std::collections::BTreeSet<_> = Reason::ALL.into_iter().collect();
        assert_eq!((distinct.len(), Reason::ALL.len()), (words, words));
    }
}
