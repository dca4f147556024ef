//! The operator's rights in Kubernetes: what the charts grant, and what the stories' operators used.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
};

use serde_json::Value;

use crate::charts::{OPERATOR, objects, template, variants};

/// One right: a verb on a resource of a group, perhaps of one name only.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Right {
    verb: String,
    group: String,
    /// With the subresource: `ecsservices/status`.
    resource: String,
    name: Option<String>,
}

fn words(value: &Value) -> Vec<&str> {
    let all = value.as_array().into_iter().flatten();
    all.map(|word| word.as_str().expect("text")).collect()
}

/// The rights of a Role or ClusterRole, each by itself.
fn rights(role: &Value) -> BTreeSet<Right> {
    let mut found = BTreeSet::new();
    for rule in role["rules"].as_array().expect("rules") {
        let names = words(&rule["resourceNames"]);
        let names = match &names[..] {
            [] => vec![None],
            names => names.iter().map(|name| Some((*name).to_owned())).collect(),
        };
        for group in words(&rule["apiGroups"]) {
            for resource in words(&rule["resources"]) {
                for verb in words(&rule["verbs"]) {
                    found.extend(names.iter().map(|name| Right {
                        verb: verb.to_owned(),
                        group: group.to_owned(),
                        resource: resource.to_owned(),
                        name: name.clone(),
                    }));
                }
            }
        }
    }
    found
}

fn of_kind<'a>(rendered: &'a [Value], kinds: &[&str]) -> Vec<&'a Value> {
    let is_one = |object: &&Value| kinds.iter().any(|kind| object["kind"] == *kind);
    rendered.iter().filter(is_one).collect()
}

/// The roles that are bound to the operator's account.
fn bound(rendered: &[Value]) -> Vec<&Value> {
    let bindings = of_kind(rendered, &["RoleBinding", "ClusterRoleBinding"]);
    let roles = of_kind(rendered, &["Role", "ClusterRole"]);
    roles
        .into_iter()
        .filter(|role| {
            bindings.iter().any(|binding| {
                binding["roleRef"]["kind"] == role["kind"]
                    && binding["roleRef"]["name"] == role["metadata"]["name"]
                    && binding["metadata"]["namespace"] == role["metadata"]["namespace"]
            })
        })
        .collect()
}

/// What a set of values gives to the operator.
fn given(values: &str) -> BTreeSet<Right> {
    let rendered = objects(&template(OPERATOR, &["--values", values]).expect("it renders"));
    bound(&rendered).into_iter().flat_map(rights).collect()
}

/// Every right that the chart gives, in all namespaces or in some, under the name that the stories' releases have.
fn granted() -> BTreeSet<Right> {
    let of = |name: &str| given(&format!("{OPERATOR}/ci/{name}-values.yaml"));
    of("default").union(&of("namespaced")).cloned().collect()
}

/// The same for an object of any name.
fn of_any_name(right: &Right) -> Right {
    Right {
        name: None,
        ..right.clone()
    }
}

#[test]
fn no_value_gives_the_operator_another_right() {
    let granted: BTreeSet<_> = granted().iter().map(of_any_name).collect();
    for (name, values) in variants() {
        let given: BTreeSet<_> = given(&values).iter().map(of_any_name).collect();
        let more: Vec<_> = given.difference(&granted).collect();
        assert!(more.is_empty(), "{name}: {more:?}");
    }
}

#[test]
fn no_role_has_wildcards_or_secrets_or_the_right_to_get_more_rights() {
    for (name, values) in variants() {
        let rendered = objects(&template(OPERATOR, &["--values", &values]).expect("it renders"));
        for role in of_kind(&rendered, &["Role", "ClusterRole"]) {
            for right in rights(role) {
                let text = format!("{right:?}");
                assert!(!text.contains('*'), "{name}: {text}");
                assert_ne!(right.resource, "secrets", "{name}");
                let groups = [
                    "ecs-operator.dev",
                    "events.k8s.io",
                    "coordination.k8s.io",
                    "",
                ];
                assert!(groups.contains(&right.group.as_str()), "{name}: {text}");
                let is_more = ["escalate", "bind", "impersonate"].contains(&right.verb.as_str());
                assert!(!is_more, "{name}: {text}");
            }
        }
    }
}

#[test]
fn operator_of_some_namespaces_has_no_rights_elsewhere() {
    let values = ["--set", "watchNamespaces={a,b},clusterId=x"];
    let rendered = objects(&template(OPERATOR, &values).expect("it renders"));
    assert!(of_kind(&rendered, &["ClusterRoleBinding"]).is_empty());
    let namespaces: BTreeSet<_> = bound(&rendered)
        .iter()
        .filter(|role| {
            rights(role)
                .iter()
                .any(|right| right.group == "ecs-operator.dev")
        })
        .map(|role| role["metadata"]["namespace"].as_str().expect("a namespace"))
        .collect();
    assert_eq!(namespaces, BTreeSet::from(["a", "b"]));
}

/// Requests of the stories' operators to the API server, by the audit logs of the last run.
fn requests() -> Vec<Value> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let run = fs::read_to_string(target.join("stories-last-run"))
        .expect("the stories ran before; run: make test");
    let mut found = Vec::new();
    for entry in fs::read_dir(run).expect("what the stories left") {
        let log = entry.expect("an entry").path().join("audit.log");
        let Ok(log) = File::open(log) else {
            continue; // no control plane's folder
        };
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if line.contains("\"username\":\"system:serviceaccount:") {
                let event: Value = serde_json::from_str(&line).expect("an event");
                let user = event["user"]["username"].as_str().unwrap_or_default();
                let account = user.strip_prefix("system:serviceaccount:");
                if account.is_some_and(|account| account.contains(":ecs-operator")) {
                    found.push(event);
                }
            }
        }
    }
    found
}

/// What a request needed.
fn needed(event: &Value) -> Right {
    let object = &event["objectRef"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let sub = object["subresource"]
        .as_str()
        .map_or(String::new(), |sub| format!("/{sub}"));
    Right {
        verb: text(&event["verb"]),
        group: text(&object["apiGroup"]),
        resource: text(&object["resource"]) + &sub,
        name: object["name"].as_str().map(str::to_owned),
    }
}

#[test]
#[ignore = "reads what a whole run of the stories left; make test runs it after them"]
fn every_right_is_used_by_some_story() {
    let requests = requests();
    let is_allowed = |event: &Value| {
        event["annotations"]["authorization.k8s.io/decision"] == "allow"
            && !event["objectRef"].is_null()
    };
    let used: BTreeSet<_> = requests
        .iter()
        .filter(|event| is_allowed(event))
        .map(needed)
        .collect();
    let used: BTreeSet<_> = used
        .iter()
        .map(of_any_name)
        .chain(used.iter().cloned())
        .collect();
    let unused: Vec<_> = granted().difference(&used).cloned().collect();
    assert!(unused.is_empty(), "granted and not used: {unused:#?}");
}

#[test]
#[ignore = "reads what a whole run of the stories left; make test runs it after them"]
fn no_story_s_operator_asked_for_more_than_it_may() {
    let granted: BTreeSet<_> = granted().iter().map(of_any_name).collect();
    let refused: BTreeSet<_> = requests()
        .iter()
        .filter(|event| event["annotations"]["authorization.k8s.io/decision"] == "forbid")
        .map(|event| of_any_name(&needed(event)))
        .filter(|right| !granted.contains(right))
        .collect();
    assert!(
        refused.is_empty(),
        "asked for and not granted: {refused:#?}"
    );
}
