//! Tables of what is planned for the rules of one listener.

use serde_json::json;

use super::{Step, rule::*};
use crate::{
    desired::load_balancer::DesiredRule,
    model::{Tags, observed::Rule, ownership::CLIENT_SECRET},
};

const LISTENER: &str = "arn:listener";

fn desired(path: &str, priority: Option<i32>) -> DesiredRule {
    DesiredRule {
        listener_arn: LISTENER.into(),
        priority,
        conditions: vec![json!({"pathPatternConfig": {"values": [path]}})],
        actions: vec![json!({"type": "forward"})],
        transforms: Vec::new(),
        client_secret: None,
    }
}

fn seen(arn: &str, path: &str, priority: i32, target_group: &str) -> Rule {
    Rule {
        arn: arn.into(),
        listener_arn: LISTENER.into(),
        priority: Some(priority),
        conditions: vec![json!({"pathPatternConfig": {"values": [path]}})],
        actions: vec![
            json!({"type": "forward", "targetGroupArn": target_group, "forwardConfig": {"targetGroups": [{"targetGroupArn": target_group, "weight": 1}]}}),
        ],
        transforms: Vec::new(),
        tags: Some(Tags::new()),
    }
}

fn run<'a>(rules: &[DesiredRule], owned: &'a [Rule], foreign: &[Rule]) -> Rules<'a> {
    let wanted: Vec<_> = rules
        .iter()
        .map(|rule| Wanted {
            rule,
            target_group_arn: "arn:tg",
            alternate: None,
        })
        .collect();
    let all: Vec<_> = owned.iter().chain(foreign).cloned().collect();
    plan(
        LISTENER,
        &wanted,
        &owned.iter().collect::<Vec<_>>(),
        &all,
        &[],
        &Tags::new(),
        &[],
    )
}

#[test]
fn plan_is_empty_when_in_sync() {
    let owned = [seen("r1", "/a", 7, "arn:tg")];
    let rules = run(&[desired("/a", None)], &owned, &[]);
    assert!(
        rules.steps.is_empty() && rules.stale.is_empty(),
        "{rules:?}"
    );
}

#[test]
fn absent_priority_is_allocated_after_the_highest() {
    let rules = run(
        &[desired("/a", None), desired("/b", None)],
        &[],
        &[seen("f", "/f", 9, "arn:other")],
    );
    let priorities: Vec<_> = rules
        .steps
        .iter()
        .map(|step| match step {
            Step::CreateRule(input) => input["priority"].as_i64(),
            _ => None,
        })
        .collect();
    assert_eq!(priorities, [Some(10), Some(11)]);
}

#[test]
fn lowest_free_priority_is_taken_when_the_highest_is_used() {
    let rules = run(
        &[desired("/a", None)],
        &[],
        &[
            seen("f", "/f", 50_000, "arn:other"),
            seen("g", "/g", 1, "arn:other"),
        ],
    );
    assert!(
        matches!(rules.steps.as_slice(), [Step::CreateRule(input)] if input["priority"] == 2),
        "{rules:?}"
    );
}

#[test]
fn edited_conditions_are_modified_in_place() {
    let owned = [seen("r1", "/a", 7, "arn:tg")];
    let rules = run(&[desired("/b", None)], &owned, &[]);
    assert!(
        matches!(rules.steps.as_slice(), [Step::ModifyRule(input)] if input["ruleArn"] == "r1"),
        "{rules:?}"
    );
}

#[test]
fn swapped_priorities_go_in_one_call() {
    let owned = [seen("r1", "/a", 1, "arn:tg"), seen("r2", "/b", 2, "arn:tg")];
    let rules = run(
        &[desired("/a", Some(2)), desired("/b", Some(1))],
        &owned,
        &[],
    );
    assert!(
        matches!(rules.steps.as_slice(), [Step::SetRulePriorities(input)] if input["rulePriorities"].as_array().unwrap().len() == 2),
        "{rules:?}"
    );
}

#[test]
fn foreign_priority_is_a_conflict_and_nothing_is_sent() {
    let rules = run(
        &[desired("/a", Some(9))],
        &[],
        &[seen("f", "/f", 9, "arn:other")],
    );
    assert!(
        rules.steps.is_empty() && rules.blocked.as_ref().is_some_and(|(_, m)| m.contains('f')),
        "{rules:?}"
    );
}

