//! The charts and the tools that read them, for tests that render and for stories that install.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The operator's chart.
pub const OPERATOR: &str = "charts/ecs-operator";

/// The chart of the CustomResourceDefinitions alone.
pub const CRDS: &str = "charts/ecs-operator-crds";

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A tool that `make tools` builds.
pub fn tool(name: &str) -> PathBuf {
    let path = root().join(".cache/bin").join(name);
    assert!(
        path.exists(),
        "{} is missing; run: make tools",
        path.display()
    );
    path
}

/// Runs a tool in the repository: its standard output, or all that it said when it fails.
pub fn run(name: &str, args: &[&str]) -> Result<String, String> {
    let output = Command::new(tool(name))
        .args(args)
        .current_dir(root())
        .env_remove("KUBECONFIG")
        .output()
        .expect("the tool runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stdout) + &text(&output.stderr))
    }
}

/// Names and files of the sets of values that the operator's chart is tried with.
pub fn variants() -> Vec<(String, String)> {
    let folder = format!("{OPERATOR}/ci");
    let mut found: Vec<_> = fs::read_dir(root().join(&folder))
        .expect("the chart has sets of values")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .map(|file| {
            let name = file.strip_suffix("-values.yaml").expect("…-values.yaml");
            (name.to_owned(), format!("{folder}/{file}"))
        })
        .collect();
    found.sort();
    found
}

/// What `helm template` prints for a chart with further arguments.
pub fn template(chart: &str, args: &[&str]) -> Result<String, String> {
    let mut all = vec![
        "template",
        "ecs-operator",
        chart,
        "--namespace",
        "ecs-operator",
    ];
    all.extend(args);
    run("helm", &all)
}

/// The objects of a stream of YAML.
pub fn objects(yaml: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_saphyr::from_multiple(yaml).expect("YAML");
    all.into_iter().filter(|object| !object.is_null()).collect()
}
