//! Nothing foreign is touched; adoption needs consent given in AWS.

use serde_json::{Value, json};
use simulator::{Effect, Entry, Fault, Outcome};

use crate::harness::{World, objects::*, world::story};

/// A service that somebody made by hand under the name that the object means.
fn by_hand(world: &World, tags: Value) -> Value {
    let cluster = world.aws_name("main");
    let family = json!({"family": "by-hand", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", "containerDefinitions": [{"name": "app", "image": "old:1"}]});
    world.aws("ecs", "RegisterTaskDefinition", family);
    let network =
        json!({"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}});
    let mut input = json!({"cluster": cluster, "serviceName": world.aws_name("web"), "taskDefinition": "by-hand:1", "desiredCount": 1, "launchType": "FARGATE", "networkConfiguration": network});
    if tags != json!([]) {
        input["tags"] = tags;
    }
    world.aws("ecs", "CreateService", input)["service"].clone()
}

#[test]
fn foreign_service_is_never_touched() {
    story("foreign_service", |mut world| async move {
        world.start();
        world.apply(&[cluster(), task_definition("web", "nginx:1")]);
        world.until_ready("EcsCluster", "main").await;
        let made = by_hand(&world, json!([]));
        world.apply(&[service("web")]);
        let stalled = world.until_stalled("EcsService", "web", "NotOwned").await;
        let (_, _, message) = condition(&stalled, "Stalled").expect("stalled");
        let consent = format!("ecs-operator.dev/adopt=stories/{}/web", world.namespace);
        assert!(message.contains(&consent), "the way out is told: {message}");
        world.kubectl(&["delete", "ecsservice/web"]);
        let left = world.ecs_service(&world.aws_name("web"));
        assert_eq!(
            (&left["status"], &left["taskDefinition"]),
            (&json!("ACTIVE"), &made["taskDefinition"])
        );
        let touching: Vec<_> = world
            .journal()
            .into_iter()
            .filter(|entry| entry.mutating && entry.operation.contains("Service"))
            .collect();
        assert!(touching.is_empty(), "{touching:?}");
        world.check();
    });
}

#[test]
fn service_is_adopted_with_the_consent_tag_and_stays_when_the_object_goes() {
    story("adoption", |mut world| async move {
        world.start();
        world.apply(&[cluster(), task_definition("web", "nginx:1")]);
        world.until_ready("EcsCluster", "main").await;
        let consent = format!("any/{}/web", world.namespace);
        let made = by_hand(
            &world,
            json!([{"key": "ecs-operator.dev/adopt", "value": consent}]),
        );
        // The first call that would change anything takes no effect: by then the object shows its plan.
        let hang = Fault::new(Effect::Hang).operation("TagResource").times(1);
        world.simulator.fault(hang);
        world.apply(&[service("web")]);
        let is_held = |entry: &Entry| entry.outcome == Outcome::Held;
        world
            .until_called("the adoption is held", |entries| {
                entries.iter().any(is_held)
            })
            .await;
        let object = world.get("EcsService", "web").await.expect("the object");
        let plan: Vec<_> = object["status"]["plan"]
            .as_array()
            .expect("a plan")
            .iter()
            .map(|step| (step["operation"].clone(), step["effect"].clone()))
            .collect();
        let steps = [("TagResource", "Update"), ("UpdateService", "Roll")];
        assert_eq!(
            plan,
            steps.map(|(call, effect)| (json!(call), json!(effect)))
        );
        world.kill();
        world.start();
        let adopted = world.until_ready("EcsService", "web").await;
        assert_eq!(adopted["status"]["arn"], made["serviceArn"]);
        assert_eq!(adopted["status"]["plan"], json!(null), "it is carried out");
        let events = world.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
        let told = "adopting what exists in AWS: TagResource; UpdateService (taskDefinition), which replaces the tasks";
        assert!(events.contains(told), "the plan is told first: {events}");
        assert_eq!(world.count("CreateService"), 0);
        world.kubectl(&["delete", "ecsservice/web"]);
        assert_eq!(
            world.ecs_service(&world.aws_name("web"))["status"],
            "ACTIVE"
        );
        assert_eq!(world.count("DeleteService"), 0);
        world.check();
    });
}

#[test]
fn adopted_family_stays_when_its_object_goes_even_after_an_edit() {
    story("adopted_family", |mut world| async move {
        let family = world.aws_name("web");
        let mut registered = task_definition("web", "nginx:1")["spec"].clone();
        registered["family"] = json!(family);
        let consent = format!("any/{}/web", world.namespace);
        registered["tags"] = json!([{"key": "ecs-operator.dev/adopt", "value": consent}]);
        world.aws("ecs", "RegisterTaskDefinition", registered);
        world.start();
        world.apply(&[task_definition("web", "nginx:1")]);
        let adopted = world.until_ready("EcsTaskDefinition", "web").await;
        assert_eq!(adopted["status"]["revision"], 1);
        assert_eq!(
            world.mutations(),
            ["TagResource"],
            "nothing is registered again"
        );
        world.apply(&[task_definition("web", "nginx:2")]);
        let edited = |object: &Value| is_ready(object) && object["status"]["revision"] == 2;
        world
            .until("EcsTaskDefinition", "web", "edited", edited)
            .await;
        world.kubectl(&["delete", "ecstaskdefinition/web"]);
        world.until_gone("EcsTaskDefinition", "web").await;
        assert_eq!(world.count("DeregisterTaskDefinition"), 0);
        world.check();
    });
}

#[test]
fn stripped_ownership_tag_stops_everything() {
    story("ownership_lost", |mut world| async move {
        let ready = world.bring_up(service("web")).await;
        let keys = json!(["ecs-operator.dev/uid"]);
        world.aws(
            "ecs",
            "UntagResource",
            json!({"resourceArn": ready["status"]["arn"], "tagKeys": keys}),
        );
        let before = world.mutations();
        let mut scaled = service("web");
        scaled["spec"]["desiredCount"] = json!(4);
        world.apply(&[scaled]);
        world
            .until_stalled("EcsService", "web", "OwnershipLost")
            .await;
        world.kubectl(&["delete", "ecsservice/web"]);
        assert_eq!(world.mutations(), before);
        world.check();
    });
}

#[test]
fn another_object_of_the_same_name_does_not_inherit() {
    story("no_inheritance", |mut world| async move {
        world.bring_up(service("web")).await;
        world.kill();
        // Somebody takes the finalizer off by force and makes the object anew: another UID.
        world.kubectl(&[
            "patch",
            "ecsservice/web",
            "--type=merge",
            "-p",
            r#"{"metadata":{"finalizers":null}}"#,
        ]);
        world.kubectl(&["delete", "ecsservice/web"]);
        let before = world.mutations();
        world.start();
        world.apply(&[service("web")]);
        world.until_stalled("EcsService", "web", "NotOwned").await;
        assert_eq!(world.mutations(), before);
        world.check();
    });
}
