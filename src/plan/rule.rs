//! Steps of the managed rules on one listener: changed in place wherever possible, so that there is no moment without a rule.
//!
//! What exists is matched with what is declared by settings first (then only the priority can differ), by declared
//! priority next, by target group last; the rest is created or is stale.

use serde_json::{Value, json};

pub use super::wanted_rule::Wanted;
use super::{
    Change, Step, diff, request, tags,
    wanted_rule::{differences, modify, same_settings},
};
use crate::{
    api::condition::Reason,
    model::{Tags, observed::Rule, ownership, rule},
};

/// Highest priority of a rule (ELBv2 CreateRule, parameter Priority).
const PRIORITY_MAX: i32 = 50_000;

/// What is to be done on a listener.
#[derive(Debug, Default)]
pub struct Rules<'a> {
    /// Calls that create and change.
    pub steps: Vec<Step>,
    /// What they change.
    pub changes: Vec<Change>,
    /// Rules of ours that nothing declares any more: deleted when nothing needs them. Adopted ones are not among them.
    pub stale: Vec<&'a Rule>,
    /// Calls that make adopted rules what is declared in their place, when nothing needs them as they are: they are never
    /// deleted, and would shadow what was created in the meantime, which is then stale.
    pub handed_over: Vec<Step>,
    /// Why it can't be done.
    pub blocked: Option<(Reason, String)>,
}

/// Plans one listener: `wanted` are its declared rules, `owned` its rules with our tags, `all` every rule on it, `reserved`
/// priorities that nobody else will choose.
pub fn plan<'a>(
    listener_arn: &str,
    wanted: &[Wanted<'_>],
    owned: &[&'a Rule],
    all: &[Rule],
    reserved: &[i32],
    owner_tags: &Tags,
    removable: &[String],
) -> Rules<'a> {
    let mut rules = Rules::default();
    let mut free: Vec<&'a Rule> = owned.to_vec();
    // The rule that may go is the one that is left over.
    free.sort_by_key(|rule| !is_adopted(rule));
    let mut pairs: Vec<Option<&'a Rule>> = vec![None; wanted.len()];
    let mut take = |matches: &dyn Fn(&Wanted<'_>, &Rule) -> bool| {
        for (wanted, pair) in wanted
            .iter()
            .zip(&mut pairs)
            .filter(|(_, pair)| pair.is_none())
        {
            if let Some(index) = free.iter().position(|rule| matches(wanted, rule)) {
                *pair = Some(free.remove(index));
            }
        }
    };
    take(&|wanted, rule| same_settings(wanted, rule));
    // Not one that leads to another group: it goes on serving until the service has moved.
    take(&|wanted, rule| {
        wanted.rule.priority.is_some()
            && wanted.rule.priority == rule.priority
            && (!forwards(rule) || forwards_to(rule, wanted.target_group_arn))
    });
    take(&|wanted, rule| forwards_to(rule, wanted.target_group_arn));

    let mut priorities = Vec::new();
    let mut used: Vec<i32> = all
        .iter()
        .filter_map(|rule| rule.priority)
        .chain(wanted.iter().filter_map(|w| w.rule.priority))
        .collect();
    let held: Vec<i32> = free.iter().filter_map(|rule| rule.priority).collect();
    for (wanted, pair) in wanted.iter().zip(&pairs) {
        // A priority that a stale rule of ours still has is taken over when that rule is gone.
        let declared = wanted
            .rule
            .priority
            .filter(|priority| !held.contains(priority));
        if let Some(conflict) = conflict(wanted, *pair, owned, all) {
            rules.blocked = Some(conflict);
            return rules;
        }
        let Some(rule) = pair else {
            let reserved = reserved.iter().find(|priority| !used.contains(priority));
            let allocated = || reserved.copied().unwrap_or_else(|| free_priority(&used));
            let priority = declared.unwrap_or_else(allocated);
            used.push(priority);
            let mut input = request! {"listenerArn": listener_arn, "conditions": wanted.rule.conditions, "priority": priority, "actions": wanted.actions()};
            if !wanted.rule.transforms.is_empty() {
                input.insert("transforms".into(), json!(wanted.rule.transforms));
            }
            rules.changes.push(diff::change(
                "loadBalancers[].targetGroup.rules",
                &json!(wanted.rule.conditions),
                &Value::Null,
            ));
            rules
                .steps
                .push(Step::CreateRule(tags::with(input, owner_tags)));
            continue;
        };
        if !same_settings(wanted, rule) {
            rules.changes.extend(differences(wanted, rule));
            rules.steps.push(modify(wanted, rule));
        }
        if let Some(priority) = declared
            && rule.priority != Some(priority)
        {
            rules.changes.push(diff::change(
                "loadBalancers[].targetGroup.rules.priority",
                &json!(priority),
                &json!(rule.priority),
            ));
            priorities.push(json!({"ruleArn": rule.arn, "priority": priority}));
        }
        let observed = rule.tags.clone().unwrap_or_default();
        let tag_changes = tags::changes(owner_tags, &observed, removable);
        rules.changes.extend(tag_changes.describe(&observed));
        rules.steps.extend(tag_changes.elbv2(&rule.arn));
    }
    if !priorities.is_empty() {
        // One call for all: a swap of two priorities has no other order that works.
        rules.steps.insert(
            0,
            Step::SetRulePriorities(request! {"rulePriorities": priorities}),
        );
    }
    let (adopted, stale) = free.into_iter().partition(|rule| is_adopted(rule));
    rules.stale = stale;
    rules.handed_over = hand_over(wanted, adopted);
    rules
}

