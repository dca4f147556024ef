//! Commands in documents: flags, environment variables and targets exist, and a story runs each command or it says why not.

use std::{collections::BTreeSet, fs};

use clap::CommandFactory;
use ecs_operator::config::Cli;

use crate::{documents, markdown, root};

/// Flags in the documentation that are other programs': helm, kubectl, cargo, docker, aws, gh, cosign and `make bench`'s own.
const FLAGS_OF_OTHERS: [&str; 36] = [
    "--force-conflicts",
    "--server-side",
    "--field-manager",
    "--namespace",
    "--create-namespace",
    "--set",
    "--show-only",
    "--take-ownership",
    "--reset-then-reuse-values",
    "--for",
    "--overwrite",
    "--recursive",
    "--replicas",
    "--timeout",
    "--values",
    "--help",
    "--test",
    "--all-pods",
    "--ignore-errors",
    "--field-selector",
    "--as",
    "--path",
    "--locked",
    "--rm",
    "--repo",
    "--certificate-identity",
    "--certificate-oidc-issuer",
    "--name",
    "--format",
    "--role-name",
    "--role-arn",
    "--cluster-name",
    "--policy-name",
    "--policy-document",
    "--assume-role-policy-document",
    "--aws-service-name",
];

#[test]
fn flags_and_environment_variables_exist() {
    let command = Cli::command();
    let arguments = || {
        command
            .get_subcommands()
            .flat_map(|command| command.get_arguments())
    };
    let flags: BTreeSet<_> = arguments()
        .filter_map(|flag| flag.get_long())
        .map(|flag| format!("--{flag}"))
        .collect();
    let variables: BTreeSet<_> = arguments()
        .filter_map(|flag| flag.get_env()?.to_str())
        .collect();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut unused: BTreeSet<_> = FLAGS_OF_OTHERS.into();
    for (path, text) in documents() {
        for word in text
            .split(|c: char| !is_part(c))
            .filter(|word| !word.trim_matches('-').is_empty())
        {
            let known = flags.contains(word) || FLAGS_OF_OTHERS.contains(&word);
            assert!(
                known || !word.starts_with("--"),
                "{}: there is no flag {word}",
                path.display()
            );
            let known = variables.contains(word) || !word.starts_with("ECS_OPERATOR_");
            assert!(known, "{}: there is no variable {word}", path.display());
            unused.remove(word);
        }
    }
    assert!(unused.is_empty(), "no document has {unused:?} any more");
}

#[test]
fn make_targets_exist() {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("a Makefile");
    for (path, text) in documents() {
        for command in text
            .split(['`', '\n'])
            .filter_map(|code| code.trim_start().strip_prefix("make "))
        {
            let target = command
                .split(|c: char| !c.is_ascii_lowercase())
                .next()
                .unwrap_or_default();
            let exists = makefile
                .lines()
                .any(|line| line.starts_with(&format!("{target}:")));
            assert!(exists, "{}: there is no target {target:?}", path.display());
        }
    }
}

/// Every command is run by a story (`run`, with `code` if it ends with another exit code than 0), is the same as one that is
/// (`as`), or says why it is not run (`norun`).
#[test]
fn every_command_is_run_or_says_why_not() {
    let documents = documents();
    for (path, text) in &documents {
        let indented = markdown::prose(text);
        let indented = indented.lines().find(|line| line.starts_with("    "));
        assert_eq!(indented, None, "{}: code stands in a fence", path.display());
        for block in markdown::blocks(text) {
            let place = format!("{}:{}", path.display(), block.line);
            if !matches!(
                block.language.as_str(),
                "sh" | "bash" | "shell" | "console" | ""
            ) {
                continue;
            }
            assert_eq!(block.language, "sh", "{place}: commands are marked sh");
            let marks = ["run", "as", "norun"].map(|mark| block.mark(mark));
            let [run, same, why] = marks;
            assert_eq!(
                marks.iter().flatten().count(),
                1,
                "{place}: one of run, as=FILE and norun=WHY is missing"
            );
            let code = block
                .mark("code")
                .is_none_or(|code| run.is_some() && code.parse::<u8>().is_ok());
            assert!(code, "{place}: code=NUMBER belongs to run");
            assert!(
                why.is_none_or(|why| why.len() > 5),
                "{place}: norun=WHY has no reason"
            );
            if let Some(file) = same {
                let text = fs::read_to_string(root().join(file)).expect("the named file");
                let is_there = markdown::blocks(&text)
                    .iter()
                    .any(|other| other.text == block.text && other.mark("run").is_some());
                assert!(is_there, "{place}: {file} runs no such command");
            }
        }
    }
}

/// Commands in sentences that no fence shows: names of others' commands, and those that a story of their own runs.
const SPOKEN: [&str; 14] = [
    "aws ecs describe-task-definition",
    "aws ecs execute-command",
    "aws ecs register-task-definition",
    "aws eks get-token",
    "docker plugin ls",
    "ecs-operator import -f ecs-task-def.json -f ecs-service-def.json",
    "ecs-operator run --help",
    "flux suspend kustomization shop",
    "helm template --show-only templates/rbac.yaml",
    "kubectl explain ecscluster --recursive",
    "kubectl explain ecsservice --recursive",
    "kubectl explain ecstaskdefinition --recursive",
    "kubectl rollout undo",
    "kubectl scale ecsservice/web --replicas=1",
];

/// A command in a sentence is one that a fence shows as well, or only a name, such as `kubectl apply`.
#[test]
fn commands_in_sentences_stand_in_a_fence_too() {
    let documents = documents();
    let shown: String = { documents.iter() }
        .flat_map(|(_, text)| markdown::blocks(text))
        .filter(|block| block.language == "sh")
        .map(|block| block.text)
        .collect();
    let mut unused: BTreeSet<_> = SPOKEN.into();
    for (path, text) in &documents {
        let prose = markdown::prose(text);
        let prose = prose.split_whitespace().collect::<Vec<_>>().join(" ");
        for span in prose.split('`').skip(1).step_by(2) {
            let is_command = [
                "kubectl ",
                "helm ",
                "ecs-operator ",
                "aws ",
                "flux ",
                "docker ",
            ]
            .iter()
            .any(|program| span.starts_with(program));
            if !is_command || span.split_whitespace().count() < 3 {
                continue;
            }
            unused.remove(span);
            let is_known = shown.contains(span) || SPOKEN.contains(&span);
            assert!(is_known, "{}: no fence shows {span:?}", path.display());
        }
    }
    assert!(unused.is_empty(), "no sentence has {unused:?} any more");
}
