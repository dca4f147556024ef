//! Load balancing of a service: target groups and listener rules that the operator manages, or a target group that exists.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Traffic for one container port. A change starts a deployment.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.targetGroupArn) != has(self.targetGroup)")
        .message("spec.loadBalancers: give exactly one of targetGroupArn (a target group that exists) and targetGroup (one that the operator manages).")
        .reason(Reason::FieldValueInvalid)
)]
pub struct LoadBalancer {
    /// Container of the task definition that takes the traffic.
    #[schemars(length(min = 1, max = 255))]
    pub container_name: String,
    /// Port of that container, as in its `portMappings`.
    #[schemars(range(min = 1, max = 65535))]
    pub container_port: i32,
    /// ARN of a target group that exists; the operator does not touch it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub target_group_arn: Option<String>,
    /// A target group that the operator creates, changes and deletes with the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_group: Option<TargetGroup>,
}

/// A managed target group with the listener rules that lead to it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroup {
    /// Name in AWS, at most 32 letters, digits and hyphens. Absent: made from the object's name and a hash. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$"))]
    pub name: Option<String>,
    /// Protocol towards the targets. Immutable in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<TargetGroupProtocol>,
    /// `HTTP1`, `HTTP2` or `GRPC`, for HTTP and HTTPS. Absent: `HTTP1`. Immutable in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(HTTP1|HTTP2|GRPC)$"))]
    pub protocol_version: Option<String>,
    /// Port for targets that name none; ECS always names the container's. Immutable in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// ID of the VPC. Immutable in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// `ip` for tasks of network mode awsvpc (always on Fargate), `instance` for others. Absent: `instance`. Immutable in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_type: Option<TargetType>,
    /// `ipv4` or `ipv6`. Absent: `ipv4`. Immutable in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(ipv4|ipv6)$"))]
    pub ip_address_type: Option<String>,
    /// Protocol of the health check. Absent: HTTP for HTTP and HTTPS groups, else TCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_protocol: Option<TargetGroupProtocol>,
    /// Port of the health check, a number or `traffic-port`. Absent: `traffic-port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 12))]
    pub health_check_port: Option<String>,
    /// Path of an HTTP health check. Absent: `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub health_check_path: Option<String>,
    /// Seconds between health checks of a target, 5–300. Absent: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 300))]
    pub health_check_interval_seconds: Option<i32>,
    /// Seconds after which a check has failed, 2–120. Absent: 5 for HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 120))]
    pub health_check_timeout_seconds: Option<i32>,
    /// Passed checks in a row that make a target healthy, 2–10. Absent: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10))]
    pub healthy_threshold_count: Option<i32>,
    /// Failed checks in a row that make a target unhealthy, 2–10. Absent: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy_threshold_count: Option<i32>,
    /// Answers that count as healthy. Absent: HTTP 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matcher: Option<Matcher>,
    /// Attributes by AWS's key, values as strings, for example `deregistration_delay.timeout_seconds: "30"`. Attributes that are not named here are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 40))]
    pub attributes: Option<BTreeMap<String, String>>,
    /// Listener rules that lead to this target group, at most 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub rules: Option<Vec<ListenerRule>>,
}

/// Protocol of a target group or health check.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the protocols' own names")]
pub enum TargetGroupProtocol {
    Http,
    Https,
    Tcp,
    Tls,
    Udp,
    TcpUdp,
}

/// What a target is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetType {
    /// A container instance.
    Instance,
    /// An IP address.
    Ip,
}

/// Answers that count as healthy.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Matcher {
    /// HTTP codes: `200`, `200,202` or `200-299`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_code: Option<String>,
    /// gRPC codes: `0`, `0,12` or `0-99`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_code: Option<String>,
}

