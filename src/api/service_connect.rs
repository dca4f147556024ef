//! Service Connect, VPC Lattice and gateways: how tasks of a service are found and called.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{logging::LogConfiguration, network::Toggle, rules};

/// How the service is found by others in a namespace, and finds them. AWS replaces it as a whole; every change starts a deployment.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::connect_services_enabled(),
)]
pub struct ServiceConnectConfiguration {
    /// Whether Service Connect is on. A change starts a deployment.
    pub enabled: bool,
    /// Name or ARN of the Cloud Map namespace, 1–1024 characters. Absent: the cluster's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub namespace: Option<String>,
    /// Ports that others can call, at most 100. Absent: the service only calls others. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub services: Option<Vec<ServiceConnectService>>,
    /// Where the proxy logs. Absent: nowhere. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// The proxy's log of requests. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_configuration: Option<ServiceConnectAccessLogConfiguration>,
    /// Settings of the proxy's container, at most 10. Absent: AWS's. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub container_configurations: Option<Vec<ServiceConnectContainerConfiguration>>,
}

/// A port that others can call.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectService {
    /// Name of a port mapping of the task definition. A change starts a deployment.
    #[schemars(length(min = 1, max = 64))]
    pub port_name: String,
    /// Name of the Cloud Map service that ECS makes, 1–64 lower-case letters, digits, hyphens and underscores, no hyphen first. Absent: `portName`. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9_][a-z0-9_-]{0,63}$"))]
    pub discovery_name: Option<String>,
    /// Under what name and port others call it; one at most. Absent: AWS documents no default and asks for one. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1))]
    pub client_aliases: Option<Vec<ServiceConnectClientAlias>>,
    /// Port on which the proxy listens, 0–65535. Absent: the container port, or an ephemeral one in network mode bridge. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65535))]
    pub ingress_port_override: Option<i32>,
    /// Time limits of the proxy. Absent: AWS's. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<TimeoutConfiguration>,
    /// Encryption between proxies. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServiceConnectTlsConfiguration>,
}

/// Under what name and port others call a service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectClientAlias {
    /// Port on which callers' proxies listen, 0–65535. A change starts a deployment.
    #[schemars(range(min = 0, max = 65535))]
    pub port: i32,
    /// DNS name in callers, at most 127 lower-case letters, digits, hyphens, underscores and dots. Absent: `<discoveryName>.<namespace>`. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z0-9_.][a-z0-9_.-]{0,126}$"))]
    pub dns_name: Option<String>,
    /// Which requests are test traffic in a blue/green deployment. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_traffic_rules: Option<ServiceConnectTestTrafficRules>,
}

/// Which requests are test traffic.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectTestTrafficRules {
    /// A header that marks them. A change starts a deployment.
    pub header: ServiceConnectTestTrafficHeaderRules,
}

/// A header that marks test traffic.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectTestTrafficHeaderRules {
    /// Name of the header. A change starts a deployment.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Its value. Absent: any. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ServiceConnectTestTrafficHeaderMatchRules>,
}

/// The value of a header that marks test traffic.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectTestTrafficHeaderMatchRules {
    /// Exactly this. A change starts a deployment.
    pub exact: String,
}

/// Time limits of the proxy.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeoutConfiguration {
    /// Seconds after which an idle connection is closed; 0: never. Absent: 300 for HTTP and gRPC, 3,600 for TCP. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub idle_timeout_seconds: Option<i32>,
    /// Seconds for a complete answer; 0: no limit; not for TCP. Absent: 15. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub per_request_timeout_seconds: Option<i32>,
}

/// Encryption between proxies.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectTlsConfiguration {
    /// The certificate authority. A change starts a deployment.
    pub issuer_certificate_authority: ServiceConnectTlsCertificateAuthority,
    /// KMS key that encrypts the private keys. Absent: AWS's own. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub kms_key: Option<String>,
    /// ARN of the role with which ECS gets certificates. Absent: none. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub role_arn: Option<String>,
}

/// The certificate authority.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectTlsCertificateAuthority {
    /// ARN of the AWS Private Certificate Authority. Absent: AWS knows no other authority. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub aws_pca_authority_arn: Option<String>,
}

