//! Content hashes and client tokens: short, deterministic, the same after a restart and on every replica.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Members;

/// Lists whose order has no meaning in a task definition; they are hashed in the order of `name`.
const UNORDERED: [&str; 5] = [
    "containerDefinitions",
    "environment",
    "secrets",
    "volumes",
    "secretOptions",
];

/// Members that say something by being there, even empty: a volume of Docker's default driver.
pub const TELLING: [&str; 1] = ["dockerVolumeConfiguration"];

/// Hex digits of the SHA-256 of `parts`, joined by NUL, `length` of them (64 at most).
pub fn hex(parts: &[&str], length: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let mut hex = String::with_capacity(64);
    for byte in hasher.finalize() {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex.truncate(length);
    hex
}

/// Hash of declared content: 32 hex digits. Key order, the order of lists keyed by name, nulls and empty containers do not count.
///
/// It is a tag on every registered revision: were it to change for the same content, an upgrade would register every
/// task definition again. A test pins it.
pub fn content(members: &Members) -> String {
    let mut canonical = String::new();
    write_object(members, &mut canonical);
    hex(&[&canonical], 32)
}

/// An AWS client token: at most 36 characters (CreateService, parameter clientToken).
pub fn client_token(parts: &[&str]) -> String {
    hex(parts, 36)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members
            .iter()
            .all(|(key, value)| !TELLING.contains(&key.as_str()) && is_empty(value)),
        _ => false,
    }
}

fn write_object(members: &Members, out: &mut String) {
    let mut keys: Vec<_> = members
        .iter()
        .filter(|(key, value)| TELLING.contains(&key.as_str()) || !is_empty(value))
        .collect();
    keys.sort_by_key(|(key, _)| *key);
    out.push('{');
    for (key, value) in keys {
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push(':');
        match value {
            Value::Array(items) if UNORDERED.contains(&key.as_str()) => {
                let mut items: Vec<_> = items.iter().collect();
                items.sort_by_key(|item| item["name"].as_str().unwrap_or_default().to_owned());
                write_array(items.into_iter(), out);
            }
            value => write_value(value, out),
        }
        out.push(',');
    }
    out.push('}');
}

fn write_array<'a>(items: impl Iterator<Item = &'a Value>, out: &mut String) {
    out.push('[');
    for item in items {
        write_value(item, out);
        out.push(',');
    }
    out.push(']');
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => write_object(members, out),
        Value::Array(items) => write_array(items.iter(), out),
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hash(value: Value) -> String {
        content(value.as_object().expect("an object"))
    }

    #[test]
    fn order_of_keyed_lists_and_empty_containers_do_not_count() {
        let a = json!({"family": "f", "containerDefinitions": [{"name": "a", "environment": [{"name": "X", "value": "1"}, {"name": "Y", "value": ""}]}]});
        let b = json!({"containerDefinitions": [{"environment": [{"name": "Y", "value": ""}, {"name": "X", "value": "1"}], "name": "a", "mountPoints": []}], "family": "f", "volumes": [], "runtimePlatform": {}});
        assert_eq!(hash(a), hash(b));
    }

    #[test]
    fn order_of_commands_and_empty_strings_count() {
        assert_ne!(
            hash(json!({"command": ["a", "b"]})),
            hash(json!({"command": ["b", "a"]}))
        );
        assert_ne!(hash(json!({"value": ""})), hash(json!({})));
    }

    #[test]
    fn hash_never_changes_between_versions() {
        let pinned = json!({"family": "web", "containerDefinitions": [{"name": "app", "image": "nginx:1"}], "cpu": "256"});
        assert_eq!(hash(pinned), "714804c41d31c30d67cb7e2087294aad");
    }

    #[test]
    fn client_token_fits_aws() {
        assert_eq!(client_token(&["a", "b"]).len(), 36);
        assert_ne!(client_token(&["ab"]), client_token(&["a", "b"]));
    }
}
