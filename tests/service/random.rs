//! What holds for every declaration: it is reached and kept, an edit sends its member alone, taking back an edit takes back AWS, and
//! what is taken out leaves nothing behind.

use ecs_operator::plan::State;
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};
use simulator::Entry;

use crate::{
    block_on::block_on,
    declarations::{another, any_declaration, edited, without},
    declaring::{Declare, config, looks_again, mostly},
    edits::leaves,
    rig::Rig,
};

/// Members of AWS's model that a declaration has at most.
const MEMBERS: usize = 40;

/// The members of AWS's requests, without what only says which resource is meant or is needed by another member.
fn sent(made: &[Entry]) -> Vec<String> {
    let mut sent: Vec<String> = made
        .iter()
        .flat_map(|entry| {
            let request = entry.request.as_object().expect("an object");
            request.keys().cloned()
        })
        .filter(|key| {
            ![
                "cluster",
                "service",
                "forceNewDeployment",
                "TargetGroupArn",
                "RuleArn",
            ]
            .contains(&key.as_str())
        })
        .collect();
    sent.sort();
    sent.dedup();
    sent
}

/// The member of AWS's request that carries the value at a path of a declaration.
fn member_of(path: &str) -> String {
    let pascal = |name: &str| name[..1].to_uppercase() + &name[1..];
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["loadBalancers", _, "targetGroup", "attributes", ..] => "Attributes".to_owned(),
        ["loadBalancers", _, "targetGroup", "rules", _, "priority"] => "RulePriorities".to_owned(),
        ["loadBalancers", _, "targetGroup", "rules", _, member, ..] => pascal(member),
        ["loadBalancers", _, "targetGroup", member, ..] => pascal(member),
        [member, ..] => (*member).to_owned(),
        [] => String::new(),
    }
}

/// The members that an edit at a path sends, of those that were `made`.
fn wanted(path: &str, made: &[Entry]) -> Vec<String> {
    const OF_ELBV2: [&str; 2] = ["ResourceArns", "Tags"];
    const OF_ECS: [&str; 2] = ["resourceArn", "tags"];
    // AWS shows neither a client secret nor, once it is known by its ARN, the name of a namespace: a tag says which was declared.
    let (member, tags) = match path {
        path if path.starts_with("/tags/") => (None, vec![OF_ELBV2, OF_ECS]),
        path if path.ends_with("/clientSecret") => (Some(member_of(path)), vec![OF_ELBV2]),
        "/serviceConnectConfiguration/namespace" => (Some(member_of(path)), vec![OF_ECS]),
        path => (Some(member_of(path)), Vec::new()),
    };
    let tags = tags.iter().flatten().map(|member| (*member).to_owned());
    let mut wanted: Vec<_> = member.into_iter().chain(tags).collect();
    wanted.sort();
    if path.starts_with("/tags/") {
        wanted.retain(|member| sent(made).contains(member));
    }
    wanted
}

/// Whether a deployment was forced where AWS does not ask for it, or not where it does.
fn is_forced_wrongly(made: &[Entry]) -> bool {
    made.iter().any(|entry| {
        let has = |member: &str| entry.request.get(member).is_some();
        has("forceNewDeployment")
            != (entry.operation == "UpdateService" && has("capacityProviderStrategy"))
    })
}

/// Says whether there was an edit to try.
async fn edit_sends_its_member_alone(spec: &Value, leaf: &Index) -> Result<bool, TestCaseError> {
    let mut rig = Rig::new().await;
    rig.settle(spec).await?;
    let first = rig.aws_state();
    rig.stay(spec, looks_again()).await?;
    rig.restart().await;
    rig.stay(spec, 1).await?;
    let leaves = leaves(spec);
    let path = leaf.get(&leaves);
    let Some(other) = edited(spec, path) else {
        return Ok(false);
    };
    let deployment = rig.deployment();
    let made = rig.settle(&other).await?.made;
    let has_begun = rig.deployment() != deployment;
    prop_assert_eq!(rig.rolls, has_begun, "{} in {}", path, spec);
    let mut fresh = Rig::new().await;
    fresh.settle(&other).await?;
    same(&rig, &fresh, &other, path)?;
    if made.is_empty() {
        // Another word for what AWS has is no change.
        prop_assert_eq!(&first, &rig.aws_state());
        let (first, other) = (released(first.clone(), spec), fresh.aws_state());
        prop_assert_eq!(first, released(other, spec), "{} in {}", path, spec);
    } else {
        prop_assert_eq!(sent(&made), wanted(path, &made), "{} in {}", path, spec);
    }
    let updates = made
        .iter()
        .filter(|entry| entry.operation == "UpdateService");
    prop_assert!(updates.count() <= 1, "{path} in {spec}");
    prop_assert!(!is_forced_wrongly(&made), "{path} in {spec}");
    rig.settle(spec).await?;
    prop_assert_eq!(rig.aws_state(), first, "taken back: {} in {}", path, spec);
    Ok(true)
}

