//! What AWS answers about a cluster and its services → objects whose plan is empty, each with the command that lets
//! the operator adopt what exists.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Imported,
    objects::{Draft, link},
    prune::{Pruner, Why},
    read::{add, as_created, notes},
    recognise::Kind,
    shape::{Member, Shape},
};
use crate::model::{
    Members, Tags, arn,
    content::drop_host_ports,
    defaults::{self, Defaults},
    ownership,
};

/// A resource of AWS: its members as AWS answers them, and its tags.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// Its ARN.
    pub arn: String,
    /// Its members.
    pub members: Members,
    /// Its tags.
    pub tags: Tags,
}

/// What was read of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The cluster.
    pub cluster: Described,
    /// Services of it.
    pub services: Vec<Described>,
    /// The newest ACTIVE revision of every family that the services run.
    pub task_definitions: Vec<Described>,
}

/// The objects of what was read, for a namespace. What can't be an object is told in the notes.
pub fn import(account: &Account, region: &str, namespace: &str) -> Imported {
    let mut dropped = BTreeMap::new();
    let mut extra = Vec::new();
    let mut drafts = vec![draft(Kind::Cluster, &account.cluster, &mut dropped)];
    for task_definition in &account.task_definitions {
        drafts.push(draft(Kind::TaskDefinition, task_definition, &mut dropped));
    }
    for service in &account.services {
        let draft = draft(Kind::Service, service, &mut dropped);
        if let Some(count) = service.members.get("desiredCount") {
            let name = draft.spec.get("serviceName").and_then(Value::as_str);
            extra.push(format!("{}: desiredCount, now {count}, is left out, so that it stays with whoever scales the service; add it to have the operator keep it", name.unwrap_or_default()));
        }
        drafts.push(draft);
    }
    let (mut imported, problems) = link(drafts, None);
    let tags = account_tags(account);
    for object in &mut imported.objects {
        let arn = &object.source;
        object.comments = match tags.get(arn.as_str()).and_then(|tags| owner(tags)) {
            Some(owner) => vec![format!("belongs to {owner} already: {arn}")],
            None => vec![format!(
                "aws ecs tag-resource --region {region} --resource-arn {arn} --tags key={},value={}/{namespace}/{}",
                ownership::ADOPT,
                ownership::ANY,
                object.name
            )],
        };
    }
    let mut all = notes("AWS", dropped);
    all.extend(extra);
    all.append(&mut imported.notes);
    all.extend(
        problems
            .iter()
            .map(|problem| format!("not imported: {problem}")),
    );
    all.push(format!("the manifests name no Region; if the operator's own is not {region}, add spec.region: {region} to each"));
    imported.notes = all;
    imported
}

fn account_tags(account: &Account) -> BTreeMap<&str, &Tags> {
    std::iter::once(&account.cluster)
        .chain(&account.services)
        .chain(&account.task_definitions)
        .map(|described| (described.arn.as_str(), &described.tags))
        .collect()
}

/// The object that a resource belongs to, if it does.
fn owner(tags: &Tags) -> Option<String> {
    let tag = |key: &str| tags.get(key).map(String::as_str);
    Some(format!(
        "{}/{} of Kubernetes cluster {}",
        tag(ownership::NAMESPACE)?,
        tag(ownership::NAME)?,
        tag(ownership::CLUSTER_ID)?
    ))
}

fn draft(kind: Kind, described: &Described, dropped: &mut BTreeMap<Why, Vec<String>>) -> Draft {
    let shape = Shape::of_spec(kind.name());
    let members = shape.members().expect("a spec is an object");
    let mut object: Map<String, Value> = described.members.clone();
    if kind == Kind::Service {
        as_created(&mut object);
        object.remove("desiredCount");
    }
    if kind == Kind::TaskDefinition {
        drop_host_ports(&mut object);
    }
    object.retain(|member, _| members.contains_key(member) || !kind.is_output(member));
    object.insert("tags".into(), json!(described.tags));
    let mut pruner = Pruner {
        is_lenient: true,
        ..Pruner::default()
    };
    let mut spec = pruner.object(&object, members, "");
    let is_required = |path: &str| is_required(members, path);
    for defaults in tables(kind, &spec) {
        defaults::strip(&mut spec, defaults, &is_required);
    }
    let name = spec
        .get(kind.aws_name())
        .and_then(Value::as_str)
        .unwrap_or_default();
    // What AWS answers empty or in its own tags is of no interest; what this version can't keep is.
    pruner.dropped.retain(|(why, _)| *why == Why::Unknown);
    let place = |path: String| format!("{name} {path}");
    let told = pruner
        .dropped
        .into_iter()
        .map(|(why, path)| (why, place(path)));
    add(dropped, told.collect());
    Draft {
        kind,
        revision: arn::revision(&described.arn).filter(|_| kind == Kind::TaskDefinition),
        default_name: name.to_owned(),
        file: described.arn.clone(),
        path: String::new(),
        lines: Default::default(),
        spec,
    }
}

