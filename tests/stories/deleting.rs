//! Objects go when AWS has nothing of theirs left.

use serde_json::{Value, json};

use crate::harness::{World, objects::*, world::story};

/// What AWS has left of the story.
fn left(world: &World) -> Vec<String> {
    let mut left = Vec::new();
    let clusters = world.aws("ecs", "ListClusters", json!({}));
    left.extend(
        clusters["clusterArns"]
            .as_array()
            .expect("a list")
            .iter()
            .map(Value::to_string),
    );
    let revisions = world.aws("ecs", "ListTaskDefinitions", json!({"status": "ACTIVE"}));
    left.extend(
        revisions["taskDefinitionArns"]
            .as_array()
            .expect("a list")
            .iter()
            .map(Value::to_string),
    );
    let groups = world.aws("elasticloadbalancing", "DescribeTargetGroups", json!({}));
    left.extend(
        groups["TargetGroups"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|group| group["TargetGroupArn"].to_string()),
    );
    left.extend(world.rules().iter().map(|rule| rule["RuleArn"].to_string()));
    left
}

#[test]
fn everything_deleted_at_once_goes_in_reverse_order() {
    story("delete_all", |mut world| async move {
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/")).await;
        let before = world.mutations().len();
        world.delete_application();
        world.until_application_gone().await;
        let mutations = world.mutations()[before..].to_vec();
        let position = |operation: &str| {
            mutations
                .iter()
                .position(|mutation| mutation == operation)
                .unwrap_or_else(|| panic!("{operation}: {mutations:?}"))
        };
        assert!(position("DeleteService") < position("DeleteRule"));
        assert!(position("DeleteRule") < position("DeleteTargetGroup"));
        assert!(position("DeleteTargetGroup") < position("DeleteCluster"));
        assert_eq!(left(&world), Vec::<String>::new());
        world.check();
    });
}

#[test]
fn cluster_waits_for_its_services_and_says_which() {
    story("delete_cluster_first", |mut world| async move {
        world.bring_up(service("web")).await;
        world.kubectl(&["delete", "--wait=false", "ecscluster/main"]);
        let blocked = |object: &Value| {
            condition(object, "Ready").is_some_and(|(_, reason, message)| {
                reason == "DeletionBlocked" && message.contains("web")
            })
        };
        world
            .until("EcsCluster", "main", "waiting for its service", blocked)
            .await;
        assert_eq!(world.count("DeleteCluster"), 0);
        world.kubectl(&["delete", "--wait=false", "ecsservice/web"]);
        world.until_gone("EcsCluster", "main").await;
        world.check();
    });
}

#[test]
fn cluster_waits_for_services_of_others_and_says_which() {
    story("delete_used_cluster", |mut world| async move {
        world.bring_up(service("web")).await;
        let cluster = world.aws_name("main");
        for name in ["theirs-b", "theirs-a"] {
            let input = json!({"cluster": cluster, "serviceName": name, "taskDefinition": world.aws_name("web"), "desiredCount": 0, "launchType": "FARGATE",
                "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}});
            world.aws("ecs", "CreateService", input);
        }
        world.kubectl(&[
            "delete",
            "--wait=false",
            "ecscluster/main",
            "ecsservice/web",
        ]);
        let blocked = |object: &Value| {
            condition(object, "Ready").is_some_and(|(_, reason, message)| {
                reason == "DeletionBlocked" && message.contains("theirs-a, theirs-b")
            })
        };
        world
            .until("EcsCluster", "main", "waiting for the others", blocked)
            .await;
        assert_eq!(world.count("DeleteCluster"), 0);
        for name in ["theirs-a", "theirs-b"] {
            let input = json!({"cluster": cluster, "service": name, "force": true});
            world.aws("ecs", "DeleteService", input);
        }
        world.until_gone("EcsCluster", "main").await;
        world.check();
    });
}

#[test]
fn retained_resources_stay_and_are_taken_back_by_the_same_name() {
    story("retain", |mut world| async move {
        let listener = world.listener.clone();
        let mut retained = balanced("web", &listener, "/");
        retained["spec"]["deletionPolicy"] = json!("Retain");
        world.bring_up(retained.clone()).await;
        let arn = world.ecs_service(&world.aws_name("web"))["serviceArn"].clone();
        world.kubectl(&["delete", "ecsservice/web"]);
        assert_eq!(
            world.count("DeleteService")
                + world.count("DeleteRule")
                + world.count("DeleteTargetGroup"),
            0
        );
        let tags = world.ecs_service(&world.aws_name("web"))["tags"].clone();
        assert!(
            tags.to_string().contains("ecs-operator.dev/retained"),
            "{tags}"
        );
        let creates = world
            .mutations()
            .iter()
            .filter(|mutation| mutation.starts_with("Create"))
            .count();
        world.apply(&[retained]);
        world.until_ready("EcsService", "web").await;
        let service = world.ecs_service(&world.aws_name("web"));
        assert_eq!(service["serviceArn"], arn);
        assert!(
            !service["tags"]
                .to_string()
                .contains("ecs-operator.dev/retained"),
            "{}",
            service["tags"]
        );
        assert_eq!(
            world
                .mutations()
                .iter()
                .filter(|mutation| mutation.starts_with("Create"))
                .count(),
            creates
        );
        assert_eq!(world.rules().len(), 1);
        world.check();
    });
}

#[test]
fn object_goes_when_aws_has_nothing_of_it_any_more() {
    story("already_gone", |mut world| async move {
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/")).await;
        let rule = world.rules()[0]["RuleArn"].clone();
        let group =
            world.aws("elasticloadbalancing", "DescribeTargetGroups", json!({}))["TargetGroups"][0]
                ["TargetGroupArn"]
                .clone();
        world.kill();
        let cluster = world.aws_name("main");
        world.aws(
            "ecs",
            "DeleteService",
            json!({"cluster": cluster, "service": world.aws_name("web"), "force": true}),
        );
        world.simulator.advance(600.0);
        world.aws("ecs", "DeleteCluster", json!({"cluster": cluster}));
        world.aws(
            "elasticloadbalancing",
            "DeleteRule",
            json!({"RuleArn": rule}),
        );
        world.aws(
            "elasticloadbalancing",
            "DeleteTargetGroup",
            json!({"TargetGroupArn": group}),
        );
        world.start();
        world.delete_application();
        world.until_application_gone().await;
        assert_eq!(left(&world), Vec::<String>::new());
        world.check();
    });
}

#[test]
fn deleted_namespace_takes_everything_with_it() {
    story("delete_namespace", |mut world| async move {
        // As the chart installs it: the operator lives elsewhere and watches everything.
        world.use_cluster_wide_rights().await;
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/")).await;
        world.plane().kubectl(
            &["delete", "namespace", &world.namespace, "--timeout=80s"],
            "",
        );
        assert_eq!(left(&world), Vec::<String>::new());
        world.check();
    });
}
