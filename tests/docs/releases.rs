//! What is promised of the image, and of what releases are built with.

use std::{collections::BTreeMap, fs};

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
