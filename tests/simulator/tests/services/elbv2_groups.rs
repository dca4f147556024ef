use serde_json::{Value, json};
use simulator::{Options, Simulator};

use crate::client::{self, at, group, group_input, person, refused, rule};

fn aws() -> Simulator {
    Simulator::new(Options::default())
}

fn with(name: &str, value: Value) -> Value {
    let mut input = group_input("web");
    input[name] = value;
    input
}

#[test]
fn same_settings_are_idempotent_and_others_are_a_duplicate() {
    let aws = aws();
    assert_eq!(group(&aws, "web"), group(&aws, "web"));
    let other = with("HealthCheckPath", json!("/health"));
    assert_eq!(
        refused(&aws, "CreateTargetGroup", other),
        "DuplicateTargetGroupName"
    );
}

#[test]
fn health_check_defaults_are_filled_in() {
    let aws = aws();
    let created = person(&aws, "CreateTargetGroup", group_input("web")).expect("a group");
    let expected = json!({
        "TargetGroupArn": at(&created, "/TargetGroups/0/TargetGroupArn"),
        "TargetGroupName": "web", "Protocol": "HTTP", "ProtocolVersion": "HTTP1", "Port": 80, "VpcId": "vpc-1",
        "TargetType": "ip", "IpAddressType": "ipv4", "LoadBalancerArns": [],
        "HealthCheckEnabled": true, "HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port", "HealthCheckPath": "/",
        "HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, "Matcher": { "HttpCode": "200" },
    });
    assert_eq!(created["TargetGroups"][0], expected);
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let aws = aws();
    let wrong = [
        ("Name", json!("a".repeat(33))),
        ("Name", json!("-web")),
        ("Name", json!("we_b")),
        ("Port", Value::Null),
        ("VpcId", Value::Null),
        ("Protocol", Value::Null),
        ("TargetType", json!("lambda")),
        ("ProtocolVersion", json!("HTTP3")),
        ("HealthCheckProtocol", json!("TCP")),
        ("HealthCheckEnabled", json!(false)),
        ("HealthCheckTimeoutSeconds", json!(30)),
        ("HealthCheckPort", json!("http")),
        ("HealthCheckPath", json!("health")),
        ("Matcher", json!({ "HttpCode": "200,500" })),
        ("Tags", json!([{ "Key": "aws:x", "Value": "" }])),
    ];
    for (name, value) in wrong {
        let code = refused(&aws, "CreateTargetGroup", with(name, value.clone()));
        assert_eq!(code, "ValidationError", "{name} {value}");
    }
    assert_eq!(
        aws.journal()
            .iter()
            .flat_map(|e| e.violations.clone())
            .count(),
        0
    );
}

#[test]
fn modify_changes_only_what_it_names() {
    let aws = aws();
    let arn = group(&aws, "web");
    let input = json!({ "TargetGroupArn": arn, "HealthCheckPath": "/ready", "Matcher": { "HttpCode": "200-299" } });
    let modified = person(&aws, "ModifyTargetGroup", input).expect("modified");
    assert_eq!(at(&modified, "/TargetGroups/0/HealthCheckPath"), "/ready");
    assert_eq!(at(&modified, "/TargetGroups/0/Matcher/HttpCode"), "200-299");
    assert_eq!(
        modified["TargetGroups"][0]["HealthCheckIntervalSeconds"],
        30
    );
}

#[test]
fn attributes_have_defaults_and_closed_values() {
    let aws = aws();
    let arn = group(&aws, "web");
    let set = |key: &str, value: &str| {
        let attributes = json!([{ "Key": key, "Value": value }]);
        json!({ "TargetGroupArn": arn, "Attributes": attributes })
    };
    let described = person(
        &aws,
        "DescribeTargetGroupAttributes",
        json!({ "TargetGroupArn": arn }),
    )
    .expect("attributes");
    let attributes = described["Attributes"].as_array().expect("a list");
    assert_eq!(attributes.len(), 14);
    assert!(
        attributes
            .contains(&json!({ "Key": "deregistration_delay.timeout_seconds", "Value": "300" }))
    );
    person(
        &aws,
        "ModifyTargetGroupAttributes",
        set("slow_start.duration_seconds", "30"),
    )
    .expect("modified");
    let wrong = [
        ("deregistration_delay.timeout_seconds", "3601"),
        ("deregistration_delay.timeout_seconds", ""),
        ("slow_start.duration_seconds", "29"),
        ("stickiness.enabled", "yes"),
        ("proxy_protocol_v2.enabled", "true"),
        ("no.such.key", "1"),
        ("stickiness.app_cookie.cookie_name", "AWSALB"),
    ];
    for (key, value) in wrong {
        assert_eq!(
            refused(&aws, "ModifyTargetGroupAttributes", set(key, value)),
            "ValidationError",
            "{key}={value}"
        );
    }
}

#[test]
fn group_in_use_cannot_be_deleted() {
    let (aws, listener) = client::with_listener();
    let web = group(&aws, "web");
    let arn = rule(&aws, &listener, 1, &web);
    assert_eq!(
        refused(&aws, "DeleteTargetGroup", json!({ "TargetGroupArn": web })),
        "ResourceInUse"
    );
    person(&aws, "DeleteRule", json!({ "RuleArn": arn })).expect("deleted");
    person(&aws, "DeleteTargetGroup", json!({ "TargetGroupArn": web })).expect("deleted");
}

