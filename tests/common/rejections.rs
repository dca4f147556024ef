//! The tables of what is refused and what is taken: tests/rejections/*.yaml, one a kind.

use serde::Deserialize;
use serde_json::Value;

/// The table of one kind.
#[derive(Deserialize)]
pub struct Table {
    /// The kind.
    pub kind: String,
    base: Value,
    /// What is refused.
    pub refused: Vec<Case>,
    /// What is taken.
    pub accepted: Vec<Case>,
}

/// Who finds a mistake.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// The API server, and the operator for what was written around it.
    #[default]
    Both,
    /// Only the API server: the operator does not see what was before.
    Admission,
    /// Only the operator: the API server cannot, or it would cost too much.
    Operator,
}

/// One case.
#[derive(Deserialize)]
pub struct Case {
    /// What it is about.
    pub case: String,
    /// Who finds it.
    #[serde(default)]
    pub by: By,
    /// What the object was before, for changes.
    pub was: Option<Value>,
    spec: Value,
    /// The value that is to be named; absent: one of those that the case declares.
    value: Option<String>,
    /// The mistake is that something is there, or is not, or it may be a secret, or too long to be repeated: there is no value to
    /// be named.
    #[serde(default)]
    valueless: bool,
    /// Words of the answer, the first of them the path.
    #[serde(default)]
    pub says: Vec<String>,
}

/// Words with which ways out begin: ours, and the API server's own for what its schema refuses.
const WAYS_OUT: [&str; 32] = [
    "Add ",
    "Begin ",
    "Change ",
    "Choose ",
    "Create another",
    "Give ",
    "give exactly one",
    "Join ",
    "Keep ",
    "List ",
    "Lower ",
    "Move ",
    "Name ",
    "Put ",
    "Raise ",
    "Remove ",
    "Rename ",
    "Round ",
    "Set ",
    "set ",
    "Use ",
    "use ",
    "Write ",
    "take exactly one",
    "should match",
    "should be ",
    "should have ",
    "must have at most ",
    "may not be more than ",
    "supported values: ",
    "Required value",
    "Duplicate value: ",
];

/// Whether an answer says what to do.
#[allow(dead_code, reason = "only the stories ask the API server")]
pub fn has_way_out(answer: &str) -> bool {
    WAYS_OUT.iter().any(|way| answer.contains(way))
}

impl Case {
    /// Whether an answer names a value that the case declares, if there is one to be named.
    pub fn names_value(&self, answer: &str) -> bool {
        let mut declared = Vec::from_iter(self.value.clone());
        if declared.is_empty() {
            declared.push("absent".into());
            leaves(&self.spec, &mut declared);
        }
        // Places in lists are no values.
        let answer = (0..10).fold(answer.to_owned(), |answer, place| {
            answer.replace(&format!("[{place}]"), "")
        });
        self.valueless || declared.iter().any(|value| has_word(&answer, value))
    }
}

/// Members that are maps: their keys are values.
const MAPS: [&str; 2] = ["tags", "attributes"];

/// What stands in a value, as answers name it: texts, numbers, keys, and how many items there are.
fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => found.push(value.to_string()),
        Value::String(text) if text.is_empty() => found.push("is empty".into()),
        Value::String(text) => found.extend([text.clone(), text.chars().count().to_string()]),
        Value::Array(items) => {
            found.push(items.len().to_string());
            items.iter().for_each(|item| leaves(item, found));
        }
        Value::Object(members) => {
            for (name, member) in members {
                if let (true, Some(map)) = (MAPS.contains(&name.as_str()), member.as_object()) {
                    found.extend(map.keys().cloned());
                }
                leaves(member, found);
            }
        }
    }
}

/// Whether a text has a word that is no part of a longer one. Single letters are words of English.
fn has_word(text: &str, word: &str) -> bool {
    if word.chars().count() == 1 && word.chars().all(char::is_alphabetic) {
        return ["'", "\""]
            .map(|quote| format!("{quote}{word}{quote}"))
            .iter()
            .any(|word| text.contains(word));
    }
    text.match_indices(word).any(|(at, _)| {
        let is_outside = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        is_outside(text[..at].chars().next_back())
            && is_outside(text[at + word.len()..].chars().next())
    })
}

/// Reads a table.
pub fn table(yaml: &str) -> Table {
    serde_saphyr::from_str(yaml).expect("a table of cases")
}

impl Table {
    /// The case's spec.
    pub fn spec(&self, case: &Case) -> Value {
        merge(self.base.clone(), &case.spec)
    }

    /// The spec before it, for changes.
    #[allow(dead_code, reason = "only the stories change objects")]
    pub fn spec_before(&self, case: &Case) -> Option<Value> {
        Some(merge(self.base.clone(), case.was.as_ref()?))
    }
}

/// A merge patch: null removes, objects merge, all else replaces (RFC 7386).
fn merge(mut base: Value, patch: &Value) -> Value {
    let Value::Object(members) = patch else {
        return patch.clone();
    };
    if !base.is_object() {
        base = Value::Object(serde_json::Map::new());
    }
    for (name, value) in members {
        if value.is_null() {
            base.as_object_mut().expect("an object").remove(name);
        } else {
            base[name] = merge(base[name].take(), value);
        }
    }
    base
}
