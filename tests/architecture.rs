//! The house: which room may use which, and what pure rooms never name. CONTRIBUTING.md says why.

use std::{collections::BTreeSet, fs, path::Path};

/// Each room of `src/` and the rooms that it may use besides itself.
const ROOMS: [(&str, &[&str]); 14] = [
    ("api", &[]),
    ("model", &[]),
    ("config", &[]),
    ("leadership", &[]),
    ("telemetry", &[]),
    ("desired", &["api", "model"]),
    ("import", &["api", "model", "desired"]),
    ("plan", &["api", "model", "desired"]),
    ("status", &["api", "model", "desired", "plan"]),
    (
        "aws",
        &["model", "desired", "plan", "leadership", "telemetry"],
    ),
    ("kubernetes", &["api", "model", "leadership", "telemetry"]),
    (
        "controllers",
        &[
            "api",
            "model",
            "desired",
            "plan",
            "status",
            "aws",
            "kubernetes",
            "leadership",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "api",
            "model",
            "desired",
            "import",
            "plan",
            "config",
            "telemetry",
            "aws",
            "kubernetes",
            "leadership",
            "controllers",
        ],
    ),
    ("main", &["config", "cli"]),
];

/// Rooms that turn values into values: the same result for the same arguments, whenever and wherever.
const PURE: [&str; 6] = ["api", "model", "desired", "import", "plan", "status"];

/// What a pure room can't have: time, chance, the network, files, threads. Hash maps have an order of chance.
const IMPURE: [&str; 15] = [
    "Client",
    "Api",
    "runtime",
    "Instant",
    "SystemTime",
    "now",
    "HashMap",
    "HashSet",
    "rand",
    "tokio",
    "futures",
    "env",
    "fs",
    "net",
    "thread",
];

#[test]
fn rooms_use_only_the_rooms_below_them() {
    check(|room, path| {
        let used = path
            .strip_prefix("crate::")
            .or(path.strip_prefix("ecs_operator::"))?;
        let used = used.split("::").next()?;
        let allowed = ROOMS
            .iter()
            .find(|(name, _)| *name == room)
            .map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else {
            return Some("this room is not in the table of tests/architecture.rs");
        };
        let known = ROOMS.iter().any(|(name, _)| *name == used);
        (known && used != room && !allowed.contains(&used))
            .then_some("against the direction of imports")
    });
}

#[test]
fn only_aws_names_the_aws_sdk() {
    check(|room, path| {
        let sdk = [
            "aws_sdk_",
            "aws_config",
            "aws_smithy_",
            "aws_types",
            "aws_credential_types",
        ];
        (room != "aws" && sdk.iter().any(|sdk| path.starts_with(sdk)))
            .then_some("only src/aws names the AWS SDK")
    });
}

#[test]
fn only_the_rooms_at_the_edge_name_the_kubernetes_client() {
    check(|room, path| {
        let edge = ["kubernetes", "controllers", "cli"].contains(&room);
        (!edge && path.starts_with("kube::Client"))
            .then_some("only kubernetes/, controllers/ and cli/ talk to Kubernetes")
    });
}

#[test]
fn pure_rooms_name_no_client_clock_or_chance() {
    check(|room, path| {
        let impure = path.split("::").any(|word| IMPURE.contains(&word));
        (PURE.contains(&room) && impure).then_some("a pure room: give it a value instead")
    });
}

/// Asks `rule` of every path that a file of `src/` names, and fails with all it refuses.
fn check(rule: impl Fn(&str, &str) -> Option<&'static str>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut refused = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let file = entry.expect("a file").path();
            if file.is_dir() {
                folders.push(file);
                continue;
            }
            let name = file
                .strip_prefix(&root)
                .expect("below src")
                .display()
                .to_string();
            let room = name.split(['/', '.']).next().expect("a name");
            if name == "lib.rs" || !name.ends_with(".rs") {
                continue;
            }
            for path in paths(&fs::read_to_string(&file).expect("readable"), &name) {
                refused.extend(rule(room, &path).map(|why| format!("src/{name}: {path}: {why}")));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Every path with `::` in a source file: those of `use` one by one, with a leading `super` resolved, and those in the code.
fn paths(source: &str, file: &str) -> BTreeSet<String> {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n")
        .collect();
    let mut found = BTreeSet::new();
    for statement in code.split("use ").skip(1) {
        let tree: String = statement
            .split(';')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        expand("", &tree, &mut found);
    }
    let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    found.extend(
        words
            .filter(|word| word.contains("::") && !word.ends_with("::"))
            .map(str::to_owned),
    );
    found
        .into_iter()
        .map(|path| absolute(&path, file))
        .collect()
}

/// `a::{b, c::{d, e}}` → `a::b`, `a::c::d`, `a::c::e`.
fn expand(prefix: &str, tree: &str, found: &mut BTreeSet<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        found.insert(format!("{prefix}{path}"));
        return;
    };
    let (mut depth, mut start) = (0, 0);
    let inner = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(
                    &format!("{prefix}{}", head.trim()),
                    inner[start..at].trim(),
                    found,
                );
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// A path that begins with `super`, from the root of the crate.
fn absolute(path: &str, file: &str) -> String {
    let mut module: Vec<&str> = file
        .trim_end_matches(".rs")
        .trim_end_matches("/mod")
        .split('/')
        .collect();
    let mut rest = path;
    while let Some(shorter) = rest.strip_prefix("super::") {
        module.pop();
        rest = shorter;
    }
    if rest == path {
        path.to_owned()
    } else {
        ["crate"]
            .into_iter()
            .chain(module)
            .chain([rest])
            .collect::<Vec<_>>()
            .join("::")
    }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let source = "use crate::{\n    api::{self, condition::Reason as Why},\n    plan,\n};\nuse super::super::aws::Aws; // use crate::cli\nfn f() { kube::Client::new() }";
    let expected = [
        "crate::api::condition::Reason",
        "crate::api::self",
        "crate::aws::Aws",
        "crate::plan",
        "kube::Client::new",
    ];
    let found = paths(source, "controllers/service.rs");
    assert!(
        expected.iter().all(|path| found.contains(*path)),
        "{found:?}"
    );
    assert!(!found.iter().any(|path| path.contains("cli")), "{found:?}");
}
