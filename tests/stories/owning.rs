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

/// Takes the tag off a resource that says which object it is of, or puts it back.
fn tag(world: &World, arn: &str, uid: Option<&str>) {
    const KEY: &str = "ecs-operator.dev/uid";
    match (arn.contains(":ecs:"), uid) {
        (true, None) => {
            let input = json!({"resourceArn": arn, "tagKeys": [KEY]});
            world.aws("ecs", "UntagResource", input);
        }
        (true, Some(uid)) => {
            let input = json!({"resourceArn": arn, "tags": [{"key": KEY, "value": uid}]});
            world.aws("ecs", "TagResource", input);
        }
        (false, None) => {
            let input = json!({"ResourceArns": [arn], "TagKeys": [KEY]});
            world.aws("elasticloadbalancing", "RemoveTags", input);
        }
        (false, Some(uid)) => {
            let tags = json!([{"Key": KEY, "Value": uid}]);
            let input = json!({"ResourceArns": [arn], "Tags": tags});
            world.aws("elasticloadbalancing", "AddTags", input);
        }
    }
}

#[test]
fn stripped_ownership_tag_of_any_resource_stops_everything_for_its_object() {
    story("ownership_lost", |mut world| async move {
        let web = balanced("web", &world.listener, "/");
        let service = world.bring_up(web.clone()).await["status"].clone();
        let manifests = [cluster(), task_definition("web", "nginx:1"), web];
        let parts = [
            (0, Value::Null),
            (1, Value::Null),
            (2, service["targetGroups"][0]["arn"].clone()),
            (2, service["rules"][0]["arn"].clone()),
            (2, service["arn"].clone()),
        ];
        let mut edits = 0;
        for (of, part) in parts {
            let mut manifest = manifests[of].clone();
            let [kind, name] = [&manifest["kind"], &manifest["metadata"]["name"]]
                .map(|text| text.as_str().expect("a text").to_owned());
            let object = world.until_ready(&kind, &name).await;
            let own = &object["status"]["arn"];
            let arn = part.as_str().or(own.as_str()).expect("an ARN");
            let uid = object["metadata"]["uid"].as_str().expect("a UID");
            tag(&world, arn, None);
            let before = world.mutations();
            // The second look is another one: what was lost is known to be still.
            for _ in 0..2 {
                edits += 1;
                manifest["spec"]["tags"] = json!({"edit": edits.to_string()});
                world.apply(std::slice::from_ref(&manifest));
                let lost = world.until_stalled(&kind, &name, "OwnershipLost").await;
                let (_, _, message) = condition(&lost, "Stalled").expect("stalled");
                let way_out = format!("ecs-operator.dev/uid={uid}");
                assert!(message.contains(&way_out), "{arn}: {message}");
            }
            assert_eq!(world.mutations(), before, "{arn}");
            tag(&world, arn, Some(uid));
            world.reconcile_now(&kind, &name, &edits.to_string());
            world.until_ready(&kind, &name).await;
        }
        assert_eq!(world.rules().len(), 1);
        world.check();
    });
}

#[test]
fn service_that_lost_its_tags_is_left_serving_when_its_object_goes() {
    story("lost_and_deleted", |mut world| async move {
        let web = balanced("web", &world.listener, "/");
        let ready = world.bring_up(web).await;
        let arn = ready["status"]["arn"].as_str().expect("an ARN");
        tag(&world, arn, None);
        let before = world.mutations().len();
        world.kubectl(&["delete", "ecsservice/web"]);
        let left = world.ecs_service(&world.aws_name("web"));
        assert_eq!(
            (&left["status"], world.rules().len()),
            (&json!("ACTIVE"), 1)
        );
        assert_eq!(
            world.mutations()[before..],
            ["AddTags", "AddTags"],
            "its rule and target group may be taken back"
        );
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
