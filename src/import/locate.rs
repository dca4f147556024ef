//! Where each member of a JSON text stands, which serde_json does not tell of a text that it could read.

use std::collections::BTreeMap;

/// The lines of a JSON text's members.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// Line of each member and item, from 1, by its path: `containerDefinitions[0].image`.
    lines: BTreeMap<String, usize>,
    /// Members that an object has twice, of which readers keep one in silence.
    pub twice: Vec<String>,
}

/// An open object or list.
enum Open {
    Object { path: String },
    List { path: String, next: usize },
}

impl Lines {
    /// Reads a text that is known to be JSON; of any other, what can be told.
    pub fn of(text: &str) -> Self {
        let mut found = Self::default();
        let mut open: Vec<Open> = Vec::new();
        // The path of the value that comes next, and whether it is an item whose line is not known yet.
        let (mut path, mut is_item) = (String::new(), false);
        let mut line = 1;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            if is_item && !c.is_whitespace() {
                is_item = false;
                if c != ']' {
                    found.lines.insert(path.clone(), line);
                }
            }
            match c {
                '\n' => line += 1,
                '{' => open.push(Open::Object { path: path.clone() }),
                '[' => {
                    open.push(Open::List {
                        path: path.clone(),
                        next: 0,
                    });
                    (path, is_item) = item(&mut open);
                }
                '}' | ']' => drop(open.pop()),
                ',' => (path, is_item) = item(&mut open),
                '"' => {
                    let (raw, after) = string(rest);
                    rest = after;
                    let is_name = rest.trim_start().starts_with(':');
                    if is_name && let Some(Open::Object { path: parent }) = open.last() {
                        let name: String =
                            serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_default();
                        path = join(parent, &name);
                        if found.lines.insert(path.clone(), line).is_some() {
                            found.twice.push(path.clone());
                        }
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The line of a member, or of the nearest thing around it that has one.
    pub fn line(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

/// The path of a list's next item; inside an object, what comes next has a name of its own.
fn item(open: &mut [Open]) -> (String, bool) {
    let Some(Open::List { path, next }) = open.last_mut() else {
        return (String::new(), false);
    };
    *next += 1;
    (format!("{path}[{}]", *next - 1), true)
}

/// A member's path.
pub fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}

/// A string without its quotes, and what follows it. `text` begins after the opening quote.
fn string(text: &str) -> (&str, &str) {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_has_its_line() {
        let text = "{\n \"a\": \"x, {\\\" [\",\n \"b\": [\n  {\"c\": 1},\n  {\n   \"d\\u0065\": null}\n ], \"f\": {}\n}";
        let lines = Lines::of(text);
        let line = |path| lines.line(path);
        assert_eq!(line("a"), Some(2));
        assert_eq!(line("b[0].c"), Some(4));
        assert_eq!(line("b[1].de"), Some(6));
        assert_eq!(line("f"), Some(7));
        assert_eq!((line("b[1].gone.far"), line("nowhere")), (Some(5), None));
        assert!(lines.twice.is_empty());
    }

    #[test]
    fn member_that_is_there_twice_is_told() {
        assert_eq!(
            Lines::of(r#"{"a": [{"b": 1, "b": 2}], "b": 3}"#).twice,
            ["a[0].b"]
        );
    }
}
