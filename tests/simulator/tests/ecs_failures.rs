//! Tasks that fail, the circuit breaker, and rollbacks.

mod ecs_support;

use ecs_support::{Aws, behind, breaker, cannot_pull, merge};
use serde_json::json;
use simulator::Fate;

#[test]
fn first_deployment_that_cannot_start_fails_and_stays() {
    let aws = Aws::new();
    aws.fate("nginx:1", cannot_pull());
    aws.create(1, breaker(true));
    aws.0.advance(300.0);
    let primary = aws.primary();
    assert_eq!(primary["rolloutState"], "FAILED");
    assert_eq!(
        primary["rolloutStateReason"],
        "ECS deployment circuit breaker: tasks failed to start."
    );
    assert_eq!(primary["failedTasks"], 3);
    assert_eq!(aws.service_deployment()["status"], "STOPPED");
    assert_eq!(
        aws.service_deployment()["deploymentCircuitBreaker"]["status"],
        "TRIGGERED"
    );
    let task = aws.tasks("STOPPED")[0].clone();
    assert_eq!(task["stopCode"], "TaskFailedToStart");
    assert_eq!(task["lastStatus"], "STOPPED");
    let reason = task["stoppedReason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("CannotPullContainerError: pull image manifest"),
        "{reason}"
    );
    aws.0.advance(3000.0);
    assert_eq!(aws.tasks("STOPPED").len(), 3);
}

#[test]
fn breaker_rolls_back_to_what_completed_last() {
    let aws = Aws::new();
    aws.create(2, breaker(true));
    aws.0.advance(60.0);
    let (good, good_id) = (
        aws.service()["taskDefinition"].clone(),
        aws.primary()["id"].clone(),
    );
    aws.fate("nginx:bad", cannot_pull());
    let bad = aws.register("nginx:bad");
    aws.update(json!({ "taskDefinition": bad }));
    let mut failed = None;
    for _ in 0..600 {
        aws.0.advance(0.5);
        let service = aws.service();
        assert!(service["runningCount"].as_i64() >= Some(2));
        let deployments = service["deployments"]
            .as_array()
            .expect("deployments")
            .clone();
        failed = failed.or(deployments
            .into_iter()
            .find(|d| d["rolloutState"] == "FAILED"));
    }
    assert_eq!(
        failed.expect("a failed deployment")["taskDefinition"],
        json!(bad)
    );
    let service = aws.service();
    assert_eq!(
        (
            &service["taskDefinition"],
            &service["deployments"][0]["taskDefinition"]
        ),
        (&good, &good)
    );
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    let deployment = aws.service_deployment();
    assert_eq!(deployment["status"], "ROLLBACK_SUCCESSFUL");
    let tail = aws.primary()["id"]
        .as_str()
        .expect("an id")
        .replace("ecs-svc/", "");
    let revision = deployment["rollback"]["serviceRevisionArn"]
        .as_str()
        .expect("an ARN");
    assert!(revision.ends_with(&tail), "{revision}");
    assert!(aws.said(&format!(
        "rolling back to deployment {}.",
        good_id.as_str().unwrap_or_default()
    )));
    assert!(aws.said("deployment failed: tasks failed to start."));
}

