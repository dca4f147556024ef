//! Tables of what is planned for the target groups and rules of a service, and of what cannot be changed.

use serde_json::{Value, json};

use super::{
    Plan, State, Step,
    service_tests::{
        LISTENER, TD1, TD2, balanced, declared, members, operations, run, set, set_primary, steady,
    },
};
use crate::{
    api::condition::Reason,
    model::{observed::Service, ownership::ADOPT},
};

/// Other values of what AWS cannot change in a target group.
fn immutable_edits() -> [(&'static str, Value); 7] {
    [
        ("protocol", json!("HTTPS")),
        ("protocolVersion", json!("GRPC")),
        ("port", json!(81)),
        ("vpcId", json!("vpc-2")),
        ("targetType", json!("instance")),
        ("ipAddressType", json!("ipv6")),
        ("targetControlPort", json!(9000)),
    ]
}

/// Its target group may have either type.
fn balanced_without_a_network() -> Value {
    let mut spec = balanced();
    spec.as_object_mut().unwrap().remove("networkConfiguration");
    spec
}

#[test]
fn immutable_change_sends_nothing() {
    let mut named = balanced_without_a_network();
    named["loadBalancers"][0]["targetGroup"]["name"] = json!("mine");
    let observed = steady(&declared(named.clone(), TD1));
    let mut launch = named.clone();
    launch["launchType"] = json!("EC2");
    let mut cases = vec![("launchType", launch)];
    for (member, value) in immutable_edits() {
        let mut edited = named.clone();
        edited["loadBalancers"][0]["targetGroup"][member] = value;
        cases.push((member, edited));
    }
    for (member, edited) in cases {
        let plan = run(&declared(edited, TD2), &observed);
        assert!(plan.steps.is_empty(), "{member}: {plan:?}");
        assert!(
            matches!(&plan.state, State::Blocked(Reason::InvalidSpec, m) if m.contains(member)),
            "{member}: {:?}",
            plan.state
        );
    }
}

#[test]
fn immutable_change_of_a_group_without_a_name_of_its_own_makes_another_first() {
    let observed = steady(&declared(balanced_without_a_network(), TD1));
    for (member, value) in immutable_edits() {
        let mut edited = balanced_without_a_network();
        edited["loadBalancers"][0]["targetGroup"][member] = value.clone();
        let plan = run(&declared(edited, TD1), &observed);
        let [Step::CreateTargetGroup(input)] = plan.steps.as_slice() else {
            panic!("{member}: {plan:?}")
        };
        assert_eq!(input[member], value);
        assert!(
            !observed
                .target_groups
                .contains_key(input["name"].as_str().unwrap())
        );
    }
}

#[test]
fn missing_listener_is_told() {
    let desired = declared(balanced(), TD1);
    let observed = Service {
        missing_listeners: [LISTENER.to_owned()].into(),
        ..Service::default()
    };
    let plan = run(&desired, &observed);
    assert!(
        plan.steps.is_empty()
            && matches!(&plan.state, State::Blocked(Reason::InvalidSpec, m) if m.contains(LISTENER)),
        "{plan:?}"
    );
}

#[test]
fn foreign_target_group_is_never_touched() {
    let desired = declared(balanced(), TD1);
    let mut observed = steady(&desired);
    observed.service = None;
    observed
        .target_groups
        .values_mut()
        .for_each(|group| group.tags.clear());
    let plan = run(&desired, &observed);
    assert!(
        plan.steps.is_empty() && matches!(plan.state, State::Blocked(Reason::NotOwned, _)),
        "{plan:?}"
    );
}

#[test]
fn dropped_target_group_goes_after_its_rule_and_only_from_a_steady_service() {
    let before = declared(balanced(), TD1);
    let mut observed = steady(&before);
    let mut open = balanced();
    open.as_object_mut().unwrap().remove("loadBalancers");
    let mut desired = declared(open, TD1);
    desired.target.listeners = [LISTENER.to_owned()].into();
    let plan1 = run(&desired, &observed);
    assert!(
        matches!(plan1.steps.as_slice(), [Step::UpdateService(i)] if i["loadBalancers"] == json!([])),
        "{plan1:?}"
    );
    set(&mut observed, "loadBalancers", json!([]));
    set_primary(&mut observed, "rolloutState", json!("IN_PROGRESS"));
    assert_eq!(operations(&run(&desired, &observed)), Vec::<&str>::new());
    set_primary(&mut observed, "rolloutState", json!("COMPLETED"));
    assert_eq!(operations(&run(&desired, &observed)), ["DeleteRule"]);
    observed.rules.clear();
    assert_eq!(operations(&run(&desired, &observed)), ["DeleteTargetGroup"]);
}

#[test]
fn dropped_target_group_and_rule_stay_when_they_were_adopted() {
    let before = declared(balanced(), TD1);
    let mut observed = steady(&before);
    let consent = (ADOPT.to_owned(), "any/team/web".to_owned());
    let mut open = balanced();
    open.as_object_mut().unwrap().remove("loadBalancers");
    let mut desired = declared(open, TD1);
    desired.target.listeners = [LISTENER.to_owned()].into();
    set(&mut observed, "loadBalancers", json!([]));
    let group = observed.target_groups.values_mut().next().unwrap();
    group.tags.extend([consent.clone()]);
    assert_eq!(operations(&run(&desired, &observed)), ["DeleteRule"]);
    let rule = observed.rules[0].tags.as_mut().unwrap();
    rule.extend([consent]);
    assert_eq!(run(&desired, &observed), Plan::settled());
    let group = observed.target_groups.values_mut().next().unwrap();
    group.tags.remove(ADOPT);
    assert_eq!(
        run(&desired, &observed),
        Plan::settled(),
        "the rule needs it"
    );
}

#[test]
fn adopted_rule_is_handed_over_to_the_new_target_group_and_the_rule_made_meanwhile_goes() {
    let desired = declared(balanced(), TD1);
    let mut observed = steady(&desired);
    let made = observed.rules[0].clone();
    let mut adopted = made.clone();
    adopted.arn = "arn:adopted".into();
    adopted.priority = Some(7);
    adopted.actions = vec![json!({"type": "forward", "targetGroupArn": "arn:tg/old"})];
    let consent = (ADOPT.to_owned(), "any/team/web".to_owned());
    adopted.tags.as_mut().unwrap().extend([consent]);
    observed.rules.push(adopted);
    let handing = run(&desired, &observed);
    let [Step::ModifyRule(input)] = handing.steps.as_slice() else {
        panic!("{handing:?}")
    };
    assert_eq!(input["ruleArn"], "arn:adopted");
    observed.rules[1].actions = made.actions.clone();
    let clearing = run(&desired, &observed);
    let gone = members(json!({"ruleArn": made.arn}));
    assert_eq!(clearing.steps, [Step::DeleteRule(gone)]);
    observed.rules.remove(0);
    assert_eq!(run(&desired, &observed), Plan::settled());
}
