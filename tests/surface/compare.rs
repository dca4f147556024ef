//! Compares one kind's schema with the shapes of AWS's operations.

use std::{cell::RefCell, collections::BTreeSet};

use serde_json::Value;
use simulator::contract::{Model, Shape, ShapeType};

/// Where a schema differs from the model on purpose.
pub struct Exception {
    /// The path below the kind, with `[]` for items, for example `spec.tags`.
    pub path: &'static str,
    /// Why.
    pub why: &'static str,
}

/// Why a closed set of AWS's words is open in a schema.
pub const OPEN: &str = "open: AWS adds words, and the operator only hands them on (api/mod.rs)";

/// Makes the table of exceptions readable.
pub const fn exception(path: &'static str, why: &'static str) -> Exception {
    Exception { path, why }
}

/// One comparison: a part of a schema with the input shapes of the operations that it must be able to say.
pub struct Comparison<'a> {
    model: &'a Model,
    /// Whether the service writes members in PascalCase, which our schemas turn into camelCase.
    pascal: bool,
    /// The root of the kind's schema, to say where a misplaced member is.
    root: Value,
    exceptions: &'a [Exception],
    used: RefCell<BTreeSet<&'static str>>,
    found: RefCell<Vec<String>>,
}

/// The schema of a kind, as the API server gets it.
pub fn schema(kind: &str) -> Value {
    let crd = ecs_operator::api::crd::crds()
        .into_iter()
        .find(|crd| crd.spec.names.kind == kind)
        .unwrap_or_else(|| panic!("no kind {kind}"));
    serde_json::to_value(&crd.spec.versions[0].schema).expect("plain data")["openAPIV3Schema"]
        .take()
}

/// The model of ECS.
pub fn ecs() -> Model {
    Model::parse(include_str!("../simulator/models/ecs.json"))
}

/// The model of Elastic Load Balancing.
pub fn elbv2() -> Model {
    Model::parse(include_str!("../simulator/models/elbv2.json"))
}

impl<'a> Comparison<'a> {
    /// A comparison of a kind with a model.
    pub fn new(kind: &str, model: &'a Model, exceptions: &'a [Exception]) -> Self {
        let pascal = model.shapes.contains_key("CreateTargetGroupInput");
        Self {
            model,
            pascal,
            root: schema(kind),
            exceptions,
            used: RefCell::default(),
            found: RefCell::default(),
        }
    }

    /// Compares what stands at `path` with the inputs of `operations` together.
    pub fn operations(&self, path: &str, operations: &[&str]) -> &Self {
        let shapes: Vec<&str> = operations
            .iter()
            .map(|name| {
                let operation = self.model.operations.get(*name);
                let operation = operation.unwrap_or_else(|| panic!("the model has no {name}"));
                operation.input.as_deref().expect("it has an input")
            })
            .collect();
        let schema = at(&self.root, path)
            .unwrap_or_else(|| panic!("the schema has nothing at {path}"))
            .clone();
        self.structure(path, &schema, &shapes);
        self
    }

    /// Fails with all that was found.
    pub fn finish(&self) {
        let mut found = self.found.take();
        for exception in self.exceptions {
            if !self.used.borrow().contains(exception.path) {
                found.push(format!(
                    "{}: this exception ({}) excuses nothing: remove it",
                    exception.path, exception.why
                ));
            }
        }
        found.sort();
        found.dedup();
        assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    }

    fn report(&self, path: &str, what: impl std::fmt::Display) {
        match self.exceptions.iter().find(|known| known.path == path) {
            Some(known) => {
                self.used.borrow_mut().insert(known.path);
            }
            None => self.found.borrow_mut().push(format!("{path}: {what}")),
        }
    }

    fn name(&self, member: &str) -> String {
        let mut letters = member.chars();
        match letters.next() {
            Some(first) if self.pascal => first.to_lowercase().chain(letters).collect(),
            _ => member.to_owned(),
        }
    }

    fn structure(&self, path: &str, schema: &Value, shapes: &[&str]) {
        let mut names = BTreeSet::new();
        for shape in shapes {
            let shape = self.model.shape(shape);
            for (member, of) in &shape.members {
                let name = self.name(member);
                let path = format!("{path}.{name}");
                match schema["properties"].get(&name) {
                    Some(found) => {
                        let found = found.clone();
                        self.member(&path, &found, of);
                        let needed = shape.required.contains(member);
                        let is_required = schema["required"]
                            .as_array()
                            .is_some_and(|all| all.contains(&Value::from(name.as_str())));
                        if needed && !is_required && shapes.len() == 1 {
                            self.report(&path, "AWS requires it, the schema does not");
                        }
                    }
                    None => self.report(&path, self.missing(schema, &name, of)),
                }
                names.insert(name);
            }
        }
        for name in schema["properties"]
            .as_object()
            .into_iter()
            .flat_map(|p| p.keys())
        {
            if !names.contains(name) {
                self.report(&format!("{path}.{name}"), "AWS has no such member");
            }
        }
    }

