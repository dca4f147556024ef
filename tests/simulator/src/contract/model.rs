//! The model as `models/strip.py` writes it.

use std::collections::{BTreeMap, HashMap};

use regex::Regex;
use serde::Deserialize;

/// The model of one service.
#[derive(Debug, Deserialize)]
pub struct Model {
    /// Names on the wire.
    pub metadata: Metadata,
    /// Operations by name.
    pub operations: HashMap<String, Operation>,
    /// Shapes by name.
    pub shapes: HashMap<String, Shape>,
    /// Compiled patterns; those that Rust's regex does not know are missing.
    #[serde(skip)]
    patterns: HashMap<String, Regex>,
}

/// Names on the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// First half of `X-Amz-Target` (awsJson).
    pub target_prefix: Option<String>,
    /// Minor version in the content type (awsJson).
    pub json_version: Option<String>,
    /// Namespace of answers (awsQuery).
    pub xml_namespace: Option<String>,
}

/// An operation.
#[derive(Debug, Deserialize)]
pub struct Operation {
    /// Input shape.
    pub input: Option<String>,
    /// Output shape.
    pub output: Option<String>,
    /// The element around the output (awsQuery).
    pub wrapper: Option<String>,
    /// Error shapes it declares.
    pub errors: Vec<String>,
    /// Whether it is called without a signature.
    #[serde(default)]
    pub unsigned: bool,
}

/// The kinds of shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the model's own")]
pub enum ShapeType {
    Structure,
    List,
    Map,
    String,
    Boolean,
    Integer,
    Long,
    Double,
    Timestamp,
    Blob,
}

/// A shape.
#[derive(Debug, Deserialize)]
pub struct Shape {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: ShapeType,
    /// Members of a structure, with their shapes.
    #[serde(default)]
    pub members: BTreeMap<String, String>,
    /// Members that must be there.
    #[serde(default)]
    pub required: Vec<String>,
    /// Shape of a list's elements.
    pub member: Option<String>,
    /// Shape of a map's values.
    pub value: Option<String>,
    /// Closed set of a string.
    #[serde(rename = "enum")]
    pub values: Option<Vec<String>>,
    /// Least length, size or value.
    pub min: Option<f64>,
    /// Greatest length, size or value.
    pub max: Option<f64>,
    /// Pattern of a string.
    pub pattern: Option<String>,
    /// Free JSON.
    #[serde(default)]
    pub document: bool,
    /// An error's code on the wire (awsQuery), where it differs from the shape's name.
    pub code: Option<String>,
}

impl Model {
    /// Parses a committed model.
    pub fn parse(json: &str) -> Self {
        let mut model: Self = serde_json::from_str(json).expect("committed models are well formed");
        let patterns = model
            .shapes
            .values()
            .filter_map(|shape| shape.pattern.clone());
        model.patterns = patterns
            .filter_map(|p| Some((p.clone(), compile(&p)?)))
            .collect();
        model
    }

    /// The shape of this name.
    pub fn shape(&self, name: &str) -> &Shape {
        self.shapes
            .get(name)
            .expect("models refer only to shapes they have")
    }

    /// Whether the value matches the pattern; patterns that cannot be compiled match everything.
    pub fn matches(&self, pattern: &str, value: &str) -> bool {
        self.patterns
            .get(pattern)
            .is_none_or(|regex| regex.is_match(value))
    }

    /// Patterns that are not checked, because Rust's regex does not know them.
    pub fn unchecked_patterns(&self) -> Vec<&str> {
        let all = self
            .shapes
            .values()
            .filter_map(|shape| shape.pattern.as_deref());
        let mut missing: Vec<_> = all.filter(|p| !self.patterns.contains_key(*p)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Whether the operation's model declares this error code.
    pub fn declares(&self, operation: &str, code: &str) -> bool {
        let operation = self.operations.get(operation);
        let mut errors = operation
            .into_iter()
            .flat_map(|operation| &operation.errors);
        errors.any(|name| name == code || self.shape(name).code.as_deref() == Some(code))
    }
}

/// AWS means the whole value, in Java's dialect: two of its words are said differently here.
fn compile(pattern: &str) -> Option<Regex> {
    let pattern = pattern.replace(r"\p{Print}", "[ -~]");
    let pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\u{10000}-\u{10FFFF}");
    Regex::new(&format!("^(?:{pattern})$")).ok()
}
