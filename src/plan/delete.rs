//! Plans of deletion: the same line with nothing desired, in reverse order. `Settled` without steps means gone.

use super::{Plan, Step, request, service::owned_rules, tags};
use crate::{
    api::condition::Reason,
    desired::{cluster, service, task_definition},
    model::{
        Tags,
        observed::{Cluster, Family, Service},
        ownership::{self, Claim, Owner},
    },
};

/// Services that a message names.
const NAMED: usize = 10;

/// The tombstone of a retained resource.
fn tombstone() -> Tags {
    [(ownership::RETAINED.to_owned(), "true".to_owned())].into()
}

fn is_ours(owner: &Owner, tags: &Tags) -> bool {
    owner.claim(tags) == Claim::Ours
}

/// Tags what stays, once.
fn retain(tags: &Tags, steps: impl FnOnce(tags::TagChanges) -> Vec<Step>) -> Vec<Step> {
    if tags.contains_key(ownership::RETAINED) {
        Vec::new()
    } else {
        steps(tags::TagChanges {
            add: tombstone(),
            remove: Vec::new(),
        })
    }
}

/// Deletes the cluster, or leaves it with a tombstone. What is not ours is left as it is.
pub fn cluster(target: &cluster::Target, observed: &Cluster, retains: bool) -> Plan {
    let seen = observed.cluster.as_ref();
    let Some(cluster) = seen.filter(|cluster| is_ours(&target.owner, &cluster.tags)) else {
        return Plan::settled();
    };
    if retains {
        return Plan::steps(retain(&cluster.tags, |changes| {
            changes.ecs(cluster.text("clusterArn").unwrap_or_default())
        }));
    }
    let services = cluster.number("activeServicesCount").unwrap_or(0);
    if services > 0 {
        let named = observed.services.iter().take(NAMED).cloned();
        let mut names = named.collect::<Vec<_>>().join(", ");
        if observed.services.len() > NAMED {
            names.push_str(", …");
        }
        return Plan::waiting(
            Reason::DeletionBlocked,
            format!(
                "the cluster \"{}\" still has {services} active services: {names}. Delete them, or set deletionPolicy to Retain to leave the cluster in AWS.",
                target.name
            ),
        );
    }
    Plan::steps(vec![Step::DeleteCluster(request! {"cluster": target.name})])
}

/// Deregisters every ACTIVE revision of ours, or leaves them with a tombstone on the newest.
pub fn task_definition(target: &task_definition::Target, observed: &Family, retains: bool) -> Plan {
    let ours = observed
        .active
        .iter()
        .filter(|revision| is_ours(&target.owner, &revision.tags));
    if retains {
        return Plan::steps(
            ours.flat_map(|revision| {
                retain(&revision.tags, |changes| {
                    changes.ecs(revision.text("taskDefinitionArn").unwrap_or_default())
                })
            })
            .collect(),
        );
    }
    Plan::steps(
        ours.map(|revision| {
            Step::DeregisterTaskDefinition(
                request! {"taskDefinition": revision.text("taskDefinitionArn").unwrap_or_default()},
            )
        })
        .collect(),
    )
}

/// Deletes the service, waits for its tasks, then its rules, then its target groups.
pub fn service(target: &service::Target, observed: &Service, retains: bool) -> Plan {
    let owner = &target.owner;
    let rules = owned_rules(owner, observed);
    let groups: Vec<_> = observed
        .target_groups
        .values()
        .filter(|group| is_ours(owner, &group.tags))
        .collect();
    let service = observed
        .service
        .as_ref()
        .filter(|service| is_ours(owner, &service.tags));
    if retains {
        let mut steps = Vec::new();
        if let Some(service) = service {
            steps.extend(retain(&service.tags, |changes| {
                changes.ecs(service.text("serviceArn").unwrap_or_default())
            }));
        }
        for rule in rules {
            steps.extend(retain(
                rule.tags.as_ref().unwrap_or(&Tags::new()),
                |changes| changes.elbv2(&rule.arn),
            ));
        }
        for group in groups {
            steps.extend(retain(&group.tags, |changes| changes.elbv2(&group.arn)));
        }
        return Plan::steps(steps);
    }
    if let Some(service) = service {
        if service.text("status") == Some("DRAINING") {
            let running = service.number("runningCount").unwrap_or(0);
            return Plan::waiting(
                Reason::Draining,
                format!(
                    "the service \"{}\" is draining: {running} tasks still running",
                    target.name
                ),
            );
        }
        return Plan::steps(vec![Step::DeleteService(
            request! {"cluster": target.cluster, "service": target.name, "force": true},
        )]);
    }
    if !rules.is_empty() {
        return Plan::steps(
            rules
                .iter()
                .map(|rule| Step::DeleteRule(request! {"ruleArn": rule.arn}))
                .collect(),
        );
    }
    Plan::steps(
        groups
            .iter()
            .map(|group| Step::DeleteTargetGroup(request! {"targetGroupArn": group.arn}))
            .collect(),
    )
}
