//! What is generated is committed fresh: `make generate` writes it, this compares.

#[path = "common/chart_values.rs"]
mod chart_values;
#[path = "common/markdown.rs"]
#[allow(dead_code, reason = "each test binary reads what it is about")]
mod markdown;
#[path = "common/reference.rs"]
mod reference;

use std::{collections::BTreeSet, fs, path::Path};

use clap::Parser;
use ecs_operator::{
    cli::{crds, iam_policy},
    config::{Cli, Command},
};
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
fn iam_documents_of_the_documentation_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/iam");
    let provider =
        "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE";
    let roles =
        "arn:aws:iam::123456789012:role/web-execution,arn:aws:iam::123456789012:role/team-a/*";
    let cases: [(&str, &[&str]); 4] = [
        (
            "policy.json",
            &[
                "--cluster-id",
                "8f1f5f3c-5c3e-4f0e-9d59-2f1f0c6f7a10",
                "--roles",
                roles,
                "--regions",
                "eu-west-1,eu-central-1",
            ],
        ),
        ("policy-of-any-cluster.json", &[]),
        (
            "trust-irsa.json",
            &["--trust", "irsa", "--oidc-provider", provider],
        ),
        ("trust-pod-identity.json", &["--trust", "pod-identity"]),
    ];
    for (file, args) in cases {
        let args = ["ecs-operator", "iam-policy"].iter().chain(args);
        let Command::IamPolicy(flags) = Cli::parse_from(args).command else {
            unreachable!("iam-policy was given")
        };
        compare(&root.join(file), &iam_policy::run(&flags).document);
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

/// Names of a folder's entries, in order.
fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

/// A file as a YAML block that is indented by so many spaces.
fn block(file: &Path, indent: usize) -> String {
    let text = fs::read_to_string(file).expect("the script");
    let lines = text.lines().map(|line| match line {
        "" => "\n".to_owned(),
        line => format!("{:indent$}{line}\n", ""),
    });
    format!("|\n{}", lines.collect::<String>())
}

/// Argo CD's configuration with the scripts of every kind.
fn argocd_cm(scripts: &Path) -> String {
    let mut yaml = String::from(
        "# Generated from resource_customizations; `make generate` writes it. Argo CD's other settings stay as they are with:
# kubectl apply --server-side --field-manager ecs-operator -f argocd-cm.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
  namespace: argocd
  labels:
    app.kubernetes.io/part-of: argocd
data:
",
    );
    for kind in entries(scripts) {
        let folder = scripts.join(&kind);
        let key =
            |what: &str| format!("  resource.customizations.{what}.ecs-operator.dev_{kind}: ");
        yaml += &(key("health") + &block(&folder.join("health.lua"), 4));
        yaml += &(key("actions") + "|\n    discovery.lua: ");
        yaml += &(block(&folder.join("actions/discovery.lua"), 6) + "    definitions:\n");
        for action in entries(&folder.join("actions")) {
            let script = folder.join("actions").join(&action).join("action.lua");
            if script.exists() {
                yaml += &format!(
                    "      - name: {action}\n        action.lua: {}",
                    block(&script, 10)
                );
            }
        }
    }
    yaml
}

#[test]
fn argo_cds_configuration_has_the_scripts_of_every_kind() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/argocd");
    let scripts = folder.join("resource_customizations/ecs-operator.dev");
    compare(&folder.join("argocd-cm.yaml"), &argocd_cm(&scripts));
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
        let is_ours = path.contains(".spec.");
        if is_ours && !is_required && !node["description"].as_str().is_some_and(is_said) {
            missing.push(path.to_owned());
        }
    });
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Words that say whether, and how, a member can be changed.
const CHANGES: [&str; 5] = [
    "an be changed",
    "Immutable",
    "A change starts a deployment",
    "A change forces a deployment",
    "Another name means another group",
];

#[test]
fn every_member_or_what_it_is_in_says_whether_it_can_be_changed() {
    let mut said: Vec<String> = Vec::new();
    let mut missing = Vec::new();
    nodes(|path, node, _| {
        let text = node["description"].as_str().unwrap_or_default();
        if path.contains(".spec") && CHANGES.iter().any(|words| text.contains(words)) {
            said.push(path.to_owned());
        }
        let is_within = |outer: &String| {
            path.strip_prefix(outer.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{']))
        };
        if path.contains(".spec.") && !said.iter().any(is_within) {
            missing.push(path.to_owned());
        }
    });
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn what_admission_lets_nobody_change_is_called_immutable_and_nothing_else_is() {
    let (mut ruled, mut said) = (BTreeSet::new(), BTreeSet::new());
    nodes(|path, node, _| {
        let rules = node["x-kubernetes-validations"].as_array();
        for rule in rules.into_iter().flatten() {
            if rule["rule"].as_str().expect("CEL").contains("oldSelf") {
                let member = rule["fieldPath"].as_str().unwrap_or_default();
                ruled.insert(format!("{path}{member}"));
            }
        }
        let text = node["description"].as_str().unwrap_or_default();
        if path.contains(".spec.") && text.contains("Immutable.") {
            said.insert(path.to_owned());
        }
    });
    assert_eq!(said, ruled);
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
