//! The reference of a kind, as Markdown, from its CustomResourceDefinition.

use std::fmt::Write;

use ecs_operator::api::crd::EMPTY;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

use crate::markdown::anchor;

/// Text that ends no cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The page of a kind.
pub fn page(crd: &CustomResourceDefinition) -> String {
    let names = &crd.spec.names;
    let version = &crd.spec.versions[0];
    let schema = serde_json::to_value(&version.schema).expect("plain data");
    let root = &schema["openAPIV3Schema"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut page = format!("# {}\n\n", names.kind);
    let _ = writeln!(page, "{}\n", text(&root["description"]));
    let _ = writeln!(
        page,
        "`apiVersion: {}/{}`, short name `{}`. This page is generated; `kubectl explain {} --recursive` shows the same.",
        crd.spec.group,
        version.name,
        names
            .short_names
            .as_deref()
            .unwrap_or_default()
            .join("`, `"),
        names.singular.as_deref().unwrap_or_default(),
    );
    for part in ["spec", "status"] {
        section(&mut page, part, &root["properties"][part]);
    }
    page
}

/// An object's members in a table, the rules between them, then the objects among its members.
fn section(page: &mut String, path: &str, schema: &Value) {
    let _ = writeln!(page, "\n## {path}\n");
    if let Some(text) = schema["description"].as_str() {
        let _ = writeln!(page, "{}\n", text.replace('\n', " "));
    }
    let _ = writeln!(page, "| field | type | meaning |\n|---|---|---|");
    let required = schema["required"].as_array();
    let mut inner = Vec::new();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let (type_, below) = shape(member, format!("{path}.{name}"));
        let is_required = required.is_some_and(|all| all.contains(&Value::from(name.as_str())));
        let name = match &below {
            Some((path, _)) => format!("[{name}](#{})", anchor(path)),
            None => name.clone(),
        };
        let _ = writeln!(
            page,
            "| {name} | {type_}{} | {} |",
            if is_required { ", required" } else { "" },
            cell(member["description"].as_str().unwrap_or_default()),
        );
        inner.extend(below);
    }
    rules(page, schema);
    for (path, schema) in inner {
        section(page, &path, schema);
    }
}

/// A member's type in words, and the object that it is or holds.
fn shape(schema: &Value, path: String) -> (String, Option<(String, &Value)>) {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<_> = words
            .iter()
            .filter_map(Value::as_str)
            .filter(|word| !word.is_empty())
            .collect();
        return (format!("`{}`", words.join("`, `")), None);
    }
    for (member, sign, word) in [
        ("items", "[]", "list of"),
        ("additionalProperties", "{}", "map of"),
    ] {
        if schema[member].is_object() {
            let (type_, below) = shape(&schema[member], format!("{path}{sign}"));
            return (format!("{word} {type_}"), below);
        }
    }
    if schema["properties"].is_object() {
        return ("object".to_owned(), Some((path, schema)));
    }
    if schema["x-kubernetes-preserve-unknown-fields"] == true {
        return ("any JSON".to_owned(), None);
    }
    let type_ = schema["format"]
        .as_str()
        .filter(|format| *format == "date-time");
    let type_ = type_.or(schema["type"].as_str()).unwrap_or("any");
    (type_.to_owned(), None)
}

/// The messages of a CEL expression, `'…'.format([…])` or a choice among several, with an ellipsis for each value.
fn messages(expression: &str) -> Vec<String> {
    let parts: Vec<_> = expression.split("'.format([").collect();
    let said = parts.iter().rev().skip(1).filter_map(|part| {
        // The last literal before `.format`. What only quotes a value is no message.
        let literal = part.replace(r"\'", "’");
        let (_, format) = literal.rsplit_once('\'')?;
        let message = format.replace("’%s’", "…").replace("%s", "…");
        Some(message.replace('’', "'").replace("%%", "%"))
    });
    said.filter(|message| message.trim() != "…").collect()
}

/// What the API server refuses, in the words in which it does: the rules between an object's members, and those of a member
/// that has no section of its own. That a member must not be empty goes without saying.
fn rules(page: &mut String, schema: &Value) {
    let members = schema["properties"].as_object().into_iter().flatten();
    let mut lines: Vec<_> = members
        .filter(|(_, member)| !member["properties"].is_object())
        .flat_map(|(name, member)| sentences(name, member))
        .filter(|line| !line.ends_with(EMPTY))
        .chain(sentences("", schema))
        .collect();
    lines.sort();
    lines.dedup();
    if !lines.is_empty() {
        let _ = writeln!(
            page,
            "\nValidation rules and their messages:\n\n{}",
            lines.join("\n")
        );
    }
}

fn sentences(member: &str, schema: &Value) -> Vec<String> {
    let rules = schema["x-kubernetes-validations"].as_array();
    let said = rules.into_iter().flatten().flat_map(|rule| {
        let built = rule["messageExpression"].as_str().map(messages);
        let said = rule["message"].as_str().map(|said| vec![said.to_owned()]);
        let field = rule["fieldPath"].as_str().unwrap_or_default();
        let field = format!("{member}{field}");
        let said = said.or(built).unwrap_or_default().into_iter();
        said.map(move |said| match field.trim_start_matches('.') {
            "" => format!("- {said}"),
            field => format!("- `{field}`: {said}"),
        })
    });
    said.collect()
}
