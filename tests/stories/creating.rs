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
