//! Drafts → objects: names of Kubernetes, references among them, and a last look by `desired`.

use serde_json::json;

use super::{
    Imported, Object, Problem,
    check::check,
    locate::{Lines, join},
    names,
    read::File,
    recognise::Kind,
};
use crate::model::{Members, arn};

/// ECS's cluster when a call names none.
const DEFAULT_CLUSTER: &str = "default";

/// Parts of names of environment variables whose values are often secret.
const SECRET_WORDS: [&str; 6] = [
    "PASSWORD",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "PRIVATE_KEY",
    "CREDENTIAL",
];

/// An object before it has a name in Kubernetes and references.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its kind.
    pub kind: Kind,
    /// Its spec, in AWS's names.
    pub spec: Members,
    /// Of a task definition that was described: its revision.
    pub revision: Option<i64>,
    /// Name when the spec has none.
    pub default_name: String,
    /// Where it was read: a file, or the ARN of what AWS described.
    pub file: String,
    /// Its path there.
    pub path: String,
    /// Lines of that file.
    pub lines: Lines,
}

impl Draft {
    fn text(&self, member: &str) -> Option<&str> {
        self.spec.get(member)?.as_str()
    }

    fn problem(&self, member: &str, message: String) -> Problem {
        let path = join(&self.path, member);
        Problem {
            file: self.file.clone(),
            line: self.lines.line(&path),
            path,
            message,
        }
    }
}