#[test]
fn a_missing_one_fails_the_whole_describe() {
    let aws = aws();
    group(&aws, "web");
    assert_eq!(
        refused(
            &aws,
            "DescribeTargetGroups",
            json!({ "Names": ["web", "gone"] })
        ),
        "TargetGroupNotFound"
    );
}

#[test]
fn pages_end() {
    let aws = aws();
    for n in 0..5 {
        group(&aws, &format!("web-{n}"));
    }
    let mut input = json!({ "PageSize": 2 });
    let mut sizes = Vec::new();
    loop {
        let page = person(&aws, "DescribeTargetGroups", input.clone()).expect("a page");
        sizes.push(page["TargetGroups"].as_array().map_or(0, Vec::len));
        match page.get("NextMarker") {
            Some(marker) => input["Marker"] = marker.clone(),
            None => break,
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
}

fn health(aws: &Simulator, arn: &str) -> Vec<(String, String)> {
    let answer = person(
        aws,
        "DescribeTargetHealth",
        json!({ "TargetGroupArn": arn }),
    )
    .expect("health");
    let one = |t: &Value| {
        let reason = t["TargetHealth"]["Reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (at(t, "/TargetHealth/State"), reason)
    };
    answer["TargetHealthDescriptions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(one)
        .collect()
}

fn states(aws: &Simulator, arn: &str) -> Vec<String> {
    health(aws, arn)
        .into_iter()
        .map(|(state, _)| state)
        .collect()
}

#[test]
fn target_lives_from_unused_to_gone() {
    let (aws, listener) = client::with_listener();
    let web = group(&aws, "web");
    let target = json!({ "TargetGroupArn": web, "Targets": [{ "Id": "10.0.0.1", "Port": 8080 }] });
    person(&aws, "RegisterTargets", target.clone()).expect("registered");
    assert_eq!(
        health(&aws, &web),
        [("unused".to_owned(), "Target.NotInUse".to_owned())]
    );
    rule(&aws, &listener, 1, &web);
    assert_eq!(states(&aws, &web), ["initial"]);
    aws.advance(10.0);
    assert_eq!(states(&aws, &web), ["healthy"]);
    person(&aws, "DeregisterTargets", target).expect("deregistered");
    assert_eq!(
        health(&aws, &web),
        [(
            "draining".to_owned(),
            "Target.DeregistrationInProgress".to_owned()
        )]
    );
    aws.advance(5.0);
    assert_eq!(states(&aws, &web), Vec::<String>::new());
}

#[test]
fn scripted_group_is_unhealthy_until_the_script_changes() {
    let (aws, listener) = client::with_listener();
    let web = group(&aws, "web");
    rule(&aws, &listener, 1, &web);
    aws.script(|script| script.unhealthy_target_groups = ["web".into()].into());
    let target = json!({ "TargetGroupArn": web, "Targets": [{ "Id": "10.0.0.1" }] });
    person(&aws, "RegisterTargets", target).expect("registered");
    aws.advance(60.0);
    assert_eq!(
        health(&aws, &web),
        [(
            "unhealthy".to_owned(),
            "Target.FailedHealthChecks".to_owned()
        )]
    );
    aws.script(|script| script.unhealthy_target_groups.clear());
    aws.advance(10.0);
    assert_eq!(states(&aws, &web), ["healthy"]);
}

#[test]
fn target_must_suit_the_type() {
    let aws = aws();
    let web = group(&aws, "web");
    let target = json!({ "TargetGroupArn": web, "Targets": [{ "Id": "i-0123" }] });
    assert_eq!(refused(&aws, "RegisterTargets", target), "InvalidTarget");
}

#[test]
fn tags_are_added_removed_and_limited() {
    let aws = aws();
    let web = group(&aws, "web");
    let tag = |key: &str| json!({ "ResourceArns": [web], "Tags": [{ "Key": key, "Value": "v" }] });
    person(&aws, "AddTags", tag("a")).expect("tagged");
    person(&aws, "AddTags", tag("b")).expect("tagged");
    person(
        &aws,
        "RemoveTags",
        json!({ "ResourceArns": [web], "TagKeys": ["a"] }),
    )
    .expect("untagged");
    let described = person(&aws, "DescribeTags", json!({ "ResourceArns": [web] })).expect("tags");
    assert_eq!(
        described["TagDescriptions"][0]["Tags"],
        json!([{ "Key": "b", "Value": "v" }])
    );
    let many: Vec<_> = (0..50)
        .map(|n| json!({ "Key": format!("k{n}"), "Value": "" }))
        .collect();
    assert_eq!(
        refused(
            &aws,
            "AddTags",
            json!({ "ResourceArns": [web], "Tags": many })
        ),
        "TooManyTags"
    );
    let arns = vec![web.clone(); 21];
    assert_eq!(
        refused(&aws, "DescribeTags", json!({ "ResourceArns": arns })),
        "ValidationError"
    );
    let gone = web.replace("web", "gone");
    assert_eq!(
        refused(&aws, "DescribeTags", json!({ "ResourceArns": [gone] })),
        "TargetGroupNotFound"
    );
}
