//! What is promised of the image, and of what releases are built with and attest to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

use crate::{files, root};

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
    // What reads this file is the builder's own, not what a registry has that day.
    assert!(!dockerfile.contains("syntax="));
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
    for list in [
        ".ci/image-tools.txt",
        ".ci/lint-tools.txt",
        ".ci/botocore.txt",
    ] {
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
