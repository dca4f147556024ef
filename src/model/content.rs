//! What a task definition says: compared member by member, and never shown.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::{Members, defaults};

/// Lists that ECS gives back in an order of its own (aws.md 4.4).
const REORDERED: [&str; 4] = [
    "portMappings",
    "volumesFrom",
    "links",
    "requiresCompatibilities",
];

/// The members of RegisterTaskDefinition, environment values among them: they can be compared, not printed.
#[derive(Clone, Default, PartialEq)]
pub struct Content(Members);

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content(…)")
    }
}

/// How a member differs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Difference {
    /// Only the new content has it.
    Added,
    /// Only the old content has it.
    Removed,
    /// Both have it, and it says something else.
    Changed,
}

impl Content {
    /// What was declared or registered.
    pub fn new(members: &Members) -> Self {
        Self(members.clone())
    }

    /// The members, for whoever writes them where the user wants them.
    pub const fn members(&self) -> &Members {
        &self.0
    }

    /// The members of `new` that say something else than this does, by path: `containerDefinitions[app].image`.
    /// What AWS fills in, the order of lists that have none, and members that `new` can't declare do not count.
    pub fn differences(&self, new: &Members) -> Vec<(String, Difference)> {
        let (old, new) = (canonical(&self.0), canonical(new));
        let mut found = Vec::new();
        compare(&old, &new, "", &mut found);
        found
    }
}

/// Members that only AWS tells.
const OUTPUT: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "tags",
];

fn canonical(members: &Members) -> Value {
    let mut members = members.clone();
    members.retain(|name, _| !OUTPUT.contains(&name.as_str()));
    drop_host_ports(&mut members);
    defaults::strip(&mut members, defaults::TASK_DEFINITION, &|_| false);
    let mut value = Value::Object(members);
    sort(&mut value, "");
    value
}

/// In network modes awsvpc and host AWS fills in the host port, which can be no other than the container's.
pub fn drop_host_ports(members: &mut Members) {
    let mode = members.get("networkMode").and_then(Value::as_str);
    if !matches!(mode, Some("awsvpc" | "host")) {
        return;
    }
    let containers = members
        .get_mut("containerDefinitions")
        .and_then(Value::as_array_mut);
    for mapping in containers
        .into_iter()
        .flatten()
        .filter_map(|container| container.get_mut("portMappings")?.as_array_mut())
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        if mapping.get("hostPort") == mapping.get("containerPort") {
            mapping.remove("hostPort");
        }
    }
}

fn sort(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => members
            .iter_mut()
            .for_each(|(name, value)| sort(value, name)),
        Value::Array(items) => {
            items.iter_mut().for_each(|item| sort(item, ""));
            if REORDERED.contains(&name) {
                items.sort_by_cached_key(Value::to_string);
            }
        }
        _ => {}
    }
}

fn compare(old: &Value, new: &Value, path: &str, found: &mut Vec<(String, Difference)>) {
    match (members(old), members(new)) {
        (Some(old), Some(new)) => {
            let named = |name: &str| match (new.is_list, path.is_empty()) {
                (true, _) => format!("{path}[{name}]"),
                (false, true) => name.to_owned(),
                (false, false) => format!("{path}.{name}"),
            };
            for (name, value) in &new.by_name {
                match old.by_name.get(name) {
                    Some(old) => compare(old, value, &named(name), found),
                    None => found.push((named(name), Difference::Added)),
                }
            }
            for name in old
                .by_name
                .keys()
                .filter(|name| !new.by_name.contains_key(*name))
            {
                found.push((named(name), Difference::Removed));
            }
        }
        _ if old != new => found.push((path.to_owned(), Difference::Changed)),
        _ => {}
    }
}

struct Named<'a> {
    is_list: bool,
    by_name: BTreeMap<&'a str, &'a Value>,
}

/// The parts of a value that have names: members of an object, or items of a list by their `name`.
fn members(value: &Value) -> Option<Named<'_>> {
    match value {
        Value::Object(members) => Some(Named {
            is_list: false,
            by_name: members
                .iter()
                .map(|(name, value)| (name.as_str(), value))
                .collect(),
        }),
        Value::Array(items) => {
            let by_name: BTreeMap<_, _> = items
                .iter()
                .map(|item| Some((item["name"].as_str()?, item)))
                .collect::<Option<_>>()?;
            (by_name.len() == items.len()).then_some(Named {
                is_list: true,
                by_name,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(old: Value, new: Value) -> Vec<(String, Difference)> {
        let members = |value: Value| value.as_object().expect("an object").clone();
        Content::new(&members(old)).differences(&members(new))
    }

    #[test]
    fn what_aws_fills_in_and_reorders_is_no_difference() {
        let declared = json!({"family": "web", "networkMode": "awsvpc", "containerDefinitions": [
            {"name": "app", "image": "nginx", "portMappings": [{"containerPort": 80}, {"containerPort": 81}],
             "environment": [{"name": "A", "value": ""}, {"name": "B", "value": "1"}], "healthCheck": {"command": ["CMD", "true"]}}]});
        let described = json!({"family": "web", "networkMode": "awsvpc", "revision": 7, "status": "ACTIVE", "volumes": [], "placementConstraints": [],
            "containerDefinitions": [
            {"name": "app", "image": "nginx", "cpu": 0, "essential": true, "mountPoints": [], "volumesFrom": [], "systemControls": [],
             "portMappings": [{"containerPort": 81, "hostPort": 81, "protocol": "tcp"}, {"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
             "environment": [{"name": "B", "value": "1"}, {"name": "A", "value": ""}],
             "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3}}]});
        assert_eq!(differences(described, declared), []);
    }

    #[test]
    fn differences_are_told_by_path() {
        let old = json!({"cpu": "256", "containerDefinitions": [{"name": "app", "image": "a", "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]}]});
        let new = json!({"cpu": "256", "memory": "512", "containerDefinitions": [{"name": "app", "image": "b", "environment": [{"name": "A", "value": "2"}]}, {"name": "log"}]});
        let expected = [
            (
                "containerDefinitions[app].environment[A].value",
                Difference::Changed,
            ),
            (
                "containerDefinitions[app].environment[B]",
                Difference::Removed,
            ),
            ("containerDefinitions[app].image", Difference::Changed),
            ("containerDefinitions[log]", Difference::Added),
            ("memory", Difference::Added),
        ];
        assert_eq!(
            differences(old, new),
            expected.map(|(path, difference)| (path.to_owned(), difference))
        );
    }

    #[test]
    fn volume_of_docker_is_no_bind_mount() {
        let docker = json!({"volumes": [{"name": "data", "dockerVolumeConfiguration": {}}]});
        let mount = json!({"volumes": [{"name": "data", "host": {}}]});
        let path = "volumes[data].dockerVolumeConfiguration".to_owned();
        assert_eq!(
            differences(docker.clone(), mount.clone()),
            [(path.clone(), Difference::Removed)]
        );
        assert_eq!(differences(mount, docker), [(path, Difference::Added)]);
    }

    #[test]
    fn content_is_never_printed() {
        let members = json!({"secret": "hunter2"})
            .as_object()
            .expect("an object")
            .clone();
        assert!(!format!("{:?}", Content::new(&members)).contains("hunter2"));
    }
}
