//! Load balancing of a service: target groups that the operator manages, or a target group that exists.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{listener_rule::ListenerRule, rules};

/// Traffic for one container port. A change starts a deployment. Two entries may name the same container and port.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::one_target(),
    validation = rules::classic_is_plain(),
)]
pub struct LoadBalancer {
    /// Container of the task definition that takes the traffic. A change starts a deployment.
    #[schemars(length(min = 1, max = 255))]
    pub container_name: String,
    /// Port of that container, as in its `portMappings`, 1–65535. A change starts a deployment.
    #[schemars(range(min = 1, max = 65535))]
    pub container_port: i32,
    /// ARN of an existing target group; the operator does not change it. Absent: `targetGroup` or `loadBalancerName` takes the traffic. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub target_group_arn: Option<String>,
    /// Name of a Classic Load Balancer, not for network mode awsvpc. Absent: a target group takes the traffic. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub load_balancer_name: Option<String>,
    /// What blue/green, linear and canary deployments need. Absent: rolling deployments only. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advanced_configuration: Option<AdvancedConfiguration>,
    /// A target group that the operator creates, changes and deletes with the service. Absent: `targetGroupArn` or `loadBalancerName` takes the traffic. Another group in its place starts a deployment; its members say what else can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_group: Option<TargetGroup>,
}

/// What deployments that shift traffic need. While ECS shifts traffic, the weights of the rules are ECS's.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvancedConfiguration {
    /// ARN of the target group that alternates with the first. Absent: rolling deployments only. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub alternate_target_group_arn: Option<String>,
    /// ARN of the listener rule (of a Network Load Balancer: the listener) of production traffic. Absent: rolling deployments only. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub production_listener_rule: Option<String>,
    /// ARN of the listener rule (of a Network Load Balancer: the listener) of test traffic. Absent: no test traffic. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub test_listener_rule: Option<String>,
    /// ARN of the role with which ECS changes the rules. Absent: rolling deployments only. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub role_arn: Option<String>,
}

/// A managed target group with the listener rules that lead to it. To change what is immutable in AWS, the operator makes
/// another group, moves the service (a deployment) and deletes the old one last; with a `name` of your own, change that too.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::group_has_port(),
    validation = rules::version_of_http(),
    validation = rules::check_protocol(),
    validation = rules::check_http_by_http(),
    validation = rules::checks_are_on(),
    validation = rules::check_in_time(),
    validation = rules::check_path_is_absolute(),
    validation = rules::check_port(),
    validation = rules::one_matcher(),
    validation = rules::attributes_have_values(),
)]
pub struct TargetGroup {
    /// Name in AWS, at most 32 letters, digits and hyphens. Absent: made from the object's name and a hash, which changes with what is immutable. A new name creates a new target group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$"))]
    pub name: Option<String>,
    /// Protocol of the connection to the targets. Absent: refused. Immutable in AWS: a change creates a new target group and starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<TargetGroupProtocol>,
    /// `HTTP1`, `HTTP2` or `GRPC`, for HTTP and HTTPS. Absent: `HTTP1`. Immutable in AWS: a change creates a new target group and starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^(HTTP1|HTTP2|GRPC)$"))]
    pub protocol_version: Option<String>,
    /// Port for targets that name none, 1–65535; ECS always names the container's. Absent: refused. Immutable in AWS: a change creates a new target group and starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// ID of the VPC. Absent: refused. Immutable in AWS: a change creates a new target group and starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub vpc_id: Option<String>,
    /// `ip` for tasks of network mode awsvpc (always on Fargate), `instance` for others. Absent: `instance`, which does not go with `networkConfiguration`. Immutable in AWS: a change creates a new target group and starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_type: Option<TargetType>,
    /// `ipv4` or `ipv6`. Absent: `ipv4`. Immutable in AWS: a change creates a new target group and starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<IpAddressType>,
    /// Port on which targets and the load balancer exchange management traffic (target optimizer), 1–65535. Absent: none. Immutable in AWS: a change creates a new target group and starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub target_control_port: Option<i32>,
    /// Whether targets are checked; always true for tasks. Absent: true. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_enabled: Option<bool>,
    /// Protocol of the health check: `HTTP`, `HTTPS` or `TCP`. Absent: HTTP for HTTP and HTTPS groups, else TCP. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_protocol: Option<TargetGroupProtocol>,
    /// Port of the health check, a number or `traffic-port`. Absent: `traffic-port`. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 12))]
    pub health_check_port: Option<String>,
    /// Path of an HTTP health check, 1–1024 characters. Absent: `/`, for gRPC `/AWS.ALB/healthcheck`. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub health_check_path: Option<String>,
    /// Seconds between health checks of a target, 5–300. Absent: 30. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 300))]
    pub health_check_interval_seconds: Option<i32>,
    /// Seconds after which a check has failed, 2–120, below the interval. Absent: 5 for HTTP, else 10. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 120))]
    pub health_check_timeout_seconds: Option<i32>,
    /// Passed checks in a row that make a target healthy, 2–10. Absent: 5. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10))]
    pub healthy_threshold_count: Option<i32>,
    /// Failed checks in a row that make a target unhealthy, 2–10. Absent: 2. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy_threshold_count: Option<i32>,
    /// Response codes that count as healthy. Absent: HTTP 200 (behind a Network Load Balancer 200–399), gRPC 12. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matcher: Option<Matcher>,
    /// Attributes by AWS's key, values as strings, for example `deregistration_delay.timeout_seconds: "30"`. One that is removed is reset to AWS's default; those never named here are left alone. Absent: AWS's defaults. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 40))]
    pub attributes: Option<BTreeMap<String, String>>,
    /// Listener rules that route to this target group, at most 20. Absent: something else routes to it. Can be changed without a deployment.
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
    Quic,
    TcpQuic,
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

/// A version of the Internet Protocol.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the versions' own names")]
pub enum IpAddressType {
    Ipv4,
    Ipv6,
}

/// Response codes that count as healthy.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Matcher {
    /// HTTP codes: `200`, `200,202` or `200-299`. Absent: 200 (behind a Network Load Balancer 200–399), or `grpcCode`. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9]{3}(-[0-9]{3})?(,[0-9]{3}(-[0-9]{3})?)*$"))]
    pub http_code: Option<String>,
    /// gRPC codes: `0`, `0,12` or `0-99`. Absent: 12 for gRPC, or `httpCode`. Can be changed without a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9]{1,2}(-[0-9]{1,2})?(,[0-9]{1,2}(-[0-9]{1,2})?)*$"))]
    pub grpc_code: Option<String>,
}
