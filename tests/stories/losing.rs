//! Answers that are lost and processes that die: what was made without anybody seeing it is found again and never left behind.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use simulator::{Effect as Fate, Fault};

use crate::harness::{
    World,
    gate::{Effect, Gate, Position},
    invariants,
    objects::*,
    world::story,
};

fn first(operation: &str) -> Effect {
    Effect {
        what: operation.to_owned(),
        nth: 1,
    }
}

/// A task definition that listens on two ports.
fn two_ports() -> Value {
    let mut task_definition = task_definition("web", "nginx:1");
    task_definition["spec"]["containerDefinitions"][0]["portMappings"] =
        json!([{"containerPort": 8080}, {"containerPort": 9090}]);
    task_definition
}

/// Kills the operator in a call, after its effect and before its answer.
async fn killed_in(world: &mut World, gate: &Gate, operation: &str) {
    gate.until_passed(operation, Gate::is_closed).await;
    world.kill();
    gate.reopen();
}

/// One of everything, and nothing else.
async fn judged(world: &World) {
    let objects = world.application().await;
    let wrong = invariants::one_of_everything(&world.simulator, &objects);
    assert_eq!(wrong, Vec::<String>::new());
    world.check();
}

#[test]
fn target_group_of_a_port_that_was_edited_after_a_crash_goes() {
    story("lost_target_group", |mut world| async move {
        let gate = world.put_gate(invariants::is_true).await;
        let listener = world.listener.clone();
        gate.set_trap(first("CreateTargetGroup"), Position::Unanswered);
        world.start();
        let mut service = balanced("web", &listener, "/");
        world.apply(&[cluster(), two_ports(), service.clone()]);
        killed_in(&mut world, &gate, "CreateTargetGroup").await;
        service["spec"]["loadBalancers"][0]["containerPort"] = json!(9090);
        world.apply(&[service]);
        world.start();
        let ready = |object: &Value| is_ready(object) && object["status"].get("creating").is_none();
        world.until("EcsService", "web", "Ready", ready).await;
        judged(&world).await;
    });
}

#[test]
fn rule_on_a_listener_that_was_edited_after_a_crash_goes() {
    story("lost_rule", |mut world| async move {
        let gate = world.put_gate(invariants::is_true).await;
        let listener = world.listener.clone();
        let balancers = world.aws("elasticloadbalancing", "DescribeLoadBalancers", json!({}));
        let default =
            json!([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]);
        let second = json!({"LoadBalancerArn": balancers["LoadBalancers"][0]["LoadBalancerArn"], "Protocol": "HTTP", "Port": 81, "DefaultActions": default});
        let second = world.aws("elasticloadbalancing", "CreateListener", second);
        let second = second["Listeners"][0]["ListenerArn"]
            .as_str()
            .expect("an ARN");
        gate.set_trap(first("CreateRule"), Position::Unanswered);
        world.start();
        world.apply(&[
            cluster(),
            task_definition("web", "nginx:1"),
            balanced("web", &listener, "/"),
        ]);
        killed_in(&mut world, &gate, "CreateRule").await;
        world.apply(&[balanced("web", second, "/")]);
        world.start();
        let ready = |object: &Value| is_ready(object) && object["status"].get("creating").is_none();
        world.until("EcsService", "web", "Ready", ready).await;
        judged(&world).await;
        assert_eq!(world.rules(), Vec::<Value>::new());
    });
}

fn delete(world: &World) {
    world.kubectl(&["delete", "--wait=false", "ecsservice/web"]);
}

/// Waits until the operator says what the deletion waits for; then AWS shows what was made.
async fn deleted_when_it_shows(world: &World) {
    let waits = |object: &Value| {
        condition(object, "Ready").is_some_and(|(_, reason, message)| {
            reason == "Draining" && message.contains("did not see")
        })
    };
    world
        .until("EcsService", "web", "waiting for AWS", waits)
        .await;
    world.simulator.advance(3600.0);
    world.until_gone("EcsService", "web").await;
    assert_eq!(
        (world.count("CreateService"), world.count("DeleteService")),
        (1, 1)
    );
    judged(world).await;
}

