//! What AWS answers about a cluster and its services → objects whose plan is empty, each with the command that lets
//! the operator adopt what exists.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Imported, Problem,
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

/// The objects of what was read, for a namespace.
pub fn import(account: &Account, region: &str, namespace: &str) -> Result<Imported, Vec<Problem>> {
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
    let mut imported = link(drafts, None)?;
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
    imported.notes = all;
    Ok(imported)
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
    match kind {
        Kind::Cluster => vec![defaults::CLUSTER],
        Kind::TaskDefinition => vec![defaults::TASK_DEFINITION],
        Kind::Service if spec.get("schedulingStrategy") == Some(&json!("DAEMON")) => {
            vec![defaults::SERVICE, defaults::DAEMON]
        }
        Kind::Service => vec![defaults::SERVICE, defaults::REPLICA],
    }
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
