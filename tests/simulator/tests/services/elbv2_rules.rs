use serde_json::{Value, json};

use crate::client::{
    at, forward, group, group_input, person, refused, rule, rule_input, with_listener,
};

fn priorities(answer: &Value) -> Vec<String> {
    let rules = answer["Rules"].as_array().expect("rules");
    rules.iter().map(|rule| at(rule, "/Priority")).collect()
}

#[test]
fn rules_come_by_priority_with_the_default_last() {
    let (aws, listener) = with_listener();
    let web = group(&aws, "web");
    rule(&aws, &listener, 20, &web);
    rule(&aws, &listener, 3, &web);
    let rules = person(&aws, "DescribeRules", json!({ "ListenerArn": listener })).expect("rules");
    assert_eq!(priorities(&rules), ["3", "20", "default"]);
    assert_eq!(rules["Rules"][2]["IsDefault"], true);
    assert_eq!(at(&rules, "/Rules/2/Actions/0/Type"), "fixed-response");
}

#[test]
fn forward_and_conditions_are_shown_both_ways() {
    let (aws, listener) = with_listener();
    let web = group(&aws, "web");
    let mut input = rule_input(&listener, 1, &web);
    input["Conditions"] =
        json!([{ "Field": "path-pattern", "PathPatternConfig": { "Values": ["/b", "/a"] } }]);
    let created = person(&aws, "CreateRule", input).expect("a rule");
    let shown = &created["Rules"][0];
    let expected = json!([{ "Field": "path-pattern", "Values": ["/a", "/b"], "PathPatternConfig": { "Values": ["/a", "/b"] } }]);
    assert_eq!(shown["Conditions"], expected);
    let stickiness = json!({ "Enabled": false });
    let config = json!({ "TargetGroups": [{ "TargetGroupArn": web, "Weight": 1 }], "TargetGroupStickinessConfig": stickiness });
    let expected =
        json!([{ "Type": "forward", "Order": 1, "TargetGroupArn": web, "ForwardConfig": config }]);
    assert_eq!(shown["Actions"], expected);
}

#[test]
fn host_header_values_keep_their_order() {
    let (aws, listener) = with_listener();
    let web = group(&aws, "web");
    let mut input = rule_input(&listener, 1, &web);
    input["Conditions"] =
        json!([{ "Field": "host-header", "Values": ["b.example.com", "a.example.com"] }]);
    let created = person(&aws, "CreateRule", input).expect("a rule");
    assert_eq!(
        created["Rules"][0]["Conditions"][0]["Values"],
        json!(["b.example.com", "a.example.com"])
    );
}

#[test]
fn two_weighted_groups_lose_the_scalar_arn() {
    let (aws, listener) = with_listener();
    let (blue, green) = (group(&aws, "blue"), group(&aws, "green"));
    let tuples = json!([{ "TargetGroupArn": blue, "Weight": 100 }, { "TargetGroupArn": green, "Weight": 0 }]);
    let mut input = rule_input(&listener, 1, &blue);
    input["Actions"] = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": tuples } }]);
    let created = person(&aws, "CreateRule", input).expect("a rule");
    assert_eq!(
        created["Rules"][0]["Actions"][0].get("TargetGroupArn"),
        None
    );
    assert_eq!(
        created["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"],
        tuples
    );
}

#[test]
fn conditions_that_aws_refuses_are_refused() {
    let (aws, listener) = with_listener();
    let web = group(&aws, "web");
    let wrong = [
        json!([]),
        json!([{ "Field": "path", "Values": ["/"] }]),
        json!([{ "Field": "path-pattern", "Values": [] }]),
        json!([{ "Field": "path-pattern", "Values": ["/1", "/2", "/3", "/4", "/5", "/6"] }]),
        json!([{ "Field": "path-pattern", "Values": ["/a"] }, { "Field": "path-pattern", "Values": ["/b"] }]),
        json!([{ "Field": "path-pattern", "Values": ["/*/*/*/*/*/*"] }]),
        json!([{ "Field": "path-pattern", "Values": ["/a b"] }]),
        json!([{ "Field": "path-pattern", "Values": ["/".repeat(129)] }]),
        json!([{ "Field": "host-header", "Values": ["localhost"] }]),
        json!([{ "Field": "host-header", "Values": ["10.0.0.1"] }]),
        json!([{ "Field": "http-header", "Values": ["x"] }]),
        json!([{ "Field": "http-header", "HttpHeaderConfig": { "HttpHeaderName": "Host", "Values": ["x"] } }]),
        json!([{ "Field": "http-request-method", "HttpRequestMethodConfig": { "Values": ["get"] } }]),
        json!([{ "Field": "source-ip", "SourceIpConfig": { "Values": ["10.0.0.1"] } }]),
        json!([{ "Field": "source-ip", "SourceIpConfig": { "Values": ["10.0.0.0/33"] } }]),
    ];
    for conditions in wrong {
        let mut input = rule_input(&listener, 1, &web);
        input["Conditions"] = conditions.clone();
        assert_eq!(
            refused(&aws, "CreateRule", input),
            "ValidationError",
            "{conditions}"
        );
    }
}

