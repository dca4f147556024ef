//! The EventBridge events that ECS sends, taken from its state directly.

use serde_json::{Value, json};
use simulator::clock::START;
use simulator::{ACCOUNT, Call, Fate, Ids, REGION, Script, Time, autoscaling, ecs, elbv2};

/// ECS without an API around it.
struct Bare {
    ecs: ecs::State,
    elbv2: elbv2::State,
    ids: Ids,
    script: Script,
    now: Time,
}

impl Bare {
    fn new() -> Self {
        Self {
            ecs: ecs::State::default(),
            elbv2: elbv2::State::default(),
            ids: Ids::new("events"),
            script: Script::default(),
            now: START,
        }
    }

    fn call(&mut self, operation: &str, input: Value) {
        let call = Call {
            account: ACCOUNT,
            region: REGION,
            operation,
            input: &input,
            now: self.now,
        };
        let answer = self
            .ecs
            .call(&call, &mut self.elbv2, &mut self.ids, &self.script);
        answer.unwrap_or_else(|error| panic!("{operation}: {error:?}"));
    }

    fn pass(&mut self, seconds: f64) -> Vec<Value> {
        self.now += seconds;
        let autoscaling = autoscaling::State::default();
        self.ecs.advance(
            self.now,
            &mut self.elbv2,
            &autoscaling,
            &mut self.ids,
            &self.script,
        )
    }
}

fn service_with_breaker() -> Bare {
    let mut bare = Bare::new();
    bare.call("CreateCluster", json!({}));
    bare.call(
        "RegisterTaskDefinition",
        json!({ "family": "web", "containerDefinitions": [{ "name": "web", "image": "nginx", "memory": 64 }] }),
    );
    let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": false } });
    bare.call(
        "CreateService",
        json!({ "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "deploymentConfiguration": breaker }),
    );
    bare
}

fn names(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| event["detail"]["eventName"].as_str())
        .collect()
}

#[test]
fn deployment_is_announced_from_start_to_steady_state() {
    let mut bare = service_with_breaker();
    let events = bare.pass(60.0);
    assert_eq!(
        names(&events),
        [
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "SERVICE_DEPLOYMENT_COMPLETED",
            "SERVICE_STEADY_STATE"
        ]
    );
    let statuses: Vec<&Value> = events
        .iter()
        .filter(|event| event["detail-type"] == "ECS Task State Change")
        .map(|event| &event["detail"]["lastStatus"])
        .collect();
    assert_eq!(statuses[..3], ["PROVISIONING", "PENDING", "RUNNING"]);
    let first = &events[0];
    assert_eq!(first["source"], "aws.ecs");
    assert_eq!(first["detail-type"], "ECS Deployment State Change");
    assert_eq!(
        first["resources"],
        json!(["arn:aws:ecs:us-east-1:000000000000:service/default/web"])
    );
    assert_eq!(first["time"], "2026-01-01T00:00:00Z");
    assert!(
        first["detail"]["deploymentId"]
            .as_str()
            .is_some_and(|id| id.starts_with("ecs-svc/"))
    );
}

#[test]
fn failed_deployment_is_an_error() {
    let mut bare = service_with_breaker();
    bare.script.set_image(
        "nginx",
        Fate::PullFails {
            reason: "not found".to_owned(),
        },
    );
    let events = bare.pass(300.0);
    assert_eq!(
        names(&events),
        [
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "SERVICE_TASK_START_IMPAIRED",
            "SERVICE_DEPLOYMENT_FAILED"
        ]
    );
    let failed = events
        .iter()
        .find(|event| event["detail"]["eventType"] == "ERROR")
        .expect("an error");
    assert_eq!(
        failed["detail"]["reason"],
        "ECS deployment circuit breaker: tasks failed to start."
    );
    let stopped = events
        .iter()
        .find(|event| event["detail"]["lastStatus"] == "STOPPED");
    let detail = &stopped.expect("a stopped task")["detail"];
    assert_eq!(detail["stopCode"], "TaskFailedToStart");
    assert!(
        detail["stoppedAt"]
            .as_str()
            .is_some_and(|at| at.ends_with('Z'))
    );
}

#[test]
fn event_ids_are_unique() {
    let mut bare = service_with_breaker();
    let events = bare.pass(60.0);
    let mut ids: Vec<&str> = events
        .iter()
        .filter_map(|event| event["id"].as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events.len());
}
