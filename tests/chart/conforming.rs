//! Rendered manifests against the schemas of five minor versions of Kubernetes, by kubeconform.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, Value, json};

use crate::charts::{CRDS, OPERATOR, root, run, template, variants};

/// The schemas that `tests/tools/schemas` made.
fn committed() -> Value {
    let text = fs::read_to_string(root().join("tests/chart/schemas.json")).expect("text");
    serde_json::from_str(&text).expect("JSON")
}

/// The definitions of each minor version: each is told as what differs from the one before.
fn definitions(schemas: &Value) -> BTreeMap<String, Map<String, Value>> {
    let minors: BTreeMap<u32, &str> = schemas["definitions"]
        .as_object()
        .expect("minors")
        .keys()
        .map(|minor| (minor[2..].parse().expect("1.N"), minor.as_str()))
        .collect();
    let mut all = Map::new();
    minors
        .into_values()
        .map(|minor| {
            for (name, definition) in schemas["definitions"][minor].as_object().expect("a map") {
                match definition {
                    Value::Null => all.remove(name),
                    _ => all.insert(name.clone(), definition.clone()),
                };
            }
            (minor.to_owned(), all.clone())
        })
        .collect()
}

/// A JSON Schema of a CustomResourceDefinition's, that takes no member which it does not name.
fn strict(schema: &Value) -> Value {
    let Some(members) = schema.as_object() else {
        return schema.clone();
    };
    let mut made = Map::new();
    for (name, value) in members {
        if name == "properties" {
            let inner = value.as_object().expect("a map");
            let inner = inner
                .iter()
                .map(|(name, member)| (name.clone(), strict(member)));
            made.insert("additionalProperties".into(), false.into());
            made.insert("properties".into(), Value::Object(inner.collect()));
        } else if !name.starts_with("x-") {
            made.insert(name.clone(), strict(value));
        }
    }
    Value::Object(made)
}

/// Writes the schemas as kubeconform looks for them; the minors.
fn write(folder: &Path) -> Vec<String> {
    let schemas = committed();
    let write = |minor: &str, name: &str, schema: &Value| {
        let folder = folder.join(minor);
        fs::create_dir_all(&folder).expect("the target folder is writable");
        fs::write(folder.join(format!("{name}.json")), schema.to_string()).expect("writable");
    };
    let minors = definitions(&schemas);
    for (minor, all) in &minors {
        for (name, definition) in schemas["kinds"].as_object().expect("kinds") {
            let definition = definition.as_str().expect("a name");
            let mut schema = all[definition].clone();
            schema["definitions"] = Value::Object(all.clone());
            write(minor, name, &schema);
        }
        for crd in schemas["monitoring"].as_array().expect("a list") {
            let kind = crd["spec"]["names"]["singular"].as_str().expect("a name");
            let mut schema = strict(&crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]);
            schema["properties"]["metadata"] = json!({"type": "object"});
            write(minor, &format!("{kind}-monitoring-v1"), &schema);
        }
    }
    minors.into_keys().collect()
}

fn conform(folder: &Path, minor: &str, manifests: &Path) -> Result<String, String> {
    let place = format!(
        "{}/{minor}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
        folder.display()
    );
    let manifests = manifests.display().to_string();
    run(
        "kubeconform",
        &[
            "-strict",
            "-summary",
            "-schema-location",
            &place,
            &manifests,
        ],
    )
}

#[test]
fn manifests_conform_to_five_minors_of_kubernetes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chart-schemas");
    let minors = write(&folder);
    assert_eq!(minors.len(), 5, "{minors:?}");
    let rendered = folder.join("rendered");
    fs::create_dir_all(&rendered).expect("writable");
    for (name, values) in variants() {
        let yaml = template(OPERATOR, &["--values", &values]).expect("it renders");
        fs::write(rendered.join(format!("{name}.yaml")), yaml).expect("writable");
    }
    let yaml = template(CRDS, &[]).expect("it renders");
    fs::write(rendered.join("crds.yaml"), yaml).expect("writable");
    for minor in &minors {
        conform(&folder, minor, &rendered).unwrap_or_else(|said| panic!("{minor}: {said}"));
    }

    // What kubeconform must see.
    let wrong = folder.join("wrong.yaml");
    let yaml = template(OPERATOR, &["--set", "crds.install=false"]).expect("it renders");
    for (from, to) in [
        ("revisionHistoryLimit:", "revisionHistoryLimits:"),
        ("replicas: 2", "replicas: \"2\""),
        ("apiVersion: apps/v1", "apiVersion: apps/v1beta1"),
        ("verbs: [get, list, watch, patch]", "verb: [get]"),
    ] {
        assert!(yaml.contains(from), "{from}");
        fs::write(&wrong, yaml.replacen(from, to, 1)).expect("writable");
        conform(&folder, &minors[0], &wrong).expect_err(to);
    }
}
