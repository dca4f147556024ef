//! What the ECS tests share: an AWS with a cluster, and short ways to ask it. No assertions about behaviour here.

#![allow(dead_code, reason = "each test program uses a part")]

use serde_json::{Value, json};
use simulator::contract::check_output;
use simulator::service::Service;
use simulator::{ACCOUNT, Answer, ApiError, Fate, Options, REGION, Simulator};

/// An AWS with cluster `shop` and family `web`, whose revision 1 listens on port 80.
pub struct Aws(pub Simulator);

impl Aws {
    pub fn new() -> Self {
        let aws = Self(Simulator::new(Options::default()));
        aws.ecs(
            "CreateCluster",
            json!({ "clusterName": "shop", "capacityProviders": ["FARGATE", "FARGATE_SPOT"] }),
        );
        aws.register("nginx:1");
        aws
    }

    /// One call; whatever comes back must be as AWS's model has it.
    pub fn try_ecs(&self, operation: &str, input: Value) -> Answer {
        let answer = self.0.api(ACCOUNT, REGION, "ecs", operation, input);
        let model = Service::from_signing_name("ecs").expect("ECS").model();
        match &answer {
            Ok(output) => {
                let violations = check_output(model, operation, output);
                assert!(violations.is_empty(), "{operation}: {violations:?}");
            }
            Err(error) => assert!(
                model.declares(operation, &error.code),
                "{operation}: {error:?}"
            ),
        }
        answer
    }

    pub fn ecs(&self, operation: &str, input: Value) -> Value {
        self.try_ecs(operation, input)
            .unwrap_or_else(|error| panic!("{operation}: {error:?}"))
    }

    pub fn refused(&self, operation: &str, input: Value) -> ApiError {
        self.try_ecs(operation, input.clone())
            .err()
            .unwrap_or_else(|| panic!("{operation} took {input}"))
    }

    /// Registers a revision of `web`; answers its ARN.
    pub fn register(&self, image: &str) -> String {
        let answer = self.ecs("RegisterTaskDefinition", task_definition(image));
        answer["taskDefinition"]["taskDefinitionArn"]
            .as_str()
            .expect("an ARN")
            .to_owned()
    }

    /// Creates service `web` of `count` tasks, with more members from `extra`.
    pub fn create(&self, count: i64, extra: Value) -> Value {
        self.ecs("CreateService", service(count, extra))["service"].clone()
    }

    /// Creates service `web`, whose second deployment waits at a hook with this timeout; what DescribeServiceDeployments says of it.
    pub fn pause(&self, timeout: Value) -> Value {
        let hook = json!({ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"], "timeoutConfiguration": timeout });
        self.create(
            1,
            json!({ "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0, "lifecycleHooks": [hook] } }),
        );
        self.0.advance(60.0);
        let arn = self.register("nginx:2");
        self.update(json!({ "taskDefinition": arn }));
        self.0.advance(60.0);
        self.service_deployment()
    }

    pub fn update(&self, mut change: Value) -> Value {
        change["cluster"] = json!("shop");
        change["service"] = json!("web");
        self.ecs("UpdateService", change)["service"].clone()
    }

    pub fn service(&self) -> Value {
        let answer = self.ecs(
            "DescribeServices",
            json!({ "cluster": "shop", "services": ["web"] }),
        );
        answer["services"][0].clone()
    }

    pub fn primary(&self) -> Value {
        self.service()["deployments"][0].clone()
    }

    /// The newest service deployment in its long form.
    pub fn service_deployment(&self) -> Value {
        let arn = self.service()["currentServiceDeployment"].clone();
        let answer = self.ecs(
            "DescribeServiceDeployments",
            json!({ "serviceDeploymentArns": [arn] }),
        );
        answer["serviceDeployments"][0].clone()
    }

    /// Tasks of `web` whose desired status is this.
    pub fn tasks(&self, desired: &str) -> Vec<Value> {
        let list = self.ecs(
            "ListTasks",
            json!({ "cluster": "shop", "serviceName": "web", "desiredStatus": desired }),
        );
        if list["taskArns"] == json!([]) {
            return Vec::new();
        }
        let answer = self.ecs(
            "DescribeTasks",
            json!({ "cluster": "shop", "tasks": list["taskArns"] }),
        );
        answer["tasks"].as_array().cloned().unwrap_or_default()
    }

    /// Messages of the service's events, oldest first, without the service's name.
    pub fn messages(&self) -> Vec<String> {
        let service = self.service();
        let events = service["events"].as_array().expect("events");
        let text = |event: &Value| {
            event["message"]
                .as_str()
                .unwrap_or_default()
                .replace("(service web) ", "")
        };
        events.iter().rev().map(text).collect()
    }

    pub fn said(&self, what: &str) -> bool {
        self.messages().iter().any(|message| message.contains(what))
    }

    pub fn fate(&self, image: &str, fate: Fate) {
        self.0.script(|script| script.set_image(image, fate));
    }

    /// A target group that a listener forwards to.
    pub fn target_group(&self, name: &str) -> String {
        let group = self.lonely_target_group(name);
        let forward = json!([{ "Type": "forward", "TargetGroupArn": group }]);
        self.0
            .listener(&format!("lb-{name}"), json!({ "DefaultActions": forward }));
        group
    }

    /// A target group that nothing refers to.
    pub fn lonely_target_group(&self, name: &str) -> String {
        let input = json!({ "Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "ip" });
        let answer = self
            .0
            .console("elasticloadbalancing", "CreateTargetGroup", input);
        answer["TargetGroups"][0]["TargetGroupArn"]
            .as_str()
            .expect("an ARN")
            .to_owned()
    }

    /// States of the targets of a group.
    pub fn health(&self, group: &str) -> Vec<String> {
        let input = json!({ "TargetGroupArn": group });
        let answer = self
            .0
            .console("elasticloadbalancing", "DescribeTargetHealth", input);
        let targets = answer["TargetHealthDescriptions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        targets
            .iter()
            .map(|t| {
                t["TargetHealth"]["State"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    }
}

/// A Fargate task definition of family `web`.
pub fn task_definition(image: &str) -> Value {
    json!({
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [
            { "name": "web", "image": image, "portMappings": [{ "containerPort": 80 }] },
        ],
    })
}

/// A CreateService request for `web`.
pub fn service(count: i64, extra: Value) -> Value {
    let mut input = json!({
        "cluster": "shop",
        "serviceName": "web",
        "taskDefinition": "web",
        "desiredCount": count,
        "launchType": "FARGATE",
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1", "subnet-2"] } },
    });
    merge(&mut input, extra);
    input
}

/// A load balancer entry for `web`.
pub fn behind(group: &str) -> Value {
    json!({ "loadBalancers": [{ "targetGroupArn": group, "containerName": "web", "containerPort": 80 }] })
}

/// A circuit breaker that is on.
pub fn breaker(rollback: bool) -> Value {
    json!({ "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": rollback } } })
}

/// An image that cannot be pulled.
pub fn cannot_pull() -> Fate {
    Fate::PullFails {
        reason: "pull image manifest has been retried 5 time(s): not found".to_owned(),
    }
}

/// Puts the members of `more` into `value`.
pub fn merge(value: &mut Value, more: Value) {
    if let (Some(members), Value::Object(more)) = (value.as_object_mut(), more) {
        members.extend(more);
    }
}
