//! What AWS refuses, and what it takes twice.

mod ecs_support;

use ecs_support::{Aws, behind, service, task_definition};
use serde_json::{Value, json};
use simulator::ACCOUNT;

#[test]
fn capacity_provider_strategy_changes_only_with_force() {
    let aws = Aws::new();
    aws.create(1, json!({}));
    let mut change = json!({ "cluster": "shop", "service": "web", "capacityProviderStrategy": [{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }] });
    let refused = aws.refused("UpdateService", change.clone());
    assert!(
        refused
            .message
            .starts_with("When switching from launch type to capacity provider strategy")
    );
    change["forceNewDeployment"] = json!(true);
    let updated = aws.ecs("UpdateService", change)["service"].clone();
    assert_eq!(updated["launchType"], Value::Null);
    assert_eq!(
        updated["capacityProviderStrategy"],
        json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 }])
    );
    let back = aws.update(json!({ "capacityProviderStrategy": [], "forceNewDeployment": true }));
    assert_eq!(
        (&back["launchType"], &back["capacityProviderStrategy"]),
        (&json!("FARGATE"), &Value::Null)
    );
}

#[test]
fn create_is_idempotent_by_token_only() {
    let aws = Aws::new();
    let request = service(1, json!({ "clientToken": "abc" }));
    let first = aws.ecs("CreateService", request.clone());
    assert_eq!(
        aws.ecs("CreateService", request)["service"]["deployments"][0]["id"],
        first["service"]["deployments"][0]["id"]
    );
    for other in [
        json!({ "clientToken": "abc", "desiredCount": 2 }),
        json!({}),
        json!({ "clientToken": "abd" }),
    ] {
        let refused = aws.refused("CreateService", service(1, other));
        assert_eq!(
            (refused.code.as_str(), refused.message.as_str()),
            (
                "InvalidParameterException",
                "Creation of service was not idempotent."
            )
        );
    }
}

#[test]
fn create_refuses_what_aws_refuses() {
    let aws = Aws::new();
    let lonely = aws.lonely_target_group("lonely");
    let used = aws.target_group("used");
    let port = |port: i64| json!({ "loadBalancers": [{ "targetGroupArn": used, "containerName": "web", "containerPort": port }] });
    let cases = [
        (
            json!({ "cluster": "none" }),
            "ClusterNotFoundException",
            "Cluster not found.",
        ),
        (
            json!({ "taskDefinition": "none" }),
            "ClientException",
            "TaskDefinition not found.",
        ),
        (
            json!({ "networkConfiguration": null }),
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ),
        (
            behind(&lonely),
            "InvalidParameterException",
            "does not have an associated load balancer.",
        ),
        (
            behind(&format!("{lonely}x")),
            "InvalidParameterException",
            "does not exist.",
        ),
        (
            port(81),
            "InvalidParameterException",
            "The container web did not have a container port 81 defined.",
        ),
        (
            json!({ "capacityProviderStrategy": [{ "capacityProvider": "FARGATE" }] }),
            "InvalidParameterException",
            "Specifying both a launch type and capacity provider strategy",
        ),
        (
            json!({ "schedulingStrategy": "DAEMON" }),
            "InvalidParameterException",
            "daemon scheduling strategy",
        ),
        (
            json!({ "platformVersion": "9.9.9" }),
            "PlatformUnknownException",
            "platform does not exist",
        ),
        (
            json!({ "tags": [{ "key": "AWS:x", "value": "y" }] }),
            "InvalidParameterException",
            "reserved for AWS use",
        ),
    ];
    for (extra, code, message) in cases {
        let refused = aws.refused("CreateService", service(1, extra.clone()));
        assert_eq!(refused.code, code, "{extra}: {}", refused.message);
        assert!(
            refused.message.contains(message),
            "{extra}: {}",
            refused.message
        );
    }
}

#[test]
fn register_refuses_what_aws_refuses() {
    let aws = Aws::new();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut input = task_definition("nginx");
        change(&mut input);
        aws.refused("RegisterTaskDefinition", input).message
    };
    assert!(
        refused(&|i| i["memory"] = json!("4096")).starts_with("No Fargate configuration exists")
    );
    assert!(refused(&|i| i["networkMode"] = json!("bridge")).contains("awsvpc"));
    assert!(
        refused(&|i| i["containerDefinitions"][0]["essential"] = json!(false))
            .contains("essential")
    );
    assert!(
        refused(&|i| i["containerDefinitions"][0]["portMappings"][0]["hostPort"] = json!(8080))
            .contains("must match")
    );
    assert!(
        refused(
            &|i| i["containerDefinitions"][0]["mountPoints"] = json!([{ "sourceVolume": "data" }])
        )
        .contains("Unknown volume 'data'")
    );
    assert!(
        refused(&|i| i["containerDefinitions"][0]["dependsOn"] =
            json!([{ "containerName": "x", "condition": "START" }]))
        .contains("unknown container")
    );
    assert!(refused(&|i| i["family"] = json!("a b")).contains("Family"));
}

