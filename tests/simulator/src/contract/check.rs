//! Checks a value against a shape.

use std::fmt;

use serde_json::Value;

use super::model::{Model, Shape, ShapeType};

/// What a request does that AWS's model forbids.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The member, for example `containerDefinitions[0].memory`.
    pub path: String,
    /// Which rule.
    pub kind: Kind,
    /// The rule in words.
    pub text: String,
}

/// The rules of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The model has no such member.
    Unknown,
    /// A JSON type that the member cannot have.
    Type,
    /// A required member is absent.
    Missing,
    /// Not one of the values of a closed set.
    Enum,
    /// A list's size, a string's length or a number's range.
    Size,
    /// A string that its pattern does not match.
    Pattern,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.text)
    }
}

/// What is wrong with an operation's input.
pub fn check_input(model: &Model, operation: &str, input: &Value) -> Vec<Violation> {
    let shape = model
        .operations
        .get(operation)
        .and_then(|op| op.input.as_deref());
    run(model, shape, input, true)
}

/// What is wrong with an answer: unknown members, types, required members. AWS's own answers break ranges and closed sets, so these are not held against ours.
pub fn check_output(model: &Model, operation: &str, output: &Value) -> Vec<Violation> {
    let shape = model
        .operations
        .get(operation)
        .and_then(|op| op.output.as_deref());
    run(model, shape, output, false)
}

fn run(model: &Model, shape: Option<&str>, value: &Value, strict: bool) -> Vec<Violation> {
    let mut check = Check {
        model,
        strict,
        path: Vec::new(),
        found: Vec::new(),
    };
    match shape {
        Some(shape) => check.value(model.shape(shape), value),
        None if value.as_object().is_some_and(|members| members.is_empty()) => {}
        None => check.report(Kind::Unknown, "the operation has no members".to_owned()),
    }
    check.found
}

struct Check<'a> {
    model: &'a Model,
    strict: bool,
    path: Vec<String>,
    found: Vec<Violation>,
}

impl Check<'_> {
    fn report(&mut self, kind: Kind, text: String) {
        let path = self.path.concat().trim_start_matches('.').to_owned();
        self.found.push(Violation { path, kind, text });
    }

    fn inside(&mut self, step: String, shape: &str, value: &Value) {
        self.path.push(step);
        self.value(self.model.shape(shape), value);
        self.path.pop();
    }

    fn value(&mut self, shape: &Shape, value: &Value) {
        if shape.document {
            return;
        }
        if !has_type(shape.kind, value) {
            return self.report(
                Kind::Type,
                format!("{value} is not a {:?}", shape.kind).to_lowercase(),
            );
        }
        match (shape.kind, value) {
            (ShapeType::Structure, Value::Object(members)) => self.structure(shape, members),
            (ShapeType::List, Value::Array(items)) => {
                self.size(shape, items.len() as f64, "size");
                let member = shape.member.as_deref().expect("a list has a member");
                for (index, item) in items.iter().enumerate() {
                    self.inside(format!("[{index}]"), member, item);
                }
            }
            (ShapeType::Map, Value::Object(entries)) => {
                let member = shape.value.as_deref().expect("a map has a value");
                for (key, item) in entries {
                    self.inside(format!("[{key:?}]"), member, item);
                }
            }
            (ShapeType::String, Value::String(text)) => self.string(shape, text),
            (_, Value::Number(number)) if shape.kind != ShapeType::Timestamp => {
                self.size(shape, number.as_f64().unwrap_or(f64::NAN), "value");
            }
            _ => {}
        }
    }

    fn structure(&mut self, shape: &Shape, members: &serde_json::Map<String, Value>) {
        for name in &shape.required {
            if members.get(name).is_none_or(Value::is_null) {
                self.path.push(format!(".{name}"));
                self.report(Kind::Missing, "is required".to_owned());
                self.path.pop();
            }
        }
        for (name, value) in members {
            match shape.members.get(name) {
                None => {
                    self.path.push(format!(".{name}"));
                    self.report(Kind::Unknown, "unknown member".to_owned());
                    self.path.pop();
                }
                Some(_) if value.is_null() => {}
                Some(member) => self.inside(format!(".{name}"), member, value),
            }
        }
    }

    fn string(&mut self, shape: &Shape, text: &str) {
        if !self.strict {
            return;
        }
        if let Some(values) = &shape.values
            && !values.iter().any(|value| value == text)
        {
            self.report(
                Kind::Enum,
                format!("'{text}' is not one of [{}]", values.join(", ")),
            );
        }
        self.size(shape, text.chars().count() as f64, "length");
        if let Some(pattern) = &shape.pattern
            && !self.model.matches(pattern, text)
        {
            self.report(Kind::Pattern, format!("'{text}' does not match {pattern}"));
        }
    }

    fn size(&mut self, shape: &Shape, size: f64, what: &str) {
        let (min, max) = (shape.min.unwrap_or(f64::MIN), shape.max.unwrap_or(f64::MAX));
        if self.strict && !(min..=max).contains(&size) {
            let bound = |limit: Option<f64>| limit.map(|l| l.to_string()).unwrap_or_default();
            let range = format!("{}..{}", bound(shape.min), bound(shape.max));
            self.report(Kind::Size, format!("{what} {size} is not in {range}"));
        }
    }
}

fn has_type(kind: ShapeType, value: &Value) -> bool {
    match kind {
        ShapeType::Structure | ShapeType::Map => value.is_object(),
        ShapeType::List => value.is_array(),
        ShapeType::String | ShapeType::Blob => value.is_string(),
        ShapeType::Boolean => value.is_boolean(),
        ShapeType::Integer => value.as_i64().is_some_and(|i| i32::try_from(i).is_ok()),
        ShapeType::Long => value.is_i64() || value.is_u64(),
        ShapeType::Double => value.is_number(),
        ShapeType::Timestamp => value.is_number() || value.is_string(),
    }
}
