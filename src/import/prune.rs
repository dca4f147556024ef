//! A value as people keep it, or as AWS answers → what a spec may hold. What is left out and what is wrong is told by
//! its path, never by its value: values may be secret.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    locate::join,
    names,
    shape::{Member, Shape},
    skeleton::{is_nothing, is_skeleton},
};
use crate::model::{
    Members,
    defaults::{self, Defaults},
    hash::TELLING,
    ownership,
};

/// The member whose empty text means something: the value of an environment variable, a tag or a label.
const VALUE: &str = "value";

/// Why something was left out.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Why {
    /// AWS tells it, nobody declares it.
    Output,
    /// It says how to make a call, not what there is.
    Call,
    /// Null, an empty text, list or object: the same as nothing.
    Empty,
    /// An entry of a skeleton that nobody filled in.
    Skeleton,
    /// A block that says less than AWS wants, and no more than AWS does by itself.
    Default,
    /// A tag of AWS's or of the operator's own.
    Reserved,
    /// AWS has it and this version of the operator does not know it.
    Unknown,
}

impl Why {
    /// The reason, for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Output => "AWS's output only",
            Self::Call => "part of a call, not of what it makes",
            Self::Empty => "empty",
            Self::Skeleton => "an entry of a skeleton that nobody filled in",
            Self::Default => "AWS's default",
            Self::Reserved => "reserved tags",
            Self::Unknown => "not known to this version of ecs-operator",
        }
    }
}

/// How strict reading is, what was left out, and what is wrong.
#[derive(Debug, Default)]
pub struct Pruner {
    /// What does not fit is left out instead of refused: AWS may answer with more than this version knows.
    pub is_lenient: bool,
    /// What AWS does by itself, for blocks that lack required members.
    pub defaults: &'static Defaults,
    /// The path of what is read, in which `defaults` are.
    pub root: String,
    /// What was left out.
    pub dropped: Vec<(Why, String)>,
    /// What was written as another type and says the same: `"80"` for a number, `true` for a text.
    pub converted: Vec<String>,
    /// What is wrong: path and what to do.
    pub wrong: Vec<(String, String)>,
}

impl Pruner {
    /// The members of an object that a spec may hold.
    pub fn object(
        &mut self,
        object: &Map<String, Value>,
        members: &BTreeMap<String, Member>,
        path: &str,
    ) -> Members {
        let mut kept = Members::new();
        for (name, value) in object {
            let path = join(path, name);
            let Some(member) = members.get(name) else {
                // Of an answer of AWS's it is nothing; in a file of somebody's it is a slip, empty or not.
                if self.is_lenient && is_nothing(value) {
                    self.dropped.push((Why::Empty, path));
                } else {
                    self.unknown(name, members.keys(), path);
                }
                continue;
            };
            // AWS wants it, and takes it empty.
            if member.is_required && value.as_array().is_some_and(Vec::is_empty) {
                kept.insert(name.clone(), value.clone());
                continue;
            }
            let is_said = |shape: &Shape| {
                matches!(
                    shape,
                    Shape::Text {
                        takes_empty: true,
                        ..
                    }
                ) && name == VALUE
            };
            if value.as_str() == Some("") && !is_said(&member.shape) {
                self.dropped.push((Why::Empty, path));
            } else if let Some(value) = self.value(value, &member.shape, &path) {
                kept.insert(name.clone(), value);
            }
        }
        kept
    }

    /// What a spec may hold of a value; none: nothing.
    pub fn value(&mut self, value: &Value, shape: &Shape, path: &str) -> Option<Value> {
        let is_compound = matches!(value, Value::Object(_) | Value::Array(_));
        if is_compound && is_skeleton(value, shape) {
            return self.drop(Why::Skeleton, path);
        }
        match (shape, value) {
            (_, Value::Null) => self.drop(Why::Empty, path),
            (Shape::Any, value) => Some(value.clone()),
            (Shape::Object(members), Value::Object(object)) => {
                let kept = self.object(object, members, path);
                let is_telling = TELLING.iter().any(|member| path.ends_with(member));
                if kept.is_empty() && !is_telling {
                    return self.drop(Why::Empty, path);
                }
                let is_whole = missing(&kept, members).next().is_none();
                let kept = Value::Object(kept);
                if !is_whole && self.is_default(&kept, path) {
                    return self.drop(Why::Default, path);
                }
                self.require(&kept, members, path);
                Some(kept)
            }
            (Shape::Map(values), Value::Object(object)) => self.map(object, values, path),
            (Shape::Map(_), Value::Array(pairs)) => self.pairs(pairs, path),
            (Shape::List(item), Value::Array(items)) => {
                let kept: Vec<_> = items
                    .iter()
                    .enumerate()
                    .filter_map(|(index, value)| {
                        self.value(value, item, &format!("{path}[{index}]"))
                    })
                    .collect();
                if kept.is_empty() {
                    return self.drop(Why::Empty, path);
                }
                Some(Value::Array(kept))
            }
            (Shape::Text { allowed, .. }, Value::String(text)) => {
                if allowed.is_empty() || allowed.contains(text) {
                    return Some(value.clone());
                }
                let words: Vec<_> = allowed
                    .iter()
                    .map(String::as_str)
                    .filter(|word| !word.is_empty())
                    .collect();
                self.refuse(path, format!("must be one of {}.", words.join(", ")))
            }
            (Shape::Number { is_whole, minimum }, Value::Number(number)) => {
                let number = number.as_f64().unwrap_or_default();
                if number == 0.0 && *minimum > 0.0 {
                    return self.drop(Why::Skeleton, path);
                }
                match (is_whole, number.fract() == 0.0 && number.abs() < 9e15) {
                    (true, true) => Some(Value::from(number as i64)),
                    (false, _) => Some(value.clone()),
                    (true, false) => self.refuse(path, format!("must be {}.", shape.name())),
                }
            }
            (Shape::Flag, Value::Bool(_)) => Some(value.clone()),
            (shape, value) => match converted(value, shape) {
                Some(value) => {
                    self.converted.push(path.to_owned());
                    self.value(&value, shape, path)
                }
                None => self.refuse(path, format!("must be {}.", shape.name())),
            },
        }
    }