/// The proxy's log of requests.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectAccessLogConfiguration {
    /// `TEXT` or `JSON`. A change starts a deployment.
    pub format: AccessLogFormat,
    /// Whether query strings are logged. Absent: `DISABLED`. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_query_parameters: Option<Toggle>,
}

/// Form of a log.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccessLogFormat {
    /// A line of text.
    Text,
    /// A JSON object.
    Json,
}

/// Settings of the proxy's container.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectContainerConfiguration {
    /// `debug` or `info`. Absent: AWS's. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<ServiceConnectLogLevel>,
}

/// How much the proxy logs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceConnectLogLevel {
    /// Everything.
    Debug,
    /// What matters.
    Info,
}

/// A VPC Lattice target group in which ECS registers the tasks. A change starts a deployment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcLatticeConfiguration {
    /// ARN of the role with which ECS registers targets. A change starts a deployment.
    #[schemars(length(min = 1, max = 2048))]
    pub role_arn: String,
    /// ARN of the VPC Lattice target group. A change starts a deployment.
    #[schemars(length(min = 1, max = 2048))]
    pub target_group_arn: String,
    /// Name of a port mapping of the task definition; several entries may name the same. A change starts a deployment.
    #[schemars(length(min = 1, max = 64))]
    pub port_name: String,
    /// What blue/green deployments need. Absent: nothing. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advanced_configuration: Option<VpcLatticeAdvancedConfiguration>,
}

/// What blue/green deployments through VPC Lattice need.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcLatticeAdvancedConfiguration {
    /// ARN of the other target group. Absent: rolling deployments only. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub alternate_target_group_arn: Option<String>,
    /// ARN of the listener rule of production traffic. Absent: rolling deployments only. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub production_listener_rule: Option<String>,
    /// ARN of the listener rule of test traffic. Absent: no test traffic. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub test_listener_rule: Option<String>,
}

/// Traffic from a gateway to a port.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayConnector {
    /// Name of a port mapping of the task definition. A change starts a deployment.
    #[schemars(length(min = 1, max = 64))]
    pub port_name: String,
    /// How the gateway checks the health of a task. Absent: AWS's defaults. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<GatewayConnectorHealthCheck>,
    /// Which kinds of access the connector serves. Absent: all. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<GatewayConnectorFilters>,
    /// How long a deregistering target drains. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deregistration_delay: Option<GatewayConnectorDeregistrationDelay>,
}

/// How a gateway finds out that a task is healthy.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::connector_check_in_time(),
)]
pub struct GatewayConnectorHealthCheck {
    /// `HTTP` or `HTTPS`. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_protocol: Option<GatewayHealthCheckProtocol>,
    /// Port, 1–65535. Absent: the port of the traffic. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub health_check_port: Option<i32>,
    /// Path, beginning with `/`. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub health_check_path: Option<String>,
    /// Seconds after which a check has failed. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub health_check_timeout_seconds: Option<i32>,
    /// Seconds between checks. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub health_check_interval_seconds: Option<i32>,
    /// Passed checks in a row that make a target healthy. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub healthy_threshold_count: Option<i32>,
    /// Failed checks in a row that make a target unhealthy. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub unhealthy_threshold_count: Option<i32>,
    /// Response codes that count as healthy. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matcher: Option<GatewayConnectorHealthCheckMatcher>,
}

/// Protocol of a gateway's health check.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GatewayHealthCheckProtocol {
    /// HTTP.
    Http,
    /// HTTPS.
    Https,
}

/// Response codes that count as healthy.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayConnectorHealthCheckMatcher {
    /// HTTP codes: `200`, `200,202` or `200-299`. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_code: Option<String>,
    /// gRPC codes: `0`, `0,12` or `0-99`. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_code: Option<String>,
}

/// Which ways in a gateway connector is for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayConnectorFilters {
    /// `PUBLIC`, `PRIVATE` or both. Order has no meaning. Absent: both. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2))]
    pub access_types: Option<Vec<AccessType>>,
}

/// A kind of way in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccessType {
    /// From anywhere.
    Public,
    /// From inside only.
    Private,
}

/// How long a deregistering target drains.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayConnectorDeregistrationDelay {
    /// Seconds, 0–3600. Absent: AWS's default. A change starts a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub timeout_seconds: Option<i32>,
}
