//! What becomes of a declared service.

use serde_json::{Value, json};

use super::{
    Invalid,
    service::{DesiredService, Known, References, desired, target},
    testing::{self, WEB, installation, spec},
};

const LISTENER: &str = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/demo/1/2";

fn web() -> Value {
    json!({"clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": "web"}, "desiredCount": 2, "launchType": "FARGATE",
           "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
           "loadBalancers": [{"containerName": "app", "containerPort": 80, "targetGroup": {
               "protocol": "HTTP", "port": 80, "vpcId": "vpc-1", "targetType": "ip",
               "rules": [{"listenerArn": LISTENER, "conditions": [{"pathPatternConfig": {"values": ["/b", "/a"]}}]}]}}]})
}

fn build(json: Value) -> Result<DesiredService, Invalid> {
    testing::service(json, "arn:aws:ecs:us-east-1:0:task-definition/web:1")
}

#[test]
fn target_names_the_foreign_groups_that_rules_lead_to() {
    let mut json = web();
    let rule = &mut json["loadBalancers"][0]["targetGroup"]["rules"][0];
    rule["actions"] = json!([
        {"type": "forward", "targetGroupArn": "arn:a"},
        {"type": "forward", "forwardConfig": {"targetGroups": [{"weight": 1}, {"targetGroupArn": "arn:b"}]}},
    ]);
    let target = target(WEB, &spec(json), "main", &Known::default(), &installation());
    let groups = target.unwrap().foreign_target_groups;
    assert_eq!(groups, ["arn:a", "arn:b"].map(str::to_owned).into());
}

#[test]
fn members_are_awss_own() {
    let desired = build(web()).unwrap();
    let keys: Vec<_> = desired.members.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "desiredCount",
            "launchType",
            "networkConfiguration",
            "taskDefinition"
        ]
    );
    assert_eq!(
        desired.target_groups[0].rules[0].conditions,
        [json!({"pathPatternConfig": {"values": ["/a", "/b"]}})]
    );
    assert_eq!(
        desired.target_groups[0].rules[0].actions,
        [json!({"type": "forward"})]
    );
}

#[test]
fn count_and_placement_do_not_start_rollouts() {
    let mut scaled = web();
    scaled["desiredCount"] = json!(5);
    assert_eq!(
        build(web()).unwrap().rollout_hash,
        build(scaled).unwrap().rollout_hash
    );
    let mut moved = web();
    moved["networkConfiguration"]["awsvpcConfiguration"]["subnets"] = json!(["subnet-2"]);
    assert_ne!(
        build(web()).unwrap().rollout_hash,
        build(moved).unwrap().rollout_hash
    );
}

#[test]
fn absent_count_is_one_at_creation_and_declared_never() {
    let mut open = web();
    open.as_object_mut().unwrap().remove("desiredCount");
    let desired = build(open).unwrap();
    assert_eq!(desired.first_desired_count, Some(1));
    assert!(!desired.members.contains_key("desiredCount"));
}

#[test]
fn mistakes_are_named_by_path() {
    type Break = fn(&mut Value);
    let cases: [(&str, Break); 7] = [
        ("spec.clusterRef", |s| s["cluster"] = json!("main")),
        ("spec.taskDefinitionRef", |s| {
            s["taskDefinition"] = json!("web:1")
        }),
        ("spec.launchType", |s| {
            s["capacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE"}])
        }),
        ("spec.loadBalancers[0]", |s| {
            s["loadBalancers"][0]["targetGroupArn"] = json!("arn:x")
        }),
        ("spec.loadBalancers[0].targetGroup.port", |s| {
            s["loadBalancers"][0]["targetGroup"]
                .as_object_mut()
                .unwrap()
                .remove("port");
        }),
        (
            "spec.loadBalancers[0].targetGroup.rules[0].listenerArn",
            |s| s["loadBalancers"][0]["targetGroup"]["rules"][0]["listenerArn"] = json!("demo"),
        ),
        (
            "spec.loadBalancers[0].targetGroup.rules[0].conditions[0]",
            |s| s["loadBalancers"][0]["targetGroup"]["rules"][0]["conditions"] = json!([{}]),
        ),
    ];
    for (path, break_it) in cases {
        let mut broken = web();
        break_it(&mut broken);
        let error = build(broken).unwrap_err();
        assert_eq!(error.path, path, "{error}");
    }
}

#[test]
fn service_that_is_known_keeps_cluster_name_and_region() {
    let arn = "arn:aws:ecs:us-east-1:000000000000:service/main/team-web";
    let build = |edit: &Value, arn: &str, cluster: &str| {
        let known = Known {
            arn: Some(arn.into()),
            ..Known::default()
        };
        let references = References {
            cluster: cluster.into(),
            task_definition: "web:1".into(),
        };
        let mut json = web();
        let members = json.as_object_mut().unwrap();
        members.extend(edit.as_object().unwrap().clone());
        let target = target(WEB, &spec(json.clone()), "main", &known, &installation());
        assert_eq!(target.unwrap().name, "team-web", "what is deleted");
        desired(WEB, &spec(json), &references, &known, &installation())
    };
    let none = json!({});
    let cluster_arn = "arn:aws:ecs:us-east-1:000000000000:cluster/main";
    assert!(build(&none, arn, "main").is_ok() && build(&none, arn, cluster_arn).is_ok());
    let short = "arn:aws:ecs:us-east-1:000000000000:service/team-web";
    assert!(build(&none, short, "other").is_ok(), "it does not say");
    for (path, edit, cluster) in [
        ("spec.serviceName", json!({"serviceName": "other"}), "main"),
        ("spec.clusterRef", none, "other"),
        ("spec.region", json!({"region": "eu-west-1"}), "main"),
    ] {
        let error = build(&edit, arn, cluster).unwrap_err();
        assert_eq!(error.path, path, "{error}");
        assert!(error.message.contains("Set it back"), "{error}");
    }
}

#[test]
fn bare_family_is_refused() {
    let mut bare = web();
    bare.as_object_mut().unwrap().remove("taskDefinitionRef");
    bare["taskDefinition"] = json!("web");
    assert_eq!(build(bare).unwrap_err().path, "spec.taskDefinition");
}