    /// Says which required members an object lacks.
    pub fn require(&mut self, object: &Value, members: &BTreeMap<String, Member>, path: &str) {
        if self.is_lenient {
            return;
        }
        let Some(object) = object.as_object() else {
            return;
        };
        for name in missing(object, members) {
            self.wrong.push((
                join(path, name),
                "is missing, and AWS needs it. Add it.".to_owned(),
            ));
        }
    }

    fn is_default(&self, value: &Value, path: &str) -> bool {
        let own = path.strip_prefix(&self.root).unwrap_or(path);
        let own = own.trim_start_matches('.');
        defaults::is_default(value, &of_any_item(own), self.defaults)
    }

    fn map(&mut self, object: &Map<String, Value>, values: &Shape, path: &str) -> Option<Value> {
        let mut kept = Members::new();
        for (name, value) in object {
            let path = join(path, name);
            if is_reserved(name) && is_tags(&path) {
                self.dropped.push((Why::Reserved, path));
            } else if let Some(value) = self.value(value, values, &path) {
                kept.insert(name.clone(), value);
            }
        }
        if kept.is_empty() {
            return self.drop(Why::Empty, path);
        }
        Some(Value::Object(kept))
    }

    /// AWS's list of `key` and `value` → names and values.
    fn pairs(&mut self, pairs: &[Value], path: &str) -> Option<Value> {
        let mut kept = Map::new();
        for (index, pair) in pairs.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let text = |name: &str| {
                pair[name]
                    .as_str()
                    .or(pair[capital(name).as_str()].as_str())
            };
            match (text("key"), text(VALUE).unwrap_or_default()) {
                (Some(""), _) => self.dropped.push((Why::Skeleton, path)),
                (Some(key), _) if is_reserved(key) => {
                    self.dropped.push((Why::Reserved, format!("tags.{key}")));
                }
                (Some(key), value) => drop(kept.insert(key.to_owned(), value.into())),
                (None, _) => {
                    drop(self.refuse(&path, "must be an object with key and value.".to_owned()))
                }
            }
        }
        if kept.is_empty() {
            return self.drop(Why::Empty, path);
        }
        Some(Value::Object(kept))
    }

    fn unknown<'a>(&mut self, name: &str, known: impl Iterator<Item = &'a String>, path: String) {
        if self.is_lenient {
            self.dropped.push((Why::Unknown, path));
            return;
        }
        let message = match names::nearest(name, known.map(String::as_str)) {
            Some(nearest) => {
                format!("there is no such member; did you mean {nearest}? Rename or remove it.")
            }
            None => "there is no such member. Remove it.".to_owned(),
        };
        self.wrong.push((path, message));
    }

    fn refuse(&mut self, path: &str, message: String) -> Option<Value> {
        if self.is_lenient {
            self.dropped.push((Why::Unknown, path.to_owned()));
        } else {
            self.wrong.push((path.to_owned(), message));
        }
        None
    }

    fn drop(&mut self, why: Why, path: &str) -> Option<Value> {
        self.dropped.push((why, path.to_owned()));
        None
    }
}

/// The path without the numbers of items: `containerDefinitions[0].cpu` is `containerDefinitions[].cpu`.
fn of_any_item(path: &str) -> String {
    let parts = path.split('[').enumerate().map(|(at, part)| match at {
        0 => part,
        _ => part.trim_start_matches(|c: char| c.is_ascii_digit()),
    });
    parts.collect::<Vec<_>>().join("[")
}

/// Required members that an object lacks.
fn missing<'a>(
    object: &Members,
    members: &'a BTreeMap<String, Member>,
) -> impl Iterator<Item = &'a str> {
    let names = members
        .iter()
        .filter(|(name, member)| member.is_required && !object.contains_key(*name));
    names.map(|(name, _)| name.as_str())
}

/// A value of another type that says the same, as people write and some tools send.
fn converted(value: &Value, shape: &Shape) -> Option<Value> {
    match (shape, value) {
        (Shape::Number { .. }, Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
        (Shape::Text { .. }, Value::Number(number)) if number.is_i64() => {
            Some(number.to_string().into())
        }
        (Shape::Text { .. }, Value::Bool(flag)) => Some(flag.to_string().into()),
        (Shape::Flag, Value::String(text)) => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    }
}

fn is_tags(path: &str) -> bool {
    path.starts_with("tags.") || path.contains(".tags.")
}

/// Tags that nobody declares: AWS's and ours.
fn is_reserved(key: &str) -> bool {
    key.to_ascii_lowercase().starts_with("aws:") || key.starts_with(ownership::PREFIX)
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}