#[test]
fn actions_that_aws_refuses_are_refused() {
    let (aws, listener) = with_listener();
    let (web, lambda_like) = (group(&aws, "web"), group(&aws, "api"));
    let fixed = json!({ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "200" } });
    let ordered = |action: &Value, order: i64| {
        let mut action = action.clone();
        action["Order"] = json!(order);
        action
    };
    let both = json!([ordered(&forward(&web), 1), ordered(&fixed, 2)]);
    let tuples = json!([{ "TargetGroupArn": web }, { "TargetGroupArn": lambda_like }]);
    let weight = json!([{ "TargetGroupArn": web, "Weight": 1000 }]);
    let wrong = [
        (json!([]), "InvalidLoadBalancerAction"),
        (both, "TooManyActions"),
        (json!([forward(&web), fixed]), "InvalidLoadBalancerAction"),
        (json!([{ "Type": "forward" }]), "InvalidLoadBalancerAction"),
        (
            json!([{ "Type": "forward", "TargetGroupArn": web, "ForwardConfig": { "TargetGroups": tuples } }]),
            "InvalidLoadBalancerAction",
        ),
        (
            json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": weight } }]),
            "ValidationError",
        ),
        (
            json!([{ "Type": "redirect", "RedirectConfig": { "StatusCode": "HTTP_301" } }]),
            "InvalidLoadBalancerAction",
        ),
        (
            json!([forward(&web.replace("web", "gone"))]),
            "TargetGroupNotFound",
        ),
    ];
    for (actions, code) in wrong {
        let mut input = rule_input(&listener, 1, &web);
        input["Actions"] = actions.clone();
        assert_eq!(refused(&aws, "CreateRule", input), code, "{actions}");
    }
}

#[test]
fn group_of_another_protocol_or_load_balancer_is_refused() {
    let (aws, first) = with_listener();
    let second = aws.listener("second", json!({}));
    let web = group(&aws, "web");
    rule(&aws, &first, 1, &web);
    assert_eq!(
        refused(&aws, "CreateRule", rule_input(&second, 1, &web)),
        "TargetGroupAssociationLimit"
    );
    let mut tcp = group_input("tcp");
    tcp["Protocol"] = json!("TCP");
    let tcp = person(&aws, "CreateTargetGroup", tcp).expect("a group");
    let tcp = at(&tcp, "/TargetGroups/0/TargetGroupArn");
    assert_eq!(
        refused(&aws, "CreateRule", rule_input(&first, 2, &tcp)),
        "IncompatibleProtocols"
    );
}

#[test]
fn priority_is_taken_once() {
    let (aws, listener) = with_listener();
    let web = group(&aws, "web");
    rule(&aws, &listener, 5, &web);
    let error = person(&aws, "CreateRule", rule_input(&listener, 5, &web)).expect_err("taken");
    assert_eq!(
        (&error.code[..], &error.message[..]),
        ("PriorityInUse", "Priority '5' is currently in use")
    );
}

#[test]
fn load_balancer_has_room_for_a_hundred_rules() {
    let (aws, listener) = with_listener();
    let web = group(&aws, "web");
    for priority in 1..=100 {
        rule(&aws, &listener, priority, &web);
    }
    assert_eq!(
        refused(&aws, "CreateRule", rule_input(&listener, 101, &web)),
        "TooManyRules"
    );
}

