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
