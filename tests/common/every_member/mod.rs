//! One object for every member and every word of AWS's model: made from the model itself, so that what AWS adds is there as soon as
//! the model is raised. By hand are only values that AWS's rules ask for, and what must stand beside a member.

mod balanced;
mod cluster;
mod service;
mod task_definition;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use simulator::contract::{Model, ShapeType};

#[allow(unused_imports, reason = "each test drives the kinds that it is about")]
pub use self::{
    balanced::{declaration, whole},
    cluster::CLUSTER,
    service::SERVICE,
    task_definition::TASK_DEFINITION,
};

/// A spec that says one member.
pub struct Case {
    /// The member, as a path below `spec`, with its value.
    pub name: String,
    /// The spec.
    pub spec: Value,
}

/// What is written by hand for a kind.
pub struct Kind {
    /// Operations whose inputs are the spec.
    pub operations: &'static [&'static str],
    /// Top-level members that are not part of a spec, or are told otherwise in it.
    pub without: &'static [&'static str],
    /// What every spec has.
    pub base: fn() -> Value,
    /// Values where any value will not do, by path.
    pub values: &'static [(&'static str, &'static str)],
    /// What stands beside a member, as JSON that is merged under it; the longest path that begins the member's counts.
    pub beside: &'static [(&'static str, &'static str)],
    /// As `beside`, but it wins over what the model says stands beside a member: the type of an action, for example.
    pub over: &'static [(&'static str, &'static str)],
    /// Members, by the beginnings of their cases' names, that exclude others: not part of the spec that says all at once.
    pub alone: &'static [&'static str],
}

/// Every member of a kind, one a spec, and at last one spec with all that can stand together.
pub fn cases(model: &Model, kind: &Kind) -> Vec<Case> {
    let (mut cases, mut names) = (Vec::new(), BTreeSet::new());
    for operation in kind.operations {
        let input = model.operations[*operation].input.as_deref();
        for (member, shape) in &model.shape(input.expect("an input")).members {
            let generator = Generator::new(model, kind);
            let member = generator.ours(member);
            if !kind.without.contains(&member.as_str()) {
                for (path, value) in generator.leaves(&member, shape) {
                    let case = generator.case(&path, value);
                    if names.insert(case.name.clone()) {
                        cases.push(case);
                    }
                }
            }
        }
    }
    let is_alone = |case: &&Case| kind.alone.iter().any(|alone| case.name.starts_with(alone));
    let mut all = Value::Null;
    for case in cases.iter().filter(|case| !is_alone(case)) {
        merge(&mut all, case.spec.clone());
    }
    let name = "all at once".to_owned();
    cases.push(Case { name, spec: all });
    cases
}

struct Generator<'a> {
    model: &'a Model,
    kind: &'a Kind,
    /// Whether the service writes members in PascalCase, where an object has camelCase.
    pascal: bool,
}

impl<'a> Generator<'a> {
    fn new(model: &'a Model, kind: &'a Kind) -> Self {
        let pascal = model.shapes.contains_key("CreateTargetGroupInput");
        Self {
            model,
            kind,
            pascal,
        }
    }

    /// The name of a member in an object.
    fn ours(&self, member: &str) -> String {
        let mut letters = member.chars();
        match letters.next() {
            Some(first) if self.pascal => first.to_lowercase().chain(letters).collect(),
            _ => member.to_owned(),
        }
    }

    /// The shape of a member of a shape, by its name in an object.
    fn member(&self, shape: &str, name: &str) -> Option<&str> {
        let mut members = self.model.shape(shape).members.iter();
        let found = members.find(|(member, _)| self.ours(member) == name);
        found.map(|(_, of)| of.as_str())
    }

    /// Every leaf at and below a path, with each value that it is to have. What holds a leaf has its required members.
    fn leaves(&self, path: &str, shape: &str) -> Vec<(String, Value)> {
        let shape = self.model.shape(shape);
        match shape.kind {
            ShapeType::Structure => {
                let members = shape.members.iter();
                members
                    .flat_map(|(name, of)| self.leaves(&format!("{path}.{}", self.ours(name)), of))
                    .collect()
            }
            ShapeType::List => self.leaves(
                &format!("{path}[]"),
                shape.member.as_deref().expect("a member"),
            ),
            ShapeType::Map => self.leaves(
                &format!("{path}{{}}"),
                shape.value.as_deref().expect("values"),
            ),
            ShapeType::Boolean => [true, false]
                .map(|value| (path.to_owned(), json!(value)))
                .into(),
            _ => match &shape.values {
                Some(words) => words
                    .iter()
                    .map(|word| (path.to_owned(), json!(word)))
                    .collect(),
                None => vec![(path.to_owned(), self.value(path, shape.kind, shape.min))],
            },
        }
    }

