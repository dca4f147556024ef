//! The schemas of the values: what they refuse.

use std::fs;

use serde_json::Value;

use crate::charts::{CRDS, OPERATOR, root, template};

fn read(chart: &str, name: &str) -> String {
    fs::read_to_string(root().join(chart).join(name)).expect("a file of the chart")
}

/// Where the schema takes members that it does not name; a map of values of one type is no such place.
fn open(path: &str, node: &Value, found: &mut Vec<String>) {
    let Some(members) = node.as_object() else {
        for (index, item) in node.as_array().into_iter().flatten().enumerate() {
            open(&format!("{path}/{index}"), item, found);
        }
        return;
    };
    let is_object = node["type"] == "object" || node["properties"].is_object();
    let is_closed =
        node["additionalProperties"] == false || node["additionalProperties"].is_object();
    if is_object && !is_closed {
        found.push(path.to_owned());
    }
    for (name, inner) in members {
        let path = format!("{path}/{name}");
        if matches!(name.as_str(), "properties" | "definitions") {
            for (member, inner) in inner.as_object().into_iter().flatten() {
                open(&format!("{path}/{member}"), inner, found);
            }
        } else {
            open(&path, inner, found);
        }
    }
}

#[test]
fn schemas_take_no_member_that_they_do_not_name() {
    for chart in [OPERATOR, CRDS] {
        let schema: Value = serde_json::from_str(&read(chart, "values.schema.json")).expect("JSON");
        let mut found = Vec::new();
        open("", &schema, &mut found);
        // What Kubernetes itself checks (volumes, affinity), and what a parent chart passes on.
        let allowed = ["/definitions/kubernetes", "/properties/global"];
        found.retain(|path| !allowed.contains(&path.as_str()));
        assert!(found.is_empty(), "{chart}: {found:?}");
    }
}

#[test]
fn wrong_values_are_refused_with_their_place() {
    for (value, words) in [
        ("replica=1", "additional properties 'replica' not allowed"),
        (
            "crds.instal=false",
            "at '/crds': additional properties 'instal' not allowed",
        ),
        ("image.digest=sha256:12", "at '/image/digest'"),
        ("replicas=two", "at '/replicas': got string, want integer"),
        ("region=Ireland", "at '/region'"),
        ("clusterId=a/b", "at '/clusterId'"),
        ("clusterId=any", "at '/clusterId'"),
        ("watchNamespaces={a,a}", "at '/watchNamespaces'"),
        ("watchNamespaces={A_b}", "at '/watchNamespaces/0'"),
        ("driftPeriod=5", "at '/driftPeriod'"),
        ("log.format=xml", "at '/log/format'"),
        ("extraArgs={concurrency}", "at '/extraArgs/0'"),
        (
            "extraEnv[0].nme=x",
            "additional properties 'nme' not allowed",
        ),
        (
            "extraEnv[0].value=x",
            "at '/extraEnv/0': missing property 'name'",
        ),
        (
            "serviceAccount.roleArn=ecs-operator",
            "at '/serviceAccount/roleArn'",
        ),
        (
            "podSecurityContext.runAsUser=0",
            "at '/podSecurityContext/runAsUser': minimum",
        ),
        (
            "podSecurityContext.privileged=true",
            "additional properties 'privileged' not allowed",
        ),
        (
            "livenessProbe.httpGet.path=/x",
            "additional properties 'httpGet' not allowed",
        ),
        (
            "resources.limit.memory=1Gi",
            "additional properties 'limit' not allowed",
        ),
        (
            "podDisruptionBudget.minAvailable=half",
            "at '/podDisruptionBudget/minAvailable'",
        ),
        (
            "metrics.serviceMonitor.interval=often",
            "at '/metrics/serviceMonitor/interval'",
        ),
        (
            "metrics.podMonitor.label.a=b",
            "additional properties 'label' not allowed",
        ),
        (
            "networkPolicy.metricsFrom[0].pod=a",
            "additional properties 'pod' not allowed",
        ),
    ] {
        let said = template(OPERATOR, &["--set", value]).expect_err(value);
        assert!(said.contains(words), "{value}: {said}");
    }
}
