//! Identity-based policies: whether an access key may make a call. As much of IAM as allows to prove a policy of statements
//! that allow: anything else in it is refused, so that nothing is taken for checked that is not. What each action is asked
//! about is AWS's Service Authorization Reference.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::Region;
use crate::service::Service;
use crate::world::Request;

/// The policy of an access key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Policy {
    version: String,
    statement: Vec<Statement>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(default)]
    sid: String,
    effect: String,
    action: OneOrMore,
    resource: OneOrMore,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMore>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// One thing that must be allowed for a call to be made.
#[derive(Debug)]
struct Demand {
    action: String,
    resource: String,
    /// Values of condition keys.
    context: BTreeMap<String, Vec<String>>,
}

const OPERATORS: [&str; 5] = [
    "StringEquals",
    "StringEqualsIfExists",
    "StringLike",
    "Null",
    "ForAllValues:StringNotEquals",
];

impl Policy {
    /// Reads a policy; the error says what of it is not simulated.
    pub fn new(document: Value) -> Result<Self, String> {
        let policy: Self = serde_json::from_value(document).map_err(|error| error.to_string())?;
        if policy.version != "2012-10-17" {
            return Err(format!("Version {:?} is not simulated", policy.version));
        }
        for statement in &policy.statement {
            let sid = &statement.sid;
            if statement.effect != "Allow" {
                return Err(format!(
                    "{sid}: Effect {:?} is not simulated",
                    statement.effect
                ));
            }
            let mut operators = statement.condition.keys();
            if let Some(other) = operators.find(|operator| !OPERATORS.contains(&operator.as_str()))
            {
                return Err(format!("{sid}: the operator {other:?} is not simulated"));
            }
        }
        Ok(policy)
    }

    /// The first thing about a request that the policy does not allow.
    pub(crate) fn denied(&self, request: &Request, region: &Region) -> Option<String> {
        let allows = |demand: &Demand| self.statement.iter().any(|one| one.allows(demand));
        let demands = demands(request, region);
        let refused = demands.iter().find(|demand| !allows(demand))?;
        Some(format!(
            "is not authorized to perform: {} on resource: {} because no identity-based policy allows the {} action",
            refused.action, refused.resource, refused.action
        ))
    }
}

impl Statement {
    fn allows(&self, demand: &Demand) -> bool {
        self.action.any(|action| *action == demand.action)
            && self
                .resource
                .any(|pattern| is_like(pattern, &demand.resource))
            && self.condition.iter().all(|(operator, keys)| {
                keys.iter().all(|(key, wanted)| {
                    holds(operator, wanted, demand.context.get(key).map(Vec::as_slice))
                })
            })
    }
}

impl OneOrMore {
    fn any(&self, is: impl FnMut(&String) -> bool) -> bool {
        match self {
            Self::One(one) => std::slice::from_ref(one).iter().any(is),
            Self::More(more) => more.iter().any(is),
        }
    }
}

/// Whether a condition on a key holds. None: the request does not have the key.
fn holds(operator: &str, wanted: &OneOrMore, found: Option<&[String]>) -> bool {
    let equals = |value: &String| wanted.any(|wanted| wanted == value);
    match (operator, found) {
        ("Null", found) => wanted.any(|wanted| *wanted == found.is_none().to_string()),
        ("StringEqualsIfExists" | "ForAllValues:StringNotEquals", None) => true,
        (_, None) => false,
        ("ForAllValues:StringNotEquals", Some(values)) => !values.iter().any(equals),
        ("StringLike", Some(values)) => values
            .iter()
            .any(|value| wanted.any(|pattern| is_like(pattern, value))),
        (_, Some(values)) => values.iter().any(equals),
    }
}

/// Whether a text is like a pattern with `*`.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len())
                .filter(|at| text.is_char_boundary(*at))
                .any(|at| is_like(rest, &text[at..]))
        }),
    }
}