fn invisible(operation: &str) -> Fault {
    let effect = Fate::InvisibleFor { seconds: 3600.0 };
    Fault::new(effect).operation(operation).times(1)
}

#[test]
fn service_whose_creation_was_not_answered_is_deleted_when_it_shows() {
    story("lost_service", |mut world| async move {
        let gate = world.put_gate(invariants::is_true).await;
        gate.lose_answer(first("CreateService"));
        world.simulator.fault(invisible("CreateService"));
        // Nothing is tried again before the object is deleted.
        world.flags.extend(["--retry-min", "1s"].map(str::to_owned));
        world.start();
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service("web")]);
        world
            .until_called("CreateService", |entries| {
                entries
                    .iter()
                    .any(|entry| entry.operation == "CreateService")
            })
            .await;
        delete(&world);
        deleted_when_it_shows(&world).await;
    });
}

#[test]
fn service_that_an_earlier_process_made_unseen_is_deleted_when_it_shows() {
    story("killed_service", |mut world| async move {
        let gate = world.put_gate(invariants::is_true).await;
        gate.set_trap(first("CreateService"), Position::Unanswered);
        world.simulator.fault(invisible("CreateService"));
        world.start();
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service("web")]);
        killed_in(&mut world, &gate, "CreateService").await;
        delete(&world);
        world.start();
        deleted_when_it_shows(&world).await;
    });
}

#[test]
fn rules_of_many_services_are_made_at_once_without_conflict() {
    story("many_rules", |mut world| async move {
        let listener = world.listener.clone();
        let names: Vec<_> = (0..12).map(|n| format!("web-{n}")).collect();
        let mut manifests = vec![cluster(), task_definition("web", "nginx:1")];
        manifests.extend(
            names.iter().map(|name| {
                of_task_definition("web", balanced(name, &listener, &format!("/{name}")))
            }),
        );
        world.apply(&manifests);
        world.start();
        for name in &names {
            world.until_ready("EcsService", name).await;
        }
        let calls = world.journal();
        let calls = calls.iter().filter(|entry| entry.operation == "CreateRule");
        assert_eq!(calls.count(), names.len(), "no call for a taken priority");
        let rules = world.rules();
        let priorities: BTreeSet<_> = rules
            .iter()
            .map(|rule| rule["Priority"].to_string())
            .collect();
        assert_eq!(priorities.len(), names.len());
        world.check();
    });
}

#[test]
fn member_that_was_added_before_a_crash_is_set_back_when_it_is_taken_out_meanwhile() {
    story("lost_member", |mut world| async move {
        let gate = world.put_gate(invariants::is_true).await;
        world.start();
        let mut web = service("web");
        world.apply(&[cluster(), task_definition("web", "nginx:1"), web.clone()]);
        world.until_ready("EcsService", "web").await;
        gate.set_trap(first("UpdateService"), Position::Unanswered);
        web["spec"]["enableExecuteCommand"] = json!(true);
        world.apply(&[web]);
        killed_in(&mut world, &gate, "UpdateService").await;
        assert_eq!(
            world.ecs_service(&world.aws_name("web"))["enableExecuteCommand"],
            json!(true)
        );
        web = service("web");
        world.apply(&[web]);
        world.start();
        let is_forgotten = |object: &Value| {
            let applied = object["status"]["applied"].as_array();
            is_ready(object)
                && applied.is_some_and(|paths| !paths.contains(&json!("/enableExecuteCommand")))
        };
        world
            .until("EcsService", "web", "Ready and set back", is_forgotten)
            .await;
        assert_eq!(
            world.ecs_service(&world.aws_name("web"))["enableExecuteCommand"],
            json!(false)
        );
        judged(&world).await;
    });
}
