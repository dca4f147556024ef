//! Manifests in documents and examples.

use std::fs;

use ecs_operator::api::{EcsCluster, EcsService, EcsTaskDefinition};
use k8s_openapi::{Resource, api::autoscaling::v2::HorizontalPodAutoscaler};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{documents, files, markdown};

/// Deserialises and serialises again: what is not there any more was no field of the kind.
fn again<K: DeserializeOwned + Serialize>(manifest: &Value) -> Result<Value, String> {
    let object: K = serde_json::from_value(manifest.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(object).map_err(|error| error.to_string())
}

fn check_manifests(place: &str, yaml: &str) -> usize {
    let manifests: Vec<Value> =
        serde_saphyr::from_multiple(yaml).unwrap_or_else(|error| panic!("{place}: {error}"));
    for manifest in &manifests {
        // Others' kinds: a story has the API server read them.
        let version = manifest["apiVersion"].as_str().unwrap_or_default();
        if ["autoscaling/v2", "keda.sh/v1alpha1"].contains(&version) {
            continue;
        }
        let result = match manifest["kind"].as_str().unwrap_or_default() {
            "EcsCluster" => again::<EcsCluster>(manifest),
            "EcsTaskDefinition" => again::<EcsTaskDefinition>(manifest),
            "EcsService" => again::<EcsService>(manifest),
            "HorizontalPodAutoscaler" => again::<HorizontalPodAutoscaler>(manifest),
            kind => panic!("{place}: {kind:?} is no kind of ours"),
        };
        let result = result.unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(
            &result, manifest,
            "{place}: a field that the kind does not have"
        );
        let versions = [
            "ecs-operator.dev/v1alpha1",
            HorizontalPodAutoscaler::API_VERSION,
        ];
        let version = manifest["apiVersion"].as_str().unwrap_or_default();
        assert!(versions.contains(&version), "{place}: {version}");
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
