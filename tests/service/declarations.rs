//! Random declarations on the whole surface, and edits of single values.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use simulator::contract::Model;

use crate::{
    edits,
    every_member::{SERVICE, cases, merge},
    rig::is_valid,
};

/// Members of managed target groups and rules, one value at a time.
pub fn balanced_members() -> Vec<Value> {
    let group = |member: Value| json!({"loadBalancers": [{"targetGroup": member}]});
    let rule = |member: Value| json!({"loadBalancers": [{"targetGroup": {"rules": [member]}}]});
    // No request comes to the group by it: another rule has to lead there.
    let elsewhere = |action: Value| {
        let rule = json!({"listenerArn": "LISTENER", "conditions": [{"pathPatternConfig": {"values": ["/old"]}}], "actions": [action]});
        json!({"loadBalancers": [{"targetGroup": {"rules": [{}, rule]}}]})
    };
    let redirect = |member: &str, value: &str| json!({"type": "redirect", "redirectConfig": {"statusCode": "HTTP_301", "host": "b.example", member: value}});
    let login = json!({"issuer": "https://i.example", "authorizationEndpoint": "https://a.example", "tokenEndpoint": "https://t.example", "userInfoEndpoint": "https://u.example", "clientId": "c", "clientSecret": "hush"});
    let pool = json!({"userPoolArn": "arn:pool", "userPoolClientId": "c", "userPoolDomain": "d"});
    let with = |mut block: Value, member: &str, value: Value| {
        block[member] = value;
        block
    };
    let mut members: Vec<Value> = [
        json!({"healthCheckProtocol": "HTTPS"}),
        json!({"healthCheckPort": "8081"}),
        json!({"healthCheckPath": "/ready"}),
        json!({"healthCheckEnabled": true}),
        json!({"healthCheckIntervalSeconds": 20}),
        json!({"healthCheckTimeoutSeconds": 7}),
        json!({"healthyThresholdCount": 3}),
        json!({"unhealthyThresholdCount": 4}),
        json!({"matcher": {"httpCode": "200-299"}}),
        json!({"attributes": {"deregistration_delay.timeout_seconds": "30"}}),
        json!({"attributes": {"stickiness.enabled": "true"}}),
        json!({"attributes": {"stickiness.lb_cookie.duration_seconds": "60"}}),
        json!({"attributes": {"load_balancing.cross_zone.enabled": "false"}}),
        json!({"attributes": {"slow_start.duration_seconds": "30"}}),
        json!({"attributes": {"target_group_health.dns_failover.minimum_healthy_targets.count": "2"}}),
    ]
    .into_iter()
    .map(group)
    .collect();
    members.extend(
        [
            json!({"priority": 100}),
            json!({"conditions": [{"pathPatternConfig": {"values": ["/b", "/a"]}}]}),
            json!({"conditions": [{"pathPatternConfig": {"regexValues": ["^/c"]}}]}),
            json!({"conditions": [{"pathPatternConfig": {"values": ["/a"]}}, {"hostHeaderConfig": {"values": ["a.example"]}}]}),
            json!({"conditions": [{"pathPatternConfig": {"values": ["/a"]}}, {"httpHeaderConfig": {"httpHeaderName": "x", "values": ["1"]}}]}),
            json!({"conditions": [{"pathPatternConfig": {"values": ["/a"]}}, {"queryStringConfig": {"values": [{"key": "k", "value": "v"}]}}]}),
            json!({"conditions": [{"pathPatternConfig": {"values": ["/a"]}}, {"sourceIpConfig": {"values": ["10.0.0.0/8"]}}]}),
            json!({"conditions": [{"field": "path-pattern", "values": ["/"]}, {"httpRequestMethodConfig": {"values": ["GET"]}}]}),
            json!({"actions": [{"type": "forward", "forwardConfig": {"targetGroupStickinessConfig": {"enabled": true, "durationSeconds": 60}}}]}),
            json!({"actions": [{"type": "forward", "forwardConfig": {"targetGroups": [{"weight": 7}]}}]}),
            json!({"actions": [{"type": "authenticate-oidc", "authenticateOidcConfig": login}, {"type": "forward"}]}),
            json!({"actions": [{"type": "authenticate-oidc", "authenticateOidcConfig": with(login.clone(), "scope", json!("email"))}, {"type": "forward", "order": 9}]}),
            json!({"actions": [{"type": "authenticate-cognito", "authenticateCognitoConfig": with(pool, "sessionTimeout", json!(60))}, {"type": "forward"}]}),
            json!({"actions": [{"type": "jwt-validation", "jwtValidationConfig": {"jwksEndpoint": "https://k.example", "issuer": "i", "additionalClaims": [{"format": "string-array", "name": "aud", "values": ["b", "a"]}]}}, {"type": "forward"}]}),
            json!({"transforms": [{"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "^/a", "replace": "/"}]}}]}),
            json!({"transforms": [{"type": "host-header-rewrite", "hostHeaderRewriteConfig": {"rewrites": [{"regex": "a", "replace": "b"}]}}]}),
        ]
        .into_iter()
        .map(rule),
    );
    members.extend(
        [
            redirect("protocol", "HTTPS"),
            redirect("path", "/new"),
            redirect("query", ""),
            json!({"type": "fixed-response", "fixedResponseConfig": {"statusCode": "503", "contentType": "text/plain", "messageBody": "closed"}}),
            json!({"type": "forward", "targetGroupArn": "FOREIGN-1"}),
            json!({"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupArn": "FOREIGN-2", "weight": 7}]}}),
        ]
        .map(elsewhere),
    );
    members.extend([
        json!({"capacityProviderStrategy": [{"base": 1}]}),
        json!({"capacityProviderStrategy": [{"weight": 3}]}),
        json!({"capacityProviderStrategy": [{}, {"capacityProvider": "FARGATE_SPOT", "weight": 2}]}),
        json!({"tags": {"team": "a"}}),
        json!({"tags": {"cost": "1"}}),
        json!({"deploymentConfiguration": {"lifecycleHooks": [{"hookTargetArn": "x", "roleArn": "x", "lifecycleStages": ["PRE_SCALE_UP"], "hookDetails": {"a": [1, null, {"b": "c"}]}}]}}),
    ]);
    members
}

/// Every member, one a declaration.
pub static MEMBERS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let model = Model::parse(include_str!("../simulator/models/ecs.json"));
    let mut members = cases(&model, &SERVICE);
    members.pop();
    let of_service = members.into_iter().map(|case| case.spec);
    of_service.chain(balanced_members()).collect()
});

