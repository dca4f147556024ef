//! Every member of AWS's model once: what is declared is what is sent, what AWS answers is what is seen, and then nothing is left to do.

use ecs_operator::plan::State;
use serde_json::{Map, Value, json};
use simulator::{Entry, contract::Model};

use crate::{
    block_on::block_on,
    declarations::{BASES, balanced_members, joined},
    declaring::{Declare, Declared},
    every_member::{declaration, whole},
    rig::Rig,
};

/// Members that the operator takes nowhere: AWS's words for what a service of tasks can't have (tests/rejections/service.yaml).
const REFUSED: [&str; 13] = [
    "deploymentController.type = \"CODE_DEPLOY\"",
    "deploymentController.type = \"EXTERNAL\"",
    "launchType = \"MANAGED_INSTANCES\"",
    "loadBalancers[].targetGroup.healthCheckEnabled = false",
    "loadBalancers[].targetGroup.healthCheckProtocol = \"GENEVE\"",
    "loadBalancers[].targetGroup.healthCheckProtocol = \"QUIC\"",
    "loadBalancers[].targetGroup.healthCheckProtocol = \"TCP_QUIC\"",
    "loadBalancers[].targetGroup.healthCheckProtocol = \"TCP_UDP\"",
    "loadBalancers[].targetGroup.healthCheckProtocol = \"TLS\"",
    "loadBalancers[].targetGroup.healthCheckProtocol = \"UDP\"",
    "loadBalancers[].targetGroup.protocol = \"GENEVE\"",
    "loadBalancers[].targetGroup.targetType = \"alb\"",
    "loadBalancers[].targetGroup.targetType = \"lambda\"",
];

/// Members of requests that the operator adds to what is declared.
const ADDED: [&str; 12] = [
    "cluster",
    "serviceName",
    "taskDefinition",
    "clientToken",
    "desiredCount",
    "tags",
    "Name",
    "Tags",
    "Priority",
    "Actions",
    "TargetGroupArn",
    "TargetGroups",
];

/// Every member with a declaration of it, by name.
fn declarations() -> (Vec<(String, Value)>, Vec<String>) {
    let ecs = Model::parse(include_str!("../simulator/models/ecs.json"));
    let elbv2 = Model::parse(include_str!("../simulator/models/elbv2.json"));
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for case in whole(&ecs, &elbv2) {
        match declaration(&case) {
            Some(spec) => taken.push((case.name, spec)),
            None => refused.push(case.name),
        }
    }
    (taken, refused)
}

/// Members of target groups and rules in the words of ELBv2; what a map has in it are no members.
fn pascal(value: &Value) -> Value {
    let rename = |(name, value): (&String, &Value)| {
        let mut letters = name.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        let renamed = first.chain(letters).collect();
        match name.as_str() {
            "authenticationRequestExtraParams" => (renamed, value.clone()),
            _ => (renamed, pascal(value)),
        }
    };
    match value {
        Value::Object(members) => Value::Object(members.iter().map(rename).collect()),
        Value::Array(items) => items.iter().map(pascal).collect(),
        value => value.clone(),
    }
}

/// A rule without what has no meaning in it: the order of conditions and of their values, the older form of values, numbers of
/// actions that only say which comes first.
fn meaning(mut rule: Value) -> Value {
    let conditions = rule.get_mut("Conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        let members = condition.as_object_mut().expect("a condition");
        let field = members.remove("Field");
        let older = ["Values", "RegexValues"].map(|member| Some((member, members.remove(member)?)));
        for (member, values) in older.into_iter().flatten() {
            let config = match field.as_ref().and_then(Value::as_str) {
                Some("host-header") => "HostHeaderConfig",
                _ => "PathPatternConfig",
            };
            members.insert(config.to_owned(), json!({ member: values }));
        }
        for config in members.values_mut() {
            for values in config.as_object_mut().into_iter().flat_map(Map::values_mut) {
                if let Some(values) = values.as_array_mut() {
                    values.sort_by_key(Value::to_string);
                }
            }
        }
    }
    if let Some(conditions) = rule["Conditions"].as_array_mut() {
        conditions.sort_by_key(Value::to_string);
    }
    if let Some(actions) = rule.get_mut("Actions").and_then(Value::as_array_mut) {
        actions.sort_by_key(|action| action["Order"].as_i64().unwrap_or_default());
        for action in actions {
            action.as_object_mut().expect("an action").remove("Order");
        }
    }
    rule
}

/// Where a request is otherwise than declared; members that the operator adds are no difference.
fn differences(path: &str, declared: &Value, sent: &Value, found: &mut Vec<String>) {
    match (declared, sent) {
        (Value::Object(declared), Value::Object(sent)) => {
            for (name, value) in declared {
                let sent = sent.get(name).unwrap_or(&Value::Null);
                differences(&format!("{path}.{name}"), value, sent, found);
            }
            let is_added = |name: &&String| !declared.contains_key(*name);
            for name in sent.keys().filter(is_added) {
                if !ADDED.contains(&name.as_str()) {
                    found.push(format!("{path}.{name}: nobody declared it"));
                }
            }
        }
        (Value::Array(declared), Value::Array(sent)) if declared.len() == sent.len() => {
            for (declared, sent) in declared.iter().zip(sent) {
                differences(&format!("{path}[]"), declared, sent, found);
            }
        }
        _ if declared == sent => {}
        _ => found.push(format!("{path}: {sent} instead of {declared}")),
    }
}

/// The requests of one operation.
fn requests<'a>(made: &'a [Entry], operation: &str) -> Vec<&'a Value> {
    let made = made.iter().filter(|entry| entry.operation == operation);
    made.map(|entry| &entry.request).collect()
}

