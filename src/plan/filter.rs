//! Policies over a finished plan: what may not be done is taken out at the end, not sprinkled through the planning.

use super::{Plan, State};
use crate::api::{DeletionPolicy, Lifecycle, condition::Reason};
use crate::model::{Tags, ownership};

/// `managementPolicy: Observe` takes every step out and says what would be done.
pub fn observe_only(mut plan: Plan, lifecycle: &Lifecycle) -> Plan {
    if lifecycle.observes_only() && !plan.steps.is_empty() {
        plan.state = State::Waiting(
            Reason::Updating,
            format!(
                "managementPolicy is Observe, so nothing is changed; status.plan says what would be, beginning with {}",
                plan.operations()
            ),
        );
        plan.steps.clear();
    }
    plan
}

/// Whether the AWS resources stay when the object goes. Adopted ones stay unless the object says otherwise; observed ones always do.
pub fn retains(lifecycle: &Lifecycle, tags: Option<&Tags>) -> bool {
    if lifecycle.observes_only() {
        return true;
    }
    match lifecycle.deletion_policy {
        Some(policy) => policy == DeletionPolicy::Retain,
        None => tags.is_some_and(ownership::is_adopted),
    }
}