#[test]
fn cluster_lingers_and_frees_its_name() {
    let aws = Aws::new();
    let described = |include: Value| {
        aws.ecs(
            "DescribeClusters",
            json!({ "clusters": ["shop", "none"], "include": include }),
        )
    };
    let answer = described(json!(["SETTINGS"]));
    assert_eq!(
        answer["clusters"][0]["settings"],
        json!([{ "name": "containerInsights", "value": "disabled" }])
    );
    assert_eq!(
        answer["failures"][0],
        json!({ "arn": format!("arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/none"), "reason": "MISSING" })
    );
    aws.ecs("DeleteCluster", json!({ "cluster": "shop" }));
    assert_eq!(described(json!([]))["clusters"][0]["status"], "INACTIVE");
    assert_eq!(aws.ecs("ListClusters", json!({}))["clusterArns"], json!([]));
    assert_eq!(
        aws.refused("DeleteCluster", json!({ "cluster": "shop" }))
            .code,
        "ClusterNotFoundException"
    );
    assert_eq!(
        aws.ecs("CreateCluster", json!({ "clusterName": "shop" }))["cluster"]["status"],
        "ACTIVE"
    );
}

#[test]
fn run_task_runs_once_per_token_and_ends_with_its_container() {
    let aws = Aws::new();
    aws.fate(
        "nginx:1",
        simulator::Fate::Exits {
            code: 0,
            after_seconds: 30.0,
        },
    );
    let mut input = service(
        1,
        json!({ "count": 2, "clientToken": "t", "startedBy": "me" }),
    );
    for member in ["serviceName", "desiredCount"] {
        input.as_object_mut().expect("an object").remove(member);
    }
    let first = aws.ecs("RunTask", input.clone());
    assert_eq!(aws.ecs("RunTask", input)["tasks"], first["tasks"]);
    assert_eq!(first["tasks"][0]["group"], "family:web");
    aws.0.advance(10.0);
    let list = aws.ecs("ListTasks", json!({ "cluster": "shop", "startedBy": "me" }));
    assert_eq!(list["taskArns"].as_array().map(Vec::len), Some(2));
    aws.0.advance(60.0);
    let arns: Vec<Value> = first["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .map(|t| t["taskArn"].clone())
        .collect();
    let answer = aws.ecs("DescribeTasks", json!({ "cluster": "shop", "tasks": arns }));
    assert_eq!(answer["tasks"][0]["lastStatus"], "STOPPED");
    assert_eq!(answer["tasks"][1]["containers"][0]["exitCode"], 0);
}

#[test]
fn another_task_definition_needs_its_volumes_again() {
    let aws = Aws::new();
    let mut definition = task_definition("nginx:1");
    definition["volumes"] = json!([{ "name": "data", "configuredAtLaunch": true }]);
    aws.ecs("RegisterTaskDefinition", definition.clone());
    let volumes =
        json!([{ "name": "data", "managedEBSVolume": { "roleArn": "r", "sizeInGiB": 8 } }]);
    aws.create(1, json!({ "volumeConfigurations": volumes }));
    aws.ecs("RegisterTaskDefinition", definition);
    let change = json!({ "cluster": "shop", "service": "web", "taskDefinition": "web" });
    let refused = aws.refused("UpdateService", change);
    assert!(
        refused
            .message
            .starts_with("Task definition has configuredAtLaunch volume")
    );
    aws.update(json!({ "taskDefinition": "web", "volumeConfigurations": volumes }));
}

#[test]
fn steps_of_a_strategy_go_with_it() {
    let aws = Aws::new();
    let linear = json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 20 } });
    aws.create(1, json!({ "deploymentConfiguration": linear }));
    let updated = aws.update(json!({ "deploymentConfiguration": { "strategy": "ROLLING" } }));
    assert_eq!(
        updated["deploymentConfiguration"]["linearConfiguration"],
        Value::Null
    );
}