/// A rule of an Application Load Balancer's listener.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerRule {
    /// ARN of the listener. Immutable in AWS: another ARN means a new rule there, and the old one goes.
    #[schemars(length(min = 1, max = 2048))]
    pub listener_arn: String,
    /// Priority, 1–50000; lower is tried first; unique on the listener. Absent: a free one is allocated and kept (see status.rules).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50_000))]
    pub priority: Option<i32>,
    /// Conditions that a request must all meet, 1–5.
    #[schemars(length(min = 1, max = 5))]
    pub conditions: Vec<RuleCondition>,
    /// What happens to the request. Absent: forward to this target group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 5))]
    pub actions: Option<Vec<RuleAction>>,
}

/// A condition on a request: exactly one of the members.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("[has(self.hostHeaderConfig), has(self.pathPatternConfig), has(self.httpHeaderConfig), has(self.httpRequestMethodConfig), has(self.queryStringConfig), has(self.sourceIpConfig)].filter(x, x).size() == 1")
        .message("conditions: give exactly one of hostHeaderConfig, pathPatternConfig, httpHeaderConfig, httpRequestMethodConfig, queryStringConfig and sourceIpConfig in each condition.")
        .reason(Reason::FieldValueInvalid)
)]
pub struct RuleCondition {
    /// Host names, with `*` and `?` as wildcards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_header_config: Option<ConditionValues>,
    /// Paths, with `*` and `?` as wildcards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_pattern_config: Option<ConditionValues>,
    /// Values of a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_header_config: Option<HttpHeaderCondition>,
    /// Request methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_request_method_config: Option<ConditionValues>,
    /// Parts of the query string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_string_config: Option<QueryStringCondition>,
    /// Address ranges of the client, in CIDR notation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip_config: Option<ConditionValues>,
}

/// Values of which one must match.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionValues {
    /// The values, 1–5.
    #[schemars(length(min = 1, max = 5))]
    pub values: Vec<String>,
}

/// Values of a header.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpHeaderCondition {
    /// Name of the header, at most 40 characters.
    #[schemars(length(min = 1, max = 40))]
    pub http_header_name: String,
    /// The values, 1–5, with wildcards.
    #[schemars(length(min = 1, max = 5))]
    pub values: Vec<String>,
}

/// Parts of the query string.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryStringCondition {
    /// Pairs of which one must occur, 1–5.
    #[schemars(length(min = 1, max = 5))]
    pub values: Vec<QueryStringKeyValuePair>,
}

/// A pair in the query string.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryStringKeyValuePair {
    /// Key. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Value.
    pub value: String,
}

/// What happens to a request: `forward` to this service's target group, `redirect` or `fixed-response`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleAction {
    /// `forward`, `redirect` or `fixed-response`.
    #[serde(rename = "type")]
    pub type_: RuleActionType,
    /// Where to redirect, for `redirect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_config: Option<RedirectConfig>,
    /// The answer, for `fixed-response`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_response_config: Option<FixedResponseConfig>,
}

/// Kind of an action.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleActionType {
    /// To this service's target group.
    Forward,
    /// A redirect.
    Redirect,
    /// A fixed answer.
    FixedResponse,
}

/// Where a request is redirected; `#{host}`, `#{path}`, `#{query}`, `#{port}` and `#{protocol}` keep what the request has.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RedirectConfig {
    /// `HTTP`, `HTTPS` or `#{protocol}`. Absent: kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Port. Absent: kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Host. Absent: kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Path, beginning with `/`. Absent: kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Query without `?`. Absent: kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// `HTTP_301` or `HTTP_302`.
    #[schemars(regex(pattern = "^HTTP_30[12]$"))]
    pub status_code: String,
}

/// A fixed answer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FixedResponseConfig {
    /// Body, at most 1,024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message_body: Option<String>,
    /// Status code: 2xx, 4xx or 5xx.
    #[schemars(regex(pattern = r"^[245]\d\d$"))]
    pub status_code: String,
    /// `text/plain`, `text/css`, `text/html`, `application/javascript` or `application/json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}
