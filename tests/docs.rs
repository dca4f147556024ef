//! What the documentation says is true: its YAML is accepted as it stands, its flags, `make` targets and links exist; and what is promised of the image.

#[path = "common/markdown.rs"]
mod markdown;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use clap::CommandFactory;
use ecs_operator::{
    api::{EcsCluster, EcsService, EcsTaskDefinition, condition::Reason},
    config::Cli,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Flags in the documentation that are other programs': helm, kubectl, cargo, docker, aws, gh, cosign and `make bench`'s own.
const FLAGS_OF_OTHERS: [&str; 35] = [
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
        "charts",
        "deploy",
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
        // Stories render these; what comes out is applied.
        let file = path.file_name().expect("a file");
        let is_of_chart = path
            .ancestors()
            .any(|folder| folder.join("Chart.yaml").exists());
        if is_of_chart || file == "kustomization.yaml" || file == "kustomizeconfig.yaml" {
            continue;
        }
        count += check_manifests(
            &path.display().to_string(),
            &fs::read_to_string(&path).expect("text"),
        );
    }
    for (path, text) in documents() {
        for block in markdown::blocks(&text) {
            if block.language == "yaml" && block.marks.is_empty() {
                let place = format!("{}:{}", path.display(), block.line);
                count += check_manifests(&place, &block.text);
            }
        }
    }
    assert!(count >= 5, "only {count} manifests were found");
}

/// What a reader has to replace says so.
#[test]
fn examples_mark_what_is_the_readers_own() {
    for path in files(&["examples"], "yaml") {
        let text = fs::read_to_string(&path).expect("text");
        for (number, line) in text.lines().enumerate() {
            let code = line.split('#').next().unwrap_or_default();
            let words = ["000000000000", "-demo", "example.com", "0123456789abcdef"];
            let is_theirs = words.iter().any(|word| code.contains(word));
            assert!(
                !is_theirs || line.contains("# yours") || line.contains("{{"),
                "{}:{}: lacks # yours: {line}",
                path.display(),
                number + 1
            );
        }
    }
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
    for list in [".ci/image-tools.txt", ".ci/lint-tools.txt"] {
        let tools = fs::read_to_string(root().join(list)).expect("text");
        for tool in tools.lines().filter(|line| !line.starts_with('#')) {
            let is_pinned = tool.contains("==") && tool.contains(" --hash=sha256:");
            assert!(is_pinned, "{list}: {tool}");
        }
    }
}

/// What of a release is attested: the image, and every file that is built rather than written.
#[test]
fn release_attests_to_everything_that_it_publishes() {
    let path = root().join(".github/workflows/release.yaml");
    let workflow = fs::read_to_string(path).expect("text");
    let workflow: Value = serde_saphyr::from_str(&workflow).expect("YAML");
    let job = &workflow["jobs"]["release"];
    for right in ["attestations", "id-token", "packages"] {
        assert_eq!(job["permissions"][right], "write", "{right}");
    }
    let steps = job["steps"].as_array().expect("steps");
    let attests = |step: &&Value| {
        let action = step["uses"].as_str().unwrap_or_default();
        action.starts_with("actions/attest-build-provenance@")
    };
    let subjects: Vec<_> = steps.iter().filter(attests).collect();
    let image = subjects
        .iter()
        .find_map(|step| step["with"]["subject-digest"].as_str());
    assert_eq!(image, Some("${{ steps.image.outputs.digest }}"));
    let files = subjects
        .iter()
        .find_map(|step| step["with"]["subject-path"].as_str());
    let files: BTreeSet<_> = files.expect("files").lines().collect();
    let publish = steps.last().expect("steps")["run"]
        .as_str()
        .expect("commands");
    let released = publish.split("--notes-file ../CHANGELOG.md").nth(1);
    let released = released.expect("files after the notes").split_whitespace();
    // The checksums are signed, and the list of what is inside is attested for the image.
    let signed = ["SHA256SUMS*", "sbom.cdx.json", "\\"];
    for file in released.filter(|file| !signed.contains(file)) {
        let file = format!("dist/{}", file.trim_start_matches("./"));
        assert!(files.contains(file.as_str()), "{file} is not attested");
    }
}

/// The anchors of a text's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let prose = markdown::prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let anchor = markdown::anchor(line.trim_start_matches('#'));
            let times = seen.entry(anchor.clone()).or_default();
            *times += 1;
            match *times {
                1 => anchor,
                n => format!("{anchor}-{}", n - 1),
            }
        })
        .collect()
}

