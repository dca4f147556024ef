//! Object and references → desired state of AWS. Pure and fallible: every mistake of the user that can be seen without AWS is found here.
//!
//! Admission rules are checked again, so that an object written around them gains nothing.

pub mod cluster;
pub mod deployment_action;
mod deployment_rules;
mod known;
pub mod load_balancer;
mod rule;
pub mod schema;
pub mod service;
mod service_rules;
#[cfg(test)]
mod service_tests;
mod strategy;
pub mod task_definition;
#[cfg(test)]
pub(crate) mod testing;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

use crate::{
    api::{Lifecycle, rules},
    model::{
        Installation, Members, Tags,
        declared::{self, Paths},
        name,
        ownership::{self, Owner},
    },
};

/// A mistake in an object: which field, what it holds, and what to do.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Invalid {
    /// The field, for example `spec.loadBalancers[0].targetGroup.port`.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Invalid {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }

    /// The same mistake, seen from further up.
    fn below(mut self, parent: &str) -> Self {
        self.path.insert_str(0, parent);
        self
    }
}

/// A rule: whether it is broken, the member, what is wrong and what to do.
type Row = (bool, &'static str, &'static str);

/// The first broken rule, as a mistake of what stands at `path`: `of`, which the messages name members of.
fn first(path: &str, of: &impl Serialize, rows: &[Row]) -> Result<(), Invalid> {
    let Some((_, member, message)) = rows.iter().find(|(is_broken, ..)| *is_broken) else {
        return Ok(());
    };
    let dot = if member.is_empty() { "" } else { "." };
    Err(Invalid::new(
        format!("{path}{dot}{member}"),
        rules::said(message, of),
    ))
}

/// Who an object is: what names and ownership tags are made of.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// UID.
    pub uid: &'a str,
}

impl<'a> Identity<'a> {
    /// Who the object with this metadata is; what the API server has not given it is empty.
    pub fn of(meta: &'a ObjectMeta) -> Self {
        let text = |member: &'a Option<String>| member.as_deref().unwrap_or_default();
        Self {
            namespace: text(&meta.namespace),
            name: text(&meta.name),
            uid: text(&meta.uid),
        }
    }

    /// The owner of this object's AWS resources.
    pub fn owner(&self, installation: &Installation) -> Owner {
        Owner {
            cluster_id: installation.cluster_id.clone(),
            namespace: self.namespace.to_owned(),
            name: self.name.to_owned(),
            uid: self.uid.to_owned(),
        }
    }

    /// The declared name, or `<namespace>-<name>`.
    fn aws_name(&self, declared: Option<&str>, path: &str) -> Result<String, Invalid> {
        let default = name::default_name(self.namespace, self.name);
        let (name, path) = match declared {
            Some(declared) => (declared.to_owned(), path.to_owned()),
            None => (
                default,
                format!(
                    "metadata.name (AWS name \"{}-{}\"; {path} is absent)",
                    self.namespace, self.name
                ),
            ),
        };
        if name::is_ecs_name(&name) {
            return Ok(name);
        }
        Err(Invalid::new(
            path,
            format!(
                "\"{name}\" is no name that ECS takes: 1-255 letters, digits, hyphens and underscores. Set one that is."
            ),
        ))
    }
}

/// Tags that a user may declare: of AWS's 50 (TagResource) ownership takes four, and one each what was declared, the consent to an
/// adoption and the tombstone.
const TAGS_MAX: usize = 43;

/// The object's tags with the ownership tags.
fn tags(lifecycle: &Lifecycle, owner: &Owner) -> Result<Tags, Invalid> {
    let mut tags = lifecycle.tags.clone().unwrap_or_default();
    if tags.len() > TAGS_MAX {
        return Err(Invalid::new(
            "spec.tags",
            format!(
                "{} tags; AWS takes 50, of which the operator needs up to 7. Remove {}.",
                tags.len(),
                tags.len() - TAGS_MAX
            ),
        ));
    }
    for (key, value) in &tags {
        let is_reserved =
            key.to_ascii_lowercase().starts_with("aws:") || key.starts_with(ownership::PREFIX);
        let is_long = key.chars().count() > 128 || value.chars().count() > 256;
        if is_reserved || key.is_empty() || is_long || !is_tag(key) || !is_tag(value) {
            let message = rules::said(rules::TAGS, key);
            return Err(Invalid::new(format!("spec.tags[{key:?}]"), message));
        }
    }
    tags.extend(owner.tags());
    Ok(tags)
}

/// The tags that the user declares, by path.
fn declared_tags(tags: &Tags) -> Paths {
    let keys = tags.keys();
    let users = keys.filter(|key| !key.starts_with(ownership::PREFIX));
    users.map(|key| declared::below("/tags", key)).collect()
}

/// Whether AWS takes the text in a tag (Tag, patterns of key and value).
fn is_tag(text: &str) -> bool {
    text.chars().all(|c| {
        let is_space = c.is_whitespace() && !c.is_control();
        c.is_alphanumeric() || is_space || "_.:/=+-@".contains(c)
    })
}

/// The declared members of an object as AWS's JSON.
fn members(spec: &impl Serialize) -> Members {
    match serde_json::to_value(spec) {
        Ok(serde_json::Value::Object(members)) => members,
        other => unreachable!("a spec is written as a JSON object, not {other:?}"),
    }
}

/// Takes the members that are ours, not AWS's, out of a spec.
fn remove_lifecycle(members: &mut Members) {
    for ours in [
        "suspend",
        "managementPolicy",
        "deletionPolicy",
        "tags",
        "region",
    ] {
        members.remove(ours);
    }
}
