//! What AWS shows of an object, without what says as much as nothing.

use serde_json::{Value, json};

/// AWS's words for what is absent.
const WORDS: [(&str, &str); 7] = [
    ("propagateTags", "NONE"),
    ("includeQueryParameters", "DISABLED"),
    ("filesystemType", "xfs"),
    ("targetType", "AWS_LAMBDA"),
    ("action", "ROLLBACK"),
    ("sourceServiceRevisionCleanup", "DEFERRED"),
    ("logging", "DEFAULT"),
];

/// AWS's numbers for what is absent, as its models tell them: no other number, and no other zero, says nothing.
const NUMBERS: [(&str, f64); 8] = [
    ("healthCheckGracePeriodSeconds", 0.0),
    ("weight", 0.0),
    ("base", 0.0),
    ("stepPercent", 10.0),
    ("stepBakeTimeInMinutes", 6.0),
    ("canaryPercent", 5.0),
    ("canaryBakeTimeInMinutes", 10.0),
    ("timeoutInMinutes", 1440.0),
];

/// Takes out what says as much as nothing: absent, empty, off, or AWS's word or number for what is absent.
pub fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(strip);
            let port = members.get("portName").cloned();
            members.retain(|key, value| match value {
                Value::Null | Value::Bool(false) => false,
                Value::Bool(true) => true,
                Value::Number(number) => {
                    let default = NUMBERS.iter().find(|(name, _)| name == key);
                    default.is_none_or(|(_, default)| number.as_f64() != Some(*default))
                }
                Value::String(text) => {
                    let is_port = key == "discoveryName" && port.as_ref() == Some(&json!(text));
                    !text.is_empty() && !is_port && !WORDS.contains(&(key, text))
                }
                Value::Array(items) => !items.is_empty(),
                Value::Object(members) => !members.is_empty(),
            });
        }
        Value::Array(items) => {
            items.iter_mut().for_each(strip);
            items.retain(|item| !item.is_null());
        }
        _ => {}
    }
}
