//! What the documentation says is true: its YAML is accepted as it stands, its flags, `make` targets and links exist; and what is promised of the image.

mod commands;
mod manifests;
#[path = "../common/markdown.rs"]
mod markdown;
mod pages;
mod releases;
mod runbooks;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The repository.
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