/// Everything that must be allowed: the call for each resource that it is about, the tags that it puts on what it creates, and
/// the roles that it passes.
fn demands(request: &Request, region: &Region) -> Vec<Demand> {
    let Request {
        service,
        operation,
        input,
        ..
    } = request;
    let prefix = service.signing_name();
    let demand = |action: &str, resource: &str| Demand {
        action: format!("{prefix}:{action}"),
        resource: resource.to_owned(),
        context: BTreeMap::from([(
            "aws:RequestedRegion".to_owned(),
            vec![request.region.clone()],
        )]),
    };
    let requested = tags_of(input);
    let mut keys: Vec<String> = requested.iter().map(|(key, _)| key.clone()).collect();
    for member in ["tagKeys", "TagKeys"] {
        let named = input[member].as_array().into_iter().flatten();
        keys.extend(named.filter_map(Value::as_str).map(str::to_owned));
    }
    let with_request = |mut demand: Demand| {
        for (key, value) in &requested {
            demand
                .context
                .insert(format!("aws:RequestTag/{key}"), vec![value.clone()]);
        }
        if !keys.is_empty() {
            demand
                .context
                .insert("aws:TagKeys".to_owned(), keys.clone());
        }
        demand
    };
    let existing = match service {
        Service::Ecs => region.ecs.tags_about(operation, input),
        Service::Elbv2 => region.elbv2.tags_about(input),
        _ => Vec::new(),
    };
    let is_creation = operation.starts_with("Create") || operation == "RegisterTaskDefinition";
    let mut demands = Vec::new();
    if is_creation || existing.is_empty() {
        demands.push(with_request(demand(operation, "*")));
    } else {
        for (arn, tags) in existing {
            let mut demand = with_request(demand(operation, &arn));
            for (key, value) in tags {
                demand
                    .context
                    .insert(format!("aws:ResourceTag/{key}"), vec![value]);
            }
            demands.push(demand);
        }
    }
    if is_creation && !requested.is_empty() {
        let action = if *service == Service::Elbv2 {
            "AddTags"
        } else {
            "TagResource"
        };
        let mut tagging = with_request(demand(action, "*"));
        tagging
            .context
            .insert(format!("{prefix}:CreateAction"), vec![operation.clone()]);
        demands.push(tagging);
    }
    let mut roles = Vec::new();
    if *service == Service::Ecs {
        roles_in(input, &mut roles);
    }
    for (member, role) in roles {
        let to = if matches!(member, "taskRoleArn" | "executionRoleArn") {
            "ecs-tasks"
        } else {
            "ecs"
        };
        let to = format!("{to}.amazonaws.com");
        demands.push(Demand {
            action: "iam:PassRole".to_owned(),
            resource: role,
            context: BTreeMap::from([("iam:PassedToService".to_owned(), vec![to])]),
        });
    }
    demands
}

/// Tags of a request, in either service's spelling.
fn tags_of(input: &Value) -> Vec<(String, String)> {
    let of = |list: &str, key: &str, value: &str| {
        let tags = input[list].as_array().into_iter().flatten();
        let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
        tags.map(|tag| (text(tag, key), text(tag, value)))
            .collect::<Vec<_>>()
    };
    [of("tags", "key", "value"), of("Tags", "Key", "Value")].concat()
}

/// Every role that a request of ECS names, with its member.
fn roles_in<'a>(value: &'a Value, found: &mut Vec<(&'a str, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let is_role = name == "role" || name.to_ascii_lowercase().ends_with("rolearn");
                match member.as_str() {
                    Some(role) if is_role => found.push((name, role.to_owned())),
                    _ => roles_in(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| roles_in(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(condition: Value) -> Statement {
        let statement =
            json!({"Effect": "Allow", "Action": "ecs:X", "Resource": "*", "Condition": condition});
        serde_json::from_value(statement).expect("a statement")
    }

    fn demand(context: &[(&str, &str)]) -> Demand {
        let context = context
            .iter()
            .map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]));
        Demand {
            action: "ecs:X".to_owned(),
            resource: "arn".to_owned(),
            context: context.collect(),
        }
    }

    #[test]
    fn conditions_hold_as_iam_documents_them() {
        let cases = [
            (
                json!({"StringEquals": {"k": ["a", "b"]}}),
                vec![Some("a"), Some("b")],
                vec![Some("c"), None],
            ),
            (
                json!({"StringEqualsIfExists": {"k": "a"}}),
                vec![Some("a"), None],
                vec![Some("b")],
            ),
            (
                json!({"StringLike": {"k": ["c1/*", "any/*"]}}),
                vec![Some("c1/n/w"), Some("any/n/w")],
                vec![Some("c2/n/w"), Some("c1"), None],
            ),
            (json!({"Null": {"k": "true"}}), vec![None], vec![Some("a")]),
            (json!({"Null": {"k": "false"}}), vec![Some("a")], vec![None]),
            (
                json!({"ForAllValues:StringNotEquals": {"k": ["a"]}}),
                vec![Some("b"), None],
                vec![Some("a")],
            ),
        ];
        for (condition, allowed, refused) in cases {
            let statement = one(condition.clone());
            let is_allowed = |value: &Option<&str>| {
                let context: Vec<_> = value.iter().map(|value| ("k", *value)).collect();
                statement.allows(&demand(&context))
            };
            assert!(allowed.iter().all(is_allowed), "{condition}");
            assert!(!refused.iter().any(is_allowed), "{condition}");
        }
    }

    #[test]
    fn what_is_not_simulated_is_refused() {
        let policy = |statement: Value| {
            Policy::new(json!({"Version": "2012-10-17", "Statement": [statement]}))
        };
        let good = json!({"Effect": "Allow", "Action": "ecs:X", "Resource": "*"});
        assert!(policy(good.clone()).is_ok());
        for (member, value) in [
            ("Effect", json!("Deny")),
            ("NotAction", json!("x")),
            ("Condition", json!({"ArnLike": {"k": "v"}})),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert!(policy(bad).is_err(), "{member}");
        }
    }
}
