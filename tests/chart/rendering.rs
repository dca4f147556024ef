//! What helm makes of the charts.

use std::{fs, path::Path};

use serde_json::Value;

use crate::charts::{CRDS, OPERATOR, objects, root, run, template, variants};

#[test]
fn charts_are_without_fault_for_helm_lint() {
    run("helm", &["lint", "--strict", CRDS]).unwrap_or_else(|said| panic!("{said}"));
    for (_, values) in variants() {
        run("helm", &["lint", "--strict", OPERATOR, "--values", &values])
            .unwrap_or_else(|said| panic!("{values}: {said}"));
    }
}

#[test]
fn suites_of_the_operators_chart_pass() {
    let said =
        run("helm-unittest", &["--strict", OPERATOR]).unwrap_or_else(|said| panic!("{said}"));
    let suites = said
        .lines()
        .find_map(|line| line.strip_prefix("Test Suites:")?.trim().split(' ').next());
    let count: usize = suites
        .and_then(|count| count.parse().ok())
        .expect("a count");
    assert!(count >= 30, "{count} suites");
}

#[test]
fn two_renders_are_equal() {
    for (name, values) in variants() {
        let render = || template(OPERATOR, &["--values", &values]).expect("it renders");
        assert_eq!(render(), render(), "{name}");
    }
}

/// What would make a render depend on more than chart and values, or run something at a moment of its own.
const UNSTEADY: [&str; 21] = [
    "lookup",
    "Capabilities",
    "helm.sh/hook",
    "rand",
    "uuidv4",
    "now",
    "date",
    "unixEpoch",
    "ago",
    "genCA",
    "genCAWithKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "genPrivateKey",
    "bcrypt",
    "htpasswd",
    "encryptAES",
    "shuffle",
    "getHostByName",
];

#[test]
fn templates_have_no_hooks_and_ask_nothing_but_values() {
    for chart in [OPERATOR, CRDS] {
        let folder = root().join(chart).join("templates");
        for entry in fs::read_dir(folder).expect("templates") {
            let path = entry.expect("an entry").path();
            let text = fs::read_to_string(&path).expect("text");
            // Words in actions; prose and members may be called as they like.
            for action in text.split("{{").skip(1) {
                let action = action.split("}}").next().unwrap_or_default();
                let action = action.trim_start_matches('-').trim_start();
                let is_code = !action.starts_with("/*") && !action.starts_with("fail ");
                for word in action.split(|c: char| !c.is_alphanumeric()) {
                    let unsteady = UNSTEADY
                        .iter()
                        .any(|bad| word == *bad || word.starts_with("rand"));
                    assert!(!(is_code && unsteady), "{}: {word}", path.display());
                }
            }
            assert!(!text.contains("helm.sh/hook"), "{}", path.display());
        }
    }
}

#[test]
fn custom_resource_definitions_are_rendered_byte_for_byte() {
    let mut crds: Vec<_> = fs::read_dir(root().join("crds"))
        .expect("crds")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    crds.sort();
    assert_eq!(crds.len(), 3);
    let mut rendered = vec![template(CRDS, &[]).expect("it renders")];
    for (name, values) in variants() {
        let yaml = template(OPERATOR, &["--values", &values]).expect("it renders");
        // The one that leaves them to others.
        if name != "hardened" {
            rendered.push(yaml);
        }
    }
    for path in crds {
        let crd = fs::read_to_string(&path).expect("text");
        assert!(crd.contains("helm.sh/resource-policy: keep\n"));
        for rendered in &rendered {
            assert!(rendered.contains(&crd), "{}", path.display());
        }
    }
    let without = template(OPERATOR, &["--set", "crds.install=false"]).expect("it renders");
    assert!(!without.contains("CustomResourceDefinition"));
}

#[test]
fn chart_page_lists_every_kind_and_has_the_charts_own_version() {
    let chart: Value = serde_saphyr::from_str(
        &fs::read_to_string(root().join(OPERATOR).join("Chart.yaml")).expect("text"),
    )
    .expect("YAML");
    let note = |name: &str| {
        let text = chart["annotations"][format!("artifacthub.io/{name}")].as_str();
        let all: Vec<Value> = serde_saphyr::from_str(text.unwrap_or_default()).expect("a list");
        all
    };
    let names = |list: &[Value], pointer: &str| {
        let mut all: Vec<_> = list
            .iter()
            .map(|item| {
                item.pointer(pointer)
                    .expect("a name")
                    .as_str()
                    .expect("text")
                    .to_owned()
            })
            .collect();
        all.sort();
        all
    };
    let crds: Vec<_> = objects(&template(CRDS, &[]).expect("it renders"));
    assert_eq!(
        names(&note("crds"), "/name"),
        names(&crds, "/metadata/name")
    );
    let kinds = names(&crds, "/spec/names/kind");
    assert_eq!(names(&note("crds"), "/kind"), kinds);
    assert_eq!(names(&note("crdsExamples"), "/kind"), kinds);
    let image = note("images")[0]["image"]
        .as_str()
        .expect("an image")
        .to_owned();
    let rendered = template(OPERATOR, &[]).expect("it renders");
    assert!(
        rendered.contains(&format!("image: \"{image}\"\n")),
        "{image}"
    );
    let version = chart["version"].as_str();
    assert_eq!(version, Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(chart["appVersion"].as_str(), version);
}

/// What Argo CD and Flux are shown to install is this chart, with values that it takes.
#[test]
fn examples_that_install_the_operator_render() {
    let object = |path: &str, kind: &str| -> Value {
        let text = fs::read_to_string(root().join(path)).expect("text");
        let all: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
        let found = all.into_iter().find(|object| object["kind"] == kind);
        found.unwrap_or_else(|| panic!("{path} has no {kind}"))
    };
    let application = object("deploy/argocd/operator.yaml", "Application");
    let source = &application["spec"]["source"];
    let release = object("deploy/flux/operator.yaml", "HelmRelease");
    let chart = &release["spec"]["chart"]["spec"];
    let repository = object("deploy/flux/operator.yaml", "GitRepository");
    assert_eq!(chart["sourceRef"]["name"], repository["metadata"]["name"]);
    for (name, path, values) in [
        ("argocd", &source["path"], &source["helm"]["valuesObject"]),
        ("flux", &chart["chart"], &release["spec"]["values"]),
    ] {
        assert_eq!(path.as_str(), Some(OPERATOR), "{name}");
        let region = values["region"].as_str().expect("a Region");
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-values.json"));
        fs::write(&file, values.to_string()).expect("writable");
        let file = file.display().to_string();
        let yaml = template(OPERATOR, &["--values", &file]);
        let yaml = yaml.unwrap_or_else(|said| panic!("{name}: {said}"));
        assert!(
            yaml.contains(&format!("--region={region}")),
            "{name}: {yaml}"
        );
    }
}
