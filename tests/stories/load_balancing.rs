//! Target groups and listener rules.

use serde_json::{Value, json};

use crate::harness::{World, objects::*, world::story};

/// Priorities of the rules that are not the default one.
fn priorities(world: &World) -> Vec<String> {
    world
        .rules()
        .iter()
        .map(|rule| rule["Priority"].as_str().expect("a priority").to_owned())
        .collect()
}

/// A rule of another team.
fn foreign_rule(world: &World, priority: i32) -> Value {
    let conditions = json!([{"Field": "path-pattern", "PathPatternConfig": {"Values": [format!("/foreign-{priority}")]}}]);
    let actions = json!([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]);
    let input = json!({"ListenerArn": world.listener, "Priority": priority, "Conditions": conditions, "Actions": actions});
    world.aws("elasticloadbalancing", "CreateRule", input)["Rules"][0].clone()
}

#[test]
fn attributes_and_health_check_are_edited_in_place() {
    story("target_group_edit", |mut world| async move {
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/")).await;
        let before = world.mutations().len();
        let mut edited = balanced("web", &listener, "/");
        let group = &mut edited["spec"]["loadBalancers"][0]["targetGroup"];
        group["healthCheckPath"] = json!("/ready");
        group["attributes"] = json!({"deregistration_delay.timeout_seconds": "5"});
        world.apply(&[edited]);
        world.until_ready("EcsService", "web").await;
        assert_eq!(
            world.mutations()[before..],
            ["ModifyTargetGroup", "ModifyTargetGroupAttributes"]
        );
        let groups = world.aws("elasticloadbalancing", "DescribeTargetGroups", json!({}));
        assert_eq!(groups["TargetGroups"][0]["HealthCheckPath"], "/ready");
        world.check();
    });
}

#[test]
fn immutable_change_is_refused_with_a_message_and_nothing_is_sent() {
    story("target_group_immutable", |mut world| async move {
        let listener = world.listener.clone();
        let named = || {
            let mut service = balanced("web", &listener, "/");
            service["spec"]["loadBalancers"][0]["targetGroup"]["name"] = json!("mine");
            service
        };
        world.bring_up(named()).await;
        let before = world.mutations();
        let mut edited = named();
        edited["spec"]["loadBalancers"][0]["targetGroup"]["vpcId"] = json!("vpc-other");
        edited["spec"]["desiredCount"] = json!(3);
        world.apply(&[edited]);
        let service = world
            .until_stalled("EcsService", "web", "InvalidSpec")
            .await;
        let (_, _, message) = condition(&service, "Stalled").expect("stalled");
        for word in ["vpcId", "vpc-other", "vpc-a", "Set it back", "another name"] {
            assert!(message.contains(word), "{word} is not in {message}");
        }
        let mut launch = named();
        launch["spec"]["launchType"] = json!("EC2");
        world.apply(&[launch]);
        let told = |object: &Value| {
            is_stalled(object, "InvalidSpec")
                && condition(object, "Stalled")
                    .is_some_and(|(_, _, message)| message.contains("launchType"))
        };
        world
            .until("EcsService", "web", "refused for its launch type", told)
            .await;
        assert_eq!(world.mutations(), before);
        world.check();
    });
}

#[test]
fn group_with_another_protocol_version_stands_before_the_service_moves_and_the_old_one_goes_last() {
    story("target_group_replaced", |mut world| async move {
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/")).await;
        let before = world.mutations().len();
        let mut edited = balanced("web", &listener, "/");
        edited["spec"]["loadBalancers"][0]["targetGroup"]["protocolVersion"] = json!("HTTP2");
        world.apply(&[edited]);
        let moved = |object: &Value| {
            let groups = object["status"]["targetGroups"].as_array();
            is_ready(object) && groups.is_some_and(|groups| groups.len() == 1)
        };
        world
            .until("EcsService", "web", "on the new target group alone", moved)
            .await;
        assert_eq!(
            world.mutations()[before..],
            [
                "CreateTargetGroup",
                "CreateRule",
                "UpdateService",
                // The new rule gets the place of the old one.
                "SetRulePriorities",
                "DeleteRule",
                "DeleteTargetGroup"
            ]
        );
        assert_eq!(priorities(&world), ["1"]);
        let groups = world.aws("elasticloadbalancing", "DescribeTargetGroups", json!({}));
        let groups = groups["TargetGroups"].as_array().expect("groups");
        assert_eq!(
            (groups.len(), &groups[0]["ProtocolVersion"]),
            (1, &json!("HTTP2"))
        );
        assert_eq!(world.rules().len(), 1);
        world.check();
    });
}

