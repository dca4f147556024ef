//! Reading: what is in AWS of the things an object means. Reads only.

mod cluster;
mod rollout;
mod service;
mod task_definition;
mod usage;

use serde_json::Value;

use crate::model::{Tags, observed::Resource};

pub use service::{Interest, created};
pub use task_definition::registered;
pub(super) use usage::Usage;

/// Events of a service that are kept; ECS gives up to 100.
const EVENTS: usize = 3;

/// A look that found something unseen which was just created: look again before doing anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotYetVisible(pub String);

/// A complete look, or one that must be repeated.
pub type Look<T> = Result<T, NotYetVisible>;

fn resource(value: &Value) -> Resource {
    let mut members = value.as_object().cloned().unwrap_or_default();
    let tags = tags(members.remove("tags").as_ref());
    if let Some(events) = members.get_mut("events").and_then(Value::as_array_mut) {
        events.truncate(EVENTS);
    }
    Resource { members, tags }
}

fn tags(list: Option<&Value>) -> Tags {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|tag| (text(&tag["key"]), text(&tag["value"])))
        .collect()
}

fn array<'a>(answer: &'a Value, key: &str) -> &'a [Value] {
    answer[key].as_array().map_or(&[], Vec::as_slice)
}
