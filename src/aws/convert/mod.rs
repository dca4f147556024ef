//! ELBv2's types to and from our JSON members. Its protocol is a query with XML answers, so there is no JSON to pass through.

pub mod action;
pub mod rule;
pub mod target_group;

use aws_sdk_elasticloadbalancingv2::types::Tag;
use serde_json::Value;

use crate::model::{Members, Tags};

/// A member that is a string.
pub fn text(members: &Members, key: &str) -> Option<String> {
    members.get(key)?.as_str().map(str::to_owned)
}

/// A member that is a whole number of 32 bits.
pub fn number(members: &Members, key: &str) -> Option<i32> {
    members.get(key)?.as_i64()?.try_into().ok()
}

/// A member that is true or false.
pub fn flag(members: &Members, key: &str) -> Option<bool> {
    members.get(key)?.as_bool()
}

/// The objects of a member that is a list of them.
pub fn objects<'a>(members: &'a Members, key: &str) -> impl Iterator<Item = &'a Members> {
    let items = members.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_object)
}

/// A member that is a list of strings.
pub fn texts(members: &Members, key: &str) -> Vec<String> {
    members.get(key).map(strings).unwrap_or_default()
}

/// The strings of a list.
pub fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// Inserts a member unless it is absent.
pub fn put(members: &mut Members, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        members.insert(key.to_owned(), value.into());
    }
}

/// A request's tags.
pub fn tags(members: &Members) -> Vec<Tag> {
    members
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|tag| {
            Some(
                Tag::builder()
                    .key(tag["key"].as_str()?)
                    .value(tag["value"].as_str()?)
                    .build(),
            )
        })
        .collect()
}

/// An answer's tags.
pub fn observed_tags(tags: &[Tag]) -> Tags {
    tags.iter()
        .map(|tag| {
            (
                tag.key().unwrap_or_default().to_owned(),
                tag.value().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}
