//! Edits of single values of a declaration.

use serde_json::{Value, json};

/// The pointers of all single values.
pub fn leaves(spec: &Value) -> Vec<String> {
    fn walk(path: String, value: &Value, leaves: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    walk(format!("{path}/{key}"), value, leaves);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    walk(format!("{path}/{index}"), value, leaves);
                }
            }
            _ => leaves.push(path),
        }
    }
    let mut found = Vec::new();
    walk(String::new(), spec, &mut found);
    found
}

/// The same declaration with another value at one place, the first that `is_good`: one of another declaration of `members`, or one
/// that `words` says is as good, or one a little off.
pub fn edited(
    spec: &Value,
    path: &str,
    members: &[Value],
    words: &[(&str, &str)],
    is_good: impl Fn(&Value) -> bool,
) -> Option<Value> {
    let value = spec.pointer(path)?;
    let mut candidates: Vec<Value> = members
        .iter()
        .filter_map(|member| member.pointer(path))
        .filter(|other| *other != value)
        .cloned()
        .collect();
    match value {
        Value::Bool(is) => candidates.push(json!(!is)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => candidates.extend([json!(whole + 1), json!(whole - 1)]),
            None => candidates.extend(number.as_f64().map(|number| json!(number + 0.5))),
        },
        Value::String(text) => match words.iter().find(|(word, _)| word == text) {
            Some((_, other)) => candidates.push(json!(other)),
            None if path.contains("/attributes/") => candidates.extend(
                text.parse()
                    .ok()
                    .map(|number: i64| json!((number + 1).to_string())),
            ),
            None => candidates.push(json!(format!("{text}2"))),
        },
        _ => {}
    }
    candidates.into_iter().find_map(|other| {
        let mut edited = spec.clone();
        *edited.pointer_mut(path)? = other;
        let is_same_type =
            std::mem::discriminant(edited.pointer(path)?) == std::mem::discriminant(value);
        (is_same_type && is_good(&edited)).then_some(edited)
    })
}

/// The same declaration without the value at one place, and without what is empty then, if that `is_good`.
pub fn without(spec: &Value, path: &str, is_good: impl Fn(&Value) -> bool) -> Option<Value> {
    let mut spec = spec.clone();
    let (mut block, mut last) = path.rsplit_once('/')?;
    loop {
        match spec.pointer_mut(block)? {
            Value::Object(members) => {
                members.remove(&last.replace("~1", "/").replace("~0", "~"))?;
                if !members.is_empty() || block.is_empty() {
                    break;
                }
            }
            Value::Array(items) => {
                items.remove(last.parse().ok()?);
                if !items.is_empty() {
                    break;
                }
            }
            _ => return None,
        }
        (block, last) = block.rsplit_once('/')?;
    }
    is_good(&spec).then_some(spec)
}
