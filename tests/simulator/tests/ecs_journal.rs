//! What the journal says that a call changed.

mod ecs_support;

use std::collections::BTreeSet;
use std::path::Path;

use ecs_support::{Aws, task_definition};
use regex::Regex;
use serde_json::{Value, json};
use simulator::service::Service;

/// Every mutating call that the simulator has of ECS, with an effect; the resource that it names.
fn every_mutation() -> (Aws, Vec<(&'static str, String)>) {
    let aws = Aws::new();
    let waits = aws.pause(json!({}));
    let hook = &waits["lifecycleHookDetails"][0]["hookId"];
    let answer = json!({ "serviceDeploymentArn": waits["serviceDeploymentArn"], "hookId": hook });
    let mut made = Vec::new();
    let mut call = |operation: &'static str, input: Value, resource: &str| {
        made.push((operation, resource.to_owned()));
        aws.ecs(operation, input)
    };
    let (web, shop) = ("service/shop/web", "cluster/shop");
    call("ContinueServiceDeployment", answer, web);
    aws.0.advance(60.0);
    let service = json!({ "cluster": "shop", "service": "web", "forceNewDeployment": true });
    call("UpdateService", service, web);
    let deployment = aws.service()["currentServiceDeployment"].clone();
    let stop = json!({ "serviceDeploymentArn": deployment, "stopType": "ABORT" });
    call("StopServiceDeployment", stop, web);
    let tag = json!({ "resourceArn": aws.service()["serviceArn"], "tags": [{ "key": "a", "value": "b" }] });
    call("TagResource", tag, web);
    let untag = json!({ "resourceArn": aws.service()["serviceArn"], "tagKeys": ["a"] });
    call("UntagResource", untag, web);
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
    let run = json!({ "cluster": "shop", "taskDefinition": "web:1", "launchType": "FARGATE", "networkConfiguration": network });
    let task = call("RunTask", run, shop)["tasks"][0]["taskArn"].clone();
    let id = task.as_str().and_then(|arn| arn.rsplit('/').next());
    let id = format!("task/{}", id.expect("an ARN"));
    call("StopTask", json!({ "cluster": "shop", "task": task }), &id);
    let gone = json!({ "cluster": "shop", "service": "web", "force": true });
    call("DeleteService", gone, web);
    aws.0.advance(600.0);
    let again = ecs_support::service(1, json!({ "serviceName": "api" }));
    call("CreateService", again, "service/shop/api");

    let family = "task-definition/web";
    call("RegisterTaskDefinition", task_definition("nginx:3"), family);
    let revision = json!({ "taskDefinition": "web:2" });
    call("DeregisterTaskDefinition", revision, family);
    let revisions = json!({ "taskDefinitions": ["web:2"] });
    call("DeleteTaskDefinitions", revisions, family);

    let (name, scaling) = ("spare", "capacity-provider/spare");
    let group =
        "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:1:autoScalingGroupName/spare";
    let create =
        json!({ "name": name, "autoScalingGroupProvider": { "autoScalingGroupArn": group } });
    call("CreateCapacityProvider", create, scaling);
    let update =
        json!({ "name": name, "autoScalingGroupProvider": { "managedDraining": "DISABLED" } });
    call("UpdateCapacityProvider", update, scaling);
    let delete = json!({ "capacityProvider": name });
    call("DeleteCapacityProvider", delete, scaling);

    let cluster = "cluster/lab";
    call("CreateCluster", json!({ "clusterName": "lab" }), cluster);
    let insights = |value: &str| json!({ "cluster": "lab", "settings": [{ "name": "containerInsights", "value": value }] });
    call("UpdateCluster", insights("enabled"), cluster);
    call("UpdateClusterSettings", insights("disabled"), cluster);
    let providers = json!({ "cluster": "lab", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": [] });
    call("PutClusterCapacityProviders", providers, cluster);
    call("DeleteCluster", json!({ "cluster": "lab" }), cluster);

    let setting = "account-setting/containerInsights";
    let put = |value: &str| json!({ "name": "containerInsights", "value": value });
    call("PutAccountSetting", put("enabled"), setting);
    call("PutAccountSettingDefault", put("disabled"), setting);
    (aws, made)
}

#[test]
fn journal_tells_of_every_mutating_call_what_it_changed() {
    let (aws, made) = every_mutation();
    let journal = aws.0.journal();
    for (operation, resource) in &made {
        let told = journal.iter().rev().find(|entry| {
            entry.operation == *operation && entry.resource.as_ref() == Some(resource)
        });
        assert!(
            told.is_some_and(|entry| entry.changed()),
            "{operation} of {resource}"
        );
    }
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ecs/mod.rs");
    let api = std::fs::read_to_string(api).expect("the API");
    let name = Regex::new("\"([A-Z][A-Za-z]+)\"").expect("a pattern");
    let simulated: BTreeSet<_> = name
        .captures_iter(&api)
        .filter_map(|found| found.get(1))
        .map(|found| found.as_str())
        .filter(|name| *name != "NotSimulated" && Service::Ecs.mutating(name))
        .collect();
    let made: BTreeSet<_> = made.iter().map(|(operation, _)| *operation).collect();
    assert_eq!(made, simulated);
}

#[test]
fn call_that_finds_its_work_done_changed_nothing() {
    let aws = Aws::new();
    let changed = || aws.0.journal().pop().is_some_and(|entry| entry.changed());
    let revision = json!({ "taskDefinition": "web:1" });
    let revisions = json!({ "taskDefinitions": ["none:1", "web:1"] });
    aws.ecs("DeregisterTaskDefinition", revision);
    aws.ecs("DeleteTaskDefinitions", revisions.clone());
    assert!(changed());
    aws.ecs("DeleteTaskDefinitions", revisions);
    assert!(!changed());
    aws.register("nginx:2");
    let network = json!({ "awsvpcConfiguration": { "subnets": ["subnet-1"] } });
    let run = json!({ "cluster": "shop", "taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": network, "clientToken": "once" });
    aws.ecs("RunTask", run.clone());
    assert!(changed());
    aws.ecs("RunTask", run);
    assert!(!changed());
}
