//! Reading inputs that the contract has checked.

use serde_json::Value;

/// A string member; empty where it is absent.
pub fn text<'a>(input: &'a Value, name: &str) -> &'a str {
    input[name].as_str().unwrap_or_default()
}

/// The elements of a list member.
pub fn list<'a>(input: &'a Value, name: &str) -> &'a [Value] {
    input[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The strings of a list member.
pub fn texts<'a>(input: &'a Value, name: &str) -> Vec<&'a str> {
    list(input, name).iter().filter_map(Value::as_str).collect()
}

/// Whether a member is there.
pub fn has(input: &Value, name: &str) -> bool {
    !input[name].is_null()
}
