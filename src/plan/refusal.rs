//! What may not or cannot be changed: what is not ours, and what AWS has no call for. Nothing is sent then.

use serde_json::json;

use super::{
    Change, Plan, State, completion::Kept, diff, service::owned_rules, service_members, tags,
    target_group,
};
use crate::{
    api::condition::Reason,
    desired::service::DesiredService,
    model::{
        Tags,
        observed::{self, Rule},
        ownership::{Claim, Owner},
    },
};

/// Members that only CreateService has.
pub const IMMUTABLE: [&str; 3] = ["launchType", "schedulingStrategy", "role"];

/// What a resource that is not ours means for its object. `lost`: it was the object's before.
pub fn not_owned(
    kind: &str,
    name: &str,
    why: &str,
    owner: &Owner,
    tags: &Tags,
    lost: bool,
) -> Plan {
    if owner.is_anothers(tags) {
        return Plan::blocked(
            Reason::NameConflict,
            format!(
                "the {kind} \"{name}\" in AWS is another object's: {why}. Nothing was changed. One resource of AWS is one object: choose another name, or delete one of the two objects."
            ),
        );
    }
    let reason = if lost {
        Reason::OwnershipLost
    } else {
        Reason::NotOwned
    };
    let consent = owner.consent();
    let what = if lost {
        let tags = owner.tags();
        let tags: Vec<_> = tags
            .iter()
            .map(|(key, tag)| format!("{key}={tag}"))
            .collect();
        format!(
            "the {kind} \"{name}\" in AWS was this object's, and its tags do not say so any more: {why}. Nothing was changed. Put back the tags {}, or consent to its adoption",
            tags.join(", ")
        )
    } else {
        format!(
            "the {kind} \"{name}\" exists in AWS and is not this object's: {why}. Nothing was changed. Choose another name, or consent to its adoption in AWS"
        )
    };
    Plan::blocked(
        reason,
        format!("{what} with the tag ecs-operator.dev/adopt={consent}."),
    )
}

/// Whether a plan says that something is not the object's.
pub const fn is_of_ownership(plan: &Plan) -> bool {
    matches!(
        plan.state,
        State::Blocked(
            Reason::NotOwned | Reason::OwnershipLost | Reason::NameConflict,
            _
        )
    )
}

/// Whether service, target groups and rules are ours to change; retained or consented ones are tagged first.
pub fn claim(desired: &DesiredService, observed: &observed::Service) -> Option<Plan> {
    let owner = &desired.target.owner;
    if let Some(service) = &observed.service {
        let arn = service.text("serviceArn").unwrap_or_default();
        match owner.claim(&service.tags) {
            Claim::Ours => {}
            Claim::Available => {
                return Some(Plan::steps(
                    tags::changes(&desired.tags, &service.tags, &[]).ecs(arn),
                ));
            }
            Claim::Foreign(why) => {
                let name = &desired.target.name;
                let lost = desired.target.known_arn.as_deref() == Some(arn);
                return Some(not_owned("service", name, &why, owner, &service.tags, lost));
            }
        }
    }
    let take =
        |seen: &Tags, arn: &str| Plan::steps(tags::changes(&desired.tags, seen, &[]).elbv2(arn));
    let is_known = |arn: &str| desired.target.known_parts.contains(arn);
    for target in &desired.target_groups {
        let Some(seen) = observed.target_groups.get(&target.name) else {
            continue;
        };
        match owner.claim(&seen.tags) {
            Claim::Ours => {}
            Claim::Available => return Some(take(&seen.tags, &seen.arn)),
            Claim::Foreign(why) => {
                let (name, lost) = (&target.name, is_known(&seen.arn));
                return Some(not_owned(
                    "target group",
                    name,
                    &why,
                    owner,
                    &seen.tags,
                    lost,
                ));
            }
        }
    }
    for rule in &observed.rules {
        let Some(seen) = &rule.tags else {
            continue;
        };
        match owner.claim(seen) {
            Claim::Ours => {}
            Claim::Available => return Some(take(seen, &rule.arn)),
            // Another's rule on a shared listener is nothing to us.
            Claim::Foreign(why) if is_known(&rule.arn) && is_missed(rule, desired, observed) => {
                return Some(not_owned(
                    "listener rule",
                    &rule.arn,
                    &why,
                    owner,
                    seen,
                    true,
                ));
            }
            Claim::Foreign(_) => {}
        }
    }
    None
}