/// Reads files and puts what they hold together. `cluster` is that of services that name none.
pub fn import(files: &[File<'_>], cluster: Option<&str>) -> Result<Imported, Vec<Problem>> {
    let (mut drafts, mut notes, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        match file.read() {
            Ok(content) => {
                drafts.extend(content.drafts);
                notes.extend(content.notes);
            }
            Err(wrong) => problems.extend(wrong),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let (mut imported, problems) = link(drafts, cluster);
    if !problems.is_empty() {
        return Err(problems);
    }
    notes.append(&mut imported.notes);
    imported.notes = notes;
    Ok(imported)
}

/// Gives drafts their names and references, and asks `desired` whether they can be. Those that can't are the problems.
pub fn link(mut drafts: Vec<Draft>, cluster: Option<&str>) -> (Imported, Vec<Problem>) {
    drafts.sort_by_key(|draft| draft.kind);
    let mut imported = Imported::default();
    let mut problems = Vec::new();
    // Name in AWS, and revision, of every object so far.
    let mut known: Vec<(String, Option<i64>)> = Vec::new();
    for mut draft in drafts {
        let aws_name = draft.text(draft.kind.aws_name()).map(str::to_owned);
        if let Some(aws_name) = &aws_name
            && known
                .iter()
                .zip(&imported.objects)
                .any(|((other, _), object)| {
                    object.kind == draft.kind && other == aws_name && draft.kind != Kind::Service
                })
        {
            problems.push(
                draft.problem(
                    draft.kind.aws_name(),
                    "is given by two files; one object is one resource of AWS. Leave one out."
                        .to_owned(),
                ),
            );
            continue;
        }
        let wanted = names::kubernetes(aws_name.as_deref().unwrap_or(&draft.default_name));
        let is_taken = |name: &str| {
            let mut same_kind = imported.objects.iter().filter(|o| o.kind == draft.kind);
            same_kind.any(|object| object.name == name)
        };
        let name = names::unique(&wanted, is_taken);
        if aws_name.is_none() {
            imported.notes.push(format!(
                "{}: no {}; the object is called {name}, and so <namespace>-{name} in AWS",
                draft.file,
                draft.kind.aws_name()
            ));
        }
        if draft.kind == Kind::Service
            && let Err(problem) = refer(&mut draft, &mut imported, &known, cluster)
        {
            problems.push(problem);
            continue;
        }
        imported.notes.extend(secret_names(&draft, &name));
        let object = Object {
            kind: draft.kind,
            name,
            spec: draft.spec.clone(),
            source: draft.file.clone(),
            comments: Vec::new(),
        };
        if let Err(invalid) = check(&object) {
            let member = invalid.path.trim_start_matches("spec.").to_owned();
            problems.push(draft.problem(&member, invalid.message));
            continue;
        }
        known.push((aws_name.unwrap_or_default(), draft.revision));
        imported.objects.push(object);
    }
    (imported, problems)
}

/// Makes a service refer to the cluster and the task definition that are among the objects.
fn refer(
    service: &mut Draft,
    imported: &mut Imported,
    known: &[(String, Option<i64>)],
    cluster: Option<&str>,
) -> Result<(), Problem> {
    let named = match (service.text("cluster"), cluster) {
        (Some(named), _) => named.to_owned(),
        (None, Some(given)) => given.to_owned(),
        (None, None) => {
            imported.notes.push(format!("{}: no cluster, which means the cluster \"{DEFAULT_CLUSTER}\" to ECS; --cluster names another", service.file));
            DEFAULT_CLUSTER.to_owned()
        }
    };
    let find = |kind: Kind, aws_name: &str| {
        let objects = known.iter().zip(&imported.objects);
        let mut same =
            objects.filter(|((name, _), object)| object.kind == kind && name == aws_name);
        same.next()
            .map(|((_, revision), object)| (object.name.clone(), *revision))
    };
    match find(Kind::Cluster, arn::last_segment(&named)) {
        Some((name, _)) => {
            service.spec.remove("cluster");
            service
                .spec
                .insert("clusterRef".into(), json!({"name": name}));
        }
        None => drop(service.spec.insert("cluster".into(), named.into())),
    }
    let families: Vec<_> = known
        .iter()
        .zip(&imported.objects)
        .filter(|(_, object)| object.kind == Kind::TaskDefinition)
        .map(|((family, _), _)| family.clone())
        .collect();
    let task_definition = match (service.text("taskDefinition"), families.as_slice()) {
        (Some(named), _) => named.to_owned(),
        (None, [only]) => {
            imported.notes.push(format!(
                "{}: no taskDefinition; it refers to the only one that is imported with it",
                service.file
            ));
            only.clone()
        }
        (None, _) => {
            return Err(service.problem("taskDefinition", "is missing. Add it as family:revision, or import the service together with the file of its one task definition.".into()));
        }
    };
    let revision = arn::revision(&task_definition);
    match find(Kind::TaskDefinition, arn::family(&task_definition)) {
        Some((name, newest)) => {
            service.spec.remove("taskDefinition");
            let mut reference = json!({"name": name});
            if let (Some(runs), Some(newest)) = (revision, newest)
                && runs != newest
            {
                reference["revision"] = runs.into();
                imported.notes.push(format!("{}: the service runs revision {runs}, and {name} is {newest}: it is held at {runs}; remove taskDefinitionRef.revision to let it follow", service.file));
            }
            service.spec.insert("taskDefinitionRef".into(), reference);
        }
        None if revision.is_none() => {
            return Err(service.problem("taskDefinition", "names no revision, and what is newest can change. Write family:revision, or import the task definition's file as well.".into()));
        }
        None => {}
    }
    Ok(())
}

/// Environment variables that look as if their values were secret, by name.
fn secret_names(draft: &Draft, name: &str) -> Option<String> {
    let containers = draft.spec.get("containerDefinitions")?.as_array()?;
    let suspicious: Vec<_> = containers
        .iter()
        .flat_map(|container| {
            let variables = container["environment"].as_array().into_iter().flatten();
            variables.filter_map(|variable| variable["name"].as_str())
        })
        .filter(|variable| {
            let upper = variable.to_ascii_uppercase();
            SECRET_WORDS.iter().any(|word| upper.contains(word))
        })
        .collect();
    (!suspicious.is_empty()).then(|| {
        format!(
            "{name}: the manifest holds values of environment variables that look secret: {}. Move them to secrets before you commit it.",
            suspicious.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK_DEFINITION: &str = r#"{"taskDefinition": {"taskDefinitionArn": "arn:aws:ecs:r:a:task-definition/Web_App:7", "revision": 7, "family": "Web_App", "status": "ACTIVE",
        "containerDefinitions": [{"name": "app", "image": "nginx:1", "memory": 128, "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]}}"#;

    fn run(texts: &[(&str, &str)], cluster: Option<&str>) -> Result<Imported, Vec<String>> {
        let files: Vec<_> = texts
            .iter()
            .map(|(name, text)| File { name, text })
            .collect();
        import(&files, cluster)
            .map_err(|problems| problems.iter().map(Problem::to_string).collect())
    }

    fn service(task_definition: &str) -> String {
        format!(
            r#"{{"serviceName": "web", "cluster": "main", "taskDefinition": "{task_definition}"}}"#
        )
    }

    #[test]
    fn service_refers_to_what_is_imported_with_it() {
        let service = service("Web_App:7");
        let cluster = r#"{"clusters": [{"clusterName": "main", "status": "ACTIVE"}]}"#;
        let files = [
            ("s.json", service.as_str()),
            ("t.json", TASK_DEFINITION),
            ("c.json", cluster),
        ];
        let imported = run(&files, None).expect("imported");
        let manifests: Vec<_> = imported
            .objects
            .iter()
            .map(|o| o.manifest(Some("team")))
            .collect();
        assert_eq!(
            manifests[0]["metadata"],
            json!({"name": "main", "namespace": "team"})
        );
        assert_eq!(manifests[1]["metadata"]["name"], "web-app");
        assert_eq!(manifests[1]["spec"]["family"], "Web_App");
        assert_eq!(
            manifests[2]["spec"],
            json!({"serviceName": "web", "clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": "web-app"}})
        );
        let notes = imported.notes.join("\n");
        assert!(
            notes.contains("DB_PASSWORD") && !notes.contains("hunter2"),
            "{notes}"
        );
    }

    #[test]
    fn service_that_runs_another_revision_is_held_at_it() {
        let service = service("arn:aws:ecs:r:a:task-definition/Web_App:3");
        let files = [("s.json", service.as_str()), ("t.json", TASK_DEFINITION)];
        let imported = run(&files, None).expect("imported");
        assert_eq!(
            imported.objects[1].spec["taskDefinitionRef"],
            json!({"name": "web-app", "revision": 3})
        );
    }

    #[test]
    fn service_alone_keeps_its_task_definition() {
        let named = service("other:4");
        let imported = run(&[("s.json", &named)], None).expect("imported");
        assert_eq!(imported.objects[0].spec["taskDefinition"], "other:4");
        assert_eq!(imported.objects[0].spec["cluster"], "main");
        let bare = service("other");
        let problems = run(&[("s.json", &bare)], None).expect_err("no revision");
        assert!(
            problems[0].starts_with("s.json:1: taskDefinition: names no revision"),
            "{problems:?}"
        );
    }

    #[test]
    fn files_of_ecspresso_go_together() {
        let service = r#"{"launchType": "FARGATE", "desiredCount": 1, "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}"#;
        let files = [
            ("ecs-service-def.json", service),
            ("ecs-task-def.json", TASK_DEFINITION),
        ];
        let imported = run(&files, Some("main")).expect("imported");
        assert_eq!(imported.objects[1].name, "ecs-service-def");
        assert_eq!(imported.objects[1].spec["cluster"], "main");
        assert_eq!(
            imported.objects[1].spec["taskDefinitionRef"],
            json!({"name": "web-app"})
        );
        let problems = run(&files[..1], Some("main")).expect_err("no task definition");
        assert!(problems[0].contains("is missing"), "{problems:?}");
    }

    #[test]
    fn mistakes_that_the_schema_cannot_see_are_told_with_their_line() {
        let text = "{\"family\": \"web\",\n\"networkMode\": \"awsvpc\",\n\"containerDefinitions\": [{\"name\": \"a\", \"image\": \"b\", \"memory\": 128,\n\"portMappings\": [{\"containerPort\": 80, \"hostPort\": 81}]}]}";
        let problems = run(&[("t.json", text)], None).expect_err("invalid");
        assert!(
            problems[0].starts_with("t.json:4: containerDefinitions[0].portMappings[0].hostPort:"),
            "{problems:?}"
        );
    }

    #[test]
    fn one_family_twice_is_refused() {
        let problems = run(
            &[("a.json", TASK_DEFINITION), ("b.json", TASK_DEFINITION)],
            None,
        );
        assert!(problems.is_err_and(|p| p[0].contains("two files")));
    }
}
