//! The state of a Region for comparisons: what AWS's own reads tell, without times and without ids that depend on the order of calls.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::clock::Time;
use crate::faults::Script;
use crate::{Call, Region};

/// Everything in a Region.
pub(crate) fn snapshot(
    region: Region,
    account: &str,
    name: &str,
    now: Time,
    script: &Script,
) -> Value {
    let mut reader = Reader {
        region,
        account,
        name,
        now,
        script,
    };
    let clusters = reader.pages("ListClusters", json!({}), "clusterArns");
    let services = clusters
        .iter()
        .map(|cluster| (plain(cluster), reader.services(cluster)))
        .collect::<Map<_, _>>();
    let described =
        json!({ "clusters": clusters, "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"] });
    let snapshot = json!({
        "clusters": reader.call("DescribeClusters", described)["clusters"],
        "services": services,
        "taskDefinitions": reader.task_definitions("ACTIVE"),
        "inactiveTaskDefinitions": reader.pages("ListTaskDefinitions", json!({ "status": "INACTIVE" }), "taskDefinitionArns"),
        "elbv2": reader.region.elbv2.snapshot(),
        "autoscaling": reader.region.autoscaling.snapshot(),
    });
    stable(snapshot)
}

struct Reader<'a> {
    region: Region,
    account: &'a str,
    name: &'a str,
    now: Time,
    script: &'a Script,
}

impl Reader<'_> {
    fn call(&mut self, operation: &str, input: Value) -> Value {
        let Region {
            ecs, elbv2, ids, ..
        } = &mut self.region;
        let call = Call {
            account: self.account,
            region: self.name,
            operation,
            input: &input,
            now: self.now,
        };
        ecs.call(&call, elbv2, ids, self.script).unwrap_or_default()
    }

    fn pages(&mut self, operation: &str, mut input: Value, list: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let page = self.call(operation, input.clone());
            all.extend(page[list].as_array().into_iter().flatten().cloned());
            match page.get("nextToken").filter(|token| token.is_string()) {
                Some(token) => input["nextToken"] = token.clone(),
                None => return all,
            }
        }
    }

    fn services(&mut self, cluster: &Value) -> Value {
        let arns = self.pages("ListServices", json!({ "cluster": cluster }), "serviceArns");
        let mut services = Vec::new();
        for batch in arns.chunks(10) {
            let input = json!({ "cluster": cluster, "services": batch, "include": ["TAGS"] });
            let page = self.call("DescribeServices", input);
            services.extend(page["services"].as_array().into_iter().flatten().cloned());
        }
        json!(services)
    }

    fn task_definitions(&mut self, status: &str) -> Vec<Value> {
        let arns = self.pages(
            "ListTaskDefinitions",
            json!({ "status": status }),
            "taskDefinitionArns",
        );
        let describe = |arn| {
            let mut page = self.call(
                "DescribeTaskDefinition",
                json!({ "taskDefinition": arn, "include": ["TAGS"] }),
            );
            json!({ "taskDefinition": page["taskDefinition"].take(), "tags": page["tags"].take() })
        };
        arns.iter().map(describe).collect()
    }
}

fn plain(arn: &Value) -> String {
    arn.as_str().unwrap_or_default().to_owned()
}

/// Drops times and events, blots out random ids, and sorts lists of things that have no order.
fn stable(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| !passing(name));
            kept.map(|(name, value)| (blot(&name), stable(value)))
                .collect()
        }
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(stable).collect();
            if items.iter().all(Value::is_object) {
                items.sort_by_key(Value::to_string);
            }
            Value::Array(items)
        }
        Value::String(text) => Value::String(blot(&text)),
        other => other,
    }
}

/// Members that tell when something happened rather than what is.
fn passing(name: &str) -> bool {
    name.ends_with("At")
        || matches!(
            name,
            "events" | "CreatedTime" | "CreationTime" | "createdBy"
        )
}

fn blot(text: &str) -> String {
    static RANDOM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"/(?:[0-9a-f]{32}|[0-9a-f]{20}|[0-9a-f]{16}|[0-9]{19,})\b")
            .expect("the pattern is valid")
    });
    RANDOM.replace_all(text, "/*").into_owned()
}
