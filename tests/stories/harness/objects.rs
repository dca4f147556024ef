//! Manifests of the stories, and what is read of objects.

use serde_json::{Value, json};

/// Kinds and names of the objects of an application, what is used before what uses it.
pub const APPLICATION: [(&str, &str); 3] = [
    ("EcsCluster", "main"),
    ("EcsTaskDefinition", "web"),
    ("EcsService", "web"),
];

/// A manifest of one of our kinds.
pub fn manifest(kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": "ecs-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// The cluster `main`.
pub fn cluster() -> Value {
    manifest("EcsCluster", "main", json!({}))
}

/// A task definition with one container on port 8080.
pub fn task_definition(name: &str, image: &str) -> Value {
    manifest(
        "EcsTaskDefinition",
        name,
        json!({
            "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
            "containerDefinitions": [{
                "name": "app", "image": image,
                "environment": [{"name": "PASSWORD", "value": "environment-canary"}],
                "portMappings": [{"containerPort": 8080}],
            }],
        }),
    )
}

/// A service of `main` that runs the task definition of its own name, without a load balancer.
pub fn service(name: &str) -> Value {
    manifest(
        "EcsService",
        name,
        json!({
            "clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": name}, "desiredCount": 1, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}},
        }),
    )
}

/// The calls that make an application whose service is behind a rule.
pub const CREATIONS: [&str; 5] = [
    "CreateCluster",
    "CreateRule",
    "CreateService",
    "CreateTargetGroup",
    "RegisterTaskDefinition",
];

/// The same behind a rule of a listener.
pub fn balanced(name: &str, listener: &str, path: &str) -> Value {
    let mut service = service(name);
    service["spec"]["loadBalancers"] = json!([{
        "containerName": "app", "containerPort": 8080,
        "targetGroup": {
            "protocol": "HTTP", "port": 80, "vpcId": "vpc-a", "targetType": "ip", "healthCheckPath": "/healthz",
            "rules": [{"listenerArn": listener, "conditions": [{"pathPatternConfig": {"values": [path]}}]}],
        },
    }]);
    service
}

/// A service behind two rules of a listener, for `/a` and `/b`, with these priorities.
pub fn behind_two_rules(name: &str, listener: &str, priorities: [i32; 2]) -> Value {
    let mut service = balanced(name, listener, "/a");
    let rule = |path: &str, priority: i32| json!({"listenerArn": listener, "priority": priority, "conditions": [{"pathPatternConfig": {"values": [path]}}]});
    let [first, second] = priorities;
    service["spec"]["loadBalancers"][0]["targetGroup"]["rules"] =
        json!([rule("/a", first), rule("/b", second)]);
    service
}

/// The service, of another task definition than the one of its own name.
pub fn of_task_definition(name: &str, mut service: Value) -> Value {
    service["spec"]["taskDefinitionRef"]["name"] = json!(name);
    service
}

/// With a circuit breaker that rolls back.
pub fn with_breaker(mut service: Value) -> Value {
    service["spec"]["deploymentConfiguration"] =
        json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
    service
}

/// A condition: status, reason, message.
pub fn condition<'a>(object: &'a Value, type_: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let condition = object["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|c| c["type"] == type_)?;
    Some((
        condition["status"].as_str()?,
        condition["reason"].as_str()?,
        condition["message"].as_str()?,
    ))
}

/// Whether the object is Ready for its current generation.
pub fn is_ready(object: &Value) -> bool {
    is_observed(object) && condition(object, "Ready").is_some_and(|(status, ..)| status == "True")
}

/// Whether the object is Stalled for its current generation, for this reason.
pub fn is_stalled(object: &Value, reason: &str) -> bool {
    is_observed(object)
        && condition(object, "Stalled")
            .is_some_and(|(status, why, _)| status == "True" && why == reason)
}

/// Whether the status speaks of the current generation.
pub fn is_observed(object: &Value) -> bool {
    object["status"]["observedGeneration"] == object["metadata"]["generation"]
}
