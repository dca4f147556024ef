//! What is known of a task definition family.

use std::collections::BTreeSet;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::{
    api::{EcsTaskDefinitionStatus, task_definition::Revision},
    model::{
        observed::{Family, Resource},
        ownership::{self, Claim, HASH, Owner},
    },
};

/// Updates the facts of `status` from the newest revision, if it is ours or may become so.
pub fn facts(status: &mut EcsTaskDefinitionStatus, latest: &Resource, owner: &Owner) {
    if matches!(owner.claim(&latest.tags), Claim::Foreign(_)) {
        return;
    }
    let number = latest.number("revision");
    status.arn = latest.text("taskDefinitionArn").map(str::to_owned);
    status.family = latest.text("family").map(str::to_owned);
    status.revision = number;
    status.hash = latest.tags.get(HASH).cloned();
    let (Some(number), Some(hash)) = (number, &status.hash) else {
        return;
    };
    let mut known = status.revisions.iter_mut();
    if let Some(known) = known.find(|revision| revision.number == number) {
        // What says the same in other words has another hash.
        known.hash.clone_from(hash);
    } else {
        let registered_at = latest
            .members
            .get("registeredAt")
            .and_then(|at| at.as_f64())
            .and_then(seconds);
        status.revisions.insert(
            0,
            Revision {
                number,
                hash: hash.clone(),
                registered_at,
            },
        );
    }
}

/// Forgets revisions that are not registered any more, when all of them were read, and those that were adopted: they stay in
/// AWS, so the history does not count them.
pub fn history(status: &mut EcsTaskDefinitionStatus, family: &Family, owner: &Owner) {
    if family.used.is_none() {
        return;
    }
    let seen: BTreeSet<_> = (family.active.iter().chain(&family.inactive))
        .filter(|revision| {
            owner.claim(&revision.tags) == Claim::Ours && !ownership::is_adopted(&revision.tags)
        })
        .filter_map(|revision| revision.number("revision"))
        .collect();
    status.revisions.retain(|revision| {
        seen.contains(&revision.number) || Some(revision.number) == status.revision
    });
}

/// AWS's time: seconds since the Unix epoch, with fractions; ours has none.
pub fn seconds(at: f64) -> Option<Time> {
    Timestamp::from_second(at as i64).ok().map(Time)
}