#[test]
fn every_declaration_is_reached_and_kept_and_each_edit_sends_its_member_alone() {
    let edits = (any_declaration(MEMBERS), any::<Index>());
    mostly(30, edits, |(spec, leaf)| {
        block_on(edit_sends_its_member_alone(&spec, &leaf))
    });
}

proptest! {
    #![proptest_config(config(30))]

    #[test]
    fn what_is_taken_out_leaves_nothing_behind(spec in any_declaration(MEMBERS), leaf in any::<Index>()) {
        let leaves = leaves(&spec);
        let path = leaf.get(&leaves).clone();
        let Some(less) = without(&spec, &path) else { return Ok(()) };
        block_on(async {
            let mut rig = Rig::new().await;
            rig.settle(&spec).await?;
            rig.restart().await;
            let state = rig.declare(&less).await.map_err(|error| TestCaseError::fail(format!("{error}: {path} of {spec}")))?.state;
            if let State::Blocked(_, message) = &state {
                // AWS has no way back, and the object says so.
                let member = path.split('/').nth(1).unwrap_or_default();
                prop_assert!(message.contains(member) && message.contains("was taken out"), "{message}: {path} of {spec}");
                return Ok(());
            }
            prop_assert_eq!(&state, &State::Settled);
            let mut fresh = Rig::new().await;
            fresh.settle(&less).await?;
            same(&rig, &fresh, &less, &path)
        })?;
    }

    #[test]
    fn the_way_to_a_declaration_does_not_matter(zero in any_declaration(MEMBERS), one in any_declaration(MEMBERS), two in any_declaration(MEMBERS)) {
        let Some(one) = another(&zero, &one) else { return Ok(()) };
        let Some(two) = another(&one, &two) else { return Ok(()) };
        block_on(async {
            let (mut rig, mut fresh) = (Rig::new().await, Rig::new().await);
            rig.settle(&zero).await?;
            for spec in [&one, &two] {
                let state = rig.declare(spec).await.map_err(|error| TestCaseError::fail(format!("{error}: {zero}\n{one}\n{two}")))?.state;
                if let State::Blocked(_, message) = &state {
                    let is_told = message.contains("was taken out") || message.contains("only if the service was created with one");
                    prop_assert!(is_told, "{message}: {zero}\n{one}\n{two}");
                    return Ok(());
                }
            }
            fresh.settle(&two).await?;
            same(&rig, &fresh, &two, &format!("{zero}\n{one}"))
        })?;
    }
}

/// What AWS has, without what belongs to others when it is not declared.
fn released(mut state: Value, spec: &Value) -> Value {
    for member in ["desiredCount", "availabilityZoneRebalancing"] {
        if spec.get(member).is_none() {
            state["service"][member] = json!(null);
        }
    }
    // The only provider has all tasks, whatever its weight.
    let alone = |strategy: &Value| strategy.as_array().is_some_and(|items| items.len() == 1);
    let strategy = &spec["capacityProviderStrategy"];
    if alone(strategy) && strategy[0]["weight"].is_null() {
        for part in ["service", "revision"] {
            state[part]["capacityProviderStrategy"][0]["weight"] = json!(null);
        }
    }
    state
}

/// AWS has the same, but for what belongs to others when it is not declared.
fn same(rig: &Rig, fresh: &Rig, spec: &Value, how: &str) -> Result<(), TestCaseError> {
    let seen = released(rig.aws_state(), spec);
    let wanted = released(fresh.aws_state(), spec);
    for part in ["service", "revision", "groups", "rules"] {
        prop_assert_eq!(
            &seen[part],
            &wanted[part],
            "{} of {} after {}",
            part,
            spec,
            how
        );
    }
    Ok(())
}
