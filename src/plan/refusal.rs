//! What may not or cannot be changed: what is not ours, and what AWS has no call for. Nothing is sent then.

use serde_json::json;

use super::{Change, Plan, State, completion::Kept, diff, service_members, tags, target_group};
use crate::{
    api::condition::Reason,
    desired::service::DesiredService,
    model::{
        Tags, observed,
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
    Plan::blocked(
        reason,
        format!(
            "the {kind} \"{name}\" exists in AWS and is not this object's: {why}. Nothing was changed. Choose another name, or consent to its adoption in AWS with the tag ecs-operator.dev/adopt={consent}."
        ),
    )
}

/// Whether service and target groups are ours to change; retained or consented ones are tagged first.
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
                let lost = desired.target.known_arn.as_deref() == Some(arn);
                return Some(not_owned(
                    "service",
                    &desired.target.name,
                    &why,
                    owner,
                    &service.tags,
                    lost,
                ));
            }
        }
    }
    for target in &desired.target_groups {
        let Some(seen) = observed.target_groups.get(&target.name) else {
            continue;
        };
        match owner.claim(&seen.tags) {
            Claim::Ours => {}
            Claim::Available => {
                return Some(Plan::steps(
                    tags::changes(&desired.tags, &seen.tags, &[]).elbv2(&seen.arn),
                ));
            }
            Claim::Foreign(why) => {
                return Some(not_owned(
                    "target group",
                    &target.name,
                    &why,
                    owner,
                    &seen.tags,
                    false,
                ));
            }
        }
    }
    let available = observed.rules.iter().find(|rule| {
        rule.tags
            .as_ref()
            .is_some_and(|tags| owner.claim(tags) == Claim::Available)
    });
    available.map(|rule| {
        Plan::steps(
            tags::changes(
                &desired.tags,
                rule.tags.as_ref().unwrap_or(&desired.tags),
                &[],
            )
            .elbv2(&rule.arn),
        )
    })
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
