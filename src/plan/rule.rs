//! Steps of the managed rules on one listener: changed in place wherever possible, so that there is no moment without a rule.
//!
//! What exists is matched with what is declared by settings first (then only the priority can differ), by declared
//! priority, conditions and actions next, by target group last; the rest is created or is stale.

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
    /// Calls that put what is declared in the place of rules that are left over, when nothing needs them as they are. Adopted
    /// ones are made what is declared: they are never deleted, and would shadow what was created in the meantime, which is then
    /// stale. Others give their priority to what was created instead of them, before they go.
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
    let mut removable = removable.to_vec();
    removable.push(ownership::CLIENT_SECRET.to_owned());
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
    take(&|wanted, rule| {
        // Not for one that is to lead to the own group from now on: it has its requests answered until the service is there.
        wanted.rule.conditions == rule.conditions
            && (forwards_to(rule, wanted.target_group_arn) || !wanted.leads_to_its_group())
    });
    take(&|wanted, rule| wanted.has_actions(rule));
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
            rules.steps.push(Step::CreateRule(tags::with(
                input,
                &wanted.tags(owner_tags),
            )));
            continue;
        };
        if !same_settings(wanted, rule) || wanted.has_other_secrets(rule) {
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
        // After the change: a check value says what the rule was given.
        let tag_changes = tags::changes(&wanted.tags(owner_tags), &observed, &removable);
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
    let swaps = swaps(wanted, &pairs, &rules.stale);
    if !swaps.is_empty() {
        let swap = Step::SetRulePriorities(request! {"rulePriorities": swaps});
        rules.handed_over.push(swap);
    }
    rules
}

/// The priorities with which rules that were created instead of stale ones stand in their place: else they would be tried after
/// every rule that came in between. Theirs go to the stale ones, so that no moment is without a rule.
fn swaps(wanted: &[Wanted<'_>], pairs: &[Option<&Rule>], stale: &[&Rule]) -> Vec<Value> {
    let mut left = stale.to_vec();
    let mut swaps = Vec::new();
    for (wanted, rule) in wanted.iter().zip(pairs) {
        let Some((rule, priority)) = rule.and_then(|rule| Some((rule, rule.priority?))) else {
            continue;
        };
        let is_place = |old: &&Rule| match wanted.rule.priority {
            Some(declared) => old.priority == Some(declared),
            // An adopted one stands where somebody else has put it.
            None => {
                !is_adopted(rule)
                    && old.conditions == rule.conditions
                    && old.priority.is_some_and(|old| old < priority)
            }
        };
        if let Some(index) = left.iter().position(is_place) {
            let old = left.remove(index);
            swaps.push(json!({"ruleArn": rule.arn, "priority": old.priority}));
            swaps.push(json!({"ruleArn": old.arn, "priority": priority}));
        }
    }
    swaps
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
