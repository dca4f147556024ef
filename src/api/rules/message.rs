//! Messages of rules with the values that they are about.
//!
//! `{member}` in a message stands for that member of the value at hand, `{a.b}` for a member of a member, and `{}` for the value
//! itself; `{member?}` may be absent, and is quoted when it is not. The API server puts the values in by an expression of CEL,
//! `desired` by [`said`].
//!
//! CEL's estimate of costs knows no bound of a text that was picked out of a list, nor of a number's digits, and lets no such
//! texts be joined by `+`. Of `format` it asks only how long the text around the values is.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

/// A piece of a message.
enum Piece<'a> {
    Text(&'a str),
    Member { path: &'a str, is_optional: bool },
}

fn pieces(message: &str) -> impl Iterator<Item = Piece<'_>> {
    message.split_inclusive('}').flat_map(|part| {
        let cut = part.strip_suffix('}').and_then(|part| part.split_once('{'));
        let (text, member) = cut.map_or((part, None), |(text, member)| (text, Some(member)));
        let member = member.map(|member| Piece::Member {
            path: member.trim_end_matches('?'),
            is_optional: member.ends_with('?'),
        });
        [Some(Piece::Text(text)), member].into_iter().flatten()
    })
}

/// A message with the members of `of` in it.
pub fn said(message: &str, of: &impl Serialize) -> String {
    let of = json!(of);
    let value = |path: &str| {
        let names = path.split('.').filter(|name| !name.is_empty());
        match names.fold(&of, |value, name| &value[name]) {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    };
    let pieces = pieces(message).map(|piece| match piece {
        Piece::Text(text) => Cow::Borrowed(text),
        Piece::Member { path, is_optional } => match value(path) {
            Some(text) if is_optional => format!("'{text}'").into(),
            Some(text) => text.into(),
            None => "absent".into(),
        },
    });
    pieces.collect()
}

/// A message as an expression of CEL; `of` is the expression of the value at hand. None: the message names no member.
pub(super) fn expression(message: &str, of: &str) -> Option<String> {
    let (mut format, mut values) = (String::new(), Vec::new());
    for piece in pieces(message) {
        match piece {
            Piece::Text(text) => format.push_str(&escaped(text)),
            Piece::Member { path, is_optional } => {
                format.push_str("%s");
                values.push(match (path, is_optional) {
                    ("", _) => format!("string({of})"),
                    (path, false) => format!("string({of}.{path})"),
                    (path, true) => optional(of, path),
                });
            }
        }
    }
    (!values.is_empty()).then(|| format!("'{format}'.format([{}])", values.join(", ")))
}

/// A member in quotes, or that it is absent, as an expression of CEL.
pub(super) fn optional(of: &str, path: &str) -> String {
    let ends = path.match_indices('.').map(|(end, _)| end);
    let presence: Vec<_> = ends
        .chain([path.len()])
        .map(|end| format!("has({of}.{})", &path[..end]))
        .collect();
    let presence = presence.join(" && ");
    format!(r"{presence} ? '\'%s\''.format([string({of}.{path})]) : 'absent'")
}

/// A text as a literal of CEL and of its `format`.
pub(super) fn escaped(text: &str) -> String {
    { text.replace('\\', r"\\") }
        .replace('\'', r"\'")
        .replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_the_values_it_is_about() {
        let of = json!({"cpu": "256", "deploymentConfiguration": {"maximumPercent": 150}});
        for (message, with_values) in [
            ("is immutable.", "is immutable."),
            ("'{cpu}' is little.", "'256' is little."),
            (
                "{deploymentConfiguration.maximumPercent} is much",
                "150 is much",
            ),
            ("{cpu?}, {memory?}, {a.b?}", "'256', absent, absent"),
        ] {
            assert_eq!(said(message, &of), with_values);
        }
        assert_eq!(said("tag '{}' is odd", &"aws:x"), "tag 'aws:x' is odd");
    }

    #[test]
    fn message_with_values_is_an_expression() {
        assert_eq!(expression("is immutable.", "self"), None);
        for (message, of, expected) in [
            (
                "it's {cpu} of 100%",
                "self",
                r"'it\'s %s of 100%%'.format([string(self.cpu)])",
            ),
            (
                "'{}'",
                "self.tags.filter(k, k == '')[0]",
                r"'\'%s\''.format([string(self.tags.filter(k, k == '')[0])])",
            ),
            (
                "{a.b?}",
                "oldSelf",
                r"'%s'.format([has(oldSelf.a) && has(oldSelf.a.b) ? '\'%s\''.format([string(oldSelf.a.b)]) : 'absent'])",
            ),
        ] {
            assert_eq!(expression(message, of).as_deref(), Some(expected));
        }
    }
}
