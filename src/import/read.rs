//! The text of a file → drafts of objects.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Problem,
    locate::Lines,
    objects::Draft,
    prune::{Pruner, Why},
    recognise::{self, Found, Kind},
    shape::Shape,
};
use crate::model::arn;

/// Functions of ecspresso's templates: a text that calls one is not what ECS gets.
const TEMPLATE_WORDS: [&str; 9] = [
    "must_env",
    "env",
    "tfstate",
    "tfstatef",
    "cfn_output",
    "cfn_export",
    "ssm",
    "secretsmanager_arn",
    "json_escape",
];

/// Blocks of a service that AWS shows on its deployments only (aws.md 4.4).
pub const ON_DEPLOYMENTS: [&str; 3] = [
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

/// A file: its name and its text.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Name, for sentences and for objects that have none.
    pub name: &'a str,
    /// Text.
    pub text: &'a str,
}

/// What a file holds.
#[derive(Debug)]
pub struct Content {
    /// Its objects.
    pub drafts: Vec<Draft>,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
}

impl File<'_> {
    /// Reads the file, or says all that is wrong with it.
    pub fn read(&self) -> Result<Content, Vec<Problem>> {
        let text = self.text.trim_start_matches('\u{feff}');
        if let Some((line, word)) = template(text) {
            return Err(vec![self.problem(Some(line), "", &format!("this is a template: it calls {word}. Render it first (ecspresso render, jsonnet, envsubst) and import the result."))]);
        }
        let document: Value = serde_json::from_str(text).map_err(|error| {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            vec![self.problem(
                Some(error.line()),
                "",
                &format!("this is no JSON: {what}.{}", hint(text)),
            )]
        })?;
        let lines = Lines::of(text);
        let problem = |path: &str, message: &str| self.problem(lines.line(path), path, message);
        let mut problems: Vec<_> = lines
            .twice
            .iter()
            .map(|path| problem(path, "is there twice. Remove one."))
            .collect();
        let found = recognise::objects(&document)
            .map_err(|sentence| vec![self.problem(None, "", &sentence)])?;
        let mut content = Content {
            drafts: Vec::new(),
            notes: Vec::new(),
        };
        let mut dropped = BTreeMap::new();
        let mut converted = Vec::new();
        for found in found {
            let mut pruner = Pruner {
                defaults: found.kind.defaults(),
                root: found.path.clone(),
                ..Pruner::default()
            };
            content.drafts.push(self.draft(&found, &lines, &mut pruner));
            problems.extend(pruner.wrong.iter().map(|(path, why)| problem(path, why)));
            add(&mut dropped, pruner.dropped);
            converted.append(&mut pruner.converted);
        }
        content.notes = notes(self.name, dropped);
        if !converted.is_empty() {
            content.notes.push(format!(
                "{}: written as the type that AWS wants: {}",
                self.name,
                converted.join(", ")
            ));
        }
        if problems.is_empty() {
            Ok(content)
        } else {
            Err(problems)
        }
    }

    fn draft(&self, found: &Found, lines: &Lines, pruner: &mut Pruner) -> Draft {
        let mut object = found.object.clone();
        if found.kind == Kind::Service {
            as_created(&mut object);
        }
        let shape = Shape::of_spec(found.kind.name());
        let members = shape.members().expect("a spec is an object");
        object.retain(|member, _| {
            let is_known = members.contains_key(member);
            let why = match found.kind {
                _ if is_known => return true,
                kind if kind.is_output(member) => Why::Output,
                kind if kind.is_call(member) => Why::Call,
                _ => return true,
            };
            pruner.dropped.push((why, found.path_of(member)));
            false
        });
        let spec = pruner.object(&object, members, &found.path);
        pruner.require(&Value::Object(spec.clone()), members, &found.path);
        let stem = self.name.rsplit(['/', '\\']).next().unwrap_or_default();
        Draft {
            kind: found.kind,
            spec,
            revision: revision(found),
            default_name: stem.split('.').next().unwrap_or_default().to_owned(),
            file: self.name.to_owned(),
            path: found.path.clone(),
            lines: lines.clone(),
        }
    }

    fn problem(&self, line: Option<usize>, path: &str, message: &str) -> Problem {
        Problem {
            file: self.name.to_owned(),
            line,
            path: path.to_owned(),
            message: message.to_owned(),
        }
    }
}

/// A service as UpdateService takes it or DescribeServices answers it → as CreateService takes it.
pub fn as_created(service: &mut Map<String, Value>) {
    for (other, own) in [("service", "serviceName"), ("clusterArn", "cluster")] {
        if let Some(Value::String(name)) = service.get(other)
            && !name.is_empty()
            && !service.contains_key(own)
        {
            let name = arn::last_segment(name).to_owned();
            service.insert(own.to_owned(), name.into());
        }
    }
    service.remove("service");
    let deployments = service.get("deployments").and_then(Value::as_array);
    let primary = deployments
        .into_iter()
        .flatten()
        .find(|deployment| deployment["status"] == "PRIMARY")
        .cloned();
    // AWS may show the launch type that a service was created with beside the strategy that it runs by (Service, member launchType).
    let strategy = service.get("capacityProviderStrategy");
    let has_strategy =
        strategy.is_some_and(|items| items.as_array().is_some_and(|items| !items.is_empty()));
    if primary.is_some() && has_strategy {
        service.remove("launchType");
    }
    for block in ON_DEPLOYMENTS {
        if let Some(value) = primary.as_ref().and_then(|primary| primary.get(block)) {
            service.entry(block).or_insert_with(|| value.clone());
        }
    }
}

