//! Texts for people.

use serde_json::Value;

/// Cuts a text to at most `max` bytes at a character, and shows that it was cut.
pub fn truncate(text: &mut String, max: usize) {
    if text.len() > max {
        let mut end = max - '…'.len_utf8();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
}

/// Members whose values may be secret: what is told reaches statuses, events and logs.
const SECRET: [&str; 4] = ["clientSecret", "environment", "hookDetails", "options"];

/// Whether the values of the member of this name may be secret.
pub fn is_secret(member: &str) -> bool {
    SECRET.contains(&member)
}

/// A value for people to see: what may be secret in it is left out.
pub fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let shown = match value {
                    Value::Null => Value::Null,
                    _ if is_secret(name) => Value::from("…"),
                    value => without_secrets(value),
                };
                (name.clone(), shown)
            })
            .collect(),
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        value => value.clone(),
    }
}

/// An error text of serde without the values that it quotes: they may be secret. Names of fields stay.
pub fn without_values(error: &str) -> String {
    let mut out = String::with_capacity(error.len());
    let mut rest = error;
    while let Some(start) = rest.find(['`', '"']) {
        let quote = &rest[start..=start];
        let (before, after) = (&rest[..start], &rest[start + 1..]);
        let end = after.find(quote).unwrap_or(after.len());
        out.push_str(before);
        if before.ends_with("field ") {
            out.push_str(&format!("{quote}{}{quote}", &after[..end]));
        } else {
            out.push('…');
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_left_out_and_fields_stay() {
        let cases = [
            (
                "invalid type: integer `7`, expected a string at line 1",
                "invalid type: integer …, expected a string at line 1",
            ),
            (
                "invalid type: string \"hunter2\", expected i32",
                "invalid type: string …, expected i32",
            ),
            ("missing field `name`", "missing field `name`"),
            ("unterminated \"secret", "unterminated …"),
        ];
        for (error, expected) in cases {
            assert_eq!(without_values(error), expected);
        }
    }

    #[test]
    fn options_of_log_drivers_are_not_shown() {
        let logs = serde_json::json!({"logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "hunter2"}}});
        assert_eq!(
            without_secrets(&logs).to_string(),
            r#"{"logConfiguration":{"logDriver":"splunk","options":"…"}}"#
        );
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let mut text = "ä".repeat(600);
        truncate(&mut text, 1000);
        assert!(text.len() <= 1000 && text.ends_with('…'));
    }
}
