//! What says nothing: empty values, and entries of the AWS CLI's skeletons that nobody filled in.

use serde_json::Value;

use super::shape::Shape;

/// The name that the AWS CLI's skeletons give to the one entry of a map.
const SKELETON_NAME: &str = "KeyName";

/// Members that hold a word of AWS's, which skeletons fill in by themselves as they do enums.
const WORDS: [&str; 3] = ["type", "logDriver", "permissions"];

/// Whether a value says nothing.
pub fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(members) => members.values().all(is_nothing),
        _ => false,
    }
}

/// Whether an object or list is an untouched entry of a skeleton: it has empty texts, and nothing that somebody
/// filled in. What a skeleton fills in by itself (zeros, `true`, the name of an enum) does not count.
pub fn is_skeleton(value: &Value, shape: &Shape) -> bool {
    let (blank, filled) = content(value, shape);
    blank && !filled
}

/// Whether a value holds empty texts, and whether it holds what somebody filled in.
fn content(value: &Value, shape: &Shape) -> (bool, bool) {
    let both = |a: (bool, bool), b: (bool, bool)| (a.0 || b.0, a.1 || b.1);
    match (value, shape) {
        (Value::String(text), _) if text.is_empty() => (true, false),
        (Value::String(_), Shape::Text { allowed, .. }) => (false, allowed.is_empty()),
        (Value::String(_), _) => (false, true),
        (Value::Number(number), _) => (false, number.as_f64() != Some(0.0)),
        (Value::Object(object), Shape::Map(values)) => object
            .iter()
            .map(|(name, value)| both((false, name != SKELETON_NAME), content(value, values)))
            .fold((false, false), both),
        (Value::Object(object), shape) => object
            .iter()
            .filter(|(name, _)| !WORDS.contains(&name.as_str()))
            .map(|(name, value)| {
                let member = shape.members().and_then(|members| members.get(name));
                content(value, member.map_or(&Shape::Any, |member| &member.shape))
            })
            .fold((false, false), both),
        (Value::Array(items), shape) => {
            let item = match shape {
                Shape::List(item) => item,
                _ => &Shape::Any,
            };
            items
                .iter()
                .map(|value| content(value, item))
                .fold((false, false), both)
        }
        (Value::Bool(_) | Value::Null, _) => (false, false),
    }
}
