//! A deployment that waits at a lifecycle hook is answered by an annotation of its service.

use serde_json::{Value, json};

use crate::harness::{World, objects::*, world::story};

pub const ANNOTATION: &str = "ecs-operator.dev/deployment-action";

/// A blue/green service whose deployments wait for a person before traffic moves.
pub fn approved(name: &str) -> Value {
    let mut service = service(name);
    service["spec"]["deploymentConfiguration"] = json!({
        "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0,
        "lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}],
    });
    service
}

/// Waits until the deployment waits; its id.
pub async fn paused(world: &World, name: &str) -> String {
    let waits = |object: &Value| {
        let reconciling = condition(object, "Reconciling");
        reconciling.is_some_and(|(_, _, message)| message.contains("ECS waits at POST_SCALE_UP"))
    };
    let service = world.until("EcsService", name, "paused", waits).await;
    let id = service["status"]["rollout"]["id"].as_str();
    id.expect("the id of the deployment").to_owned()
}

/// Answers the deployment of a service that waits.
pub fn answer(world: &World, name: &str, value: &str) {
    let service = format!("ecsservice/{name}");
    let annotation = format!("{ANNOTATION}={value}");
    world.kubectl(&["annotate", "--overwrite", &service, &annotation]);
}

#[test]
fn paused_deployment_is_continued_or_rolled_back_by_an_annotation_once_each() {
    story("paused", |mut world| async move {
        world.bring_up(approved("web")).await;
        world.apply(&[task_definition("web", "nginx:2")]);
        let second = paused(&world, "web").await;

        // Bad answers are told and do nothing.
        for (value, why) in [
            ("yes", "is no answer"),
            ("ecs-svc/1=Continue", "is not the current one"),
        ] {
            answer(&world, "web", value);
            let is_told = |object: &Value| {
                let refused = object["status"]["deploymentAction"]["refused"].as_str();
                refused.is_some_and(|refused| refused.contains(why))
            };
            world.until("EcsService", "web", why, is_told).await;
        }
        let events = world.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
        assert!(
            events.contains("is no answer"),
            "an event tells it: {events}"
        );
        assert_eq!(world.count("ContinueServiceDeployment"), 0);

        answer(&world, "web", &format!("{second}=Continue"));
        world.until_runs("web", 2).await;
        assert_eq!(world.count("ContinueServiceDeployment"), 1);

        // The old answer is no answer to the next deployment, not to another process either.
        world.terminate();
        world.start();
        world.apply(&[task_definition("web", "nginx:3")]);
        let third = paused(&world, "web").await;
        assert_eq!(world.count("ContinueServiceDeployment"), 1);
        answer(&world, "web", &format!("{third}=Rollback"));
        let failed = world
            .until_stalled("EcsService", "web", "RolloutFailed")
            .await;
        let (_, _, message) = condition(&failed, "Stalled").expect("stalled");
        assert!(message.contains("rolled back"), "{message}");
        let back = |object: &Value| object["status"]["taskDefinition"]["revision"] == 2;
        world
            .until("EcsService", "web", "back at revision 2", back)
            .await;
        assert_eq!(world.count("ContinueServiceDeployment"), 2);
        world.check();
    });
}
