//! A value as people keep it, or as AWS answers → what a spec may hold. What is left out and what is wrong is told by
//! its path, never by its value: values may be secret.

use serde_json::{Map, Value};

use super::{
    locate::join,
    names,
    shape::{Member, Shape},
    skeleton::{is_nothing, is_skeleton},
};
use crate::model::{Members, ownership};

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
    /// What was left out.
    pub dropped: Vec<(Why, String)>,
    /// What is wrong: path and what to do.
    pub wrong: Vec<(String, String)>,
}

impl Pruner {
    /// The members of an object that a spec may hold.
    pub fn object(
        &mut self,
        object: &Map<String, Value>,
        members: &std::collections::BTreeMap<String, Member>,
        path: &str,
    ) -> Members {
        let mut kept = Members::new();
        for (name, value) in object {
            let path = join(path, name);
            let Some(member) = members.get(name) else {
                if is_nothing(value) || is_skeleton(value, &Shape::Any) {
                    self.dropped.push((Why::Empty, path));
                } else {
                    self.unknown(name, members.keys(), path);
                }
                continue;
            };
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
                if kept.is_empty() {
                    return self.drop(Why::Empty, path);
                }
                self.require(&kept, members, path);
                Some(Value::Object(kept))
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
                self.refuse(path, format!("must be one of {}.", allowed.join(", ")))
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
            (shape, _) => self.refuse(path, format!("must be {}.", shape.name())),
        }
    }

    /// Says which required members an object lacks.
    pub fn require(
        &mut self,
        object: &Members,
        members: &std::collections::BTreeMap<String, Member>,
        path: &str,
    ) {
        if self.is_lenient {
            return;
        }
        for (name, _) in members
            .iter()
            .filter(|(name, member)| member.is_required && !object.contains_key(*name))
        {
            self.wrong.push((
                join(path, name),
                "is missing, and AWS needs it. Add it.".to_owned(),
            ));
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prune(spec: Value) -> (Value, Pruner) {
        let shape = Shape::of_spec("EcsTaskDefinition");
        let mut pruner = Pruner::default();
        let kept = pruner.object(
            spec.as_object().expect("an object"),
            shape.members().expect("members"),
            "",
        );
        (Value::Object(kept), pruner)
    }

    #[test]
    fn skeleton_entries_go_and_what_was_filled_in_stays() {
        let (kept, pruner) = prune(json!({
            "family": "web", "taskRoleArn": "", "networkMode": "awsvpc", "placementConstraints": [{"type": "memberOf", "expression": ""}],
            "volumes": [{"name": "", "host": {"sourcePath": ""}}],
            "containerDefinitions": [{
                "name": "app", "image": "nginx:1", "cpu": 0, "essential": true, "command": [""], "entryPoint": ["sh", "-c", ""],
                "environment": [{"name": "", "value": ""}, {"name": "EMPTY", "value": ""}],
                "portMappings": [{"containerPort": 0, "hostPort": 0, "protocol": "udp", "name": ""}, {"containerPort": 80}],
                "dockerLabels": {"KeyName": ""},
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web", "awslogs-stream-prefix": ""}},
                "healthCheck": {"command": [""], "interval": 0, "timeout": 0, "retries": 0, "startPeriod": 0},
            }],
        }));
        assert_eq!(pruner.wrong, []);
        assert_eq!(
            kept,
            json!({
                "family": "web", "networkMode": "awsvpc",
                "containerDefinitions": [{
                    "name": "app", "image": "nginx:1", "cpu": 0, "essential": true, "entryPoint": ["sh", "-c", ""],
                    "environment": [{"name": "EMPTY", "value": ""}], "portMappings": [{"containerPort": 80}],
                    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web", "awslogs-stream-prefix": ""}},
                }],
            })
        );
    }

    #[test]
    fn unknown_members_and_wrong_types_are_told_by_path_and_never_by_value() {
        let (_, pruner) = prune(json!({
            "containerDefinitions": [{"name": "app", "imgae": "hunter2", "environment": [{"name": "A", "value": 7}], "cpu": "hunter2"}],
            "networkMode": "hunter2",
        }));
        let paths: Vec<_> = pruner.wrong.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "containerDefinitions[0].cpu",
                "containerDefinitions[0].environment[0].value",
                "containerDefinitions[0].imgae",
                "containerDefinitions[0].image",
                "networkMode"
            ]
        );
        let text = format!("{:?}", pruner.wrong);
        assert!(
            text.contains("did you mean image?") && !text.contains("hunter2"),
            "{text}"
        );
    }

    #[test]
    fn tags_of_aws_become_a_map_without_reserved_ones() {
        let (kept, pruner) = prune(json!({"tags": [
            {"key": "team", "value": "a"}, {"key": "aws:cloudformation:stack-name", "value": "s"},
            {"Key": "empty", "Value": ""}, {"key": "", "value": ""}, {"key": "ecs-operator.dev/uid", "value": "u"}]}));
        assert_eq!(kept, json!({"tags": {"team": "a", "empty": ""}}));
        assert_eq!(pruner.dropped.len(), 3);
    }

    #[test]
    fn what_aws_has_and_this_version_does_not_know_is_left_out_when_lenient() {
        let shape = Shape::of_spec("EcsTaskDefinition");
        let mut pruner = Pruner {
            is_lenient: true,
            ..Pruner::default()
        };
        let answer = json!({"family": "web", "brandNew": {"x": 1}, "networkMode": "teleport"});
        let kept = pruner.object(
            answer.as_object().expect("an object"),
            shape.members().expect("members"),
            "",
        );
        assert_eq!(Value::Object(kept), json!({"family": "web"}));
        assert_eq!(
            pruner.dropped,
            [
                (Why::Unknown, "brandNew".to_owned()),
                (Why::Unknown, "networkMode".to_owned())
            ]
        );
    }
}
