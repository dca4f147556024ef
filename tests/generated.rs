//! What is generated is committed fresh: `make generate` writes it, this compares.

#[path = "common/chart_values.rs"]
mod chart_values;
#[path = "common/markdown.rs"]
#[allow(dead_code, reason = "each test binary reads what it is about")]
mod markdown;
#[path = "common/reference.rs"]
mod reference;

use std::{fs, path::Path};

use ecs_operator::cli::crds;
use serde_json::Value;

/// Largest CustomResourceDefinition that client-side apply takes: 256 KiB of annotation, with room for the rest of it.
const APPLY_MAX: usize = 240 * 1024;

/// Members that AWS itself takes any JSON in.
const DOCUMENTS: [&str; 1] = [".lifecycleHooks[].hookDetails"];

fn compare(path: &Path, content: &str) {
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(path, content).expect("the file can be written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == content,
        "{} is not what the code says; run: make generate",
        path.display()
    );
}

#[test]
fn custom_resource_definitions_are_fresh_in_crds_and_charts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in [
        "crds",
        "charts/ecs-operator/files/crds",
        "charts/ecs-operator-crds/files/crds",
    ] {
        let files = crds::files();
        for (name, yaml) in &files {
            compare(&root.join(folder).join(name), yaml);
        }
        assert_eq!(
            fs::read_dir(root.join(folder)).expect("the folder").count(),
            files.len(),
            "{folder} holds a file of no kind"
        );
    }
}

#[test]
fn reference_has_a_fresh_page_for_every_kind() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    let crds = ecs_operator::api::crd::crds();
    for crd in &crds {
        let name = format!("{}.md", crd.spec.names.kind);
        compare(&folder.join(name), &reference::page(crd));
    }
    assert_eq!(
        fs::read_dir(&folder).expect("the folder").count(),
        crds.len(),
        "docs/reference holds a page of no kind"
    );
}

#[test]
fn values_of_the_charts_are_documented_in_readme_and_schema() {
    const HEAD: &str = "| value | default | meaning |\n|---|---|---|\n";
    for chart in ["charts/ecs-operator", "charts/ecs-operator-crds"] {
        let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join(chart);
        let read = |name: &str| fs::read_to_string(chart.join(name)).expect("a file of the chart");
        let values = chart_values::read(&read("values.yaml"));
        let schema = chart_values::describe(&read("values.schema.json"), &values);
        compare(&chart.join("values.schema.json"), &schema);
        let readme = read("README.md");
        let (before, after) = readme.split_once(HEAD).expect("the README has the table");
        let rest: String = after
            .split_inclusive('\n')
            .skip_while(|line| line.starts_with('|'))
            .collect();
        let table = chart_values::table(&values);
        compare(
            &chart.join("README.md"),
            &format!("{before}{HEAD}{table}{rest}"),
        );
    }
}

#[test]
fn every_value_of_the_operators_chart_is_in_a_set_that_tests_render() {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/ecs-operator");
    let text = |path: &Path| fs::read_to_string(path).expect("text");
    let sets: Vec<Value> = fs::read_dir(chart.join("ci"))
        .expect("sets of values")
        .map(|entry| text(&entry.expect("an entry").path()))
        .map(|yaml| serde_saphyr::from_str(&yaml).expect("YAML"))
        .collect();
    let untried: Vec<_> = chart_values::read(&text(&chart.join("values.yaml")))
        .into_iter()
        .map(|value| value.path)
        .filter(|path| {
            let pointer = format!("/{}", path.replace('.', "/"));
            sets.iter().all(|set| set.pointer(&pointer).is_none())
        })
        .collect();
    assert!(untried.is_empty(), "no set in ci/ has {untried:?}");
}

#[test]
fn custom_resource_definitions_fit_client_side_apply() {
    for crd in ecs_operator::api::crd::crds() {
        let bytes = serde_json::to_string(&crd).expect("plain data").len();
        assert!(bytes < APPLY_MAX, "{:?}: {bytes} bytes", crd.metadata.name);
    }
}

/// Visits every node of a schema that `kubectl explain` shows, with its path and whether it must be there.
fn visit(path: &str, schema: &Value, found: &mut impl FnMut(&str, &Value, bool)) {
    let required = schema["required"].as_array();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let is_required = required.is_some_and(|all| all.contains(&Value::from(name.as_str())));
        found(&path, member, is_required);
        visit(&path, member, found);
    }
    for (inner, sign) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[inner].is_object() {
            let path = format!("{path}{sign}");
            // Items that are plain values are described by their list.
            if schema[inner]["type"] == "object" {
                found(&path, &schema[inner], true);
            }
            visit(&path, &schema[inner], found);
        }
    }
}

/// Every node of every kind.
fn nodes(mut found: impl FnMut(&str, &Value, bool)) {
    for crd in ecs_operator::api::crd::crds() {
        let schema = serde_json::to_value(&crd.spec.versions[0].schema).expect("plain data");
        let root = &schema["openAPIV3Schema"];
        found(&crd.spec.names.kind, root, true);
        visit(&crd.spec.names.kind, root, &mut found);
    }
}

#[test]
fn every_node_is_explained() {
    let mut missing = Vec::new();
    nodes(|path, node, _| {
        if node["description"].as_str().is_none_or(str::is_empty) && !path.ends_with(".metadata") {
            missing.push(path.to_owned());
        }
    });
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_optional_member_says_what_its_absence_means() {
    let mut missing = Vec::new();
    nodes(|path, node, is_required| {
        let is_said = |text: &str| text.contains("Absent") || text.contains("absent");
        let ours =
            path.starts_with("EcsCluster.spec.") || path.starts_with("EcsTaskDefinition.spec.");
        if ours && !is_required && !node["description"].as_str().is_some_and(is_said) {
            missing.push(path.to_owned());
        }
    });
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn no_spec_has_defaults_and_only_awss_documents_are_free() {
    let mut wrong = Vec::new();
    nodes(|path, node, _| {
        if path.contains(".spec") && node.get("default").is_some() {
            wrong.push(format!("{path} has a default"));
        }
        let is_document = DOCUMENTS.iter().any(|document| path.ends_with(document));
        if node.get("x-kubernetes-preserve-unknown-fields").is_some() && !is_document {
            wrong.push(format!("{path} preserves unknown fields"));
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
