//! Rules.

use serde_json::{Value, json};

use super::State;
use super::action;
use super::tags::Tags;

/// A listener rule. The default rule has no priority and takes its actions from the listener.
#[derive(Clone, Debug)]
pub struct Rule {
    pub arn: String,
    pub listener: String,
    pub priority: Option<i64>,
    pub conditions: Vec<Value>,
    pub actions: Vec<Value>,
    pub transforms: Vec<Value>,
    pub tags: Tags,
}

impl Rule {
    /// The default rule that every listener has.
    pub fn default_of(arn: String, listener: &str) -> Self {
        Self {
            arn,
            listener: listener.to_owned(),
            priority: None,
            conditions: Vec::new(),
            actions: Vec::new(),
            transforms: Vec::new(),
            tags: Tags::new(),
        }
    }

    /// Where it forwards to.
    pub fn target_groups(&self) -> Vec<&str> {
        action::target_groups(&self.actions)
    }

    /// By priority, the default rule last.
    pub fn place(&self) -> i64 {
        self.priority.unwrap_or(i64::MAX)
    }
}

impl State {
    /// The rule with this priority.
    pub(super) fn rule_at(&self, listener: &str, priority: i64) -> Option<&Rule> {
        let mut rules = self.rules.values();
        rules.find(|rule| rule.listener == listener && rule.priority == Some(priority))
    }

    /// A rule as DescribeRules shows it.
    pub(super) fn show_rule(&self, rule: &Rule) -> Value {
        let listener = self.listeners.get(&rule.listener);
        let actions = match rule.priority {
            Some(_) => &rule.actions[..],
            None => listener
                .map(|listener| &listener.actions[..])
                .unwrap_or_default(),
        };
        let priority = rule
            .priority
            .map_or("default".to_owned(), |priority| priority.to_string());
        json!({
            "RuleArn": rule.arn,
            "Priority": priority,
            "Conditions": rule.conditions,
            "Actions": actions,
            "Transforms": rule.transforms,
            "IsDefault": rule.priority.is_none(),
        })
    }
}
