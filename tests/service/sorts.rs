//! Services of other sorts than the random ones: one task on each instance, tasks without addresses of their own.

use ecs_operator::plan::State;
use serde_json::{Value, json};
use simulator::Entry;

use crate::{
    block_on::block_on,
    declaring::{Declare, Declared},
    rig::Rig,
};

/// Declares on a steady service, which must settle.
async fn settle(rig: &mut Rig, spec: &Value) -> Vec<Entry> {
    let declared = rig.declare(spec).await;
    let Declared { state, made, .. } = declared.unwrap_or_else(|error| panic!("{spec}: {error}"));
    assert_eq!(state, State::Settled, "{spec}");
    let again = rig.declare(spec).await.expect("nothing to do");
    assert_eq!((again.made.len(), again.writes), (0, 0), "{spec}");
    made
}

/// The requests, by operation.
fn calls(made: &[Entry]) -> Vec<(&str, &Value)> {
    made.iter()
        .map(|entry| (entry.operation.as_str(), &entry.request))
        .collect()
}

/// An update of the rig's service.
fn update(member: &str, value: Value) -> Value {
    json!({"cluster": "main", "service": "team-web", member: value})
}

/// A service with a task on each instance, which has addresses of its own or the instance's.
fn daemon(has_network: bool) -> Value {
    let mut spec = json!({"launchType": "EC2", "schedulingStrategy": "DAEMON"});
    if has_network {
        spec["networkConfiguration"] = json!({"awsvpcConfiguration": {"subnets": ["subnet-a"]}});
    }
    spec
}

fn with(mut spec: Value, member: &str, value: Value) -> Value {
    spec[member] = value;
    spec
}

#[test]
fn daemon_has_no_count_and_goes_back_to_percents_of_its_own() {
    for has_network in [false, true] {
        block_on(async {
            let plain = daemon(has_network);
            let (mut rig, mut fresh) = (Rig::new().await, Rig::new().await);
            let slow = json!({"maximumPercent": 100, "minimumHealthyPercent": 50});
            let declared = with(plain.clone(), "deploymentConfiguration", slow);
            let made = settle(&mut rig, &declared).await;
            let [("CreateService", request)] = calls(&made)[..] else {
                panic!("{made:?}")
            };
            assert_eq!(request["schedulingStrategy"], "DAEMON");
            assert_eq!(request.get("desiredCount"), None);
            let half = json!({"minimumHealthyPercent": 50});
            let half = with(plain.clone(), "deploymentConfiguration", half);
            let made = settle(&mut rig, &half).await;
            assert_eq!(calls(&made), [], "100 is what a daemon has in any case");
            let made = settle(&mut rig, &plain).await;
            let back = update(
                "deploymentConfiguration",
                json!({"minimumHealthyPercent": 0}),
            );
            assert_eq!(calls(&made), [("UpdateService", &back)]);
            settle(&mut fresh, &plain).await;
            assert_eq!(rig.aws_state(), fresh.aws_state());
        });
    }
}

#[test]
fn daemon_takes_edits_that_do_not_count_tasks() {
    block_on(async {
        let mut rig = Rig::new().await;
        let mut spec = daemon(false);
        settle(&mut rig, &spec).await;
        for (member, value) in [
            (
                "placementConstraints",
                json!([{"type": "memberOf", "expression": "attribute:a == b"}]),
            ),
            ("enableExecuteCommand", json!(true)),
            ("propagateTags", json!("SERVICE")),
        ] {
            spec = with(spec, member, value.clone());
            let made = settle(&mut rig, &spec).await;
            assert_eq!(calls(&made), [("UpdateService", &update(member, value))]);
        }
        rig.restart().await;
        assert_eq!(calls(&settle(&mut rig, &spec).await), []);
    });
}

#[test]
fn tasks_without_addresses_are_targets_by_their_instances() {
    for target_type in [Some("instance"), None] {
        block_on(async {
            let mut rig = Rig::new().await;
            let rule = json!({"listenerArn": "LISTENER", "conditions": [{"pathPatternConfig": {"values": ["/"]}}]});
            let mut group =
                json!({"protocol": "HTTP", "port": 80, "vpcId": "vpc-1", "rules": [rule]});
            if let Some(target_type) = target_type {
                group["targetType"] = json!(target_type);
            }
            let entry =
                json!({"containerName": "app", "containerPort": 8080, "targetGroup": group});
            let spec = json!({"launchType": "EC2", "desiredCount": 2, "loadBalancers": [entry]});
            let made = settle(&mut rig, &spec).await;
            let made = calls(&made);
            let [
                ("CreateTargetGroup", group),
                ("CreateRule", _),
                ("CreateService", service),
            ] = made[..]
            else {
                panic!("{made:?}")
            };
            assert_eq!(
                group.get("TargetType"),
                target_type.map(Value::from).as_ref()
            );
            assert_eq!(service.get("networkConfiguration"), None);
            assert_eq!(service["desiredCount"], 2);
            let three = with(spec, "desiredCount", json!(3));
            let made = settle(&mut rig, &three).await;
            let update = update("desiredCount", json!(3));
            assert_eq!(calls(&made), [("UpdateService", &update)]);
        });
    }
}