/// What every declaration has.
fn base(capacity: &Value, is_balanced: bool, shifts: bool) -> Value {
    let mut base = capacity.clone();
    base["networkConfiguration"] =
        json!({"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"]}});
    if is_balanced {
        let rules = json!([{"listenerArn": "LISTENER", "conditions": [{"pathPatternConfig": {"values": ["/"]}}]}]);
        let group = json!({"protocol": "HTTP", "port": 80, "vpcId": "vpc-1", "targetType": "ip", "rules": rules});
        base["loadBalancers"] =
            json!([{"containerName": "app", "containerPort": 8080, "targetGroup": group}]);
        if shifts {
            base["loadBalancers"][0]["advancedConfiguration"] = json!({"alternateTargetGroupArn": "arn:alternate", "productionListenerRule": "arn:rule", "roleArn": "arn:role"});
        }
    }
    base
}

/// Whether AWS, as far as the simulator knows it, has rules against it that only it can see.
fn suits_aws(spec: &Value) -> bool {
    let is_balanced = spec["loadBalancers"].is_array();
    let grace = spec["healthCheckGracePeriodSeconds"].as_i64().unwrap_or(0);
    (grace == 0 || is_balanced)
        && spec["schedulingStrategy"] != "DAEMON"
        && spec["networkConfiguration"].is_object()
        && can_replace(spec)
}

/// Whether there is room for a task more, or one less: else ECS waits for ever.
fn can_replace(spec: &Value) -> bool {
    let number = |value: &Value, default: i64| value.as_i64().unwrap_or(default);
    let configuration = &spec["deploymentConfiguration"];
    let count = number(&spec["desiredCount"], 1);
    let most = count * number(&configuration["maximumPercent"], 200) / 100;
    let least = (count * number(&configuration["minimumHealthyPercent"], 100) + 99) / 100;
    count == 0 || most > least
}

