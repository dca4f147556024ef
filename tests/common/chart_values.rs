//! What a chart's values.yaml says: each value with its documentation, which is the comment above it, and its default.

use serde_json::Value;

/// A value that users set, or a group of members that belong together, such as `resources`.
pub struct ChartValue {
    /// Keys from the top, joined by dots.
    pub path: String,
    /// The comment above it, as one line.
    pub meaning: String,
    /// What it is when nobody sets it.
    pub default: Value,
}

/// The values in the file's order; panics naming a value without documentation.
pub fn read(yaml: &str) -> Vec<ChartValue> {
    let defaults: Value = serde_saphyr::from_str(yaml).expect("values.yaml is YAML");
    let keys = keys(yaml);
    let is_below = |path: &str, other: &str| {
        path.strip_prefix(other)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let documented =
        |part: &dyn Fn(&str) -> bool| keys.iter().any(|(key, text)| !text.is_empty() && part(key));
    for (path, text) in &keys {
        let is_known = !text.is_empty()
            || documented(&|other| is_below(path, other))
            || documented(&|other| is_below(other, path));
        assert!(is_known, "values.yaml: {path} has no comment above it");
    }
    keys.iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(path, text)| ChartValue {
            path: path.clone(),
            meaning: text.clone(),
            default: defaults
                .pointer(&format!("/{}", path.replace('.', "/")))
                .expect("it was read from the same file")
                .clone(),
        })
        .collect()
}

/// Every key of a map with the comment right above it, or nothing.
fn keys(yaml: &str) -> Vec<(String, String)> {
    let mut above: Vec<(usize, &str)> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in yaml.lines() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if let Some(words) = text.strip_prefix('#') {
            comment.push(words.trim());
            continue;
        }
        let is_name = |key: &str| key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if let Some((key, _)) = text.split_once(':').filter(|(key, _)| is_name(key)) {
            above.retain(|(other, _)| *other < indent);
            above.push((indent, key));
            let path: Vec<_> = above.iter().map(|(_, key)| *key).collect();
            found.push((path.join("."), comment.join(" ")));
        }
        comment.clear();
    }
    found
}

/// The rows of the README's table.
pub fn table(values: &[ChartValue]) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    values
        .iter()
        .map(|value| {
            format!(
                "| `{}` | `{}` | {} |\n",
                value.path,
                cell(&value.default.to_string()),
                cell(&value.meaning)
            )
        })
        .collect()
}

/// The schema with the values' documentation as descriptions; panics when one of the two has a value that the other has not.
pub fn describe(schema: &str, values: &[ChartValue]) -> String {
    let mut schema: Value = serde_json::from_str(schema).expect("values.schema.json is JSON");
    for value in values {
        let pointer = format!("/properties/{}", value.path.replace('.', "/properties/"));
        let node = schema
            .pointer_mut(&pointer)
            .unwrap_or_else(|| panic!("values.schema.json has no {}", value.path));
        node["description"] = Value::from(value.meaning.as_str());
    }
    let mut unknown = Vec::new();
    undescribed("", &schema, &mut unknown);
    assert!(unknown.is_empty(), "values.yaml has no {unknown:?}");
    let text = serde_json::to_string_pretty(&schema).expect("plain data");
    format!("{text}\n")
}

/// Values of a schema that neither are described nor hold described ones.
fn undescribed(path: &str, schema: &Value, found: &mut Vec<String>) {
    for (name, node) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if node.get("description").is_none() {
            if node.get("properties").is_none() {
                found.push(path.clone());
            }
            undescribed(&path, node, found);
        }
    }
}
