//! What is counted of the end of a reconcile: transitions of conditions, rollouts, drift, deletions.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use kube::ResourceExt;

use super::{
    context::Context,
    kind::Kind,
    tally::{kind, known},
};
use crate::api::{
    condition::{self, READY, RECONCILING, STALLED},
    lifecycle::Drift,
    service::Rollout,
};

/// A status was written.
pub fn told<K: Kind>(previous: Option<&K::Status>, status: &K::Status, context: &Context) {
    let old = previous.map_or(&[][..], K::conditions);
    for new in K::conditions(status) {
        if condition::find(old, &new.type_).is_none_or(|old| old.status != new.status) {
            context.metrics.work.transition(
                kind::<K>(),
                known(&[READY, RECONCILING, STALLED], &new.type_),
                known(&["True", "False", "Unknown"], &new.status),
            );
        }
    }
    let ended = ended(previous.and_then(K::rollout), K::rollout(status));
    if let Some((rollout, has_failed)) = ended {
        let started = rollout.started_at.as_ref();
        let time = started.map(|started| since(started.0, context.now()));
        context.metrics.work.rollout(has_failed, time);
    }
}

/// A rollout that has ended since the last status, and whether it failed. One that is the first ever seen of a service and has
/// ended before is not ours.
fn ended<'a>(old: Option<&Rollout>, new: Option<&'a Rollout>) -> Option<(&'a Rollout, bool)> {
    let (old, new) = (old?, new?);
    let has_failed = match new.state.as_str() {
        "Failed" => true,
        "Completed" => false,
        _ => return None,
    };
    ((&old.id, &old.state) != (&new.id, &new.state)).then_some((new, has_failed))
}

/// Something in AWS was changed by others.
pub fn drifted<K: Kind>(object: &K, drift: &[Drift], context: &Context) {
    let classes: BTreeSet<_> = drift.iter().map(field_class).collect();
    let uid = object.uid().unwrap_or_default();
    let classes = classes.into_iter();
    context.metrics.work.drifted(kind::<K>(), &uid, classes);
}

/// The sort of member that drifted, of a closed list.
fn field_class(drift: &Drift) -> &'static str {
    if drift.observed == "absent" {
        return "missing";
    }
    match drift.path.split(['.', '[']).next().unwrap_or_default() {
        "desiredCount" => "count",
        "tags" => "tags",
        "loadBalancers" => "load_balancer",
        "networkConfiguration" => "network",
        "deploymentConfiguration" | "deploymentController" => "deployment",
        _ => "other",
    }
}

/// An object that was being deleted goes.
pub fn terminated<K: Kind>(object: &K, context: &Context) {
    if let Some(deleted) = &object.meta().deletion_timestamp {
        let time = since(deleted.0, context.now());
        context.metrics.work.terminated(kind::<K>(), time);
    }
}

fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollout(id: &str, state: &str) -> Rollout {
        Rollout {
            id: id.into(),
            state: state.into(),
            ..Default::default()
        }
    }

    #[test]
    fn rollout_ends_once() {
        let cases = [
            (None, ("a", "Completed"), None),
            (Some(("a", "InProgress")), ("a", "InProgress"), None),
            (Some(("a", "InProgress")), ("a", "Completed"), Some(false)),
            (Some(("a", "Completed")), ("a", "Completed"), None),
            (Some(("a", "Completed")), ("b", "InProgress"), None),
            (Some(("a", "Completed")), ("b", "Completed"), Some(false)),
            (Some(("b", "InProgress")), ("b", "Failed"), Some(true)),
            (Some(("b", "Failed")), ("b", "Failed"), None),
        ];
        for (old, new, expected) in cases {
            let (was, is) = (
                old.map(|(id, state)| rollout(id, state)),
                rollout(new.0, new.1),
            );
            let ended = ended(was.as_ref(), Some(&is)).map(|(_, has_failed)| has_failed);
            assert_eq!(ended, expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn drift_is_told_by_the_sort_of_member() {
        let drift = |path: &str, observed: &str| Drift {
            path: path.into(),
            declared: "x".into(),
            observed: observed.into(),
        };
        for (path, class) in [
            ("desiredCount", "count"),
            ("tags[\"team\"]", "tags"),
            (
                "loadBalancers[0].targetGroup.healthCheckPath",
                "load_balancer",
            ),
            ("deploymentConfiguration.maximumPercent", "deployment"),
            ("enableExecuteCommand", "other"),
        ] {
            assert_eq!(field_class(&drift(path, "y")), class, "{path}");
        }
        assert_eq!(field_class(&drift("Rule", "absent")), "missing");
    }
}