/// Whether a declared rule would be made anew, or stand behind this one: it was ours and is not any more.
fn is_missed(lost: &Rule, desired: &DesiredService, observed: &observed::Service) -> bool {
    let here = |listener: &str| *listener == lost.listener_arn;
    let groups = desired.target_groups.iter();
    let mut declared = groups
        .flat_map(|group| &group.rules)
        .filter(|rule| here(&rule.listener_arn));
    let owned = owned_rules(&desired.target.owner, observed).into_iter();
    declared.clone().count() > owned.filter(|rule| here(&rule.listener_arn)).count()
        || declared.any(|rule| rule.conditions == lost.conditions)
}

/// A declared change that AWS has no call for.
pub fn immutable(desired: &DesiredService, observed: &observed::Service) -> Option<Plan> {
    let refuse = |path: String, change: &Change, way_out: &str| Plan {
        changes: vec![change.clone()],
        ..Plan::blocked(
            Reason::InvalidSpec,
            format!(
                "spec.{path}: AWS cannot change it from {} to {}. Nothing was sent. {way_out}",
                change.observed, change.declared
            ),
        )
    };
    if let Some(service) = &observed.service {
        let mut declared = desired.members.clone();
        declared.retain(|member, _| IMMUTABLE.contains(&member.as_str()));
        if let Some((change, way_out)) = unknown_way_back(desired, service) {
            return Some(refuse(change.path.clone(), &change, way_out));
        }
        let current = service_members::current(service);
        if let Some(change) = diff::changes(&declared, &current).first() {
            return Some(refuse(
                change.path.clone(),
                change,
                "Set it back, or create another EcsService.",
            ));
        }
    }
    desired.target_groups.iter().find_map(|target| {
        let change = target_group::immutable_change(
            target,
            observed.target_groups.get(&target.name)?,
            &desired.removed,
        )?;
        Some(refuse(
            format!(
                "loadBalancers[targetGroup {}].targetGroup.{}",
                target.name, change.path
            ),
            &change,
            "Set it back, or give the target group another name to have a new one made.",
        ))
    })
}

/// A strategy that is left for a launch type, where AWS does not show that the service was created with one: only then is there a way
/// back (aws.md 4.1). With what the user can do.
fn unknown_way_back(
    desired: &DesiredService,
    service: &observed::Resource,
) -> Option<(Change, &'static str)> {
    const STRATEGY: &str = "capacityProviderStrategy";
    let is_clear =
        !service_members::has_strategy(service) || service_members::had_launch_type(service);
    if is_clear {
        return None;
    }
    let declared = |member: &str| desired.members.get(member);
    let (member, wanted) = match (declared("launchType"), declared(STRATEGY)) {
        (Some(launch_type), _) => ("launchType", launch_type),
        (None, Some(strategy)) if *strategy == json!([]) => (STRATEGY, strategy),
        _ => return None,
    };
    let current = service_members::current(service);
    let way_out = if wanted == "FARGATE" {
        "AWS goes back to a launch type only if the service was created with one, and shows none. Declare capacityProviderStrategy: [{capacityProvider: FARGATE}] instead, or create another EcsService."
    } else {
        "AWS goes back to a launch type only if the service was created with one, and shows none. Declare the capacityProviderStrategy that is wanted, or create another EcsService."
    };
    Some((diff::change(member, wanted, &current[STRATEGY]), way_out))
}