#[test]
fn modify_keeps_what_it_does_not_name() {
    let (aws, listener) = with_listener();
    let (web, api) = (group(&aws, "web"), group(&aws, "api"));
    let mut input = rule_input(&listener, 1, &web);
    let transform = json!({ "Type": "url-rewrite", "UrlRewriteConfig": { "Rewrites": [{ "Regex": "a", "Replace": "b" }] } });
    input["Transforms"] = json!([transform]);
    let created = person(&aws, "CreateRule", input).expect("a rule");
    let arn = at(&created, "/Rules/0/RuleArn");
    let modify = |members: Value| {
        let mut input = json!({ "RuleArn": arn });
        input
            .as_object_mut()
            .expect("an object")
            .extend(members.as_object().expect("members").clone());
        person(&aws, "ModifyRule", input).expect("modified")["Rules"][0].clone()
    };
    let modified = modify(json!({ "Actions": [forward(&api)], "Transforms": [] }));
    assert_eq!(modified["Conditions"], created["Rules"][0]["Conditions"]);
    assert_eq!(at(&modified, "/Actions/0/TargetGroupArn"), api);
    assert_eq!(modified["Transforms"], json!([transform]));
    assert_eq!(
        modify(json!({ "ResetTransforms": true }))["Transforms"],
        json!([])
    );
}

#[test]
fn default_rule_is_the_listeners() {
    let (aws, listener) = with_listener();
    let rules = person(&aws, "DescribeRules", json!({ "ListenerArn": listener })).expect("rules");
    let default = at(&rules, "/Rules/0/RuleArn");
    assert_eq!(
        refused(&aws, "DeleteRule", json!({ "RuleArn": default })),
        "OperationNotPermitted"
    );
    let pair = json!([{ "RuleArn": default, "Priority": 1 }]);
    assert_eq!(
        refused(&aws, "SetRulePriorities", json!({ "RulePriorities": pair })),
        "OperationNotPermitted"
    );
    let web = group(&aws, "web");
    let input = json!({ "ListenerArn": listener, "DefaultActions": [forward(&web)] });
    person(&aws, "ModifyListener", input).expect("modified");
    let rules = person(&aws, "DescribeRules", json!({ "RuleArns": [default] })).expect("rules");
    assert_eq!(at(&rules, "/Rules/0/Actions/0/TargetGroupArn"), web);
    assert_eq!(
        refused(&aws, "DeleteTargetGroup", json!({ "TargetGroupArn": web })),
        "ResourceInUse"
    );
}

#[test]
fn priorities_swap_in_one_call_or_stay_all() {
    let (aws, listener) = with_listener();
    let web = group(&aws, "web");
    let rules = [1, 2, 3].map(|priority| rule(&aws, &listener, priority, &web));
    let set = |pairs: &[(usize, i64)]| {
        let pair = |(index, priority): &(usize, i64)| json!({ "RuleArn": rules[*index], "Priority": priority });
        json!({ "RulePriorities": pairs.iter().map(pair).collect::<Vec<_>>() })
    };
    let order = || {
        let all = person(&aws, "DescribeRules", json!({ "ListenerArn": listener })).expect("rules");
        let position = |arn: &String| rules.iter().position(|rule| rule == arn);
        let arns = all["Rules"]
            .as_array()
            .expect("rules")
            .iter()
            .map(|rule| at(rule, "/RuleArn"));
        arns.filter_map(|arn| position(&arn)).collect::<Vec<_>>()
    };
    assert_eq!(
        refused(&aws, "SetRulePriorities", set(&[(0, 9), (1, 3)])),
        "PriorityInUse"
    );
    assert_eq!(order(), [0, 1, 2]);
    person(&aws, "SetRulePriorities", set(&[(0, 2), (1, 1)])).expect("swapped");
    assert_eq!(order(), [1, 0, 2]);
    let entry = aws
        .journal()
        .into_iter()
        .rfind(|entry| entry.operation == "SetRulePriorities")
        .expect("an entry");
    assert!(entry.changed());
}

#[test]
fn deleting_a_load_balancer_takes_everything_below_along() {
    let (aws, listener) = with_listener();
    let web = group(&aws, "web");
    rule(&aws, &listener, 1, &web);
    let balancers = person(&aws, "DescribeLoadBalancers", json!({})).expect("balancers");
    let arn = at(&balancers, "/LoadBalancers/0/LoadBalancerArn");
    person(
        &aws,
        "DeleteLoadBalancer",
        json!({ "LoadBalancerArn": arn }),
    )
    .expect("deleted");
    assert_eq!(
        refused(&aws, "DescribeRules", json!({ "ListenerArn": listener })),
        "ListenerNotFound"
    );
    person(&aws, "DeleteTargetGroup", json!({ "TargetGroupArn": web })).expect("deleted");
}