/// The members without some.
fn without(value: &Value, members: &[&str]) -> Value {
    let mut value = value.clone();
    for member in members {
        value.as_object_mut().expect("an object").remove(*member);
    }
    value
}

/// Tags as AWS's calls have them, as a map.
fn tags(list: &Value, [key, value]: [&str; 2]) -> Map<String, Value> {
    let tag = |tag: &Value| {
        let key = tag[key].as_str().expect("a key").to_owned();
        (key, tag[value].clone())
    };
    list.as_array().into_iter().flatten().map(tag).collect()
}

/// Where the requests are otherwise than declared.
fn compare(spec: &Value, made: &[Entry]) -> Vec<String> {
    let mut found = Vec::new();
    let [service] = requests(made, "CreateService")[..] else {
        return vec!["no CreateService".into()];
    };
    let entries = spec["loadBalancers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut wanted = without(spec, &["cluster", "taskDefinition", "tags"]);
    if !entries.is_empty() {
        let entries = entries.iter().map(|entry| without(entry, &["targetGroup"]));
        wanted["loadBalancers"] = entries.collect();
    }
    let mut sent = service.clone();
    let sent_entries = sent.get_mut("loadBalancers").and_then(Value::as_array_mut);
    for entry in sent_entries.into_iter().flatten() {
        let entry = entry.as_object_mut().expect("an entry");
        let is_managed = |entry: &Value| entry.get("targetGroup").is_some();
        if entries.iter().any(is_managed) && entry.remove("targetGroupArn").is_none() {
            found.push("loadBalancers[]: without its target group".into());
        }
    }
    differences("CreateService", &wanted, &sent, &mut found);
    let groups: Vec<&Value> = entries
        .iter()
        .filter_map(|entry| entry.get("targetGroup"))
        .collect();
    let created = requests(made, "CreateTargetGroup");
    if groups.len() != created.len() {
        found.push(format!("{} target groups", created.len()));
    }
    for (group, created) in groups.iter().zip(&created) {
        let group_only = pascal(&without(group, &["attributes", "rules"]));
        differences("CreateTargetGroup", &group_only, created, &mut found);
    }
    let attributes = groups
        .iter()
        .filter_map(|group| group["attributes"].as_object());
    let attributes: Vec<_> = attributes.collect();
    let modified = requests(made, "ModifyTargetGroupAttributes");
    let set = modified
        .iter()
        .map(|it| tags(&it["Attributes"], ["Key", "Value"]));
    if set.collect::<Vec<_>>().iter().ne(attributes) {
        found.push(format!("attributes: {modified:?}"));
    }
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().into_iter().flatten());
    let rules: Vec<_> = rules.collect();
    let created = requests(made, "CreateRule");
    if rules.len() != created.len() {
        found.push(format!("{} rules", created.len()));
    }
    for (rule, created) in rules.into_iter().zip(created) {
        let (rule, created) = (meaning(pascal(rule)), meaning(created.clone()));
        differences("CreateRule", &rule, &created, &mut found);
    }
    let wanted = spec["tags"].as_object().cloned().unwrap_or_default();
    let given = [
        (requests(made, "CreateService"), "tags", ["key", "value"]),
        (
            requests(made, "CreateTargetGroup"),
            "Tags",
            ["Key", "Value"],
        ),
        (requests(made, "CreateRule"), "Tags", ["Key", "Value"]),
    ];
    for (requests, member, words) in given {
        for request in requests {
            let given = tags(&request[member], words);
            let is_given = |(key, value): (&String, &Value)| given.get(key) == Some(value);
            if !wanted.iter().all(is_given) {
                found.push(format!("{member}: {given:?}"));
            }
        }
    }
    found
}

async fn drive(spec: &Value) -> Result<(), String> {
    let mut rig = Rig::new().await;
    let spec = rig.here(spec);
    let declared = rig.declare(&spec).await?;
    if declared.state != State::Settled {
        return Err(format!("{:?}", declared.state));
    }
    let found = compare(&spec, &declared.made);
    if !found.is_empty() {
        return Err(found.join(", "));
    }
    rig.restart().await;
    match rig.declare(&spec).await? {
        Declared {
            state: State::Settled,
            made,
            ..
        } if made.is_empty() => Ok(()),
        again => Err(format!(
            "{:?} after {} more calls",
            again.state,
            again.made.len()
        )),
    }
}

/// Fails with all that went otherwise than declared.
fn check(declarations: &[(String, Value)]) {
    let wrong: Vec<String> = declarations
        .iter()
        .filter_map(|(name, spec)| Some(format!("{name}: {}", block_on(drive(spec)).err()?)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        declarations.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_member_is_sent_as_declared_and_seen() {
    check(&declarations().0);
}

#[test]
fn attributes_tags_and_whole_conditions_are_sent_as_declared_and_seen() {
    let on = |member: &Value| {
        let mut bases = BASES.iter();
        bases.find_map(|base| joined(base.clone(), member))
    };
    let members = balanced_members();
    let declared = members.iter().map(|member| {
        let spec = on(member).unwrap_or_else(|| panic!("nothing takes {member}"));
        (
            member.to_string(),
            without(&spec, &["cluster", "taskDefinition"]),
        )
    });
    check(&declared.collect::<Vec<_>>());
}

#[test]
fn only_what_no_service_of_tasks_can_have_is_taken_nowhere() {
    let mut refused = declarations().1;
    refused.sort();
    assert_eq!(refused, REFUSED);
}
