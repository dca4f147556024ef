//! The AWS side of a story: what the operator called there, what people do there, and what there is.

use serde_json::{Value, json};
use simulator::Entry;

use super::World;

impl World {
    /// Calls that the operator made.
    pub fn journal(&self) -> Vec<Entry> {
        self.simulator
            .journal()
            .into_iter()
            .filter(|entry| entry.access_key != "console")
            .collect()
    }

    /// Names of the mutating calls that the operator made.
    pub fn mutations(&self) -> Vec<String> {
        self.journal()
            .into_iter()
            .filter(|entry| entry.mutating)
            .map(|entry| entry.operation)
            .collect()
    }

    /// How often the operator made a call that AWS took.
    pub fn count(&self, operation: &str) -> usize {
        self.journal()
            .iter()
            .filter(|entry| entry.operation == operation && entry.code().is_none())
            .count()
    }

    /// The last calls, for messages.
    pub fn calls(&self) -> String {
        let journal = self.simulator.journal();
        let lines: Vec<_> = journal
            .iter()
            .rev()
            .take(25)
            .rev()
            .map(|entry| format!("{} {} {:?}", entry.seq, entry.operation, entry.outcome))
            .collect();
        lines.join("\n")
    }

    /// How often the operator has read services.
    pub fn looks(&self) -> usize {
        looks(&self.simulator.journal())
    }

    /// A call of a person with AWS rights.
    pub fn aws(&self, service: &str, operation: &str, input: Value) -> Value {
        self.simulator.console(service, operation, input)
    }

    /// The load balancer and the listener that the examples name.
    pub fn demo_listener(&self) -> String {
        self.simulator.listener("demo", json!({}))
    }

    /// The service as ECS describes it.
    pub fn ecs_service(&self, name: &str) -> Value {
        let cluster = format!("{}-main", self.namespace);
        let answer = self.aws(
            "ecs",
            "DescribeServices",
            json!({"cluster": cluster, "services": [name], "include": ["TAGS"]}),
        );
        answer["services"][0].clone()
    }

    /// Rules of the story's listener but the default one.
    pub fn rules(&self) -> Vec<Value> {
        let answer = self.aws(
            "elasticloadbalancing",
            "DescribeRules",
            json!({"ListenerArn": self.listener}),
        );
        answer["Rules"]
            .as_array()
            .expect("rules")
            .iter()
            .filter(|rule| rule["IsDefault"] == false)
            .cloned()
            .collect()
    }

    /// The name in AWS of an object of the story.
    pub fn aws_name(&self, name: &str) -> String {
        format!("{}-{name}", self.namespace)
    }
}

/// Reads of services that the operator made.
pub fn looks(entries: &[Entry]) -> usize {
    let looks = entries
        .iter()
        .filter(|entry| entry.operation == "DescribeServices");
    looks.filter(|entry| entry.access_key != "console").count()
}
