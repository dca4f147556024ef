//! What the documentation says is true: its YAML is accepted as it stands, its flags, `make` targets and links exist; and what is promised of the image.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use clap::CommandFactory;
use ecs_operator::{
    api::{EcsCluster, EcsService, EcsTaskDefinition},
    config::Cli,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Flags in the documentation that are other programs': helm, kubectl, cargo and `make bench`'s own.
const FLAGS_OF_OTHERS: [&str; 7] = [
    "--namespace",
    "--create-namespace",
    "--set",
    "--for",
    "--release",
    "--help",
    "--test",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below some of the repository's files and folders, by their ending.
fn files(places: &[&str], ending: &str) -> Vec<PathBuf> {
    let mut todo: Vec<_> = places
        .iter()
        .map(|place| root().join(place))
        .filter(|place| place.exists())
        .collect();
    let mut found = Vec::new();
    while let Some(place) = todo.pop() {
        if place.is_dir() {
            todo.extend(
                fs::read_dir(place)
                    .expect("a folder")
                    .map(|entry| entry.expect("an entry").path()),
            );
        } else if place
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            found.push(place);
        }
    }
    assert!(!found.is_empty(), "no .{ending} in {places:?}");
    found
}

/// Each document, with its text.
fn documents() -> Vec<(PathBuf, String)> {
    let places = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs",
        "examples",
    ];
    files(&places, "md")
        .into_iter()
        .map(|path| (path.clone(), fs::read_to_string(path).expect("text")))
        .collect()
}

/// Deserialises and serialises again: what is not there any more was no field of the kind.
fn again<K: DeserializeOwned + Serialize>(manifest: &Value) -> Result<Value, String> {
    let object: K = serde_json::from_value(manifest.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(object).map_err(|error| error.to_string())
}

fn check_manifests(place: &str, yaml: &str) -> usize {
    let manifests: Vec<Value> =
        serde_saphyr::from_multiple(yaml).unwrap_or_else(|error| panic!("{place}: {error}"));
    for manifest in &manifests {
        let result = match manifest["kind"].as_str().unwrap_or_default() {
            "EcsCluster" => again::<EcsCluster>(manifest),
            "EcsTaskDefinition" => again::<EcsTaskDefinition>(manifest),
            "EcsService" => again::<EcsService>(manifest),
            kind => panic!("{place}: {kind:?} is no kind of ours"),
        };
        let result = result.unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(
            &result, manifest,
            "{place}: a field that the kind does not have"
        );
        assert_eq!(
            manifest["apiVersion"], "ecs-operator.dev/v1alpha1",
            "{place}"
        );
    }
    manifests.len()
}

#[test]
fn manifests_have_only_fields_that_exist() {
    let mut count = 0;
    for path in files(&["examples"], "yaml") {
        count += check_manifests(
            &path.display().to_string(),
            &fs::read_to_string(&path).expect("text"),
        );
    }
    for (path, text) in documents() {
        for block in text.split("\n```yaml\n").skip(1) {
            let yaml = block.split("\n```").next().unwrap_or_default();
            count += check_manifests(&path.display().to_string(), yaml);
        }
    }
    assert!(count >= 5, "only {count} manifests were found");
}

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

#[test]
fn image_has_no_base_no_shell_and_no_root() {
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).expect("a Dockerfile");
    let mut instructions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let code = dockerfile.lines().filter(|line| !line.starts_with('#'));
    for line in code.filter(|line| !line.starts_with(' ')) {
        let (instruction, rest) = line.split_once(' ').unwrap_or((line, ""));
        instructions.entry(instruction).or_default().push(rest);
    }
    assert_eq!(instructions["FROM"], ["scratch"]);
    assert_eq!(instructions["USER"], ["65532:65532"]);
    assert_eq!(instructions["ENTRYPOINT"], [r#"["/ecs-operator"]"#]);
    assert!(!instructions.contains_key("RUN") && !instructions.contains_key("ADD"));
    let ignored = fs::read_to_string(root().join(".dockerignore")).expect("text");
    assert_eq!(ignored, "*\n!dist\n", "nothing else of this folder is sent");
    let copied = &instructions["COPY"];
    assert!(copied.len() == 2 && copied.iter().all(|copy| copy.contains(" dist/")));
}

#[test]
fn what_a_release_is_built_with_is_pinned() {
    for path in files(&[".github"], "yaml") {
        let workflow = fs::read_to_string(&path).expect("text");
        let used = workflow
            .lines()
            .filter_map(|line| line.split_once("uses: "));
        for (_, action) in used.filter(|(_, action)| !action.starts_with("./")) {
            let pin = action.split(['@', ' ']).nth(1).unwrap_or_default();
            let is_commit = pin.len() == 40 && pin.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit, "{}: {action} is no commit", path.display());
        }
    }
    let tools = fs::read_to_string(root().join(".ci/image-tools.txt")).expect("text");
    for tool in tools.lines().filter(|line| !line.starts_with('#')) {
        assert!(
            tool.contains("==") && tool.contains(" --hash=sha256:"),
            "{tool}"
        );
    }
}

#[test]
fn links_lead_somewhere() {
    for (path, text) in documents() {
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !file.is_empty() {
                let target = path.parent().expect("a folder").join(file);
                assert!(target.exists(), "{}: {link} leads nowhere", path.display());
            }
        }
    }
}
