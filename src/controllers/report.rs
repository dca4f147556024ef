//! What a reconcile found out of an object.

use super::kind::Kind;
use crate::{
    api::{
        condition::Reason,
        lifecycle::{Drift, PlannedStep},
    },
    aws::AwsError,
    status::Outcome,
};

/// What a reconcile found out.
pub struct Report<K: Kind> {
    /// How it ended.
    pub outcome: Outcome,
    /// The AWS error behind it.
    pub error: Option<AwsError>,
    /// The facts.
    pub status: K::Status,
    /// What AWS had otherwise.
    pub drift: Vec<Drift>,
    /// What would be done: of an object that is only observed, or that is about to be adopted.
    pub plan: Vec<PlannedStep>,
    /// Whether something was changed in AWS just now.
    pub has_acted: bool,
}

impl<K: Kind> Report<K> {
    /// What is known before the first look: the last status.
    pub fn of(object: &K) -> Self {
        Self {
            outcome: Outcome::Waiting(Reason::Creating, "not looked at yet".into()),
            error: None,
            status: object.status().cloned().unwrap_or_default(),
            drift: Vec::new(),
            plan: Vec::new(),
            has_acted: false,
        }
    }
}