fn tables(kind: Kind, spec: &Members) -> Vec<&'static Defaults> {
    let is_daemon = spec.get("schedulingStrategy") == Some(&json!("DAEMON"));
    let counts = match kind {
        Kind::Service if is_daemon => Some(defaults::DAEMON),
        Kind::Service => Some(defaults::REPLICA),
        Kind::Cluster | Kind::TaskDefinition => None,
    };
    [kind.defaults()].into_iter().chain(counts).collect()
}

/// Whether the schema requires the member of this path, where `[]` stands for the items of a list.
fn is_required(members: &BTreeMap<String, Member>, path: &str) -> bool {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(member) = members.get(first.trim_end_matches("[]")) else {
        return false;
    };
    if rest.is_empty() {
        return member.is_required;
    }
    let shape = match &member.shape {
        Shape::List(item) => item,
        shape => shape,
    };
    shape
        .members()
        .is_some_and(|members| is_required(members, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(arn: &str, members: Value, tags: &[(&str, &str)]) -> Described {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Described {
            arn: arn.into(),
            members: members.as_object().expect("an object").clone(),
            tags: tags.iter().map(pair).collect(),
        }
    }

    fn account(services: Vec<Described>) -> Account {
        let cluster = json!({"clusterName": "Main", "clusterArn": "arn:c", "status": "ACTIVE",
            "settings": [{"name": "containerInsights", "value": "disabled"}], "statistics": []});
        Account {
            cluster: described("arn:c", cluster, &[]),
            services,
            task_definitions: Vec::new(),
        }
    }

    #[test]
    fn objects_are_minimal_and_say_how_to_consent() {
        let imported = import(&account(vec![]), "eu-west-1", "team");
        let [cluster] = imported.objects.as_slice() else {
            panic!("{imported:?}")
        };
        assert_eq!(
            Value::Object(cluster.spec.clone()),
            json!({"clusterName": "Main"})
        );
        assert_eq!(
            cluster.comments,
            [
                "aws ecs tag-resource --region eu-west-1 --resource-arn arn:c --tags key=ecs-operator.dev/adopt,value=any/team/main"
            ]
        );
    }

    #[test]
    fn what_has_an_owner_is_not_offered() {
        let mut account = account(vec![]);
        account.cluster = described(
            "arn:c",
            json!({"clusterName": "Main"}),
            &[
                (ownership::CLUSTER_ID, "k1"),
                (ownership::NAMESPACE, "other"),
                (ownership::NAME, "main"),
                (ownership::UID, "u"),
                ("team", "a"),
            ],
        );
        let imported = import(&account, "eu-west-1", "team");
        let cluster = &imported.objects[0];
        assert_eq!(
            cluster.comments,
            ["belongs to other/main of Kubernetes cluster k1 already: arn:c"]
        );
        assert_eq!(cluster.spec["tags"], json!({"team": "a"}));
    }

    #[test]
    fn service_that_can_be_no_object_is_told_and_hinders_no_other() {
        let service = |name: &str, members: Value| {
            let mut all = json!({"serviceName": name, "clusterArn": "arn:aws:ecs:r:a:cluster/Main", "launchType": "EC2"});
            for (member, value) in members.as_object().expect("an object") {
                all[member] = value.clone();
            }
            described(&format!("arn:{name}"), all, &[])
        };
        let imported = import(
            &account(vec![
                service(
                    "external",
                    json!({"deploymentController": {"type": "EXTERNAL"}}),
                ),
                service(
                    "web",
                    json!({"taskDefinition": "arn:aws:ecs:r:a:task-definition/web:3"}),
                ),
            ]),
            "eu-west-1",
            "team",
        );
        let names: Vec<_> = imported
            .objects
            .iter()
            .map(|object| object.name.as_str())
            .collect();
        assert_eq!(names, ["main", "web"]);
        assert_eq!(
            imported.objects[1].spec["taskDefinition"],
            "arn:aws:ecs:r:a:task-definition/web:3"
        );
        assert!(
            imported
                .notes
                .iter()
                .any(|note| note
                    .starts_with("not imported: arn:external: taskDefinition: is missing")),
            "{:?}",
            imported.notes
        );
    }
}
