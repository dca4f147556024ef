//! The calls on rules.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::rule::Rule;
use super::{State, arn, condition, input, invalid, not_found, paging, tags};
use crate::{Answer, ApiError, Call};

/// Rules of a load balancer besides the default ones [D].
const MOST: usize = 100;

impl State {
    /// Not idempotent [M].
    pub(super) fn create_rule(&mut self, call: &Call) -> Answer {
        let request = call.input;
        let listener = self.listeners.get(input::text(request, "ListenerArn"));
        let listener = listener.ok_or_else(|| not_found("listener"))?.clone();
        let priority = request["Priority"].as_i64().unwrap_or_default();
        let conditions = condition::normalise(input::list(request, "Conditions"))?;
        if self.rule_at(&listener.arn, priority).is_some() {
            return Err(in_use(priority));
        }
        let actions = self.checked_actions(&listener, input::list(request, "Actions"))?;
        let balancer = &listener.load_balancer;
        let same = |rule: &&Rule| {
            self.listeners
                .get(&rule.listener)
                .is_some_and(|l| l.load_balancer == *balancer)
        };
        if self
            .rules
            .values()
            .filter(same)
            .filter(|rule| rule.priority.is_some())
            .count()
            >= MOST
        {
            let message = "You have reached the maximum number of rules on this load balancer";
            return Err(ApiError::client("TooManyRules", message));
        }
        let tags = tags::parse(request)?;
        let transforms = input::list(request, "Transforms").to_vec();
        check_transforms(&transforms)?;
        let time = self.use_of(&format!("rule {}", listener.arn));
        let arn = arn::rule(call, &listener.arn, &time);
        let rule = Rule {
            arn,
            listener: listener.arn,
            priority: Some(priority),
            conditions,
            actions,
            transforms,
            tags,
        };
        let shown = self.show_rule(&rule);
        self.rules.insert(rule.arn.clone(), rule);
        self.trace_traffic();
        Ok(json!({ "Rules": [shown] }))
    }

    /// Changes what it names: absent members stay, and no transforms mean no change unless ResetTransforms says so [M].
    pub(super) fn modify_rule(&mut self, request: &Value) -> Answer {
        let arn = input::text(request, "RuleArn");
        let mut rule = self
            .rules
            .get(arn)
            .ok_or_else(|| not_found("rule"))?
            .clone();
        if rule.priority.is_none() {
            return Err(ApiError::client(
                "OperationNotPermitted",
                "Default rule's conditions and actions are modified through its listener",
            ));
        }
        let listener = self
            .listeners
            .get(&rule.listener)
            .ok_or_else(|| not_found("listener"))?;
        if input::has(request, "Conditions") {
            rule.conditions = condition::normalise(input::list(request, "Conditions"))?;
        }
        if input::has(request, "Actions") {
            rule.actions = self.checked_actions(listener, input::list(request, "Actions"))?;
        }
        let transforms = input::list(request, "Transforms");
        match (
            request["ResetTransforms"].as_bool().unwrap_or(false),
            transforms,
        ) {
            (true, []) => rule.transforms.clear(),
            (true, _) => {
                return Err(invalid(
                    "Transforms and ResetTransforms cannot both be specified",
                ));
            }
            (false, []) => {}
            (false, transforms) => {
                check_transforms(transforms)?;
                rule.transforms = transforms.to_vec();
            }
        }
        let shown = self.show_rule(&rule);
        self.rules.insert(arn.to_owned(), rule);
        self.trace_traffic();
        Ok(json!({ "Rules": [shown] }))
    }

    pub(super) fn delete_rule(&mut self, request: &Value) -> Answer {
        let arn = input::text(request, "RuleArn");
        let rule = self.rules.get(arn).ok_or_else(|| not_found("rule"))?;
        if rule.priority.is_none() {
            return Err(ApiError::client(
                "OperationNotPermitted",
                format!("Default rule '{arn}' cannot be deleted"),
            ));
        }
        self.rules.remove(arn);
        self.trace_traffic();
        Ok(json!({}))
    }

    /// In order of priority, the default rule last.
    pub(super) fn describe_rules(&self, request: &Value) -> Answer {
        let (listener, arns) = (
            input::text(request, "ListenerArn"),
            input::texts(request, "RuleArns"),
        );
        if listener.is_empty() == arns.is_empty() {
            return Err(invalid(
                "You must specify either a listener ARN or rule ARNs, but not both",
            ));
        }
        if !listener.is_empty() && !self.listeners.contains_key(listener) {
            return Err(not_found("listener"));
        }
        if arns.iter().any(|arn| !self.rules.contains_key(*arn)) {
            return Err(not_found("rule"));
        }
        let wanted = |rule: &&Rule| rule.listener == listener || arns.contains(&&rule.arn[..]);
        let mut rules: Vec<_> = self.rules.values().filter(wanted).collect();
        rules.sort_by_key(|rule| rule.place());
        paging::page(
            request,
            "Rules",
            rules.into_iter().map(|rule| self.show_rule(rule)).collect(),
        )
    }

    /// All or nothing; priorities may be swapped in one call [D].
    pub(super) fn set_rule_priorities(&mut self, request: &Value) -> Answer {
        let mut wanted = BTreeMap::new();
        for pair in input::list(request, "RulePriorities") {
            let arn = input::text(pair, "RuleArn");
            let rule = self.rules.get(arn).ok_or_else(|| not_found("rule"))?;
            if rule.priority.is_none() {
                return Err(ApiError::client(
                    "OperationNotPermitted",
                    "The priority of a default rule cannot be set",
                ));
            }
            wanted.insert(
                arn.to_owned(),
                pair["Priority"].as_i64().unwrap_or_default(),
            );
        }
        let mut taken = BTreeSet::new();
        for rule in self.rules.values() {
            let priority = wanted.get(&rule.arn).copied().or(rule.priority);
            // Unverified: SAME_PRIORITY_TWICE.
            if let Some(priority) = priority
                && !taken.insert((&rule.listener, priority))
            {
                return Err(in_use(priority));
            }
        }
        for (arn, priority) in &wanted {
            self.rules
                .entry(arn.clone())
                .and_modify(|rule| rule.priority = Some(*priority));
        }
        let shown: Vec<_> = wanted
            .keys()
            .filter_map(|arn| Some(self.show_rule(self.rules.get(arn)?)))
            .collect();
        Ok(json!({ "Rules": shown }))
    }
}

/// One transform of each type, with exactly one rewrite [D].
fn check_transforms(transforms: &[Value]) -> Result<(), ApiError> {
    let mut kinds = BTreeSet::new();
    for transform in transforms {
        let kind = input::text(transform, "Type");
        let config = match kind {
            "url-rewrite" => "UrlRewriteConfig",
            _ => "HostHeaderRewriteConfig",
        };
        if !kinds.insert(kind) || input::list(&transform[config], "Rewrites").len() != 1 {
            return Err(invalid(format!(
                "A rule can have one transform of type '{kind}', with one rewrite in {config}"
            )));
        }
    }
    Ok(())
}

fn in_use(priority: i64) -> ApiError {
    ApiError::client(
        "PriorityInUse",
        format!("Priority '{priority}' is currently in use"),
    )
}
