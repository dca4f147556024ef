//! What is taken out of a spec is set back in AWS, also by an operator that was not there when it was declared.

use serde_json::{Value, json};

use crate::harness::{World, objects::*, world::story};

/// The keys of the user's tags on the service.
fn tags(world: &World) -> Vec<String> {
    let service = world.ecs_service(&world.aws_name("web"));
    let tags = service["tags"].as_array().expect("tags");
    let keys = tags.iter().filter_map(|tag| tag["key"].as_str());
    keys.filter(|key| !key.starts_with("ecs-operator.dev/"))
        .map(str::to_owned)
        .collect()
}

fn rich(listener: &str) -> Value {
    let mut service = balanced("web", listener, "/");
    let spec = &mut service["spec"];
    spec["tags"] = json!({"team": "a"});
    spec["enableExecuteCommand"] = json!(true);
    spec["deploymentConfiguration"] = json!({"minimumHealthyPercent": 50});
    spec["loadBalancers"][0]["targetGroup"]["attributes"] =
        json!({"deregistration_delay.timeout_seconds": "30"});
    service
}

#[test]
fn what_is_taken_out_while_the_operator_is_away_is_set_back_by_the_next_one() {
    story("taken_out", |mut world| async move {
        let listener = world.listener.clone();
        world.start();
        let task_definition = || task_definition("web", "nginx:1");
        world.apply(&[cluster(), task_definition(), rich(&listener)]);
        world.until_ready("EcsService", "web").await;
        assert_eq!(tags(&world), ["team"]);
        world.kill();
        let before = world.mutations().len();
        world.apply(&[balanced("web", &listener, "/")]);
        world.start();
        world.until_ready("EcsService", "web").await;
        assert_eq!(
            world.mutations()[before..],
            [
                "ModifyTargetGroupAttributes",
                "RemoveTags",
                "RemoveTags",
                "UntagResource",
                "UpdateService"
            ]
        );
        let service = world.ecs_service(&world.aws_name("web"));
        assert_eq!(
            service["deploymentConfiguration"]["minimumHealthyPercent"],
            100
        );
        assert_eq!(service["enableExecuteCommand"], false);
        assert_eq!(tags(&world), Vec::<String>::new());
        let object = world.get("EcsService", "web").await.expect("the object");
        let applied = object["status"]["applied"].to_string();
        assert!(
            !applied.contains("minimumHealthyPercent") && !applied.contains("team"),
            "{applied}"
        );
        world.check();
    });
}

#[test]
fn what_aws_cannot_set_back_is_told_until_it_is_declared_again() {
    story("taken_out_for_good", |mut world| async move {
        let zones = |declared: bool| {
            let mut service = service("web");
            if declared {
                service["spec"]["availabilityZoneRebalancing"] = json!("ENABLED");
            }
            service
        };
        world.start();
        world.apply(&[cluster(), task_definition("web", "nginx:1"), zones(true)]);
        world.until_ready("EcsService", "web").await;
        world.apply(&[zones(false)]);
        let stalled = world
            .until_stalled("EcsService", "web", "InvalidSpec")
            .await;
        let (_, _, message) = condition(&stalled, "Stalled").expect("stalled");
        for word in [
            "spec.availabilityZoneRebalancing was taken out",
            "ENABLED",
            "Declare",
        ] {
            assert!(message.contains(word), "{word} is not in {message}");
        }
        world.apply(&[zones(true)]);
        world.until_ready("EcsService", "web").await;
        world.check();
    });
}