/// The revision that a description is of.
fn revision(found: &Found) -> Option<i64> {
    let told = found.object.get("revision").and_then(Value::as_i64);
    told.filter(|revision| *revision > 0)
        .or_else(|| arn::revision(found.text("taskDefinitionArn")?))
}

/// Gathers what was left out, by reason.
pub fn add(all: &mut BTreeMap<Why, Vec<String>>, dropped: Vec<(Why, String)>) {
    for (why, path) in dropped {
        all.entry(why).or_default().push(path);
    }
}

/// What was left out, a sentence for each reason.
pub fn notes(place: &str, dropped: BTreeMap<Why, Vec<String>>) -> Vec<String> {
    dropped
        .into_iter()
        .map(|(why, paths)| format!("{place}: left out ({}): {}", why.text(), paths.join(", ")))
        .collect()
}

/// The first call of a template's function, with its line.
fn template(text: &str) -> Option<(usize, &str)> {
    let calls = text.match_indices("{{").filter_map(|(at, braces)| {
        let call = text[at + braces.len()..].trim_start_matches(['-', ' ']);
        let end = call.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        TEMPLATE_WORDS
            .contains(&&call[..end])
            .then_some((at, &call[..end]))
    });
    calls
        .map(|(at, word)| (text[..at].matches('\n').count() + 1, word))
        .next()
}

/// What a text that is no JSON may be.
fn hint(text: &str) -> &'static str {
    let begins = |words: &[&str]| {
        text.lines()
            .map(str::trim_start)
            .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//"))
            .take(1)
            .any(|line| words.iter().any(|word| line.starts_with(word)))
    };
    if begins(&["local ", "import ", "function", "{ local", "std."]) || text.contains("std.") {
        " It looks like Jsonnet: render it first (jsonnet FILE) and import the result."
    } else if text.contains("{{") || text.contains("{%") || text.contains("<%") {
        " It looks like a template: render it first and import the result."
    } else if begins(&["apiVersion:", "---", "family:", "region:", "cluster:"]) {
        " It looks like YAML: give the JSON that the AWS CLI prints or takes."
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let file = File {
            name: "web.json",
            text,
        };
        let problems = file.read().expect_err("problems");
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn what_is_wrong_is_told_with_file_line_and_member() {
        let text = "{\n  \"family\": \"web\",\n  \"containerDefinitions\": [\n    {\n      \"name\": \"app\",\n      \"imgae\": \"nginx\",\n      \"image\": \"nginx\"\n    }\n  ],\n  \"family\": \"web\"\n}";
        assert_eq!(
            problems(text),
            [
                "web.json:10: family: is there twice. Remove one.",
                "web.json:6: containerDefinitions[0].imgae: there is no such member; did you mean image? Rename or remove it.",
            ]
        );
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_line() {
        let cases = [
            (
                "{\n \"family\": ,\n}",
                "web.json:2: this is no JSON: expected value.",
            ),
            ("local image = 'x';\n{ family: 'web' }", "Jsonnet"),
            ("{\"family\": {{ .Values.family }}}", "template"),
            (
                "{\n\"family\": \"{{ must_env `FAMILY` }}\"}",
                "web.json:2: this is a template: it calls must_env.",
            ),
            ("family: web\n", "YAML"),
            ("", "no JSON"),
        ];
        for (text, words) in cases {
            let problems = problems(text);
            assert!(problems[0].contains(words), "{problems:?}");
        }
    }

    #[test]
    fn templates_of_docker_are_no_templates_of_ours() {
        let text = r#"{"family": "web", "containerDefinitions": [{"name": "app", "image": "nginx", "command": ["{{.Name}}", "{{ environment }}"]}]}"#;
        let file = File {
            name: "web.json",
            text,
        };
        assert_eq!(file.read().expect("readable").drafts.len(), 1);
    }

    #[test]
    fn described_service_is_read_as_it_would_be_created() {
        let text = r#"{"services": [{"serviceName": "web", "clusterArn": "arn:aws:ecs:r:a:cluster/main", "taskDefinition": "web:3",
            "launchType": "EC2", "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
            "deployments": [{"status": "PRIMARY", "vpcLatticeConfigurations": []}], "status": "ACTIVE"}]}"#;
        let file = File { name: "-", text };
        let content = file.read().expect("readable");
        assert_eq!(
            Value::Object(content.drafts[0].spec.clone()),
            serde_json::json!({"cluster": "main", "serviceName": "web", "taskDefinition": "web:3",
                "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]})
        );
        assert!(
            content.notes.iter().any(|note| note.contains("AWS's output only): services[0].clusterArn, services[0].deployments, services[0].status")),
            "{:?}",
            content.notes
        );
    }
}
