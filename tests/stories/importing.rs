//! What exists becomes manifests that change nothing: from AWS, and from the files that people keep.

use serde_json::{Value, json};

use crate::harness::{World, world::story};

/// A load-balanced service and a plain one, as somebody made them by hand in the cluster `Legacy`.
pub fn make_by_hand(world: &World) {
    world.aws("ecs", "CreateCluster", json!({"clusterName": "Legacy", "capacityProviders": ["FARGATE"], "tags": [{"key": "team", "value": "a"}]}));
    let group = world.aws("elasticloadbalancing", "CreateTargetGroup", json!({"Name": "legacy", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-a", "TargetType": "ip"}));
    let group = &group["TargetGroups"][0]["TargetGroupArn"];
    let conditions =
        json!([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/legacy"]}}]);
    world.aws(
        "elasticloadbalancing",
        "CreateRule",
        json!({"ListenerArn": world.listener, "Priority": 7, "Conditions": conditions, "Actions": [{"Type": "forward", "TargetGroupArn": group}]}),
    );
    let definition = |family: &str, image: &str| {
        let mut container = json!({"name": "app", "image": image, "portMappings": [{"containerPort": 8080}, {"containerPort": 9090}],
            "environment": [{"name": "DB_PASSWORD", "value": "environment-canary"}, {"name": "EMPTY", "value": ""}]});
        container["healthCheck"] = json!({"command": ["CMD-SHELL", "true"]});
        json!({"family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", "containerDefinitions": [container]})
    };
    world.aws(
        "ecs",
        "RegisterTaskDefinition",
        definition("Legacy_Web", "nginx:1"),
    );
    world.aws(
        "ecs",
        "RegisterTaskDefinition",
        definition("worker", "nginx:1"),
    );
    let network =
        json!({"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}});
    world.aws("ecs", "CreateService", json!({
        "cluster": "Legacy", "serviceName": "Legacy_Web", "taskDefinition": "Legacy_Web", "desiredCount": 2, "launchType": "FARGATE", "networkConfiguration": network,
        "healthCheckGracePeriodSeconds": 30, "loadBalancers": [{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}}));
    world.aws("ecs", "CreateService", json!({
        "cluster": "Legacy", "serviceName": "worker", "taskDefinition": "worker:1", "desiredCount": 1,
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}], "networkConfiguration": network}));
    // The worker runs revision 1; somebody registered another one since.
    world.aws(
        "ecs",
        "RegisterTaskDefinition",
        definition("worker", "nginx:2"),
    );
}

fn manifests(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).unwrap_or_else(|error| panic!("{error}:\n{yaml}"))
}

/// Runs the commands that stand above the manifests.
pub fn consent(world: &World, yaml: &str) -> usize {
    let commands = yaml
        .lines()
        .filter_map(|line| line.strip_prefix("# aws ecs tag-resource "));
    commands
        .map(|command| {
            let words: Vec<_> = command.split(' ').collect();
            let after = |flag: &str| {
                let at = words.iter().position(|word| *word == flag).expect("the flag");
                words[at + 1]
            };
            let tag = after("--tags").strip_prefix("key=").expect("a key");
            let (key, value) = tag.split_once(",value=").expect("a value");
            world.aws("ecs", "TagResource", json!({"resourceArn": after("--resource-arn"), "tags": [{"key": key, "value": value}]}));
        })
        .count()
}

#[test]
fn imported_cluster_is_adopted_by_tagging_alone() {
    story("import_from_aws", |mut world| async move {
        make_by_hand(&world);
        let namespace = world.namespace.clone();
        let before = world.simulator.journal().len();
        let said = world.ecs_operator(
            &["import", "--cluster", "Legacy", "--all", "-n", &namespace],
            "",
        );
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(!said.err.contains("canary"), "{}", said.err);
        assert!(
            said.err.contains("DB_PASSWORD") && said.err.contains("desiredCount, now 2"),
            "{}",
            said.err
        );
        let calls = world.simulator.journal();
        assert!(calls[before..].iter().all(|entry| !entry.mutating));
        let network =
            json!({"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}});
        let written = manifests(&said.out);
        let specs: Vec<_> = written
            .iter()
            .map(|manifest| (&manifest["metadata"]["name"], &manifest["spec"]))
            .collect();
        assert_eq!(
            specs[0],
            (
                &json!("legacy"),
                &json!({"clusterName": "Legacy", "capacityProviders": ["FARGATE"], "tags": {"team": "a"}})
            )
        );
        let container = json!({"name": "app", "image": "nginx:1", "environment": [{"name": "DB_PASSWORD", "value": "environment-canary"}, {"name": "EMPTY", "value": ""}],
            "portMappings": [{"containerPort": 8080}, {"containerPort": 9090}], "healthCheck": {"command": ["CMD-SHELL", "true"]}});
        let mut task_definition = specs[1].1.clone();
        for list in ["portMappings", "environment"] {
            let items = task_definition["containerDefinitions"][0][list]
                .as_array_mut()
                .expect("a list");
            items.sort_by_key(Value::to_string);
        }
        assert_eq!(
            (specs[1].0, task_definition),
            (
                &json!("legacy-web"),
                json!({"family": "Legacy_Web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", "containerDefinitions": [container]})
            )
        );
        let mut service = specs[3].1.clone();
        let entry = service["loadBalancers"][0]
            .as_object_mut()
            .expect("an entry");
        assert!(entry.remove("targetGroupArn").is_some());
        assert_eq!(
            (specs[3].0, service),
            (
                &json!("legacy-web"),
                json!({"serviceName": "Legacy_Web", "clusterRef": {"name": "legacy"}, "taskDefinitionRef": {"name": "legacy-web"}, "launchType": "FARGATE",
                "networkConfiguration": network, "healthCheckGracePeriodSeconds": 30, "loadBalancers": [{"containerName": "app", "containerPort": 8080}],
                "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}})
            )
        );
        assert_eq!(
            specs[4].1["taskDefinitionRef"],
            json!({"name": "worker", "revision": 1})
        );
        world.kubectl_with(&["apply", "--dry-run=server", "-f", "-"], &said.out);

        let plan = |world: &World| {
            let args = ["plan", "-f", "-", "--cluster-id", "stories"];
            world.ecs_operator(&args, &said.out)
        };
        assert_eq!(
            plan(&world).code,
            Some(1),
            "nothing is adopted without consent"
        );
        assert_eq!(consent(&world, &said.out), 5);
        let planned = plan(&world);
        assert_eq!(planned.code, Some(2), "{}{}", planned.out, planned.err);
        let steps: Vec<_> = planned
            .out
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').nth(1))
            .collect();
        assert_eq!(steps, ["TagResource"; 5], "{}", planned.out);
        world.start();
        world.kubectl_with(&["apply", "-f", "-"], &said.out);
        for (kind, name) in [
            ("EcsCluster", "legacy"),
            ("EcsTaskDefinition", "legacy-web"),
            ("EcsTaskDefinition", "worker"),
            ("EcsService", "legacy-web"),
            ("EcsService", "worker"),
        ] {
            world.until_ready(kind, name).await;
        }
        let mutations = world.mutations();
        assert_eq!(mutations, ["TagResource"; 5], "nothing else was changed");
        world.check();
    });
}

#[test]
fn files_that_people_keep_are_accepted_by_the_api_server() {
    story("import_files", |world| async move {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/files");
        let said = world.ecs_operator(
            &[
                "import",
                "-f",
                &folder.display().to_string(),
                "--cluster",
                "main",
            ],
            "",
        );
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(
            said.err
                .contains("left out (AWS's output only): taskDefinition.compatibilities")
                && !said.err.contains("canary"),
            "{}",
            said.err
        );
        let kinds: Vec<_> = manifests(&said.out)
            .iter()
            .map(|manifest| manifest["kind"].clone())
            .collect();
        assert_eq!(
            kinds,
            [
                "EcsTaskDefinition",
                "EcsTaskDefinition",
                "EcsService",
                "EcsService"
            ]
        );
        world.kubectl_with(&["apply", "--dry-run=server", "-f", "-"], &said.out);
        let refused = world.ecs_operator(
            &["import", "-f", "-"],
            "{\"family\": \"web\",\n\"containerDefinition\": [{\"value\": \"secret-canary\"}]}",
        );
        assert_eq!(refused.code, Some(1));
        assert!(refused.err.contains("standard input:2: containerDefinition: there is no such member; did you mean containerDefinitions?") && !refused.err.contains("canary"), "{}", refused.err);
        assert_eq!(refused.out, "");
    });
}
