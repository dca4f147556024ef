use serde_json::{Value, json};
use simulator::service::{SERVICES, Service};
use simulator::{ACCOUNT, Options, Outcome, REGION, Simulator};

use crate::client::{self, ecs, person};

/// Service, operation, input, and the one violation.
fn table() -> Vec<(Service, &'static str, Value, &'static str)> {
    let definition =
        |container: Value| json!({ "family": "f", "containerDefinitions": [container] });
    let tags: Vec<_> = (0..51)
        .map(|n| json!({ "key": format!("k{n}"), "value": "" }))
        .collect();
    vec![
        (
            Service::Ecs,
            "CreateCluster",
            json!({ "name": "c" }),
            "name: unknown member",
        ),
        (
            Service::Ecs,
            "RegisterTaskDefinition",
            definition(json!({ "brandNew": 1 })),
            "containerDefinitions[0].brandNew: unknown member",
        ),
        (
            Service::Ecs,
            "RegisterTaskDefinition",
            definition(json!({ "memory": "512" })),
            "containerDefinitions[0].memory: \"512\" is not a integer",
        ),
        (
            Service::Ecs,
            "RegisterTaskDefinition",
            definition(json!({ "memory": 5_000_000_000_i64 })),
            "containerDefinitions[0].memory: 5000000000 is not a integer",
        ),
        (
            Service::Ecs,
            "RegisterTaskDefinition",
            json!({ "family": "f" }),
            "containerDefinitions: is required",
        ),
        (
            Service::Ecs,
            "CreateService",
            json!({ "serviceName": "s", "launchType": "EC3" }),
            "launchType: 'EC3' is not one of [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES]",
        ),
        (
            Service::Ecs,
            "CreateCluster",
            json!({ "tags": tags }),
            "tags: size 51 is not in 0..50",
        ),
        (
            Service::Ecs,
            "CreateCluster",
            json!({ "tags": [{ "key": "a;b", "value": "" }] }),
            "tags[0].key: 'a;b' does not match ([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)",
        ),
        (
            Service::Elbv2,
            "CreateRule",
            json!({ "ListenerArn": "l", "Priority": 50_001, "Conditions": [], "Actions": [] }),
            "Priority: value 50001 is not in 1..50000",
        ),
        (
            Service::Elbv2,
            "CreateTargetGroup",
            json!({ "Name": "n", "Tags": [] }),
            "Tags: size 0 is not in 1..",
        ),
        (
            Service::Elbv2,
            "CreateTargetGroup",
            json!({ "Name": "n", "HealthCheckPath": "" }),
            "HealthCheckPath: length 0 is not in 1..1024",
        ),
        (
            Service::Autoscaling,
            "PutScalingPolicy",
            json!({ "PolicyName": "p", "ServiceNamespace": "ecs", "ResourceId": "r", "ScalableDimension": "x" }),
            "",
        ),
    ]
}

#[test]
fn violations_name_the_member_and_the_rule() {
    let aws = Simulator::new(Options::default());
    for (service, operation, input, violation) in table() {
        let name = service.signing_name();
        let answer = aws.api(ACCOUNT, REGION, name, operation, input.clone());
        let entry = aws.journal().pop().expect("an entry");
        assert!(answer.is_err(), "{operation} {input}");
        assert_eq!(entry.violations.len(), 1, "{:?}", entry.violations);
        assert!(
            entry.violations[0].contains(violation),
            "{:?}",
            entry.violations
        );
        assert!(!entry.changed());
    }
}

#[tokio::test]
async fn violation_is_refused_on_the_wire_and_has_no_effect() {
    let aws = Simulator::new(Options::default());
    let (status, body) = ecs(&aws, "CreateCluster", json!({ "clusterName": 5 })).await;
    assert_eq!(
        (status, &body["__type"]),
        (400, &json!("SerializationException"))
    );
    let (status, body) = ecs(&aws, "CreateCluster", json!({ "clusterNames": "c" })).await;
    assert_eq!(
        (status, &body["__type"]),
        (400, &json!("InvalidParameterException"))
    );
    assert!(
        aws.journal()
            .iter()
            .all(|entry| entry.violations.len() == 1)
    );
}

#[test]
fn ordinary_errors_are_not_violations() {
    let aws = Simulator::new(Options::default());
    let input = json!({ "TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/x/1" });
    person(&aws, "DescribeTargetHealth", input).expect_err("no such group");
    assert_eq!(aws.journal()[0].violations, Vec::<String>::new());
}

#[test]
fn null_is_absent() {
    let aws = Simulator::new(Options::default());
    let mut input = client::group_input("web");
    input["Tags"] = Value::Null;
    person(&aws, "CreateTargetGroup", input).expect("a group");
}

#[tokio::test]
async fn operation_that_aws_has_and_the_simulator_has_not_is_loud() {
    let aws = Simulator::new(Options::default());
    let (status, body) = client::elb(&aws, "Action=DescribeSSLPolicies")
        .await
        .expect("an answer");
    assert_eq!(status, 501, "{body}");
    assert_eq!(aws.journal()[0].code(), Some("NotSimulated"));
    let (status, _) = ecs(&aws, "MakeCoffee", json!({})).await;
    assert_eq!(status, 400);
    assert!(
        matches!(&aws.journal()[1].outcome, Outcome::Error { code, .. } if code == "UnknownOperationException")
    );
}

#[test]
fn only_known_patterns_are_left_unchecked() {
    let unchecked: Vec<_> = SERVICES
        .iter()
        .flat_map(|service| service.model().unchecked_patterns())
        .collect();
    // Names of scheduled actions: Rust's regex has no look-ahead.
    assert_eq!(unchecked.len(), 1, "{unchecked:?}");
    assert!(unchecked[0].starts_with("(?!"), "{unchecked:?}");
}

#[test]
fn models_know_every_operation() {
    let count = |service: &Service| service.model().operations.len();
    assert_eq!(
        SERVICES.iter().map(count).collect::<Vec<_>>(),
        [88, 51, 14, 11, 23]
    );
}
