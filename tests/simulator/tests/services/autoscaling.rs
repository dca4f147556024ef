use serde_json::{Value, json};
use simulator::{ACCOUNT, Options, REGION, Simulator};

fn api(aws: &Simulator, service: &str, operation: &str, input: Value) -> simulator::Answer {
    aws.api(ACCOUNT, REGION, service, operation, input)
}

fn scaling(aws: &Simulator, operation: &str, members: Value) -> simulator::Answer {
    let mut input = json!({ "ServiceNamespace": "ecs", "ResourceId": "service/main/web", "ScalableDimension": "ecs:service:DesiredCount" });
    input
        .as_object_mut()
        .expect("an object")
        .extend(members.as_object().expect("members").clone());
    api(aws, "application-autoscaling", operation, input)
}

/// An AWS with the service `web` in the cluster `main`.
fn with_service() -> Simulator {
    let aws = Simulator::new(Options::default());
    let container = json!({ "name": "web", "image": "web:1", "memory": 128 });
    let definition = json!({ "family": "web", "containerDefinitions": [container] });
    let service = json!({ "cluster": "main", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1 });
    for (operation, input) in [
        ("CreateCluster", json!({ "clusterName": "main" })),
        ("RegisterTaskDefinition", definition),
        ("CreateService", service),
    ] {
        api(&aws, "ecs", operation, input).expect(operation);
    }
    aws
}

fn desired(aws: &Simulator) -> Value {
    let input = json!({ "cluster": "main", "services": ["web"] });
    api(aws, "ecs", "DescribeServices", input).expect("services")["services"][0]["desiredCount"]
        .clone()
}

#[test]
fn target_needs_its_service() {
    let aws = Simulator::new(Options::default());
    let error = scaling(
        &aws,
        "RegisterScalableTarget",
        json!({ "MinCapacity": 1, "MaxCapacity": 2 }),
    );
    let error = error.expect_err("no service");
    assert_eq!(
        (&error.code[..], &error.message[..]),
        (
            "ValidationException",
            "ECS service doesn't exist: service/main/web"
        )
    );
}

#[test]
fn registering_clamps_the_desired_count_even_without_bounds() {
    let aws = with_service();
    scaling(
        &aws,
        "RegisterScalableTarget",
        json!({ "MinCapacity": 2, "MaxCapacity": 4 }),
    )
    .expect("registered");
    assert_eq!(desired(&aws), 2);
    let input = json!({ "cluster": "main", "service": "web", "desiredCount": 9 });
    api(&aws, "ecs", "UpdateService", input).expect("updated");
    scaling(&aws, "RegisterScalableTarget", json!({})).expect("registered");
    assert_eq!(desired(&aws), 4);
}

#[test]
fn bounds_must_be_given_once_and_fit() {
    let aws = with_service();
    for members in [
        json!({}),
        json!({ "MinCapacity": 1 }),
        json!({ "MinCapacity": 3, "MaxCapacity": 2 }),
    ] {
        let error = scaling(&aws, "RegisterScalableTarget", members).expect_err("refused");
        assert_eq!(error.code, "ValidationException");
    }
}

#[test]
fn deregistering_takes_policies_and_actions_along() {
    let aws = with_service();
    scaling(
        &aws,
        "RegisterScalableTarget",
        json!({ "MinCapacity": 1, "MaxCapacity": 4 }),
    )
    .expect("registered");
    let metric = json!({ "PredefinedMetricType": "ECSServiceAverageCPUUtilization" });
    let config = json!({ "TargetValue": 50.0, "PredefinedMetricSpecification": metric });
    let policy = json!({ "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": config });
    scaling(&aws, "PutScalingPolicy", policy.clone()).expect("a policy");
    scaling(&aws, "PutScalingPolicy", policy).expect("the same policy");
    let action = json!({ "ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)", "ScalableTargetAction": { "MinCapacity": 0, "MaxCapacity": 0 } });
    scaling(&aws, "PutScheduledAction", action).expect("an action");
    let count = |operation: &str, list: &str| {
        let answer = api(
            &aws,
            "application-autoscaling",
            operation,
            json!({ "ServiceNamespace": "ecs" }),
        );
        answer.expect(operation)[list]
            .as_array()
            .map_or(0, Vec::len)
    };
    assert_eq!(count("DescribeScalingPolicies", "ScalingPolicies"), 1);
    assert_eq!(count("DescribeScheduledActions", "ScheduledActions"), 1);
    scaling(&aws, "DeregisterScalableTarget", json!({})).expect("deregistered");
    assert_eq!(count("DescribeScalingPolicies", "ScalingPolicies"), 0);
    assert_eq!(count("DescribeScheduledActions", "ScheduledActions"), 0);
    assert_eq!(
        scaling(&aws, "DeregisterScalableTarget", json!({}))
            .expect_err("gone")
            .code,
        "ObjectNotFoundException"
    );
}

#[test]
fn policy_configuration_must_fit_its_type() {
    let aws = with_service();
    scaling(
        &aws,
        "RegisterScalableTarget",
        json!({ "MinCapacity": 1, "MaxCapacity": 4 }),
    )
    .expect("registered");
    let policy = json!({ "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling" });
    assert_eq!(
        scaling(&aws, "PutScalingPolicy", policy)
            .expect_err("no block")
            .code,
        "ValidationException"
    );
}

#[test]
fn tags_belong_to_the_target() {
    let aws = with_service();
    let bounds = json!({ "MinCapacity": 1, "MaxCapacity": 4, "Tags": { "a": "1" } });
    let arn =
        scaling(&aws, "RegisterScalableTarget", bounds).expect("registered")["ScalableTargetARN"]
            .clone();
    let tag = |operation: &str, members: Value| {
        let mut input = json!({ "ResourceARN": arn });
        input
            .as_object_mut()
            .expect("an object")
            .extend(members.as_object().expect("members").clone());
        api(&aws, "application-autoscaling", operation, input).expect(operation)
    };
    tag("TagResource", json!({ "Tags": { "b": "2" } }));
    tag("UntagResource", json!({ "TagKeys": ["a"] }));
    assert_eq!(
        tag("ListTagsForResource", json!({})),
        json!({ "Tags": { "b": "2" } })
    );
}
