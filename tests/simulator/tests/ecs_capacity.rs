//! Capacity providers, daemons, tasks on EC2, account settings, and aborting.

mod ecs_support;

use ecs_support::{Aws, cannot_pull, service};
use serde_json::{Value, json};

fn group_provider(name: &str) -> Value {
    json!({ "name": name, "autoScalingGroupProvider": { "autoScalingGroupArn": "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:1:autoScalingGroupName/a" } })
}

#[test]
fn capacity_providers_are_replaced_as_a_whole() {
    let aws = Aws::new();
    let created = aws.ecs("CreateCapacityProvider", group_provider("metal"));
    let scaling = &created["capacityProvider"]["autoScalingGroupProvider"]["managedScaling"];
    assert_eq!(scaling["targetCapacity"], 100);
    let put = |names: Value, strategy: Value| json!({ "cluster": "shop", "capacityProviders": names, "defaultCapacityProviderStrategy": strategy });
    let answer = aws.ecs(
        "PutClusterCapacityProviders",
        put(json!(["metal"]), json!([{ "capacityProvider": "metal" }])),
    );
    assert_eq!(answer["cluster"]["capacityProviders"], json!(["metal"]));
    assert_eq!(
        answer["cluster"]["defaultCapacityProviderStrategy"],
        json!([{ "capacityProvider": "metal", "weight": 1, "base": 0 }])
    );
    let refused = aws.refused(
        "PutClusterCapacityProviders",
        put(json!(["none"]), json!([])),
    );
    assert!(refused.message.contains("does not exist"), "{refused:?}");
    let refused = aws.refused(
        "PutClusterCapacityProviders",
        put(json!(["metal"]), json!([{ "capacityProvider": "FARGATE" }])),
    );
    assert!(
        refused.message.contains("not associated with the cluster"),
        "{refused:?}"
    );
    let refused = aws.refused(
        "DeleteCapacityProvider",
        json!({ "capacityProvider": "metal" }),
    );
    assert!(
        refused.message.contains("in use by cluster shop"),
        "{refused:?}"
    );
    aws.ecs("PutClusterCapacityProviders", put(json!([]), json!([])));
    aws.ecs(
        "DeleteCapacityProvider",
        json!({ "capacityProvider": "metal" }),
    );
    let all = aws.ecs("DescribeCapacityProviders", json!({}));
    assert_eq!(all["capacityProviders"].as_array().map(Vec::len), Some(2));
}

#[test]
fn provider_that_a_service_uses_stays() {
    let aws = Aws::new();
    let spot = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]);
    let mut input = service(1, json!({ "capacityProviderStrategy": spot }));
    input
        .as_object_mut()
        .expect("an object")
        .remove("launchType");
    aws.ecs("CreateService", input);
    let put = json!({ "cluster": "shop", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": [] });
    assert_eq!(
        aws.refused("PutClusterCapacityProviders", put).code,
        "ResourceInUseException"
    );
    aws.0.advance(60.0);
    let task = aws.tasks("RUNNING")[0].clone();
    assert_eq!(
        (&task["capacityProviderName"], &task["launchType"]),
        (&json!("FARGATE_SPOT"), &json!("FARGATE"))
    );
}

fn bridge(aws: &Aws) {
    aws.ecs(
        "RegisterTaskDefinition",
        json!({ "family": "agent", "networkMode": "bridge", "containerDefinitions": [
            { "name": "agent", "image": "agent", "memory": 64, "portMappings": [{ "containerPort": 8080 }] },
        ] }),
    );
}

#[test]
fn daemon_has_no_desired_count() {
    let aws = Aws::new();
    bridge(&aws);
    let input = json!({ "cluster": "shop", "serviceName": "web", "taskDefinition": "agent", "schedulingStrategy": "DAEMON" });
    let created = aws.ecs("CreateService", input)["service"].clone();
    assert_eq!(created["deploymentConfiguration"]["maximumPercent"], 100);
    assert_eq!(
        created["deploymentConfiguration"]["minimumHealthyPercent"],
        0
    );
    assert_eq!(
        (&created["launchType"], &created["platformVersion"]),
        (&json!("EC2"), &Value::Null)
    );
    let refused = aws.refused(
        "UpdateService",
        json!({ "cluster": "shop", "service": "web", "desiredCount": 2 }),
    );
    assert!(
        refused.message.contains("does not support a desired count"),
        "{refused:?}"
    );
    aws.0.advance(60.0);
    aws.update(json!({ "forceNewDeployment": true }));
    aws.0.advance(60.0);
    assert_eq!(aws.primary()["rolloutState"], "COMPLETED");
}

#[test]
fn task_without_network_interface_has_no_address() {
    let aws = Aws::new();
    bridge(&aws);
    let answer = aws.ecs(
        "RunTask",
        json!({ "cluster": "shop", "taskDefinition": "agent" }),
    );
    assert_eq!(answer["tasks"][0]["attachments"], json!([]));
    let refused = aws.refused(
        "RunTask",
        json!({ "cluster": "shop", "taskDefinition": "agent", "launchType": "FARGATE" }),
    );
    assert_eq!(
        refused.message,
        "Task definition does not support launch_type FARGATE."
    );
}

#[test]
fn account_settings_are_read_as_put() {
    let aws = Aws::new();
    let named = json!({ "name": "serviceLongArnFormat", "effectiveSettings": true });
    assert_eq!(
        aws.ecs("ListAccountSettings", named)["settings"][0]["value"],
        "enabled"
    );
    aws.ecs(
        "PutAccountSetting",
        json!({ "name": "containerInsights", "value": "enabled" }),
    );
    let cluster = aws.ecs(
        "DescribeClusters",
        json!({ "clusters": ["shop"], "include": ["SETTINGS"] }),
    );
    assert_eq!(cluster["clusters"][0]["settings"][0]["value"], "enabled");
}

#[test]
fn aborted_deployment_starts_nothing_more() {
    let aws = Aws::new();
    aws.fate("nginx:1", cannot_pull());
    aws.create(1, json!({}));
    aws.0.advance(15.0);
    let arn = aws.service()["currentServiceDeployment"].clone();
    let refused = aws.refused(
        "StopServiceDeployment",
        json!({ "serviceDeploymentArn": arn }),
    );
    assert_eq!(refused.code, "InvalidParameterException");
    aws.ecs(
        "StopServiceDeployment",
        json!({ "serviceDeploymentArn": arn, "stopType": "ABORT" }),
    );
    aws.0.advance(600.0);
    assert_eq!(aws.service_deployment()["status"], "STOPPED");
    let stopped = aws.tasks("STOPPED").len();
    aws.0.advance(600.0);
    assert_eq!(aws.tasks("STOPPED").len(), stopped);
}