#[test]
fn rule_of_another_group_keeps_its_priority_until_it_goes() {
    let owned = [seen("r1", "/a", 5, "arn:old")];
    let rules = run(&[desired("/a", Some(5))], &owned, &[]);
    assert!(
        matches!(rules.steps.as_slice(), [Step::CreateRule(input)] if input["priority"] == 6),
        "{rules:?}"
    );
    assert_eq!(rules.stale.len(), 1);
    let owned = [seen("r2", "/a", 6, "arn:tg")];
    let rules = run(&[desired("/a", Some(5))], &owned, &[]);
    assert!(
        matches!(rules.steps.as_slice(), [Step::SetRulePriorities(_)]),
        "{rules:?}"
    );
}

#[test]
fn priority_of_a_stale_rule_is_not_asked_for() {
    let owned = [seen("r1", "/a", 5, "arn:tg"), seen("r2", "/b", 6, "arn:tg")];
    let rules = run(&[desired("/b", Some(5))], &owned, &[]);
    assert!(rules.steps.is_empty(), "{rules:?}");
    assert_eq!(rules.stale.len(), 1);
}

#[test]
fn weights_that_ecs_moves_are_ecss_and_stickiness_is_not() {
    let rule = desired("/a", None);
    let with = |alternate| Wanted {
        rule: &rule,
        target_group_arn: "arn:tg",
        alternate,
    };
    let mut moved = seen("r1", "/a", 7, "arn:tg");
    let groups = json!([{"targetGroupArn": "arn:tg", "weight": 0}, {"targetGroupArn": "arn:other", "weight": 100}]);
    moved.actions = vec![json!({"type": "forward", "forwardConfig": {"targetGroups": groups}})];
    assert!(with(Some("arn:other")).has_actions(&moved));
    assert!(!with(None).has_actions(&moved));
    assert!(!with(Some("arn:third")).has_actions(&moved));
    moved.actions[0]["forwardConfig"]["targetGroupStickinessConfig"] =
        json!({"enabled": true, "durationSeconds": 60});
    assert!(!with(Some("arn:other")).has_actions(&moved));
}

#[test]
fn dropped_rule_is_stale_and_not_reused_for_another_group() {
    let owned = [seen("r1", "/a", 1, "arn:gone")];
    let rules = run(&[desired("/b", None)], &owned, &[]);
    assert!(
        matches!(rules.steps.as_slice(), [Step::CreateRule(_)]),
        "{rules:?}"
    );
    assert_eq!(rules.stale.len(), 1);
}

#[test]
fn other_client_secret_is_sent_with_its_check_value_and_weights_stay() {
    let login = |secret: Option<&str>| {
        let mut config = json!({"issuer": "i", "clientId": "c"});
        if let Some(secret) = secret {
            config["clientSecret"] = json!(secret);
        }
        json!({"type": "authenticate-oidc", "authenticateOidcConfig": config})
    };
    let mut declared = desired("/a", None);
    declared.actions.insert(0, login(Some("hush")));
    declared.client_secret = Some("beef".into());
    let mut rule = seen("r1", "/a", 7, "arn:tg");
    let moved = json!({"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupArn": "arn:tg", "weight": 0}, {"targetGroupArn": "arn:other", "weight": 100}]}});
    rule.actions = vec![login(None), moved.clone()];
    rule.tags = Some(Tags::from([(CLIENT_SECRET.to_owned(), "dead".to_owned())]));
    let run = |rule: &Rule| {
        let wanted = [Wanted {
            rule: &declared,
            target_group_arn: "arn:tg",
            alternate: Some("arn:other"),
        }];
        let all = [rule.clone()];
        let rules = plan(LISTENER, &wanted, &[rule], &all, &[], &Tags::new(), &[]);
        assert!(!format!("{:?}", rules.changes).contains("hush"));
        rules.steps
    };
    let steps = run(&rule);
    let [Step::ModifyRule(input), Step::AddTags(tags)] = steps.as_slice() else {
        panic!("{steps:?}")
    };
    assert_eq!(input["actions"], json!([login(Some("hush")), moved]));
    assert_eq!(
        tags["tags"],
        json!([{"key": CLIENT_SECRET, "value": "beef"}])
    );
    rule.tags = Some(Tags::from([(CLIENT_SECRET.to_owned(), "beef".to_owned())]));
    assert_eq!(run(&rule), []);
}

