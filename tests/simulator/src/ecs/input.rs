//! Reading request members, which AWS's model has already checked for type and presence. No rules here.

use serde_json::{Map, Value};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// A string member.
pub(super) fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member).and_then(Value::as_str)
}

/// An integer member.
pub(super) fn integer(input: &Value, member: &str) -> Option<i64> {
    input.get(member).and_then(Value::as_i64)
}

/// A boolean member; absent is false.
pub(super) fn flag(input: &Value, member: &str) -> bool {
    input.get(member).and_then(Value::as_bool).unwrap_or(false)
}

/// A list member; absent is empty.
pub(super) fn list<'a>(input: &'a Value, member: &str) -> &'a [Value] {
    input
        .get(member)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The strings of a list member; absent is empty.
pub(super) fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    list(input, member)
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// A member that is there and not null.
pub(super) fn given<'a>(input: &'a Value, member: &str) -> Option<&'a Value> {
    input.get(member).filter(|value| !value.is_null())
}

/// Whether `include` asks for `what`.
pub(super) fn includes(input: &Value, what: &str) -> bool {
    texts(input, "include").contains(&what)
}

/// The members of a structure that are not null, as AWS drops nulls.
pub(super) fn object(value: &Value) -> Object {
    value
        .as_object()
        .map(|members| {
            members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        })
        .unwrap_or_default()
}

/// Puts `value` under `member` unless something is there already.
pub(super) fn default(members: &mut Object, member: &str, value: impl Into<Value>) {
    let absent = members.get(member).is_none_or(Value::is_null);
    if absent {
        members.insert(member.to_owned(), value.into());
    }
}
