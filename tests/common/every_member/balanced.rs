//! EcsService with all that leads to it: whose target groups, which rules, where its tasks run.

#![allow(dead_code, reason = "each test drives the kinds that it is about")]

use ecs_operator::{
    api::EcsServiceSpec,
    desired::{
        Identity,
        service::{self, Known, References},
    },
    model::Installation,
};
use serde_json::{Value, json};
use simulator::contract::Model;

use super::{
    Case, Kind, cases, merge,
    service::{BESIDE, VALUES},
};

/// The service itself. Its cluster and its task definition are in every declaration.
const SERVICE: Kind = Kind {
    operations: &["CreateService", "UpdateService"],
    without: &[
        "cluster",
        "service",
        "taskDefinition",
        "clientToken",
        "forceNewDeployment",
        "tags",
    ],
    base: || json!({}),
    values: VALUES,
    beside: BESIDE,
    over: &[],
    alone: &[],
};

/// A managed target group.
const TARGET_GROUP: Kind = Kind {
    operations: &["CreateTargetGroup", "ModifyTargetGroup"],
    without: &["targetGroupArn", "tags"],
    base: || json!({"protocol": "HTTP", "port": 80, "vpcId": "vpc-1", "targetType": "ip"}),
    values: &[
        ("port", "8080"),
        ("vpcId", r#""vpc-2""#),
        ("protocolVersion", r#""GRPC""#),
        ("targetControlPort", "8082"),
        ("healthCheckPath", r#""/ready""#),
        ("healthCheckPort", r#""8081""#),
        ("healthCheckIntervalSeconds", "20"),
        ("healthCheckTimeoutSeconds", "7"),
        ("healthyThresholdCount", "3"),
        ("unhealthyThresholdCount", "4"),
        ("matcher.httpCode", r#""200-299""#),
        ("matcher.grpcCode", r#""0-12""#),
    ],
    beside: &[
        ("matcher.grpcCode", r#"{"protocolVersion": "GRPC"}"#),
        ("healthCheckProtocol = \"TCP\"", r#"{"protocol": "TCP"}"#),
    ],
    over: &[],
    alone: &[],
};

/// A rule that leads to a managed target group.
const RULE: Kind = Kind {
    operations: &["CreateRule", "ModifyRule"],
    without: &["ruleArn", "tags", "resetTransforms"],
    base: || json!({"listenerArn": "LISTENER"}),
    values: &[
        ("listenerArn", r#""LISTENER""#),
        ("priority", "100"),
        ("conditions[].field", r#""path-pattern""#),
        ("conditions[].values[]", r#""/x""#),
        ("conditions[].regexValues[]", r#""^/x""#),
        ("conditions[].hostHeaderConfig.values[]", r#""x.example""#),
        ("conditions[].pathPatternConfig.values[]", r#""/x""#),
        ("conditions[].pathPatternConfig.regexValues[]", r#""^/x""#),
        ("conditions[].httpRequestMethodConfig.values[]", r#""GET""#),
        ("conditions[].sourceIpConfig.values[]", r#""10.0.0.0/8""#),
        ("actions[].targetGroupArn", r#""OTHER""#),
        (
            "actions[].forwardConfig.targetGroups[].targetGroupArn",
            r#""OTHER""#,
        ),
        (
            "actions[].forwardConfig.targetGroupStickinessConfig.durationSeconds",
            "60",
        ),
        ("actions[].redirectConfig.host", r#""x.example""#),
        ("actions[].redirectConfig.path", r#""/x""#),
        ("actions[].redirectConfig.port", r#""8443""#),
        ("actions[].redirectConfig.protocol", r#""HTTPS""#),
        ("actions[].redirectConfig.query", r#""x=1""#),
        ("actions[].fixedResponseConfig.statusCode", r#""503""#),
        (
            "actions[].fixedResponseConfig.contentType",
            r#""text/plain""#,
        ),
        ("actions[].authenticateOidcConfig.sessionTimeout", "60"),
        ("actions[].authenticateCognitoConfig.sessionTimeout", "60"),
        (
            "actions[].authenticateOidcConfig.issuer",
            r#""https://x.example""#,
        ),
        (
            "actions[].authenticateOidcConfig.authorizationEndpoint",
            r#""https://x.example""#,
        ),
        (
            "actions[].authenticateOidcConfig.tokenEndpoint",
            r#""https://x.example""#,
        ),
        (
            "actions[].authenticateOidcConfig.userInfoEndpoint",
            r#""https://x.example""#,
        ),
        (
            "actions[].jwtValidationConfig.jwksEndpoint",
            r#""https://x.example""#,
        ),
        (
            "transforms[].hostHeaderRewriteConfig.rewrites[].regex",
            r#""^x""#,
        ),
        ("transforms[].urlRewriteConfig.rewrites[].regex", r#""^/x""#),
        (
            "transforms[].urlRewriteConfig.rewrites[].replace",
            r#""/y""#,
        ),
    ],
    beside: &[],
    over: &[
        (
            "conditions[].field",
            r#"{"conditions": [{"values": ["/x"]}]}"#,
        ),
        (
            "conditions[].values[]",
            r#"{"conditions": [{"field": "path-pattern"}]}"#,
        ),
        (
            "conditions[].regexValues[]",
            r#"{"conditions": [{"field": "path-pattern"}]}"#,
        ),
        (
            "conditions[].httpHeaderConfig.httpHeaderName",
            r#"{"conditions": [{"httpHeaderConfig": {"values": ["y"]}}]}"#,
        ),
        (
            "conditions[].httpHeaderConfig",
            r#"{"conditions": [{"httpHeaderConfig": {"httpHeaderName": "y"}}]}"#,
        ),
        (
            "conditions[].sourceIpConfig.ipAddressType",
            r#"{"conditions": [{"sourceIpConfig": {"values": ["10.0.0.0/8"]}}]}"#,
        ),
        (
            "conditions[].queryStringConfig.values[].key",
            r#"{"conditions": [{"queryStringConfig": {"values": [{"value": "y"}]}}]}"#,
        ),
        (
            "actions[].forwardConfig.targetGroupStickinessConfig.enabled = true",
            r#"{"actions": [{"forwardConfig": {"targetGroupStickinessConfig": {"durationSeconds": 60}}}]}"#,
        ),
        (
            "actions[].forwardConfig.targetGroupStickinessConfig.durationSeconds",
            r#"{"actions": [{"forwardConfig": {"targetGroupStickinessConfig": {"enabled": true}}}]}"#,
        ),
        (
            "actions[].redirectConfig",
            r#"{"actions": [{"type": "redirect", "redirectConfig": {"host": "y.example"}}]}"#,
        ),
        (
            "actions[].type = \"redirect\"",
            r#"{"actions": [{"redirectConfig": {"host": "y.example", "statusCode": "HTTP_301"}}]}"#,
        ),
        (
            "actions[].fixedResponseConfig",
            r#"{"actions": [{"type": "fixed-response"}]}"#,
        ),
        (
            "actions[].type = \"fixed-response\"",
            r#"{"actions": [{"fixedResponseConfig": {"statusCode": "404"}}]}"#,
        ),
        (
            "actions[].authenticateOidcConfig.useExistingClientSecret = true",
            r#"{"actions": [{"type": "authenticate-oidc"}, {"type": "forward"}]}"#,
        ),
        (
            "actions[].authenticateOidcConfig",
            r#"{"actions": [{"type": "authenticate-oidc", "authenticateOidcConfig": {"clientSecret": "hush"}}, {"type": "forward"}]}"#,
        ),
        (
            "actions[].type = \"authenticate-oidc\"",
            r#"{"actions": [{"authenticateOidcConfig": {"issuer": "https://i.example", "authorizationEndpoint": "https://a.example", "tokenEndpoint": "https://t.example", "userInfoEndpoint": "https://u.example", "clientId": "c", "clientSecret": "hush"}}, {"type": "forward"}]}"#,
        ),
        (
            "actions[].authenticateCognitoConfig",
            r#"{"actions": [{"type": "authenticate-cognito"}, {"type": "forward"}]}"#,
        ),
        (
            "actions[].type = \"authenticate-cognito\"",
            r#"{"actions": [{"authenticateCognitoConfig": {"userPoolArn": "arn:pool", "userPoolClientId": "c", "userPoolDomain": "d"}}, {"type": "forward"}]}"#,
        ),
        (
            "actions[].jwtValidationConfig",
            r#"{"actions": [{"type": "jwt-validation"}, {"type": "forward"}]}"#,
        ),
        (
            "actions[].type = \"jwt-validation\"",
            r#"{"actions": [{"jwtValidationConfig": {"jwksEndpoint": "https://k.example", "issuer": "i"}}, {"type": "forward"}]}"#,
        ),
        (
            "transforms[].type = \"host-header-rewrite\"",
            r#"{"transforms": [{"hostHeaderRewriteConfig": {"rewrites": [{"regex": "a", "replace": "b"}]}}]}"#,
        ),
        (
            "transforms[].type = \"url-rewrite\"",
            r#"{"transforms": [{"urlRewriteConfig": {"rewrites": [{"regex": "a", "replace": "b"}]}}]}"#,
        ),
        (
            "transforms[].urlRewriteConfig",
            r#"{"transforms": [{"type": "url-rewrite"}]}"#,
        ),
    ],
    alone: &[],
};

/// The conditions of a rule that is about something else.
fn conditions() -> Value {
    json!([{"pathPatternConfig": {"values": ["/"]}}])
}

/// The only entry of load balancers, with a managed target group.
fn balanced(group: Value) -> Value {
    json!({"loadBalancers": [{"containerName": "app", "containerPort": 8080, "targetGroup": group}]})
}

/// Every member of an EcsService, one a case: of the service, of a managed target group and of a rule. A case has what its member
/// needs, but no cluster and no network. `LISTENER` and `OTHER` stand for the ARNs of a listener and of another target group.
pub fn whole(ecs: &Model, elbv2: &Model) -> Vec<Case> {
    let one_by_one = |model, kind| {
        let mut cases = cases(model, kind);
        cases.pop();
        cases.into_iter()
    };
    let other = || json!({"listenerArn": "LISTENER", "conditions": [{"pathPatternConfig": {"values": ["/other"]}}]});
    let group = |mut case: Case| {
        // No rule leads to targets of other protocols.
        if ["HTTP", "HTTPS"]
            .map(Value::from)
            .contains(&case.spec["protocol"])
        {
            case.spec["rules"] = json!([other()]);
        }
        Case {
            name: format!("loadBalancers[].targetGroup.{}", case.name),
            spec: balanced(case.spec),
        }
    };
    let rule = |mut case: Case| {
        let rule = case.spec.as_object_mut().expect("an object");
        rule.entry("conditions").or_insert_with(conditions);
        // Something leads to the group in any case.
        let mut group = (TARGET_GROUP.base)();
        group["rules"] = json!([case.spec, other()]);
        Case {
            name: format!("loadBalancers[].targetGroup.rules[].{}", case.name),
            spec: balanced(group),
        }
    };
    one_by_one(ecs, &SERVICE)
        .chain(one_by_one(elbv2, &TARGET_GROUP).map(group))
        .chain(one_by_one(elbv2, &RULE).map(rule))
        .collect()
}

/// What a case can stand on: the first that suits it is taken.
fn bases() -> [Value; 6] {
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"]}});
    let entry = json!({
        "containerName": "app", "containerPort": 8080, "targetGroupArn": "OTHER",
        "advancedConfiguration": {"alternateTargetGroupArn": "arn:alternate", "productionListenerRule": "arn:rule", "roleArn": "arn:role"},
    });
    let instances =
        json!([{"containerName": "app", "containerPort": 8080, "targetGroupArn": "OF-INSTANCES"}]);
    [
        json!({"launchType": "EC2", "networkConfiguration": network}),
        json!({"launchType": "FARGATE", "networkConfiguration": network}),
        json!({"networkConfiguration": network}),
        json!({"launchType": "EC2"}),
        json!({"launchType": "FARGATE", "networkConfiguration": network, "loadBalancers": [entry]}),
        json!({"launchType": "EC2", "loadBalancers": instances}),
    ]
}

/// Whether tasks have no addresses of their own: AWS then knows no network of theirs, and targets are instances.
fn is_on_host(spec: &Value) -> bool {
    let entry = &spec["loadBalancers"][0];
    spec["launchType"] == "EXTERNAL"
        || spec.get("role").is_some()
        || entry.get("loadBalancerName").is_some()
        || entry["targetGroup"]["targetType"] == "instance"
        || entry["targetGroupArn"] == "OF-INSTANCES"
}

/// A declaration of a case's member that the operator takes and that AWS can; none when nobody takes the member.
pub fn declaration(case: &Case) -> Option<Value> {
    bases().into_iter().find_map(|mut spec| {
        merge(&mut spec, case.spec.clone());
        let is_balanced = spec["loadBalancers"].is_array();
        let has_network = spec["networkConfiguration"].is_object();
        let grace = spec["healthCheckGracePeriodSeconds"].as_i64();
        let suits = is_on_host(&spec) != has_network && (is_balanced || grace.unwrap_or(0) == 0);
        spec["cluster"] = json!("main");
        spec["taskDefinition"] = json!("web:1");
        (suits && is_valid(&spec)).then_some(spec)
    })
}

/// Whether the operator takes it.
fn is_valid(spec: &Value) -> bool {
    let text = spec.to_string().replace(
        "LISTENER",
        "arn:aws:elasticloadbalancing:us-east-1:0:listener/app/d/1/2",
    );
    let Ok(spec) = serde_json::from_str::<EcsServiceSpec>(&text) else {
        return false;
    };
    let id = Identity {
        namespace: "team",
        name: "web",
        uid: "u1",
    };
    let references = References {
        cluster: "main".into(),
        task_definition: "web:1".into(),
    };
    let installation = Installation {
        cluster_id: "c1".into(),
        region: "us-east-1".into(),
    };
    service::desired(id, &spec, &references, &Known::default(), &installation).is_ok()
}
