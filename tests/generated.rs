//! What is generated is committed fresh: `make generate` writes it, this compares.

use std::{fs, path::Path};

use ecs_operator::cli::crds;

/// Largest CustomResourceDefinition that client-side apply takes: 256 KiB of annotation, with room for the rest of it.
const APPLY_MAX: usize = 240 * 1024;

/// Members that AWS itself calls documents: any JSON.
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
fn custom_resource_definitions_are_fresh_in_crds_and_chart() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["crds", "charts/ecs-operator/files/crds"] {
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
fn custom_resource_definitions_fit_client_side_apply() {
    for crd in ecs_operator::api::crd::crds() {
        let bytes = serde_json::to_string(&crd).expect("plain data").len();
        assert!(bytes < APPLY_MAX, "{:?}: {bytes} bytes", crd.metadata.name);
    }
}

#[test]
fn every_field_is_documented_and_no_spec_has_defaults() {
    fn walk(path: &str, schema: &serde_json::Value, missing: &mut Vec<String>) {
        if path.contains(".spec") && schema.get("default").is_some() {
            missing.push(format!("{path} has a default"));
        }
        let is_document = DOCUMENTS.iter().any(|document| path.ends_with(document));
        if schema.get("x-kubernetes-preserve-unknown-fields").is_some() && !is_document {
            missing.push(format!("{path} preserves unknown fields"));
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            if member["description"].as_str().is_none_or(str::is_empty) {
                missing.push(format!("{path} is not documented"));
            }
            walk(&path, member, missing);
        }
        if schema["items"].is_object() {
            walk(&format!("{path}[]"), &schema["items"], missing);
        }
    }
    let mut missing = Vec::new();
    for crd in ecs_operator::api::crd::crds() {
        let schema = serde_json::to_value(&crd.spec.versions[0].schema).expect("plain data");
        walk(
            &crd.spec.names.kind,
            &schema["openAPIV3Schema"],
            &mut missing,
        );
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
