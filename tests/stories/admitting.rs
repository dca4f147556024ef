//! What the chart renders as a real API server's admission takes it.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    charts::{OPERATOR, objects, root, template, variants},
    harness::{control_plane::ControlPlane, world::story},
};

/// Namespace of the release, whose Pods must be restricted.
const NAMESPACE: &str = "ecs-operator";

/// The kinds of prometheus-operator, which monitors and rules are of.
fn install_monitoring(plane: &ControlPlane) {
    let text = fs::read_to_string(root().join("tests/chart/schemas.json")).expect("text");
    let schemas: Value = serde_json::from_str(&text).expect("JSON");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": schemas["monitoring"]});
    plane.kubectl(&["apply", "--server-side", "-f", "-"], &list.to_string());
    let wait = [
        "wait",
        "--for=condition=Established",
        "--timeout=60s",
        "crd",
    ];
    for crd in schemas["monitoring"].as_array().expect("a list") {
        let name = crd["metadata"]["name"].as_str().expect("a name");
        plane.kubectl(&[&wait[..], &[name]].concat(), "");
    }
}

#[test]
fn every_set_of_values_is_taken_by_the_api_server_and_its_pods_are_restricted() {
    story("variants", |world| async move {
        let plane = world.plane();
        install_monitoring(plane);
        // Each release is in this namespace; two of the sets give rights in others.
        let restricted = "pod-security.kubernetes.io/enforce=restricted";
        for namespace in [NAMESPACE, "team-a", "team-b"] {
            // Another story may have made it in the same control plane; what is missing fails below.
            let _ = plane.try_kubectl(&["create", "namespace", namespace], "");
        }
        plane.kubectl(&["label", "namespace", NAMESPACE, restricted], "");
        let mut pods = Vec::new();
        for (name, values) in variants() {
            // The kinds are installed, and the same in every set.
            let args = ["--values", &values, "--set", "crds.install=false"];
            let yaml = template(OPERATOR, &args).expect("it renders");
            let apply = ["apply", "--server-side", "--dry-run=server", "-f", "-"];
            until_served(plane, &apply, &yaml, &name);
            let rendered = objects(&yaml);
            let is_deployment = |object: &&Value| object["kind"] == "Deployment";
            let deployment = rendered.iter().find(is_deployment);
            let mut pod = deployment.expect("a Deployment")["spec"]["template"].clone();
            pod["apiVersion"] = "v1".into();
            pod["kind"] = "Pod".into();
            pod["metadata"]["name"] = name.into();
            pods.push(pod);
        }
        let account = |pod: &Value| pod["spec"]["serviceAccountName"].clone();
        let accounts: BTreeSet<_> = pods
            .iter()
            .map(|pod| account(pod).as_str().expect("an account").to_owned())
            .collect();
        for account in &accounts {
            plane.kubectl(&["create", "serviceaccount", account, "-n", NAMESPACE], "");
        }
        let create = ["create", "-n", NAMESPACE, "--dry-run=server", "-f", "-"];
        let list = |pods: &[Value]| json!({"apiVersion": "v1", "kind": "List", "items": pods});
        let said = plane.kubectl(&create, &list(&pods).to_string());
        assert_eq!(said.lines().count(), variants().len(), "{said}");
        for pod in &mut pods {
            let context = &mut pod["spec"]["containers"][0]["securityContext"];
            context["allowPrivilegeEscalation"] = true.into();
        }
        let refused = plane
            .try_kubectl(&create, &list(&pods).to_string())
            .expect_err("no Pod is restricted any more");
        let refused = refused.matches("violates PodSecurity \"restricted").count();
        assert_eq!(refused, variants().len());
    });
}

/// A new kind is served a moment after it is established.
fn until_served(plane: &ControlPlane, args: &[&str], stdin: &str, name: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(said) = plane.try_kubectl(args, stdin) {
        let is_early = said.contains("no matches for kind") && Instant::now() < deadline;
        assert!(is_early, "{name}: {said}");
    }
}

#[test]
fn examples_on_the_charts_page_are_taken_by_the_api_server() {
    story("chart_examples", |world| async move {
        let chart = fs::read_to_string(root().join(OPERATOR).join("Chart.yaml")).expect("text");
        let chart: Value = serde_saphyr::from_str(&chart).expect("YAML");
        let examples = chart["annotations"]["artifacthub.io/crdsExamples"]
            .as_str()
            .expect("text");
        let examples: Vec<Value> = serde_saphyr::from_str(examples).expect("a list");
        let list = json!({"apiVersion": "v1", "kind": "List", "items": examples});
        world.kubectl_with(&["apply", "--dry-run=server", "-f", "-"], &list.to_string());
    });
}
