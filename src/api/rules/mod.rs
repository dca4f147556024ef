//! Rules between members, in CEL, for admission: where the user is. `desired` holds the same rules for what was written around
//! admission, with the words of this room.
//!
//! Every write of an object, also of its status, evaluates all of its rules, and each `self.member` costs the API server a walk
//! over all members of that level (its `Structural.Properties`): 10 µs in a spec. So a rule asks first for what is rarely there,
//! and for nothing twice. Optional members (`self.?member`) would ask less, but their length has no bound in the cost estimate.
//!
//! A rule stands at the deepest member that sees all it needs, so that the API server's path is exact; where it stands higher,
//! its message names container and value. Sources are AWS's documentation of the call (RegisterTaskDefinition, CreateCluster).

mod cluster;
mod container;
mod fargate;
mod reference;
mod service;
mod task_definition;

use kube::core::{Message, Reason, Rule};

pub use self::{
    cluster::*, container::*, fargate::*, reference::*, service::*, task_definition::*,
};

/// What all kinds say of a tag that AWS would refuse or that is not the user's.
pub const TAGS: &str = "a key must have 1-128 characters and not begin with 'aws:' or 'ecs-operator.dev/', a value at most 256; both are letters, digits, spaces and _.:/=+-@. Rename or shorten it.";

/// Keys and values of tags, of every kind (Tag, patterns of key and value).
pub fn tags() -> Rule {
    let text = r"'^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$'";
    rule(
        &format!(
            "!has(self.tags) || self.tags.all(k, !k.lowerAscii().startsWith('aws:') && !k.startsWith('ecs-operator.dev/') && size(k) > 0 && size(k) <= 128 && k.matches({text}) && self.tags[k].matches({text}))"
        ),
        ".tags",
        TAGS,
    )
}

/// A member that can neither be set, changed nor removed later.
pub fn immutable(member: &str, way_out: &str) -> Rule {
    rule(
        &format!("has(self.{member}) ? has(oldSelf.{member}) && self.{member} == oldSelf.{member} : !has(oldSelf.{member})"),
        &format!(".{member}"),
        &format!("is immutable. {way_out}"),
    )
    .reason(Reason::FieldValueForbidden)
}

/// The Region of every kind.
pub fn immutable_region() -> Rule {
    immutable("region", "Create another object for another Region.")
}

/// A rule with a message; `path` is the member that the message is about, or empty.
fn rule(expression: &str, path: &str, message: &str) -> Rule {
    let rule = Rule::new(expression).message(message);
    match path {
        "" => rule,
        path => rule.field_path(path),
    }
}

/// A rule whose message begins with `value`, a CEL expression of a string.
fn rule_of(expression: &str, path: &str, value: &str, message: &str) -> Rule {
    let said = Message::Expression(format!("{value} + \" {message}\""));
    Rule {
        message: Some(said),
        ..rule(expression, path, "")
    }
}