/// What declarations are made upon.
pub static BASES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let both = [true, false];
    let capacities = [
        json!({"launchType": "FARGATE"}),
        json!({"launchType": "EC2"}),
        json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]}),
    ];
    let each = capacities
        .map(|capacity| both.map(|balanced| both.map(|shifts| base(&capacity, balanced, shifts))));
    each.into_iter().flatten().flatten().collect()
});

/// A declaration with one member more, if they go together.
pub fn joined(mut spec: Value, member: &Value) -> Option<Value> {
    let lacks = |list: &str| member[list].is_array() && !spec[list].is_array();
    if lacks("loadBalancers") || lacks("capacityProviderStrategy") {
        return None;
    }
    merge(&mut spec, member.clone());
    is_good(&spec).then_some(spec)
}

/// Whether the operator and AWS take it.
fn is_good(spec: &Value) -> bool {
    is_valid(&named(spec)) && suits_aws(spec)
}

/// With ARNs in the place of the listener and the target groups, for the operator to read.
fn named(spec: &Value) -> Value {
    let arn = |what: &str| format!("arn:aws:elasticloadbalancing:us-east-1:0:{what}");
    let spec = spec
        .to_string()
        .replace("LISTENER", &arn("listener/app/d/1/2"));
    let spec = spec.replace("FOREIGN", &arn("targetgroup/foreign"));
    serde_json::from_str(&spec).expect("JSON")
}

/// Any declaration; up to `most` members besides what all have, as far as they go together.
pub fn any_declaration(most: usize) -> impl Strategy<Value = Value> {
    let chosen = prop::collection::vec(any::<prop::sample::Index>(), 0..most);
    (any::<prop::sample::Index>(), chosen).prop_map(|(base, chosen)| {
        chosen
            .iter()
            .fold(base.get(&BASES).clone(), |spec, member| {
                joined(spec.clone(), member.get(&MEMBERS)).unwrap_or(spec)
            })
    })
}

/// Another declaration for the same service: what AWS cannot change stays.
pub fn another(first: &Value, second: &Value) -> Option<Value> {
    let mut second = second.clone();
    if let (Some(launch_type), Some(_)) = (first.get("launchType"), second.get("launchType")) {
        second["launchType"] = launch_type.clone();
    }
    match first.get("schedulingStrategy") {
        Some(strategy) => second["schedulingStrategy"] = strategy.clone(),
        None => drop(second.as_object_mut()?.remove("schedulingStrategy")),
    }
    if first.get("availabilityZoneRebalancing").is_some()
        && second.get("availabilityZoneRebalancing").is_none()
    {
        second["availabilityZoneRebalancing"] = json!("DISABLED");
    }
    is_good(&second).then_some(second)
}

/// What AWS cannot change, or would change more than one thing for.
const FIXED: [&str; 13] = [
    "/launchType",
    "/schedulingStrategy",
    "/protocol",
    "/port",
    "/vpcId",
    "/targetType",
    "/listenerArn",
    "/containerName",
    "/containerPort",
    "/volumeConfigurations/0/name",
    "/field",
    "/capacityProvider",
    "/actions/0/type",
];

/// Words that only other words of AWS's can take the place of.
const OTHER: [(&str, &str); 19] = [
    ("x", "y"),
    ("y", "x"),
    ("1.4.0", "1.3.0"),
    ("gp3", "gp2"),
    ("200-299", "200"),
    ("8081", "8082"),
    ("a.example", "b.example"),
    ("10.0.0.0/8", "10.0.0.0/9"),
    ("30", "60"),
    ("60", "30"),
    ("GET", "POST"),
    ("/ready", "/steady"),
    ("true", "false"),
    ("false", "true"),
    ("HTTP_301", "HTTP_302"),
    ("HTTPS", "HTTP"),
    ("text/plain", "text/html"),
    ("FOREIGN-1", "FOREIGN-2"),
    ("FOREIGN-2", "FOREIGN-1"),
];

/// The same declaration with another value at one place, if there is a good one.
pub fn edited(spec: &Value, path: &str) -> Option<Value> {
    if FIXED.iter().any(|fixed| path.ends_with(fixed)) {
        return None;
    }
    edits::edited(spec, path, &MEMBERS, &OTHER, is_good)
}

/// The same declaration without the value at one place, and without what is empty then.
pub fn without(spec: &Value, path: &str) -> Option<Value> {
    edits::without(spec, path, is_good)
}