#[test]
fn without_rollback_the_old_tasks_go_on_serving() {
    let aws = Aws::new();
    aws.create(2, breaker(false));
    aws.0.advance(60.0);
    aws.fate("nginx:bad", cannot_pull());
    aws.update(json!({ "taskDefinition": aws.register("nginx:bad") }));
    aws.0.advance(600.0);
    let service = aws.service();
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(service["deployments"][1]["runningCount"], 2);
    let task = service["deployments"][1]["id"].clone();
    assert!(aws.tasks("RUNNING").iter().all(|t| t["startedBy"] == task));
    aws.update(json!({ "taskDefinition": "web:1" }));
    aws.0.advance(120.0);
    assert_eq!(aws.primary()["rolloutState"], "COMPLETED");
    assert_eq!(
        aws.service()["deployments"].as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn without_breaker_failures_are_counted_and_tried_again_ever_later() {
    let aws = Aws::new();
    aws.fate("nginx:1", cannot_pull());
    aws.create(1, json!({}));
    aws.0.advance(600.0);
    let early = aws.primary()["failedTasks"].as_i64().expect("a number");
    aws.0.advance(600.0);
    let later = aws.primary()["failedTasks"].as_i64().expect("a number");
    assert_eq!(aws.primary()["rolloutState"], "IN_PROGRESS");
    assert!(
        early >= 5 && later > early && later < early + 5,
        "{early} then {later}"
    );
    assert!(aws.said("is unable to consistently start tasks successfully."));
    aws.fate("nginx:1", Fate::Runs);
    aws.0.advance(1800.0);
    assert_eq!(
        (
            &aws.primary()["rolloutState"],
            &aws.primary()["failedTasks"]
        ),
        (&json!("COMPLETED"), &json!(0))
    );
}

#[test]
fn container_that_exits_at_once_trips_the_breaker() {
    let aws = Aws::new();
    aws.fate(
        "nginx:1",
        Fate::Exits {
            code: 137,
            after_seconds: 1.0,
        },
    );
    aws.create(1, breaker(false));
    aws.0.advance(300.0);
    assert_eq!(aws.primary()["rolloutState"], "FAILED");
    let task = aws.tasks("STOPPED")[0].clone();
    assert_eq!(task["stopCode"], "EssentialContainerExited");
    assert_eq!(task["stoppedReason"], "Essential container in task exited");
    assert_eq!(task["containers"][0]["exitCode"], 137);
}

#[test]
fn container_that_exits_late_is_replaced_without_a_verdict() {
    let aws = Aws::new();
    aws.fate(
        "nginx:1",
        Fate::Exits {
            code: 1,
            after_seconds: 100.0,
        },
    );
    aws.create(1, breaker(true));
    aws.0.advance(600.0);
    assert_eq!(
        (
            &aws.primary()["rolloutState"],
            &aws.primary()["failedTasks"]
        ),
        (&json!("COMPLETED"), &json!(0))
    );
    assert!(aws.tasks("STOPPED").len() >= 4);
}

#[test]
fn targets_that_never_become_healthy_fail_the_deployment_after_the_grace_period() {
    let aws = Aws::new();
    let group = aws.target_group("web");
    aws.0.script(|script| {
        script.unhealthy_target_groups.insert("web".to_owned());
    });
    let mut extra = behind(&group);
    merge(&mut extra, breaker(false));
    merge(&mut extra, json!({ "healthCheckGracePeriodSeconds": 200 }));
    aws.create(1, extra);
    aws.0.advance(190.0);
    assert_eq!(aws.primary()["failedTasks"], 0);
    aws.0.advance(900.0);
    assert_eq!(aws.primary()["rolloutState"], "FAILED");
    let task = aws.tasks("STOPPED")[0].clone();
    assert_eq!(
        task["stoppedReason"],
        format!("Task failed ELB health checks in (target-group {group})")
    );
    assert!(aws.said("is unhealthy in (target-group"));
}

#[test]
fn stopped_by_hand_a_deployment_rolls_back() {
    let aws = Aws::new();
    aws.create(1, json!({}));
    aws.0.advance(60.0);
    let good = aws.service()["taskDefinition"].clone();
    aws.fate("nginx:bad", cannot_pull());
    aws.update(json!({ "taskDefinition": aws.register("nginx:bad") }));
    aws.0.advance(5.0);
    let arn = aws.service()["currentServiceDeployment"].clone();
    aws.ecs(
        "StopServiceDeployment",
        json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" }),
    );
    assert_eq!(aws.service_deployment()["status"], "ROLLBACK_REQUESTED");
    aws.0.advance(60.0);
    assert_eq!(aws.service_deployment()["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(aws.service()["taskDefinition"], good);
    let refused = aws.refused(
        "StopServiceDeployment",
        json!({ "serviceDeploymentArn": arn }),
    );
    assert_eq!(refused.code, "ConflictException");
}

#[test]
fn newer_deployment_supersedes_one_in_progress() {
    let aws = Aws::new();
    aws.create(1, json!({}));
    aws.0.advance(3.0);
    aws.update(json!({ "forceNewDeployment": true }));
    aws.0.advance(60.0);
    let list = aws.ecs(
        "ListServiceDeployments",
        json!({ "cluster": "shop", "service": "web" }),
    );
    let statuses: Vec<_> = list["serviceDeployments"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|d| d["status"].clone())
        .collect();
    assert_eq!(statuses, [json!("SUCCESSFUL"), json!("STOPPED")]);
}