/// The changes that put the declared rules in the place of adopted ones with their conditions or their priority.
fn hand_over(wanted: &[Wanted<'_>], adopted: Vec<&Rule>) -> Vec<Step> {
    let successor = |rule: &Rule| {
        let same_conditions = |wanted: &&Wanted<'_>| wanted.rule.conditions == rule.conditions;
        let same_priority = |wanted: &&Wanted<'_>| {
            wanted.rule.priority.is_some() && wanted.rule.priority == rule.priority
        };
        let mut all = wanted.iter();
        let by_conditions = all.clone().find(same_conditions);
        by_conditions.or_else(|| all.find(same_priority))
    };
    adopted
        .into_iter()
        .filter_map(|rule| Some((successor(rule)?, rule)))
        .filter(|(wanted, rule)| !same_settings(wanted, rule))
        .map(|(wanted, rule)| modify(wanted, rule))
        .collect()
}

/// Whether somebody else made the rule.
pub fn is_adopted(rule: &Rule) -> bool {
    rule.tags.as_ref().is_some_and(ownership::is_adopted)
}

/// Whether the rule leads to any target group.
fn forwards(rule: &Rule) -> bool {
    rule.actions
        .iter()
        .any(|action| action["type"] == "forward")
}

/// Whether the rule leads to the target group, alone or with weights.
pub fn forwards_to(rule: &Rule, target_group_arn: &str) -> bool {
    rule.actions
        .iter()
        .any(|action| rule::target_groups(action).contains(&target_group_arn))
}

/// A declared priority that a rule has which is not ours.
fn conflict(
    wanted: &Wanted<'_>,
    pair: Option<&Rule>,
    owned: &[&Rule],
    all: &[Rule],
) -> Option<(Reason, String)> {
    let priority = wanted.rule.priority?;
    let holder = all.iter().find(|rule| rule.priority == Some(priority))?;
    if pair.is_some_and(|pair| pair.arn == holder.arn)
        || owned.iter().any(|rule| rule.arn == holder.arn)
    {
        return None;
    }
    Some((
        Reason::PriorityConflict,
        format!(
            "priority {priority} on listener {} is taken by the rule {}, which is not this object's. Choose another priority, or remove it to have a free one allocated.",
            wanted.rule.listener_arn, holder.arn
        ),
    ))
}

/// The priority after the highest that is used, so that a new rule never shadows an older one; the lowest free one when there is none after it.
pub fn free_priority(used: &[i32]) -> i32 {
    let next = used.iter().copied().max().unwrap_or(0) + 1;
    if next <= PRIORITY_MAX {
        next
    } else {
        (1..=PRIORITY_MAX)
            .find(|priority| !used.contains(priority))
            .unwrap_or(PRIORITY_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::load_balancer::DesiredRule;

    const LISTENER: &str = "arn:listener";

    fn desired(path: &str, priority: Option<i32>) -> DesiredRule {
        DesiredRule {
            listener_arn: LISTENER.into(),
            priority,
            conditions: vec![json!({"pathPatternConfig": {"values": [path]}})],
            actions: vec![json!({"type": "forward"})],
            transforms: Vec::new(),
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
}
