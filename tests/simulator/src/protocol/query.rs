//! awsQuery: a form with dotted names comes in, XML goes out. Both directions follow the model's shapes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};

use super::Request;
use crate::Answer;
use crate::clock::iso8601;
use crate::contract::{Kind, Model, Shape, ShapeType, Violation};
use crate::service::Service;

/// Reads the operation from `Action` and the input from the other members of the form.
pub fn decode(service: Service, body: &[u8]) -> Option<Request> {
    let mut fields = form(body);
    let operation = fields.remove("Action")?;
    fields.remove("Version");
    let model = service.model();
    let shape = model
        .operations
        .get(&operation)
        .and_then(|op| op.input.as_deref());
    let mut reader = Reader {
        model,
        fields: &fields,
        read: BTreeSet::new(),
        violations: Vec::new(),
    };
    let input = match shape {
        Some(name) => reader.read(model.shape(name), ""),
        None => Value::Object(Map::new()),
    };
    let unread = fields
        .keys()
        .filter(|key| !reader.read.contains(key.as_str()));
    let mut violations: Vec<_> = unread.map(|key| unknown(key)).collect();
    violations.append(&mut reader.violations);
    Some(Request {
        operation,
        input,
        violations,
    })
}

fn unknown(key: &str) -> Violation {
    Violation {
        path: key.to_owned(),
        kind: Kind::Unknown,
        text: "unknown member".to_owned(),
    }
}

/// The members of an `application/x-www-form-urlencoded` body.
pub fn form(body: &[u8]) -> BTreeMap<String, String> {
    let pairs = body
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    let split = |pair: &[u8]| {
        let at = pair
            .iter()
            .position(|byte| *byte == b'=')
            .unwrap_or(pair.len());
        (
            unescape(&pair[..at]),
            unescape(pair.get(at + 1..).unwrap_or_default()),
        )
    };
    pairs.map(split).collect()
}

fn unescape(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let escaped = hex.and_then(|two| u8::from_str_radix(two, 16).ok());
        let (byte, used) = match (first, escaped) {
            (b'%', Some(byte)) => (byte, 3),
            (b'+', _) => (b' ', 1),
            _ => (first, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Reader<'a> {
    model: &'a Model,
    fields: &'a BTreeMap<String, String>,
    read: BTreeSet<&'a str>,
    violations: Vec<Violation>,
}

impl Reader<'_> {
    /// Whether the form has this name or something below it.
    fn has(&self, name: &str) -> bool {
        let below = |key: &str| {
            key.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        let from = self
            .fields
            .range(name.to_owned()..)
            .map(|(key, _)| key.as_str());
        from.take_while(|key| key.starts_with(name))
            .any(|key| key == name || below(key))
    }

    fn read(&mut self, shape: &Shape, name: &str) -> Value {
        match shape.kind {
            ShapeType::Structure => self.structure(shape, name),
            ShapeType::List => self.list(shape, name),
            ShapeType::Map => self.map(shape, name),
            _ => self.scalar(shape.kind, name),
        }
    }

    fn structure(&mut self, shape: &Shape, name: &str) -> Value {
        let mut members = Map::new();
        for (member, target) in &shape.members {
            let path = if name.is_empty() {
                member.clone()
            } else {
                format!("{name}.{member}")
            };
            if self.has(&path) {
                members.insert(member.clone(), self.read(self.model.shape(target), &path));
            }
        }
        self.mark(name);
        Value::Object(members)
    }

    fn list(&mut self, shape: &Shape, name: &str) -> Value {
        let target = shape.member.as_deref().expect("a list has a member");
        let mut items = Vec::new();
        loop {
            let path = format!("{name}.member.{}", items.len() + 1);
            if !self.has(&path) {
                break;
            }
            items.push(self.read(self.model.shape(target), &path));
        }
        // `Tags=` is how an empty list is written.
        self.mark(name);
        Value::Array(items)
    }

    fn map(&mut self, shape: &Shape, name: &str) -> Value {
        let target = shape.value.as_deref().expect("a map has a value");
        let mut entries = Map::new();
        for index in 1.. {
            let (key, value) = (
                format!("{name}.entry.{index}.key"),
                format!("{name}.entry.{index}.value"),
            );
            let Some(text) = self.fields.get(&key) else {
                break;
            };
            self.mark(&key);
            entries.insert(text.clone(), self.read(self.model.shape(target), &value));
        }
        self.mark(name);
        Value::Object(entries)
    }

    fn scalar(&mut self, kind: ShapeType, name: &str) -> Value {
        self.mark(name);
        let text = self.fields.get(name).cloned().unwrap_or_default();
        let typed = match kind {
            ShapeType::Boolean => text.parse().ok().map(Value::Bool),
            ShapeType::Integer | ShapeType::Long => text.parse::<i64>().ok().map(Value::from),
            ShapeType::Double => text.parse::<f64>().ok().map(Value::from),
            _ => return Value::String(text),
        };
        // Left as text where it does not parse: the check against the model says what is wrong.
        typed.unwrap_or(Value::String(text))
    }

    fn mark(&mut self, name: &str) {
        if let Some((key, _)) = self.fields.get_key_value(name) {
            self.read.insert(key);
        }
    }
}

/// Writes an answer.
pub fn encode(service: Service, operation: &str, answer: &Answer, id: &str) -> Response<Bytes> {
    let model = service.model();
    let namespace = model.metadata.xml_namespace.as_deref().unwrap_or_default();
    match answer {
        Ok(output) => {
            let mut body = format!("<{operation}Response xmlns=\"{namespace}\">");
            let known = model.operations.get(operation);
            let wrapper = known.and_then(|op| op.wrapper.clone());
            let wrapper = wrapper.unwrap_or_else(|| format!("{operation}Result"));
            if let Some(shape) = known.and_then(|op| op.output.as_deref()) {
                write(&mut body, model, &wrapper, shape, output);
            }
            body += &format!("<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>");
            body += &format!("</{operation}Response>");
            super::response(200, "text/xml", id, body)
        }
        Err(error) => {
            let (code, message) = (escape(&error.code), escape(&error.message));
            let kind = if error.status < 500 {
                "Sender"
            } else {
                "Receiver"
            };
            let body = format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{kind}</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
            );
            super::response(error.status, "text/xml", id, body)
        }
    }
}

fn write(body: &mut String, model: &Model, name: &str, shape: &str, value: &Value) {
    let shape = model.shape(shape);
    *body += &format!("<{name}>");
    match (shape.kind, value) {
        (ShapeType::Structure, Value::Object(members)) => {
            let known = members.iter().filter(|(_, value)| !value.is_null());
            for (member, value) in known {
                let target = shape.members.get(member);
                write(
                    body,
                    model,
                    member,
                    target.expect("answers were checked"),
                    value,
                );
            }
        }
        (ShapeType::List, Value::Array(items)) => {
            let target = shape.member.as_deref().expect("a list has a member");
            items
                .iter()
                .for_each(|item| write(body, model, "member", target, item));
        }
        (ShapeType::Map, Value::Object(entries)) => {
            let target = shape.value.as_deref().expect("a map has a value");
            for (key, value) in entries {
                *body += &format!("<entry><key>{}</key>", escape(key));
                write(body, model, "value", target, value);
                *body += "</entry>";
            }
        }
        (ShapeType::Timestamp, Value::Number(time)) => {
            *body += &iso8601(time.as_f64().unwrap_or_default());
        }
        (_, Value::String(text)) => *body += &escape(text),
        (_, other) => *body += &other.to_string(),
    }
    *body += &format!("</{name}>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
