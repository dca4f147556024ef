//! From `kubectl apply` to a steady service.

use serde_json::{Value, json};

use crate::harness::{World, control_plane::root, objects::*, world::story};

#[test]
fn everything_applied_at_once_is_created_in_dependency_order() {
    story("everything_at_once", |mut world| async move {
        world.start();
        let listener = world.listener.clone();
        world.apply(&[
            balanced("web", &listener, "/web/*"),
            task_definition("web", "nginx:1"),
            cluster(),
        ]);
        let service = world.until_ready("EcsService", "web").await;
        assert_eq!(service["status"]["runningCount"], 1);
        assert_eq!(service["status"]["taskDefinition"]["revision"], 1);
        assert_eq!(service["status"]["targetGroups"][0]["healthy"], 1);
        assert_eq!(service["status"]["rules"][0]["priority"], 1);
        assert_eq!(service["status"]["rollout"]["state"], "Completed");
        let mutations = world.mutations();
        let position = |operation: &str| {
            let found = mutations.iter().position(|mutation| mutation == operation);
            found.unwrap_or_else(|| panic!("{operation} is not in {mutations:?}"))
        };
        assert!(position("CreateCluster") < position("CreateService"));
        assert!(position("RegisterTaskDefinition") < position("CreateService"));
        assert!(position("CreateTargetGroup") < position("CreateRule"));
        assert!(position("CreateRule") < position("CreateService"));
        assert_eq!(mutations.len(), 5, "one call each: {mutations:?}");
        world.check();
    });
}

/// Calls that name an object of the story, other than those of its other objects.
fn calls(world: &World, operation: &str) -> usize {
    world
        .journal()
        .iter()
        .filter(|entry| entry.operation == operation)
        .count()
}

#[test]
fn service_waits_for_a_missing_cluster_without_an_aws_call_and_continues_when_it_comes() {
    story("missing_cluster", |mut world| async move {
        world.start();
        world.apply(&[task_definition("web", "nginx:1"), service("web")]);
        let waiting = |object: &Value| {
            condition(object, "Ready").is_some_and(|(status, reason, message)| {
                status == "False" && reason == "DependencyNotFound" && message.contains("\"main\"")
            })
        };
        world
            .until("EcsService", "web", "waiting for the cluster", waiting)
            .await;
        world.until_ready("EcsTaskDefinition", "web").await;
        assert_eq!(
            calls(&world, "DescribeServices") + calls(&world, "CreateService"),
            0
        );
        world.apply(&[cluster()]);
        world.until_ready("EcsService", "web").await;
        world.check();
    });
}

#[test]
fn service_waits_for_a_missing_task_definition_and_continues_when_it_comes() {
    story("missing_task_definition", |mut world| async move {
        world.start();
        world.apply(&[cluster(), service("web")]);
        let waiting = |object: &Value| {
            condition(object, "Reconciling").is_some_and(|(_, reason, message)| {
                reason == "DependencyNotFound" && message.contains("EcsTaskDefinition \"web\"")
            })
        };
        world
            .until(
                "EcsService",
                "web",
                "waiting for the task definition",
                waiting,
            )
            .await;
        assert_eq!(
            calls(&world, "DescribeServices") + calls(&world, "CreateService"),
            0
        );
        world.apply(&[task_definition("web", "nginx:1")]);
        world.until_ready("EcsService", "web").await;
        world.check();
    });
}

#[test]
fn examples_of_the_quickstart_are_accepted_by_the_api_server() {
    story("quickstart_is_accepted", |world| async move {
        let examples = root().join("examples/quickstart").display().to_string();
        world.plane().kubectl(
            &[
                "apply",
                "--dry-run=server",
                "--validate=strict",
                "-n",
                &world.namespace,
                "-f",
                &examples,
            ],
            "",
        );
    });
}

#[test]
fn admission_refuses_with_field_value_and_fix() {
    story("admission", |world| async move {
        let td = |change: fn(&mut Value)| {
            let mut manifest = task_definition("web", "nginx:1");
            change(&mut manifest["spec"]);
            manifest
        };
        let svc = |change: fn(&mut Value)| {
            let mut manifest = service("web");
            change(&mut manifest["spec"]);
            manifest
        };
        let cases = [
            (
                svc(|s| s["cluster"] = json!("main")),
                "exactly one of clusterRef",
            ),
            (
                svc(|s| s["taskDefinition"] = json!("web:1")),
                "exactly one of taskDefinitionRef",
            ),
            (svc(|s| s["desiredCount"] = json!(-1)), "spec.desiredCount"),
            (
                svc(|s| s["launchType"] = json!("LAMBDA")),
                "spec.launchType",
            ),
            (
                svc(|s| s["capacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE"}])),
                "excludes launchType",
            ),
            (
                svc(|s| s["schedulingStrategy"] = json!("DAEMON")),
                "Remove desiredCount",
            ),
            (
                svc(|s| s["networkConfiguration"]["awsvpcConfiguration"]["subnets"] = json!([])),
                "subnets",
            ),
            (svc(|s| s["tags"] = json!({"aws:x": "y"})), "spec.tags"),
            (
                svc(|s| s["tags"] = json!({"ecs-operator.dev/uid": "y"})),
                "spec.tags",
            ),
            (svc(|s| s["serviceName"] = json!("a.b")), "spec.serviceName"),
            (
                svc(|s| {
                    s["loadBalancers"] = json!([{"containerName": "app", "containerPort": 80}])
                }),
                "exactly one of targetGroupArn",
            ),
            (
                td(|s| s["containerDefinitions"] = json!([])),
                "spec.containerDefinitions",
            ),
            (
                td(|s| s["containerDefinitions"][0]["essential"] = json!(false)),
                "at least one container must be essential",
            ),
            (
                td(|s| s["containerDefinitions"][0]["portMappings"][0]["appProtocol"] = json!("")),
                "appProtocol",
            ),
            (td(|s| s["networkMode"] = json!("vpc")), "spec.networkMode"),
            (
                manifest(
                    "EcsCluster",
                    "main",
                    json!({"defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}),
                ),
                "spec.capacityProviders",
            ),
            (
                manifest("EcsCluster", "main", json!({"clusterNme": "x"})),
                "clusterNme",
            ),
        ];
        for (manifest, words) in cases {
            let refusal = world
                .try_apply(std::slice::from_ref(&manifest))
                .expect_err(&manifest.to_string());
            assert!(refusal.contains(words), "{words} is not in: {refusal}");
        }
    });
}

#[test]
fn immutable_fields_are_refused_at_admission() {
    story("immutable_fields", |world| async move {
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service("web")]);
        let mut moved = service("web");
        moved["spec"]["clusterRef"]["name"] = json!("other");
        let mut renamed = service("web");
        renamed["spec"]["serviceName"] = json!("other");
        let mut family = task_definition("web", "nginx:1");
        family["spec"]["family"] = json!("other");
        let mut named = cluster();
        named["spec"]["clusterName"] = json!("other");
        for (manifest, field) in [
            (moved, "clusterRef"),
            (renamed, "serviceName"),
            (family, "family"),
            (named, "clusterName"),
        ] {
            let refusal = world.try_apply(&[manifest]).expect_err("immutable");
            assert!(
                refusal.contains(field) && refusal.contains("immutable"),
                "{refusal}"
            );
        }
    });
}
