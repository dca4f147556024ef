//! Rules between members, in CEL, for admission: where the user is. `desired` holds the same rules for what was written around
//! admission, with the words of this room.
//!
//! Every write of an object, also of its status, evaluates all of its rules, and each `self.member` costs the API server a walk
//! over all members of that level (its `Structural.Properties`), two when it is there, and one for each container of a list:
//! 10 µs and 10 KiB each in a spec. So a rule asks first for what is rarely there, for nothing twice, and for what it shares
//! with another in the same rule ([`mistake`]). `self.?member` asks once, but the length of what it gives has no bound in the
//! cost estimate, so that it serves comparisons only.
//!
//! A rule stands at the deepest member that sees all it needs: the API server's path is exact there, and a rule of the member
//! itself costs nothing while it is absent. Where a rule stands higher, its message names container and value. Sources are AWS's
//! documentation of the call (RegisterTaskDefinition, CreateCluster).

mod cluster;
mod container;
mod fargate;
mod message;
mod mistake;
mod reference;
mod service;
mod strategy;
mod task_definition;

use kube::core::{Message, Reason, Rule};

pub use self::{
    cluster::*, container::*, fargate::*, message::said, reference::*, service::*, strategy::*,
    task_definition::*,
};

/// What all kinds say of a tag that AWS would refuse or that is not the user's.
pub const TAGS: &str = "'{}': a key must have 1-128 characters and not begin with 'aws:' or 'ecs-operator.dev/', its value at most 256; both are letters, digits, spaces and _.:/=+-@. Rename or shorten it.";

/// Keys and values of tags, of every kind (Tag, patterns of key and value). A rule of the member itself.
pub fn tags() -> Rule {
    let text = r"'^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$'";
    first_of(
        Items { of: "", item: "k" },
        "",
        &format!(
            "k.lowerAscii().startsWith('aws:') || k.startsWith('ecs-operator.dev/') || size(k) == 0 || size(k) > 128 || !k.matches({text}) || !self[k].matches({text})"
        ),
        TAGS,
    )
}

/// A member that can neither be set, changed nor removed later.
pub fn immutable(member: &str, way_out: &str) -> Rule {
    immutable_said(
        &format!(
            "has(self.{member}) ? has(oldSelf.{member}) && self.{member} == oldSelf.{member} : !has(oldSelf.{member})"
        ),
        member,
        way_out,
    )
    .field_path(format!(".{member}"))
}

/// A reference whose name can't be changed later. A rule of the member itself.
pub fn immutable_name(way_out: &str) -> Rule {
    immutable_said("self.name == oldSelf.name", "name", way_out)
}

fn immutable_said(holds: &str, member: &str, way_out: &str) -> Rule {
    let values = ["oldSelf", "self"].map(|of| message::optional(of, member));
    let said = format!(
        "'is immutable: it was %s and is %s now. {}'.format([{}])",
        message::escaped(way_out),
        values.join(", ")
    );
    rule_that_says(holds, "", Message::Expression(said)).reason(Reason::FieldValueForbidden)
}

/// The Region of every kind.
pub fn immutable_region() -> Rule {
    immutable("region", "Create another object for another Region.")
}

/// A rule with a message, which may name members of the value at hand ([`said`]); `path` is the member that the message is
/// about, or empty.
fn rule(expression: &str, path: &str, message: &str) -> Rule {
    rule_about("self", expression, path, message)
}

/// A rule whose message names members of what the expression `of` gives.
fn rule_about(of: &str, expression: &str, path: &str, message: &str) -> Rule {
    let said = message::expression(message, of);
    let said = said.map_or_else(|| Message::Message(message.into()), Message::Expression);
    rule_that_says(expression, path, said)
}

fn rule_that_says(expression: &str, path: &str, said: Message) -> Rule {
    let rule = Rule {
        message: Some(said),
        ..Rule::new(expression)
    };
    match path {
        "" => rule,
        path => rule.field_path(path),
    }
}

/// A rule of the member itself, whose message names it as `{member}`, as a rule of the object around it would.
fn rule_at(member: &str, expression: &str, message: &str) -> Rule {
    rule(
        expression,
        "",
        &message.replace(&format!("{{{member}}}"), "{}"),
    )
}

/// The items of a list, or the keys of a map, and the name of one in a rule.
#[derive(Clone, Copy)]
struct Items {
    /// The member; empty: the rule is of the member itself.
    of: &'static str,
    item: &'static str,
}

impl Items {
    fn list(self) -> String {
        format!("self{}", self.path())
    }

    fn path(self) -> String {
        match self.of {
            "" => String::new(),
            of => format!(".{of}"),
        }
    }
}

/// Of no item `wrong` holds; the message's members are those of the first of which it does. It is not asked when `unless`
/// holds, which may be empty.
fn first_of(items: Items, unless: &str, wrong: &str, message: &str) -> Rule {
    let (list, item) = (items.list(), items.item);
    rule_about(
        &format!("{list}.filter({item}, {wrong})[0]"),
        &format!("{}!{list}.exists({item}, {wrong})", or(unless)),
        &items.path(),
        message,
    )
}

/// Of one item at most `alone` holds; the message's members are those of the second.
fn second_of(items: Items, alone: &str, message: &str) -> Rule {
    let found = format!("{}.filter({}, {alone})", items.list(), items.item);
    rule_about(
        &format!("{found}[1]"),
        &format!("{found}.size() <= 1"),
        &items.path(),
        message,
    )
}

fn or(unless: &str) -> String {
    match unless {
        "" => String::new(),
        unless => format!("{unless} || "),
    }
}