/// Where the links of a text lead.
fn links(text: &str) -> Vec<String> {
    let prose = markdown::prose(text);
    let targets = prose.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split(')').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let documents = documents();
    let mut count = 0;
    for (path, text) in &documents {
        for link in links(text) {
            count += 1;
            let place = format!("{}: {link}", path.display());
            if link.contains("://") {
                let host = link
                    .strip_prefix("https://")
                    .and_then(|rest| rest.split('/').next());
                let is_host = host.is_some_and(|host| {
                    host.contains('.')
                        && host
                            .chars()
                            .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
                });
                assert!(
                    is_host && !link.contains(' '),
                    "{place} is no https address"
                );
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().expect("a folder").join(file),
            };
            assert!(target.exists(), "{place} leads nowhere");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).expect("a page");
                assert!(anchors(&text).contains(anchor), "{place} names no heading");
            }
        }
    }
    assert!(count > 100, "only {count} links were found");
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let mut reached = BTreeSet::from([root().join("README.md")]);
    let mut todo: Vec<_> = reached.iter().cloned().collect();
    while let Some(path) = todo.pop() {
        for link in links(&fs::read_to_string(&path).expect("a page")) {
            let file = link.split('#').next().unwrap_or_default();
            if link.contains("://") || !file.ends_with(".md") {
                continue;
            }
            let target = path.parent().expect("a folder").join(file);
            let target = target.canonicalize().expect("links lead somewhere");
            if reached.insert(target.clone()) {
                todo.push(target);
            }
        }
    }
    let pages = files(&["docs"], "md");
    let lost: Vec<_> = pages
        .iter()
        .filter(|page| !reached.contains(*page))
        .collect();
    assert!(lost.is_empty(), "nothing leads to {lost:?}");
}

#[test]
fn every_reason_has_a_page_and_every_page_a_reason() {
    let folder = root().join("docs/reasons");
    let pages: BTreeSet<_> = files(&["docs/reasons"], "md")
        .iter()
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "README")
        .collect();
    let reasons: BTreeSet<_> = Reason::ALL.map(|reason| reason.as_str().to_owned()).into();
    assert_eq!(pages, reasons);
    let index = fs::read_to_string(folder.join("README.md")).expect("an index");
    for reason in reasons {
        let page = fs::read_to_string(folder.join(format!("{reason}.md"))).expect("a page");
        let mut at = 0;
        for part in [
            &format!("# {reason}\n\n**"),
            "\n## Cause\n\n",
            "\n## Fix\n\n",
        ] {
            let found = page[at..].find(part);
            at += found.unwrap_or_else(|| panic!("docs/reasons/{reason}.md lacks {part:?}"));
        }
        let row = index
            .lines()
            .find(|line| line.starts_with(&format!("| [{reason}]({reason}.md) | ")))
            .unwrap_or_else(|| panic!("docs/reasons/README.md has no row of {reason}"));
        let cells: Vec<_> = row
            .split(" | ")
            .map(|cell| cell.trim_matches([' ', '|']))
            .collect();
        let told = format!("**{}.** {}.\n", cells[1], cells[2]);
        assert!(
            page.contains(&told),
            "the page and the index differ on {reason}: {told}"
        );
    }
}

/// What it takes to find a cause must not lead astray: of two Pods one leads, and a reader's own rights are not the operator's.
#[test]
fn runbooks_ask_every_pod_and_for_the_operators_rights() {
    let (mut logs, mut rights) = (0, 0);
    for path in files(&["docs/runbooks"], "md") {
        let text = fs::read_to_string(&path).expect("text");
        for block in markdown::blocks(&text) {
            for line in block.text.lines().map(str::trim) {
                let place = format!("{}: {line}", path.display());
                if line.starts_with("kubectl logs ") {
                    logs += 1;
                    assert!(line.contains(" --all-pods"), "{place}: one of two Pods");
                    let of_ended = line.ends_with(" -p");
                    assert_eq!(of_ended, line.contains(" --ignore-errors"), "{place}");
                }
                if line.starts_with("kubectl auth can-i ") {
                    rights += 1;
                    let account = " --as system:serviceaccount:ecs-operator:ecs-operator";
                    assert!(line.ends_with(account), "{place}: the reader's rights");
                }
            }
        }
    }
    assert!(
        logs >= 7 && rights >= 2,
        "{logs} of logs, {rights} of rights"
    );
}

/// Rows and panels of the dashboard that pages name.
#[test]
fn rows_and_panels_that_pages_name_exist() {
    let dashboard = root().join("charts/ecs-operator/files/dashboard.json");
    let dashboard = fs::read_to_string(dashboard).expect("text");
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let titles = |row: bool| -> BTreeSet<_> {
        let wanted = panels
            .iter()
            .filter(|panel| (panel["type"] == "row") == row);
        wanted.filter_map(|panel| panel["title"].as_str()).collect()
    };
    let mut count = 0;
    for (path, text) in documents() {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for (noun, known) in [("row *", titles(true)), ("panel *", titles(false))] {
            for named in words.split(noun).skip(1) {
                let title = named.split('*').next().unwrap_or_default();
                count += 1;
                assert!(
                    known.contains(title),
                    "{}: no {noun}{title}*",
                    path.display()
                );
            }
        }
    }
    assert!(count >= 2, "no page names a row and a panel");
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
