//! A declared listener rule beside one that was seen: whether they are the same, what differs, and the change in place.

use serde_json::{Value, json};

use super::{Change, Step, diff, request};
use crate::{
    desired::load_balancer::DesiredRule,
    model::{Tags, observed::Rule, ownership::CLIENT_SECRET, rule},
};

/// A declared rule with the ARN that its `forward` leads to.
pub struct Wanted<'a> {
    /// The rule.
    pub rule: &'a DesiredRule,
    /// ARN of its target group.
    pub target_group_arn: &'a str,
    /// ARN of the group that takes turns with it.
    pub alternate: Option<&'a str>,
}

impl Wanted<'_> {
    /// Its actions with the target group in.
    pub(super) fn actions(&self) -> Vec<Value> {
        self.rule
            .actions
            .iter()
            .map(|action| resolve(action, self.target_group_arn))
            .collect()
    }

    /// Whether requests come to its target group by it.
    pub(super) fn leads_to_its_group(&self) -> bool {
        let actions = self.actions();
        let mut groups = actions.iter().flat_map(rule::target_groups);
        groups.any(|arn| arn == self.target_group_arn)
    }

    /// Whether the rule does this already. Once ECS moves traffic between two groups, the weights are ECS's.
    pub(super) fn has_actions(&self, rule: &Rule) -> bool {
        let (wanted, seen) = (rule::actions(&self.actions()), rule::actions(&rule.actions));
        wanted.len() == seen.len()
            && wanted
                .iter()
                .zip(&seen)
                .all(|(wanted, seen)| wanted == seen || self.is_shifted(wanted, seen))
    }

    /// Its tags: those of its owner, and the check value of its client secrets.
    pub(super) fn tags(&self, owner: &Tags) -> Tags {
        let mut tags = owner.clone();
        let check = self.rule.client_secret.clone();
        tags.extend(check.map(|check| (CLIENT_SECRET.to_owned(), check)));
        tags
    }

    /// Whether other client secrets are declared than the rule was given last.
    pub(super) fn has_other_secrets(&self, rule: &Rule) -> bool {
        let given = rule.tags.as_ref().and_then(|tags| tags.get(CLIENT_SECRET));
        self.rule.client_secret.is_some() && self.rule.client_secret.as_ref() != given
    }

    /// Its actions as they are sent in the place of a rule's: with the weights that ECS has moved.
    fn actions_in_place_of(&self, rule: &Rule) -> Vec<Value> {
        let mut actions = self.actions();
        let seen = rule::ordered(&rule.actions);
        for (wanted, seen) in actions.iter_mut().zip(seen) {
            let canonical = |action: &Value| rule::actions(std::slice::from_ref(action));
            if let ([one], [other]) = (&canonical(wanted)[..], &canonical(&seen)[..])
                && self.is_shifted(one, other)
            {
                *wanted = seen;
            }
        }
        actions
    }

    /// Whether what was seen is what is wanted, with the weights moved by ECS.
    fn is_shifted(&self, wanted: &Value, seen: &Value) -> bool {
        let Some(alternate) = self.alternate else {
            return false;
        };
        let stickiness =
            |action: &Value| action["forwardConfig"]["targetGroupStickinessConfig"].clone();
        let groups = rule::target_groups(seen);
        wanted["type"] == "forward"
            && rule::target_groups(wanted) == [self.target_group_arn]
            && groups.contains(&alternate)
            && groups
                .iter()
                .all(|arn| [self.target_group_arn, alternate].contains(arn))
            && stickiness(wanted) == stickiness(seen)
    }
}

/// A declared action with the rule's own target group where it names none.
fn resolve(action: &Value, target_group_arn: &str) -> Value {
    let mut action = action.clone();
    if action["type"] != "forward" || action["targetGroupArn"].is_string() {
        return action;
    }
    if action["forwardConfig"].is_null() {
        action["targetGroupArn"] = target_group_arn.into();
        return action;
    }
    let groups = &mut action["forwardConfig"]["targetGroups"];
    if groups.is_null() {
        *groups = json!([{}]);
    }
    for group in groups.as_array_mut().into_iter().flatten() {
        if group["targetGroupArn"].is_null() {
            group["targetGroupArn"] = target_group_arn.into();
        }
    }
    action
}

/// Whether the rule is as wanted, whatever its priority.
pub(super) fn same_settings(wanted: &Wanted<'_>, rule: &Rule) -> bool {
    wanted.rule.conditions == rule.conditions
        && wanted.rule.transforms == rule.transforms
        && wanted.has_actions(rule)
}

/// What differs, in canonical form: no client secret is in it.
pub(super) fn differences(wanted: &Wanted<'_>, rule: &Rule) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut compare = |member: &str, declared: Value, observed: Value| {
        if declared != observed {
            let path = format!("loadBalancers[].targetGroup.rules.{member}");
            changes.push(diff::change(&path, &declared, &observed));
        }
    };
    compare(
        "conditions",
        json!(wanted.rule.conditions),
        json!(rule.conditions),
    );
    if !wanted.has_actions(rule) {
        let (declared, observed) = (wanted.actions(), &rule.actions);
        compare(
            "actions",
            json!(rule::actions(&declared)),
            json!(rule::actions(observed)),
        );
    }
    if wanted.has_other_secrets(rule) {
        compare("actions.clientSecret", json!("…"), Value::Null);
    }
    compare(
        "transforms",
        json!(wanted.rule.transforms),
        json!(rule.transforms),
    );
    changes
}

/// The change in place. An absent list of transforms means no change to AWS, so taking them off is said in so many words.
pub(super) fn modify(wanted: &Wanted<'_>, rule: &Rule) -> Step {
    let mut input = request! {"ruleArn": rule.arn};
    if wanted.rule.conditions != rule.conditions {
        input.insert("conditions".into(), json!(wanted.rule.conditions));
    }
    // Weights that ECS has moved stay as they are.
    if !wanted.has_actions(rule) || wanted.has_other_secrets(rule) {
        input.insert("actions".into(), json!(wanted.actions_in_place_of(rule)));
    }
    match (&wanted.rule.transforms, &rule.transforms) {
        (wanted, seen) if wanted == seen => {}
        (wanted, _) if wanted.is_empty() => {
            drop(input.insert("resetTransforms".into(), json!(true)))
        }
        (wanted, _) => drop(input.insert("transforms".into(), json!(wanted))),
    }
    Step::ModifyRule(input)
}