#[test]
fn rule_priority_is_allocated_and_kept() {
    story("priority_is_kept", |mut world| async move {
        foreign_rule(&world, 7);
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/")).await;
        assert_eq!(priorities(&world), ["7", "8"]);
        foreign_rule(&world, 3);
        world.apply(&[balanced("web", &listener, "/other")]);
        world.until_ready("EcsService", "web").await;
        assert_eq!(priorities(&world), ["3", "7", "8"]);
        world.check();
    });
}

#[test]
fn taken_priority_is_answered_by_another() {
    story("priority_conflict", |mut world| async move {
        let taken = json!({"status": 400, "code": "PriorityInUse", "message": "Priority '1' is currently in use"});
        let fault = serde_json::from_value(json!({"operation": "CreateRule", "times": 1, "effect": "error", "status": taken["status"], "code": taken["code"], "message": taken["message"]})).expect("a fault");
        world.simulator.fault(fault);
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/")).await;
        assert_eq!(world.rules().len(), 1);
        assert_eq!(
            world
                .journal()
                .iter()
                .filter(|entry| entry.operation == "CreateRule")
                .count(),
            2
        );
        world.check();
    });
}

#[test]
fn declared_priority_of_a_foreign_rule_is_a_conflict() {
    story("priority_is_foreign", |mut world| async move {
        let foreign = foreign_rule(&world, 5);
        let listener = world.listener.clone();
        let mut service = balanced("web", &listener, "/");
        service["spec"]["loadBalancers"][0]["targetGroup"]["rules"][0]["priority"] = json!(5);
        world.start();
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service]);
        let stalled = world
            .until_stalled("EcsService", "web", "PriorityConflict")
            .await;
        let (_, _, message) = condition(&stalled, "Stalled").expect("stalled");
        assert!(
            message.contains("priority 5")
                && message.contains(foreign["RuleArn"].as_str().expect("an ARN")),
            "{message}"
        );
        assert_eq!(world.rules(), [foreign]);
        world.check();
    });
}

#[test]
fn rule_conditions_are_edited_without_a_gap() {
    story("no_gap", |mut world| async move {
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/old")).await;
        let arn = world.rules()[0]["RuleArn"].clone();
        let before = world.mutations().len();
        world.apply(&[balanced("web", &listener, "/new")]);
        world.until_ready("EcsService", "web").await;
        assert_eq!(
            world.mutations()[before..],
            ["ModifyRule"],
            "no moment without a rule"
        );
        let rules = world.rules();
        assert_eq!((rules.len(), &rules[0]["RuleArn"]), (1, &arn));
        assert_eq!(
            rules[0]["Conditions"][0]["PathPatternConfig"]["Values"],
            json!(["/new"])
        );
        world.check();
    });
}

#[test]
fn swapped_priorities_are_set_in_one_call() {
    story("priority_swap", |mut world| async move {
        let listener = world.listener.clone();
        let with = |first, second| behind_two_rules("web", &listener, [first, second]);
        world.bring_up(with(10, 20)).await;
        let before = world.mutations().len();
        world.apply(&[with(20, 10)]);
        world.until_ready("EcsService", "web").await;
        assert_eq!(world.mutations()[before..], ["SetRulePriorities"]);
        world.check();
    });
}

#[test]
fn dropped_load_balancer_is_taken_off_the_service_before_it_goes() {
    story("load_balancer_dropped", |mut world| async move {
        let listener = world.listener.clone();
        world.bring_up(balanced("web", &listener, "/")).await;
        let before = world.mutations().len();
        world.apply(&[service("web")]);
        let dropped =
            |object: &Value| is_ready(object) && object["status"].get("targetGroups").is_none();
        world
            .until("EcsService", "web", "without target groups", dropped)
            .await;
        assert_eq!(
            world.mutations()[before..],
            ["UpdateService", "DeleteRule", "DeleteTargetGroup"]
        );
        world.check();
    });
}