/// A rule that leads to no group of its own: declared, and as it was seen with a priority.
fn elsewhere(path: &str, action: &serde_json::Value, seen_at: i32) -> (DesiredRule, Rule) {
    let mut declared = desired(path, None);
    declared.actions = vec![action.clone()];
    let mut rule = seen(&format!("r{seen_at}"), path, seen_at, "");
    rule.actions = vec![action.clone()];
    (declared, rule)
}

/// Actions after which no request comes to the rule's own group, each with another value for an edit.
fn actions_that_lead_elsewhere() -> [(serde_json::Value, serde_json::Value); 3] {
    let redirect = |path| json!({"type": "redirect", "redirectConfig": {"statusCode": "HTTP_301", "protocol": "HTTPS", "path": path}});
    let fixed = |body| json!({"type": "fixed-response", "fixedResponseConfig": {"statusCode": "503", "messageBody": body}});
    let foreign = |arn| json!({"type": "forward", "targetGroupArn": arn});
    [
        (redirect("/a"), redirect("/b")),
        (fixed("closed"), fixed("open at 9")),
        (foreign("arn:foreign"), foreign("arn:other")),
    ]
}

#[test]
fn edit_of_a_rule_that_leads_elsewhere_changes_it_in_its_place() {
    for (action, other) in actions_that_lead_elsewhere() {
        let (declared, rule) = elsewhere("/old", &action, 3);
        let main = seen("main", "/a", 2, "arn:tg");
        let owned = [rule, main];
        let mut other_action = declared.clone();
        other_action.actions = vec![other];
        let mut other_condition = declared.clone();
        other_condition.conditions = desired("/older", None).conditions;
        let mut other_transform = declared;
        other_transform.transforms = vec![json!({"type": "url-rewrite"})];
        let edits = [
            (other_action, "actions"),
            (other_condition, "conditions"),
            (other_transform, "transforms"),
        ];
        for (edit, member) in edits {
            let rules = run(&[desired("/a", None), edit], &owned, &[]);
            let [Step::ModifyRule(input)] = rules.steps.as_slice() else {
                panic!("{member} of {action}: {rules:?}")
            };
            assert!(input.len() == 2 && input.contains_key(member), "{input:?}");
            assert_eq!(input["ruleArn"], "r3", "{action}");
            assert!(rules.stale.is_empty(), "{rules:?}");
        }
    }
}

#[test]
fn edits_of_two_rules_do_not_mix_them_up() {
    let (action, _) = &actions_that_lead_elsewhere()[0];
    let (mut declared, rule) = elsewhere("/old", action, 3);
    let owned = [seen("main", "/a", 2, "arn:tg"), rule];
    declared.conditions = desired("/older", None).conditions;
    let rules = run(&[declared, desired("/b", None)], &owned, &[]);
    let changed: Vec<_> = rules.steps.iter().map(|step| step.input()).collect();
    let [redirect, main] = changed.as_slice() else {
        panic!("{rules:?}")
    };
    assert_eq!(
        (&redirect["ruleArn"], &main["ruleArn"]),
        (&json!("r3"), &json!("main"))
    );
    assert!(!redirect.contains_key("actions") && !main.contains_key("actions"));
}

#[test]
fn rule_takes_the_place_of_the_one_that_it_was_made_instead_of() {
    let priorities = |declared: Option<i32>, old: i32, new: i32| {
        let owned = [
            seen("old", "/a", old, "arn:gone"),
            seen("new", "/a", new, "arn:tg"),
        ];
        let rules = run(&[desired("/a", declared)], &owned, &[]);
        assert_eq!(rules.steps, [], "as long as the old one is needed");
        let places = rules
            .handed_over
            .first()
            .map(|step| step.input()["rulePriorities"].clone());
        (places, rules.stale.len())
    };
    let swapped = json!([{"ruleArn": "new", "priority": 5}, {"ruleArn": "old", "priority": 9}]);
    assert_eq!(priorities(None, 5, 9), (Some(swapped.clone()), 1));
    assert_eq!(priorities(Some(5), 5, 9), (Some(swapped), 1));
    assert_eq!(priorities(None, 9, 5), (None, 1));
    assert_eq!(priorities(Some(5), 9, 5), (None, 1));
}
