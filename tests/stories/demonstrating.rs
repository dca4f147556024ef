//! The demo, as somebody without a terminal runs it.

use std::{path::Path, process::Command};

use crate::harness::control_plane::{root, scratch};

#[test]
fn demo_shows_a_life_and_leaves_nothing() {
    let program = Path::new(env!("CARGO_BIN_EXE_ecs-operator"));
    let target = program.ancestors().nth(2).expect("target/debug/program");
    let folder = scratch().join("demo");
    std::fs::create_dir_all(&folder).expect("writable");
    let output = Command::new(root().join("tests/demo/demo.sh"))
        .env("DEMO", "once")
        .env("CARGO_TARGET_DIR", target)
        .env("TMPDIR", &folder)
        .output()
        .expect("bash runs");
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let mut rest = said.as_ref();
    for words in [
        "runs with 2 tasks, steady",
        "A new image",
        "An image that does not exist",
        "CannotPullContainerError",
        "AWS has nothing left of it",
    ] {
        let found = rest.find(words);
        let found = found.unwrap_or_else(|| panic!("{words:?} is not said in its place:\n{said}"));
        rest = &rest[found..];
    }
    let left: Vec<_> = { std::fs::read_dir(&folder).expect("readable") }
        .map(|entry| entry.expect("an entry").path())
        .collect();
    assert!(left.is_empty(), "{left:?} is left");
}
