//! What a spec may hold of what people keep and AWS answers.

use serde_json::{Value, json};

use super::prune::*;
use super::shape::Shape;
use crate::model::defaults;

fn prune(spec: Value) -> (Value, Pruner) {
    let shape = Shape::of_spec("EcsTaskDefinition");
    let mut pruner = Pruner::default();
    let kept = pruner.object(
        spec.as_object().expect("an object"),
        shape.members().expect("members"),
        "",
    );
    (Value::Object(kept), pruner)
}

#[test]
fn skeleton_entries_go_and_what_was_filled_in_stays() {
    let (kept, pruner) = prune(json!({
        "family": "web", "taskRoleArn": "", "networkMode": "awsvpc", "placementConstraints": [{"type": "memberOf", "expression": ""}],
        "volumes": [{"name": "", "host": {"sourcePath": ""}}],
        "containerDefinitions": [{
            "name": "app", "image": "nginx:1", "cpu": 0, "essential": true, "command": [""], "entryPoint": ["sh", "-c", ""],
            "environment": [{"name": "", "value": ""}, {"name": "EMPTY", "value": ""}],
            "portMappings": [{"containerPort": 0, "hostPort": 0, "protocol": "udp", "name": ""}, {"containerPort": 80}],
            "dockerLabels": {"KeyName": ""},
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web", "awslogs-stream-prefix": ""}},
            "healthCheck": {"command": [""], "interval": 0, "timeout": 0, "retries": 0, "startPeriod": 0},
        }],
    }));
    assert_eq!(pruner.wrong, []);
    assert_eq!(
        kept,
        json!({
            "family": "web", "networkMode": "awsvpc",
            "containerDefinitions": [{
                "name": "app", "image": "nginx:1", "cpu": 0, "essential": true, "entryPoint": ["sh", "-c", ""],
                "environment": [{"name": "EMPTY", "value": ""}], "portMappings": [{"containerPort": 80}],
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web", "awslogs-stream-prefix": ""}},
            }],
        })
    );
}

#[test]
fn unknown_members_and_wrong_types_are_told_by_path_and_never_by_value() {
    let (_, pruner) = prune(json!({
        "containerDefinitions": [{"name": "app", "imgae": "hunter2", "environment": [{"name": "A", "value": ["hunter2"]}], "cpu": "hunter2"}],
        "networkMode": "hunter2",
    }));
    let paths: Vec<_> = pruner.wrong.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "containerDefinitions[0].cpu",
            "containerDefinitions[0].environment[0].value",
            "containerDefinitions[0].imgae",
            "containerDefinitions[0].image",
            "networkMode"
        ]
    );
    let text = format!("{:?}", pruner.wrong);
    assert!(
        text.contains("did you mean image?") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn values_of_another_type_that_say_the_same_are_converted_and_told() {
    let (kept, pruner) = prune(
        json!({"cpu": 256, "containerDefinitions": [{"name": "app", "image": "nginx", "essential": "true",
        "portMappings": [{"containerPort": "80"}], "environment": [{"name": "A", "value": true}]}]}),
    );
    assert_eq!(pruner.wrong, []);
    let container = &kept["containerDefinitions"][0];
    assert_eq!(
        (&kept["cpu"], &container["essential"]),
        (&json!("256"), &json!(true))
    );
    assert_eq!(container["portMappings"][0]["containerPort"], 80);
    assert_eq!(container["environment"][0]["value"], "true");
    assert_eq!(pruner.converted.len(), 4);
}

#[test]
fn blocks_that_say_what_aws_does_by_itself_need_not_be_whole() {
    let service = json!({"deploymentConfiguration": {"maximumPercent": 150,
        "alarms": {"enable": false, "rollback": false}, "deploymentCircuitBreaker": {"enable": true}}});
    let shape = Shape::of_spec("EcsService");
    let mut pruner = Pruner {
        defaults: defaults::SERVICE,
        ..Pruner::default()
    };
    let members = shape.members().expect("members");
    let kept = pruner.object(service.as_object().expect("an object"), members, "");
    assert!(kept["deploymentConfiguration"].get("alarms").is_none());
    let wrong: Vec<_> = pruner.wrong.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        wrong,
        ["deploymentConfiguration.deploymentCircuitBreaker.rollback"]
    );
    let whole = json!({"deploymentConfiguration": {"alarms": {"alarmNames": [], "enable": false, "rollback": false}}});
    let kept = Pruner::default().object(whole.as_object().expect("an object"), members, "");
    assert_eq!(Value::Object(kept), whole);
}

#[test]
fn tags_of_aws_become_a_map_without_reserved_ones() {
    let (kept, pruner) = prune(json!({"tags": [
        {"key": "team", "value": "a"}, {"key": "aws:cloudformation:stack-name", "value": "s"},
        {"Key": "empty", "Value": ""}, {"key": "", "value": ""}, {"key": "ecs-operator.dev/uid", "value": "u"}]}));
    assert_eq!(kept, json!({"tags": {"team": "a", "empty": ""}}));
    assert_eq!(pruner.dropped.len(), 3);
}

#[test]
fn what_aws_has_and_this_version_does_not_know_is_left_out_when_lenient() {
    let shape = Shape::of_spec("EcsTaskDefinition");
    let mut pruner = Pruner {
        is_lenient: true,
        ..Pruner::default()
    };
    let answer = json!({"family": "web", "brandNew": {"x": 1}, "networkMode": "teleport"});
    let kept = pruner.object(
        answer.as_object().expect("an object"),
        shape.members().expect("members"),
        "",
    );
    assert_eq!(Value::Object(kept), json!({"family": "web"}));
    assert_eq!(
        pruner.dropped,
        [
            (Why::Unknown, "brandNew".to_owned()),
            (Why::Unknown, "networkMode".to_owned())
        ]
    );
}

#[test]
fn unknown_member_is_unknown_though_it_is_empty() {
    let (_, pruner) = prune(json!({
        "containerDefinitions": [{"name": "app", "image": "nginx", "enviroment": [], "Secrets": null, "comand": [""]}],
    }));
    let wrong: Vec<_> = pruner
        .wrong
        .iter()
        .map(|(path, why)| format!("{path}: {why}"))
        .collect();
    let told = |path: &str, nearest: &str| {
        format!(
            "containerDefinitions[0].{path}: there is no such member; did you mean {nearest}? Rename or remove it."
        )
    };
    assert_eq!(
        wrong,
        [
            told("Secrets", "secrets"),
            told("comand", "command"),
            told("enviroment", "environment")
        ]
    );
}

#[test]
fn words_that_are_told_are_words() {
    let (_, pruner) = prune(
        json!({"networkMode": "hunter2", "containerDefinitions": [{"name": "app", "image": "nginx"}]}),
    );
    let [(_, message)] = pruner.wrong.as_slice() else {
        panic!("{:?}", pruner.wrong)
    };
    assert_eq!(message, "must be one of bridge, host, awsvpc, none.");
}

#[test]
fn volume_of_docker_stays_one_though_it_says_no_more() {
    let container = json!({"name": "app", "image": "nginx"});
    let (kept, _) = prune(json!({
        "containerDefinitions": [container],
        "volumes": [{"name": "a", "dockerVolumeConfiguration": {}}, {"name": "b", "host": {}}],
    }));
    assert_eq!(
        kept["volumes"],
        json!([{"name": "a", "dockerVolumeConfiguration": {}}, {"name": "b"}])
    );
}
