use serde_json::{Value, json};
use simulator::{ACCOUNT, Effect, Fault, Options, REGION, Simulator};

use crate::client::ecs;

fn service_of(name: &str) -> Value {
    json!({ "cluster": "main", "serviceName": name, "taskDefinition": "web", "desiredCount": 1 })
}

/// A cluster, a family, and a service of each name, in the order of the names.
fn with_services(names: &[&str]) -> Simulator {
    let aws = Simulator::new(Options::default());
    let container = json!({ "name": "web", "image": "web:1", "memory": 128 });
    aws.console("ecs", "CreateCluster", json!({ "clusterName": "main" }));
    let definition = json!({ "family": "web", "containerDefinitions": [container] });
    aws.console("ecs", "RegisterTaskDefinition", definition);
    for name in names {
        aws.console("ecs", "CreateService", service_of(name));
    }
    aws.advance(600.0);
    aws
}

#[test]
fn snapshot_does_not_depend_on_the_order_of_calls() {
    let snapshot = |names: &[&str]| with_services(names).snapshot(ACCOUNT, REGION);
    assert_eq!(snapshot(&["a", "b", "c"]), snapshot(&["c", "a", "b"]));
    assert_ne!(snapshot(&["a", "b", "c"]), snapshot(&["a", "b"]));
}

#[tokio::test]
async fn created_service_is_missing_for_a_while() {
    let aws = with_services(&["a"]);
    let hide = Effect::InvisibleFor { seconds: 8.0 };
    aws.fault(Fault::new(hide).operation("CreateService").times(1));
    assert_eq!(ecs(&aws, "CreateService", service_of("b")).await.0, 200);
    let describe = || {
        let input = json!({ "cluster": "main", "services": ["a", "b"] });
        let answer = aws.console("ecs", "DescribeServices", input);
        let count = |list: &str| answer[list].as_array().map_or(0, Vec::len);
        (count("services"), count("failures"))
    };
    assert_eq!(describe(), (1, 1));
    aws.advance(8.0);
    assert_eq!(describe(), (2, 0));
}

#[test]
fn events_of_the_engine_reach_the_queue() {
    let aws = Simulator::new(Options::default());
    let url = aws.console("sqs", "CreateQueue", json!({ "QueueName": "ecs-events-x" }))["QueueUrl"]
        .clone();
    let container = json!({ "name": "web", "image": "web:1", "memory": 128 });
    let definition = json!({ "family": "web", "containerDefinitions": [container] });
    aws.console("ecs", "CreateCluster", json!({ "clusterName": "main" }));
    aws.console("ecs", "RegisterTaskDefinition", definition);
    aws.console("ecs", "CreateService", service_of("a"));
    let mut bodies = String::new();
    while let Some(_due) = aws.advance_to_next_event() {
        let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
        bodies += &aws.console("sqs", "ReceiveMessage", input).to_string();
    }
    assert!(bodies.contains("SERVICE_DEPLOYMENT_COMPLETED"), "{bodies}");
}

#[test]
fn journal_tells_what_a_call_changed() {
    let aws = with_services(&["a"]);
    let update = |count: i64| json!({ "cluster": "main", "service": "a", "desiredCount": count });
    aws.console("ecs", "UpdateService", update(2));
    let entry = aws.journal().pop().expect("an entry");
    assert!(
        entry.mutating && entry.changed() && entry.resource.is_some(),
        "{entry:?}"
    );
    aws.console("ecs", "ListClusters", json!({}));
    assert!(
        aws.journal()
            .pop()
            .is_some_and(|entry| !entry.mutating && !entry.changed())
    );
}
