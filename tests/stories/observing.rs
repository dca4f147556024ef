//! Observe shows what would be done, and does nothing.

use serde_json::{Value, json};

use crate::harness::{World, objects::*, world::story};

fn observed(mut manifest: Value) -> Value {
    manifest["spec"]["managementPolicy"] = json!("Observe");
    manifest
}

fn consent(world: &World, name: &str) -> Value {
    let value = format!("any/{}/{name}", world.namespace);
    json!([{"key": "ecs-operator.dev/adopt", "value": value}])
}

/// The steps of an object's plan, as operation, effect and paths.
fn steps(object: &Value) -> Vec<(String, String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let paths = |step: &Value| {
        list(&step["changes"])
            .iter()
            .map(|change| text(&change["path"]))
            .collect()
    };
    list(&object["status"]["plan"])
        .iter()
        .map(|step| (text(&step["operation"]), text(&step["effect"]), paths(step)))
        .collect()
}

fn step(operation: &str, effect: &str, paths: &[&str]) -> (String, String, Vec<String>) {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    (operation.to_owned(), effect.to_owned(), paths)
}

#[test]
fn plan_of_an_adoption_is_shown_before_anything_is_changed() {
    story("observe_adoption", |mut world| async move {
        let web = world.aws_name("web");
        world.aws(
            "ecs",
            "CreateCluster",
            json!({"clusterName": world.aws_name("main"), "tags": consent(&world, "main")}),
        );
        let container = json!({"name": "app", "image": "nginx:1", "portMappings": [{"containerPort": 8080}],
            "environment": [{"name": "PASSWORD", "value": "environment-canary"}]});
        world.aws("ecs", "RegisterTaskDefinition", json!({"family": web, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "containerDefinitions": [container], "tags": consent(&world, "web")}));
        let network =
            json!({"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}});
        let made = world.aws("ecs", "CreateService", json!({"cluster": world.aws_name("main"), "serviceName": web, "taskDefinition": web,
            "desiredCount": 1, "launchType": "FARGATE", "networkConfiguration": network, "tags": consent(&world, "web")}));
        let mut changed = service("web");
        changed["spec"]["desiredCount"] = json!(2);
        world.start();
        world.apply(&[
            observed(cluster()),
            observed(task_definition("web", "nginx:2")),
            observed(changed.clone()),
        ]);
        let has_plan = |object: &Value| is_observed(object) && !steps(object).is_empty();

        let main = world.until("EcsCluster", "main", "planned", has_plan).await;
        assert_eq!(steps(&main), [step("TagResource", "Update", &[])]);
        let td = world
            .until("EcsTaskDefinition", "web", "planned", has_plan)
            .await;
        assert_eq!(
            steps(&td),
            [step(
                "RegisterTaskDefinition",
                "Create",
                &["containerDefinitions[app].image"]
            )]
        );
        assert_eq!(td["status"]["plan"][0]["changes"][0]["declared"], "…");
        let web = world.until("EcsService", "web", "planned", has_plan).await;
        assert_eq!(
            steps(&web),
            [
                step("TagResource", "Update", &[]),
                step("UpdateService", "Update", &["desiredCount"])
            ]
        );
        let drift = json!([{"path": "desiredCount", "declared": "2", "observed": "1"}]);
        assert_eq!(web["status"]["drift"], drift);
        let (_, reason, message) = condition(&web, "Reconciling").expect("not in sync");
        assert!(
            reason == "Updating" && message.contains("Observe"),
            "{message}"
        );

        // Looking again and again changes nothing and writes nothing. A first look more, as the audit log has a write only once it is
        // answered, which is after others see the object.
        let mut writes = Vec::new();
        for round in 0..4 {
            let before = world.journal().len();
            world.reconcile_now("EcsService", "web", &round.to_string());
            world
                .until_called("a look", |entries| entries.len() > before)
                .await;
            if round == 0 {
                writes = world.writes();
            }
        }
        assert_eq!(world.mutations(), Vec::<String>::new());
        assert_eq!(world.writes(), writes);

        world.apply(&[cluster(), task_definition("web", "nginx:1"), changed]);
        for (kind, name) in [("EcsCluster", "main"), ("EcsTaskDefinition", "web")] {
            world.until_ready(kind, name).await;
        }
        let web = world
            .until("EcsService", "web", "Ready without a plan", |object| {
                is_ready(object) && steps(object).is_empty()
            })
            .await;
        assert_eq!(web["status"]["arn"], made["service"]["serviceArn"]);
        assert_eq!(
            world
                .mutations()
                .iter()
                .filter(|call| *call != "TagResource")
                .collect::<Vec<_>>(),
            ["UpdateService"]
        );
        world.check();
    });
}

#[test]
fn plan_says_what_rolls_and_what_is_destroyed() {
    story("observe_rolls", |mut world| async move {
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/a")).await;
        let before = world.mutations();
        let in_sync = observed(balanced("web", &listener, "/a"));
        world.apply(&[in_sync]);
        let ready = world.until_ready("EcsService", "web").await;
        assert_eq!(steps(&ready), []);
        let mut bare = observed(service("web"));
        bare["spec"]["loadBalancers"] = json!([]);
        world.apply(&[bare]);
        let planned = world
            .until("EcsService", "web", "planned", |object| {
                is_observed(object) && !steps(object).is_empty()
            })
            .await;
        assert_eq!(
            steps(&planned),
            [
                step("UpdateService", "Roll", &["loadBalancers"]),
                step("DeleteRule", "Destroy", &[]),
                step("DeleteTargetGroup", "Destroy", &[])
            ]
        );
        // Nothing goes with an object that was only observed, either.
        world.kubectl(&["delete", "ecsservice/web"]);
        world.until_gone("EcsService", "web").await;
        assert_eq!(world.mutations(), before);
        world.check();
    });
}

#[test]
fn second_object_for_one_resource_is_a_conflict_and_changes_nothing() {
    story("name_conflict", |mut world| async move {
        world.bring_up(service("web")).await;
        let before = world.mutations();
        let second = |kind: &str, mut spec: Value, member: &str, name: &str| {
            spec[member] = json!(world.aws_name(name));
            manifest(kind, "second", spec)
        };
        let mut scaled = service("web")["spec"].clone();
        scaled["desiredCount"] = json!(5);
        world.apply(&[
            second("EcsCluster", json!({}), "clusterName", "main"),
            second(
                "EcsTaskDefinition",
                task_definition("web", "nginx:2")["spec"].clone(),
                "family",
                "web",
            ),
            second("EcsService", scaled, "serviceName", "web"),
        ]);
        for kind in ["EcsCluster", "EcsTaskDefinition", "EcsService"] {
            let stalled = world.until_stalled(kind, "second", "NameConflict").await;
            let (_, _, message) = condition(&stalled, "Stalled").expect("stalled");
            let first = format!(
                "{}/{}",
                world.namespace,
                if kind == "EcsCluster" { "main" } else { "web" }
            );
            assert!(message.contains(&first), "whose it is is told: {message}");
        }
        world.kubectl(&[
            "delete",
            "ecsservice/second",
            "ecstaskdefinition/second",
            "ecscluster/second",
        ]);
        assert_eq!(world.mutations(), before);
        world.check();
    });
}