    /// What a missing member is called or where it is instead.
    fn missing(&self, schema: &Value, name: &str, shape: &str) -> String {
        let here = schema["properties"].as_object();
        let alike = here
            .into_iter()
            .flat_map(|members| members.keys())
            .find(|other| other.eq_ignore_ascii_case(name));
        if let Some(other) = alike {
            return format!("misnamed: the schema has {other}");
        }
        let mut elsewhere = Vec::new();
        places("", &self.root, name, &mut elsewhere);
        let place = elsewhere
            .first()
            .map(|place| format!(" (one of this name is at {place})"))
            .unwrap_or_default();
        format!("missing, AWS's {shape}{place}")
    }

    fn member(&self, path: &str, schema: &Value, name: &str) {
        let shape = self.model.shape(name);
        if shape.document {
            if schema["x-kubernetes-preserve-unknown-fields"] != true {
                self.report(path, "AWS takes any JSON here");
            }
            return;
        }
        let wanted = match shape.kind {
            ShapeType::Structure | ShapeType::Map => "object",
            ShapeType::List => "array",
            ShapeType::String | ShapeType::Timestamp | ShapeType::Blob => "string",
            ShapeType::Boolean => "boolean",
            ShapeType::Integer | ShapeType::Long => "integer",
            ShapeType::Double => "number",
        };
        if schema["type"] != wanted {
            return self.report(path, format!("is {}, AWS has {wanted}", schema["type"]));
        }
        match shape.kind {
            ShapeType::Structure => self.structure(path, schema, &[name]),
            ShapeType::List => {
                let member = shape.member.as_deref().expect("a list has a member");
                self.member(&format!("{path}[]"), &schema["items"], member);
                self.bounds(path, schema, shape, "minItems", "maxItems");
            }
            ShapeType::Map => {
                let value = shape.value.as_deref().expect("a map has values");
                match schema.get("additionalProperties") {
                    Some(values) => self.member(&format!("{path}{{}}"), values, value),
                    None => self.report(path, "is no map, AWS has one"),
                }
            }
            ShapeType::String => {
                self.words(path, schema, shape);
                self.bounds(path, schema, shape, "minLength", "maxLength");
            }
            ShapeType::Integer | ShapeType::Long | ShapeType::Double => {
                self.bounds(path, schema, shape, "minimum", "maximum");
            }
            ShapeType::Boolean | ShapeType::Timestamp | ShapeType::Blob => {}
        }
    }

    /// The schema takes nothing that the model's bounds refuse.
    fn bounds(&self, path: &str, schema: &Value, shape: &Shape, least: &str, most: &str) {
        // The words of a closed set have the lengths they have.
        if schema.get("enum").is_some() {
            return;
        }
        let bound = |name: &str| schema[name].as_f64();
        let patterned = schema.get("pattern").is_some();
        if let Some(min) = shape.min.filter(|min| *min > 0.0 || least == "minimum")
            && bound(least).is_none_or(|ours| ours < min)
            && !patterned
        {
            self.report(
                path,
                format!("AWS has at least {min}, the schema no {least}"),
            );
        }
        // Java's greatest integer is no rule.
        if let Some(max) = shape.max.filter(|max| *max < f64::from(i32::MAX))
            && bound(most).is_none_or(|ours| ours > max)
            && !patterned
        {
            self.report(path, format!("AWS has at most {max}, the schema no {most}"));
        }
    }

    /// The schema's words are the model's, or the schema is open.
    fn words(&self, path: &str, schema: &Value, shape: &Shape) {
        let ours: Option<BTreeSet<&str>> = schema["enum"]
            .as_array()
            .map(|words| {
                words
                    .iter()
                    .filter_map(Value::as_str)
                    .collect::<BTreeSet<_>>()
            })
            // Taken only to be refused with an answer of its own (api/crd.rs).
            .map(|words| words.into_iter().filter(|word| !word.is_empty()).collect());
        let theirs: Option<BTreeSet<&str>> = shape
            .values
            .as_ref()
            .map(|words| words.iter().map(String::as_str).collect());
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => {
                for word in theirs.difference(&ours) {
                    self.report(&format!("{path}={word}"), "this word of AWS's is missing");
                }
                for word in ours.difference(&theirs) {
                    self.report(&format!("{path}={word}"), "AWS has no such word");
                }
            }
            (None, Some(_)) => self.report(path, "AWS has a closed set of words, the schema none"),
            (Some(_), None) => self.report(path, "the schema has a closed set of words, AWS none"),
            (None, None) => {}
        }
    }
}

/// The schema at `spec.a[].b`.
fn at<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(root, |schema, name| {
        let found = schema["properties"].get(name.trim_end_matches("[]"))?;
        match name.ends_with("[]") {
            true => found.get("items"),
            false => Some(found),
        }
    })
}

/// Every path below the spec that ends in `name`.
fn places(path: &str, schema: &Value, name: &str, found: &mut Vec<String>) {
    for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
        if path.is_empty() && member != "spec" {
            continue;
        }
        let path = match path {
            "" => member.clone(),
            path => format!("{path}.{member}"),
        };
        if member == name {
            found.push(path.clone());
        }
        places(&path, schema, name, found);
        places(&format!("{path}[]"), &schema["items"], name, found);
    }
}