    fn value(&self, path: &str, kind: ShapeType, least: Option<f64>) -> Value {
        if let Some((_, json)) = self.kind.values.iter().find(|(at, _)| *at == path) {
            return serde_json::from_str(json).expect("JSON");
        }
        match kind {
            ShapeType::Integer | ShapeType::Long => json!(least.unwrap_or(1.0) as i64),
            ShapeType::Double => json!(least.unwrap_or(1.0)),
            _ => json!("x"),
        }
    }

    fn case(&self, path: &str, value: Value) -> Case {
        let name = format!("{path} = {value}");
        let told = |table: &[(&str, &str)]| {
            let fits = |(at, _): &&(&str, &str)| path.starts_with(at) || name == *at;
            let told = table.iter().filter(fits).max_by_key(|(at, _)| at.len());
            told.map(|(_, json)| serde_json::from_str::<Value>(json).expect("JSON"))
        };
        let mut spec = (self.kind.base)();
        if let Some(beside) = told(self.kind.beside) {
            merge(&mut spec, beside);
        }
        let segments: Vec<&str> = path.split('.').collect();
        merge(&mut spec, self.nested("", &segments, value.clone()));
        if let Some(over) = told(self.kind.over) {
            merge(&mut spec, over);
            merge(&mut spec, bare(&segments, value));
        }
        Case { name, spec }
    }

    /// The leaf with all that it is in, and the required members of that.
    fn nested(&self, above: &str, path: &[&str], value: Value) -> Value {
        let (first, rest) = path.split_first().expect("a path has a segment");
        let at = match above {
            "" => (*first).to_owned(),
            above => format!("{above}.{first}"),
        };
        let name = first.trim_end_matches("[]").trim_end_matches("{}");
        let mut inner = match rest {
            [] => value,
            rest => self.nested(&at, rest, value),
        };
        if !rest.is_empty() {
            let mut required = self.required(&at);
            merge(&mut required, inner);
            inner = required;
        }
        let held = match first.strip_prefix(name) {
            Some("[]") => json!([inner]),
            Some("{}") => json!({"key": inner}),
            _ => inner,
        };
        json!({ name: held })
    }

    /// The required members of what stands at a path.
    fn required(&self, path: &str) -> Value {
        let mut shape = self.root(path.split(['.', '[', '{']).next().expect("a name"));
        for segment in path.split('.').skip(1) {
            let name = segment.trim_end_matches("[]").trim_end_matches("{}");
            shape = self.member(self.inside(shape), name).expect("a member");
        }
        let shape = self.model.shape(self.inside(shape));
        let mut members = Map::new();
        for name in &shape.required {
            let (ours, of) = (self.ours(name), &shape.members[name]);
            let path = format!("{path}.{ours}");
            members.insert(ours, self.minimal(&path, of));
        }
        Value::Object(members)
    }

    fn minimal(&self, path: &str, name: &str) -> Value {
        let shape = self.model.shape(name);
        match shape.kind {
            ShapeType::Structure => self.required(path),
            ShapeType::List => {
                let member = shape.member.as_deref().expect("a member");
                json!([self.minimal(&format!("{path}[]"), member)])
            }
            ShapeType::Boolean => json!(true),
            _ => match &shape.values {
                Some(words) => json!(words[0]),
                None => self.value(path, shape.kind, shape.min),
            },
        }
    }

    fn root(&self, member: &str) -> &str {
        let inputs = self.kind.operations.iter();
        let inputs = inputs.map(|name| {
            self.model.operations[*name]
                .input
                .as_deref()
                .expect("an input")
        });
        inputs
            .filter_map(|input| self.member(input, member))
            .next()
            .expect("a member of one of the operations")
    }

    /// The shape of a list's items or a map's values, or the shape itself.
    fn inside<'b>(&'b self, name: &'b str) -> &'b str {
        let shape = self.model.shape(name);
        match shape.kind {
            ShapeType::List => self.inside(shape.member.as_deref().expect("a member")),
            ShapeType::Map => self.inside(shape.value.as_deref().expect("values")),
            _ => name,
        }
    }
}

/// A leaf with nothing beside it.
fn bare(path: &[&str], value: Value) -> Value {
    let Some((first, rest)) = path.split_first() else {
        return value;
    };
    let (name, inner) = (first.trim_end_matches("[]"), bare(rest, value));
    match name.strip_suffix("{}") {
        Some(name) => json!({ name: {"key": inner} }),
        None if name.len() < first.len() => json!({ name: [inner] }),
        None => json!({ name: inner }),
    }
}

/// Merges objects member by member and lists item by item; else `with` wins.
pub fn merge(into: &mut Value, with: Value) {
    match (into, with) {
        (Value::Object(into), Value::Object(with)) => {
            for (name, value) in with {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(with)) => {
            for (index, value) in with.into_iter().enumerate() {
                match into.get_mut(index) {
                    Some(item) => merge(item, value),
                    None => into.push(value),
                }
            }
        }
        (into, with) => *into = with,
    }
}