/// What was taken out and AWS has no way to reset.
pub fn cannot_reset(kept: &[Kept]) -> Option<State> {
    let sentences: Vec<String> = kept
        .iter()
        .map(|(path, observed, way)| {
            format!("spec.{path} was taken out, and AWS has no way to reset it: it keeps {observed}. {way}")
        })
        .collect();
    (!sentences.is_empty()).then(|| State::Blocked(Reason::InvalidSpec, sentences.join(" ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        model::ownership::{NAME, UID},
        plan::service_tests::{TD1, balanced, declared, run, steady},
    };

    /// A service with its target group and rule as the status knows them, in sync.
    fn known() -> (DesiredService, observed::Service) {
        let mut desired = declared(balanced(), TD1);
        let seen = steady(&desired);
        desired.target.known_arn = Some("arn:service".into());
        let groups = seen.target_groups.values().map(|group| group.arn.clone());
        let rules = seen.rules.iter().map(|rule| rule.arn.clone());
        desired.target.known_parts = groups.chain(rules).collect();
        (desired, seen)
    }

    /// The tags of the service, of its target group and of its rule.
    fn tags<'a>(seen: &'a mut observed::Service, of: &str) -> &'a mut Tags {
        match of {
            "service" => &mut seen.service.as_mut().unwrap().tags,
            "target group" => &mut seen.target_groups.values_mut().next().unwrap().tags,
            _ => seen.rules[0].tags.as_mut().unwrap(),
        }
    }

    const PARTS: [&str; 3] = ["service", "target group", "listener rule"];

    #[test]
    fn stripped_tag_of_what_is_known_is_lost_ownership_and_nothing_is_done() {
        for part in PARTS {
            let (mut desired, mut seen) = known();
            desired.members.insert("desiredCount".into(), json!(7));
            tags(&mut seen, part).remove(UID);
            let plan = run(&desired, &seen);
            assert_eq!(plan.steps, [], "{part}");
            let State::Blocked(Reason::OwnershipLost, message) = &plan.state else {
                panic!("{part}: {plan:?}")
            };
            let way_out = format!("{UID}={}", desired.target.owner.uid);
            assert!(message.starts_with(&format!("the {part} \"")), "{message}");
            assert!(message.contains(&way_out), "{message}");
        }
    }

    #[test]
    fn what_another_object_has_taken_over_is_a_conflict_of_names() {
        for part in PARTS {
            let (desired, mut seen) = known();
            tags(&mut seen, part).insert(NAME.into(), "other".into());
            let plan = run(&desired, &seen);
            assert!(
                matches!(plan.state, State::Blocked(Reason::NameConflict, _)),
                "{part}: {plan:?}"
            );
        }
    }

    #[test]
    fn what_was_never_known_is_not_lost() {
        let (mut desired, mut seen) = known();
        desired.target.known_parts.clear();
        tags(&mut seen, "target group").clear();
        let plan = run(&desired, &seen);
        assert!(matches!(plan.state, State::Blocked(Reason::NotOwned, _)));
    }

    #[test]
    fn rule_is_let_go_when_nothing_declares_one_in_its_place() {
        let (known, mut seen) = known();
        let mut json = balanced();
        let group = &mut json["loadBalancers"][0]["targetGroup"];
        group["rules"][0]["conditions"][0]["pathPatternConfig"]["values"] = json!(["/new"]);
        let mut edited = declared(json, TD1);
        edited.target = known.target;
        let mut new = seen.rules[0].clone();
        new.arn = "arn:new".into();
        new.conditions = edited.target_groups[0].rules[0].conditions.clone();
        tags(&mut seen, "listener rule").clear();
        let lost = run(&edited, &seen);
        assert!(
            matches!(lost.state, State::Blocked(Reason::OwnershipLost, _)),
            "the edit would be made beside it: {lost:?}"
        );
        seen.rules.push(new);
        assert_eq!(run(&edited, &seen), Plan::settled());
    }
}
