//! Plans of deletion: the same line with nothing desired, in reverse order. `Settled` without steps means gone.

use super::{
    Plan, Step, request, rule,
    service::owned_rules,
    status::{self, unknown_status, wait_for_known},
    tags,
};
use crate::{
    api::condition::Reason,
    desired::{cluster, service, task_definition},
    model::{
        Tags,
        observed::{Cluster, Family, Resource, Rule, Service},
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
    if let Some(word) = unknown_status(cluster, &status::CLUSTER) {
        return wait_for_known("cluster", &target.name, word);
    }
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

/// Deregisters every ACTIVE revision of ours, or leaves each with a tombstone. A family that was taken back has older revisions
/// with the tombstone of an earlier object of this name: they go with it, before ours, which prove that it was taken back.
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
    let ours: Vec<_> = ours.collect();
    let left_behind = observed
        .active
        .iter()
        .filter(|revision| !ours.is_empty() && target.owner.has_left(&revision.tags));
    let all = left_behind.chain(ours.iter().copied());
    let arn = |revision: &Resource| {
        let arn = revision.text("taskDefinitionArn");
        arn.unwrap_or_default().to_owned()
    };
    let deregister = |arn: String| Step::DeregisterTaskDefinition(request! {"taskDefinition": arn});
    Plan::steps(all.map(arn).map(deregister).collect())
}

/// Whether the service was the object's and is not any more: it stays as it is, and goes on serving.
fn is_lost(target: &service::Target, observed: &Service) -> bool {
    let seen = observed.service.as_ref();
    seen.is_some_and(|service| {
        !is_ours(&target.owner, &service.tags)
            && service.text("serviceArn") == target.known_arn.as_deref()
    })
}

/// Deletes the service, waits for its tasks, then its rules, then its target groups. `retains` says whether what has these
/// tags stays, with a tombstone. What a service that stays needs, also one that is the object's no more, stays with it; so does
/// what a rule that stays leads to.
pub fn service(
    target: &service::Target,
    observed: &Service,
    retains: impl Fn(&Tags) -> bool,
) -> Plan {
    let owner = &target.owner;
    let service = observed
        .service
        .as_ref()
        .filter(|service| is_ours(owner, &service.tags));
    if let Some(word) = service.and_then(|seen| unknown_status(seen, &status::SERVICE)) {
        return wait_for_known("service", &target.name, word);
    }
    let service_stays =
        service.is_some_and(|service| retains(&service.tags)) || is_lost(target, observed);
    let (kept_rules, rules): (Vec<_>, Vec<_>) = owned_rules(owner, observed)
        .into_iter()
        .partition(|rule| service_stays || rule.tags.as_ref().is_some_and(&retains));
    let (kept_groups, groups): (Vec<_>, Vec<_>) = observed
        .target_groups
        .values()
        .filter(|group| is_ours(owner, &group.tags))
        .partition(|group| {
            let needed = |rule: &&Rule| rule::forwards_to(rule, &group.arn);
            service_stays || retains(&group.tags) || kept_rules.iter().any(needed)
        });
    let mut steps = Vec::new();
    if let Some(service) = service.filter(|_| service_stays) {
        steps.extend(retain(&service.tags, |changes| {
            changes.ecs(service.text("serviceArn").unwrap_or_default())
        }));
    }
    for rule in kept_rules {
        let tags = rule.tags.clone().unwrap_or_default();
        steps.extend(retain(&tags, |changes| changes.elbv2(&rule.arn)));
    }
    for group in kept_groups {
        steps.extend(retain(&group.tags, |changes| changes.elbv2(&group.arn)));
    }
    if !steps.is_empty() {
        return Plan::steps(steps);
    }
    if let Some(service) = service.filter(|_| !service_stays) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        desired::testing::{WEB, installation, spec},
        model::observed::TargetGroup,
    };

    fn target() -> service::Target {
        let spec = spec(json!({"cluster": "main", "taskDefinition": "web:1"}));
        service::target(WEB, &spec, "main", &Default::default(), &installation()).unwrap()
    }

    #[test]
    fn revisions_of_an_earlier_object_go_only_with_a_family_that_was_taken_back() {
        let spec =
            spec(json!({"containerDefinitions": [{"name": "app", "image": "a", "memory": 128}]}));
        let target = task_definition::target(WEB, &spec, None, &installation()).unwrap();
        let revision = |number: i64, tags: Tags| Resource {
            members: request! {"taskDefinitionArn": format!("web:{number}"), "revision": number},
            tags,
        };
        let mut earlier = target.owner.tags();
        earlier.insert(ownership::UID.into(), "earlier".into());
        let mut left = earlier.clone();
        left.extend(tombstone());
        let mut family = Family {
            active: vec![
                revision(3, target.owner.tags()),
                revision(1, earlier),
                revision(2, left),
            ],
            ..Family::default()
        };
        let go = |arn: &str| Step::DeregisterTaskDefinition(request! {"taskDefinition": arn});
        let plan = task_definition(&target, &family, false);
        assert_eq!(plan.steps, [go("web:2"), go("web:3")]);
        family.active.remove(0);
        assert_eq!(
            task_definition(&target, &family, false),
            Plan::settled(),
            "never taken back"
        );
    }

    /// A service of ours with two target groups and a rule that leads to `a`.
    fn seen(owner: &Owner, adopted: &[&str]) -> Service {
        let tags = |name: &str| {
            let mut tags = owner.tags();
            if adopted.contains(&name) {
                tags.insert(ownership::ADOPT.into(), owner.consent());
            }
            tags
        };
        let members = json!({"serviceArn": "arn:service", "status": "ACTIVE"});
        let group = |name: &str| {
            let group = TargetGroup {
                arn: format!("arn:{name}"),
                tags: tags(name),
                ..TargetGroup::default()
            };
            (name.to_owned(), group)
        };
        Service {
            service: Some(Resource {
                members: members.as_object().unwrap().clone(),
                tags: tags("service"),
            }),
            target_groups: [group("a"), group("b")].into(),
            rules: vec![Rule {
                arn: "arn:rule".into(),
                actions: vec![json!({"type": "forward", "targetGroupArn": "arn:a"})],
                tags: Some(tags("rule")),
                ..Rule::default()
            }],
            ..Service::default()
        }
    }

    /// The calls of a whole deletion, with what they are done to.
    fn deletion(adopted: &[&str], retains: impl Fn(&Tags) -> bool) -> Vec<String> {
        let target = target();
        let mut observed = seen(&target.owner, adopted);
        let mut done = Vec::new();
        for _ in 0..8 {
            let plan = service(&target, &observed, &retains);
            for step in &plan.steps {
                let input = step.input();
                let named = ["targetGroupArn", "ruleArn", "service", "resourceArn"]
                    .iter()
                    .find_map(|member| input.get(*member)?.as_str())
                    .or_else(|| input.get("resourceArns")?[0].as_str());
                done.push(format!("{} {}", step.operation(), named.unwrap_or("?")));
                crate::plan::foresee::service(&mut observed, step);
            }
        }
        done
    }

    #[test]
    fn all_that_was_made_goes() {
        let web = target().name;
        let expected = [
            format!("DeleteService {web}"),
            "DeleteRule arn:rule".into(),
            "DeleteTargetGroup arn:a".into(),
            "DeleteTargetGroup arn:b".into(),
        ];
        assert_eq!(deletion(&[], ownership::is_adopted), expected);
        assert_eq!(deletion(&["rule", "a"], |_| false), expected);
    }

    #[test]
    fn adopted_target_group_stays_when_a_new_service_goes() {
        let expected = [
            "AddTags arn:b".to_owned(),
            format!("DeleteService {}", target().name),
            "DeleteRule arn:rule".into(),
            "DeleteTargetGroup arn:a".into(),
        ];
        assert_eq!(deletion(&["b"], ownership::is_adopted), expected);
    }

    #[test]
    fn adopted_rule_stays_with_the_target_group_that_it_leads_to() {
        let expected = [
            "AddTags arn:rule".to_owned(),
            "AddTags arn:a".into(),
            format!("DeleteService {}", target().name),
            "DeleteTargetGroup arn:b".into(),
        ];
        assert_eq!(deletion(&["rule"], ownership::is_adopted), expected);
    }

    #[test]
    fn service_that_lost_its_tags_goes_on_serving() {
        let mut target = target();
        let mut observed = seen(&target.owner, &[]);
        observed.service.as_mut().unwrap().tags.clear();
        let operations = |target: &service::Target| {
            let plan = service(target, &observed, |_| false);
            let steps = plan.steps.iter();
            steps.map(Step::operation).collect::<Vec<_>>()
        };
        assert_eq!(operations(&target), ["DeleteRule"], "another's service");
        target.known_arn = Some("arn:service".into());
        assert_eq!(operations(&target), ["AddTags"; 3]);
    }

    #[test]
    fn adopted_service_stays_with_all_that_it_needs() {
        let expected = [
            "TagResource arn:service",
            "AddTags arn:rule",
            "AddTags arn:a",
            "AddTags arn:b",
        ];
        assert_eq!(deletion(&["service"], ownership::is_adopted), expected);
    }
}
