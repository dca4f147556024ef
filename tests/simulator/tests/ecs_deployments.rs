//! Services on the virtual clock: steady state, rolling updates, scaling, draining.

mod ecs_support;

use ecs_support::{Aws, behind, merge, service};
use serde_json::json;

#[test]
fn new_service_reaches_a_steady_state() {
    let aws = Aws::new();
    let created = aws.create(2, json!({}));
    assert_eq!(
        (&created["status"], &created["runningCount"]),
        (&json!("ACTIVE"), &json!(0))
    );
    assert_eq!(created["deployments"][0]["rolloutState"], "IN_PROGRESS");
    aws.0.advance(3.0);
    assert_eq!(aws.service()["pendingCount"], 2);
    aws.0.advance(60.0);
    let service = aws.service();
    let deployment = &service["deployments"][0];
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&service["runningCount"], &service["pendingCount"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(deployment["rolloutState"], "COMPLETED");
    let id = deployment["id"].as_str().expect("an id");
    assert!(
        id.starts_with("ecs-svc/") && id.len() == "ecs-svc/".len() + 19,
        "{id}"
    );
    assert_eq!(
        deployment["rolloutStateReason"],
        format!("ECS deployment {id} completed.")
    );
    assert_eq!(
        aws.messages().last().map(String::as_str),
        Some("has reached a steady state.")
    );
    assert!(aws.said(&format!("(deployment {id}) deployment completed.")));
    assert_eq!(aws.service_deployment()["status"], "SUCCESSFUL");
}

#[test]
fn running_tasks_know_their_deployment() {
    let aws = Aws::new();
    aws.create(1, json!({}));
    aws.0.advance(60.0);
    let tasks = aws.tasks("RUNNING");
    let task = &tasks[0];
    assert_eq!(task["lastStatus"], "RUNNING");
    assert_eq!(task["startedBy"], aws.primary()["id"]);
    assert_eq!(task["group"], "service:web");
    assert_eq!(task["containers"][0]["lastStatus"], "RUNNING");
    assert!(
        task["containers"][0]["imageDigest"]
            .as_str()
            .is_some_and(|d| d.starts_with("sha256:"))
    );
}

#[test]
fn new_revision_replaces_the_old_tasks_within_the_percentages() {
    let aws = Aws::new();
    let percent = json!({ "deploymentConfiguration": { "maximumPercent": 150, "minimumHealthyPercent": 100 } });
    aws.create(4, percent);
    aws.0.advance(60.0);
    let arn = aws.register("nginx:2");
    let updated = aws.update(json!({ "taskDefinition": arn }));
    assert_eq!(updated["deployments"].as_array().map(Vec::len), Some(2));
    assert_eq!(updated["deployments"][1]["status"], "ACTIVE");
    let mut steps = 0;
    while aws.primary()["rolloutState"] == "IN_PROGRESS" {
        let service = aws.service();
        let (running, pending) = (
            service["runningCount"].as_i64(),
            service["pendingCount"].as_i64(),
        );
        let total = running.zip(pending).map(|(r, p)| r + p).expect("counts");
        assert!(running >= Some(4), "{running:?} running");
        assert!(total <= 6, "{total} tasks");
        aws.0.advance(0.5);
        steps += 1;
        assert!(steps < 1000, "{service}");
    }
    let service = aws.service();
    assert_eq!(
        (&service["taskDefinition"], &service["runningCount"]),
        (&json!(arn), &json!(4))
    );
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
}

#[test]
fn minimum_is_rounded_up_and_maximum_down() {
    let aws = Aws::new();
    let percent = json!({ "deploymentConfiguration": { "maximumPercent": 100, "minimumHealthyPercent": 50 } });
    aws.create(3, percent);
    aws.0.advance(60.0);
    aws.update(json!({ "forceNewDeployment": true }));
    let mut fewest = 3;
    for _ in 0..200 {
        aws.0.advance(0.5);
        let service = aws.service();
        let running = service["runningCount"].as_i64().expect("a count");
        assert!(running + service["pendingCount"].as_i64().expect("a count") <= 3);
        fewest = fewest.min(running);
    }
    assert_eq!(fewest, 2);
    assert_eq!(aws.primary()["rolloutState"], "COMPLETED");
}

#[test]
fn change_that_rolls_nothing_keeps_the_deployment() {
    let aws = Aws::new();
    aws.create(1, json!({}));
    aws.0.advance(60.0);
    let before = aws.primary()["id"].clone();
    let same = aws.service()["taskDefinition"].clone();
    aws.update(
        json!({ "enableExecuteCommand": true, "propagateTags": "SERVICE", "desiredCount": 3 }),
    );
    aws.update(json!({ "taskDefinition": same }));
    aws.update(json!({ "deploymentConfiguration": { "maximumPercent": 150 } }));
    aws.0.advance(60.0);
    let service = aws.service();
    assert_eq!(service["deployments"][0]["id"], before);
    assert_eq!(
        (&service["runningCount"], &service["enableExecuteCommand"]),
        (&json!(3), &json!(true))
    );
    aws.update(json!({ "forceNewDeployment": true }));
    assert_ne!(aws.primary()["id"], before);
}

#[test]
fn scaling_in_stops_tasks_and_is_steady_again() {
    let aws = Aws::new();
    aws.create(3, json!({}));
    aws.0.advance(60.0);
    aws.update(json!({ "desiredCount": 1 }));
    aws.0.advance(60.0);
    assert_eq!(aws.service()["runningCount"], 1);
    assert_eq!(
        aws.messages()
            .iter()
            .filter(|m| m.contains("steady"))
            .count(),
        2
    );
    let stopped = aws.tasks("STOPPED");
    assert_eq!(stopped.len(), 2);
    assert_eq!(stopped[0]["stopCode"], "ServiceSchedulerInitiated");
    aws.0.advance(3700.0);
    assert_eq!(aws.tasks("STOPPED").len(), 0);
}

#[test]
fn targets_follow_the_tasks() {
    let aws = Aws::new();
    let group = aws.target_group("web");
    aws.create(2, behind(&group));
    aws.0.advance(8.0);
    assert_eq!(aws.health(&group), ["initial", "initial"]);
    assert_eq!(aws.primary()["rolloutState"], "IN_PROGRESS");
    aws.0.advance(60.0);
    assert_eq!(aws.health(&group), ["healthy", "healthy"]);
    assert_eq!(aws.primary()["rolloutState"], "COMPLETED");
    assert!(aws.said(&format!("registered 1 targets in (target-group {group})")));
    aws.update(json!({ "desiredCount": 1 }));
    aws.0.advance(1.5);
    assert!(aws.health(&group).contains(&"draining".to_owned()));
    assert_eq!(aws.service()["runningCount"], 1);
    aws.0.advance(60.0);
    assert_eq!(aws.health(&group), ["healthy"]);
}

#[test]
fn deleted_service_drains_and_frees_its_name() {
    let aws = Aws::new();
    aws.create(2, json!({}));
    aws.0.advance(60.0);
    let named = json!({ "cluster": "shop", "service": "web" });
    let refused = aws.refused("DeleteService", named.clone());
    assert_eq!(
        refused.message,
        "The service cannot be stopped while it is scaled above 0."
    );
    let mut forced = named.clone();
    merge(&mut forced, json!({ "force": true }));
    assert_eq!(
        aws.ecs("DeleteService", forced)["service"]["status"],
        "DRAINING"
    );
    let refused = aws.refused("CreateService", service(1, json!({})));
    assert_eq!(
        refused.message,
        "Unable to Start a service that is still Draining."
    );
    let refused = aws.refused("UpdateService", named.clone());
    assert_eq!(refused.code, "ServiceNotActiveException");
    assert_eq!(
        aws.refused("DeleteCluster", json!({ "cluster": "shop" }))
            .code,
        "ClusterContainsServicesException"
    );
    aws.0.advance(60.0);
    assert_eq!(aws.service()["status"], "INACTIVE");
    assert_eq!(
        aws.ecs("ListServices", json!({ "cluster": "shop" }))["serviceArns"],
        json!([])
    );
    assert_eq!(
        aws.refused("DeleteService", named).code,
        "ServiceNotFoundException"
    );
    assert_eq!(aws.create(1, json!({}))["status"], "ACTIVE");
}

#[test]
fn stopped_task_is_replaced() {
    let aws = Aws::new();
    aws.create(1, json!({}));
    aws.0.advance(60.0);
    let task = aws.tasks("RUNNING")[0]["taskArn"].clone();
    let stopped = aws.ecs(
        "StopTask",
        json!({ "cluster": "shop", "task": task, "reason": "by hand" }),
    );
    assert_eq!(
        (
            &stopped["task"]["stopCode"],
            &stopped["task"]["stoppedReason"]
        ),
        (&json!("UserInitiated"), &json!("by hand"))
    );
    aws.0.advance(60.0);
    let tasks = aws.tasks("RUNNING");
    assert_eq!(tasks.len(), 1);
    assert_ne!(tasks[0]["taskArn"], task);
}

#[test]
fn blue_green_keeps_the_old_tasks_while_the_new_ones_bake() {
    let aws = Aws::new();
    let strategy =
        json!({ "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 } });
    aws.create(1, strategy);
    aws.0.advance(60.0);
    aws.update(json!({ "forceNewDeployment": true }));
    aws.0.advance(120.0);
    assert_eq!(aws.service()["runningCount"], 2);
    assert_eq!(aws.service_deployment()["lifecycleStage"], "BAKE_TIME");
    aws.0.advance(300.0);
    assert_eq!(aws.service()["runningCount"], 1);
    assert_eq!(aws.service_deployment()["status"], "SUCCESSFUL");
}

#[test]
fn blue_green_deployment_starts_a_whole_new_set_when_fewer_are_wanted() {
    let aws = Aws::new();
    let blue_green =
        json!({ "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 } });
    aws.create(2, blue_green);
    aws.0.advance(60.0);
    let arn = aws.register("nginx:2");
    aws.update(json!({ "taskDefinition": arn, "desiredCount": 1 }));
    aws.0.advance(120.0);
    assert_eq!(aws.primary()["rolloutState"], "COMPLETED");
    assert_eq!(aws.service()["runningCount"], 1);
}

/// A service whose second deployment waits at a hook, and what DescribeServiceDeployments says of it.
fn paused(timeout: serde_json::Value) -> (Aws, serde_json::Value) {
    let aws = Aws::new();
    let waits = aws.pause(timeout);
    assert_eq!(waits["lifecycleStage"], "PRE_SCALE_UP");
    assert_eq!(
        waits["lifecycleHookDetails"][0]["status"],
        "AWAITING_ACTION"
    );
    assert_eq!(aws.primary()["runningCount"], 0);
    (aws, waits)
}

#[test]
fn deployment_waits_at_a_pause_until_it_is_continued() {
    let (aws, waits) = paused(json!({}));
    let answer = json!({ "serviceDeploymentArn": waits["serviceDeploymentArn"], "hookId": waits["lifecycleHookDetails"][0]["hookId"] });
    aws.ecs("ContinueServiceDeployment", answer.clone());
    aws.0.advance(60.0);
    assert_eq!(aws.primary()["rolloutState"], "COMPLETED");
    assert_eq!(aws.service_deployment()["status"], "SUCCESSFUL");
    let late = aws.refused("ContinueServiceDeployment", answer);
    assert_eq!(late.code, "InvalidParameterException");
}

#[test]
fn pause_that_nobody_answers_ends_as_it_says() {
    for (action, status) in [
        ("ROLLBACK", "ROLLBACK_SUCCESSFUL"),
        ("CONTINUE", "SUCCESSFUL"),
    ] {
        let (aws, _) = paused(json!({ "timeoutInMinutes": 5, "action": action }));
        aws.0.advance(600.0);
        assert_eq!(aws.service_deployment()["status"], status, "{action}");
    }
}
