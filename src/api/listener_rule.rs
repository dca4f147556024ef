//! Listener rules: which requests, and how they are rewritten on the way.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{load_balancer::IpAddressType, rule_action::RuleAction, rules};

/// A rule of a load balancer's listener. Can be changed without a deployment, in place.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerRule {
    /// ARN of the listener. Immutable in AWS: another ARN means a new rule there, and the old one goes.
    #[schemars(length(min = 1, max = 2048))]
    pub listener_arn: String,
    /// Priority, 1–50000; the lowest is evaluated first; unique on the listener. Absent: a free one is allocated and kept (see status.rules). Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50_000))]
    pub priority: Option<i32>,
    /// Conditions that a request must all meet, 1–5. Order has no meaning. Can be changed.
    #[schemars(length(min = 1, max = 5))]
    pub conditions: Vec<RuleCondition>,
    /// What happens to the request: any authentications, then one forward, redirect or fixed answer. Absent: forward to this target group. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 5))]
    pub actions: Option<Vec<RuleAction>>,
    /// How the request is rewritten before it is forwarded; at most one of each type. Absent: not at all. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2))]
    pub transforms: Option<Vec<RuleTransform>>,
}

/// A condition on a request: exactly one of the configs, or AWS's older form, `field` with `values`.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::one_condition(),
)]
pub struct RuleCondition {
    /// Kind of the condition: `host-header`, `path-pattern`, `http-header`, `http-request-method`, `query-string` or `source-ip`. Absent: the config says it. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 64),
        regex(
            pattern = "^(host-header|path-pattern|http-header|http-request-method|query-string|source-ip)$"
        )
    )]
    pub field: Option<String>,
    /// AWS's older form of the values, 1–5, for `host-header` and `path-pattern`. Absent: the config has them. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5), inner(length(min = 1, max = 128)))]
    pub values: Option<Vec<String>>,
    /// Regular expressions instead of values, for `host-header` and `path-pattern`. Absent: none. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5), inner(length(min = 1, max = 128)))]
    pub regex_values: Option<Vec<String>>,
    /// Host names, with `*` and `?` as wildcards. Absent: not asked. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_header_config: Option<PatternCondition>,
    /// Paths, with `*` and `?` as wildcards. Absent: not asked. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_pattern_config: Option<PatternCondition>,
    /// Values of a header. Absent: not asked. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_header_config: Option<HttpHeaderCondition>,
    /// Request methods. Absent: not asked. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_request_method_config: Option<ConditionValues>,
    /// Parts of the query string. Absent: not asked. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_string_config: Option<QueryStringCondition>,
    /// Where the request comes from. Absent: not asked. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip_config: Option<SourceIpCondition>,
}

/// Request methods of which one must match.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionValues {
    /// Names of methods, 1–5, 40 characters each. Order has no meaning. Can be changed.
    #[schemars(length(min = 1, max = 5), inner(length(min = 1, max = 40)))]
    pub values: Vec<String>,
}

/// Patterns of which one must match: wildcards or regular expressions.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::condition_has_values(),
)]
pub struct PatternCondition {
    /// Values with `*` and `?` as wildcards, 1–5, 128 characters each. Order has no meaning. Absent: `regexValues` stand here. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5), inner(length(min = 1, max = 128)))]
    pub values: Option<Vec<String>>,
    /// Regular expressions, 1–5, 128 characters each. Order has no meaning. Absent: `values` stand here. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5), inner(length(min = 1, max = 128)))]
    pub regex_values: Option<Vec<String>>,
}

/// Values of a header.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::condition_has_values(),
    validation = rules::header_is_not_host(),
)]
pub struct HttpHeaderCondition {
    /// Name of the header, 1–40 characters; not `host`. Can be changed.
    #[schemars(length(min = 1, max = 40))]
    pub http_header_name: String,
    /// Values with `*` and `?` as wildcards, 1–5, 128 characters each. Order has no meaning. Absent: `regexValues` stand here. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5), inner(length(min = 1, max = 128)))]
    pub values: Option<Vec<String>>,
    /// Regular expressions, 1–5, 128 characters each. Order has no meaning. Absent: `values` stand here. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5), inner(length(min = 1, max = 128)))]
    pub regex_values: Option<Vec<String>>,
}

/// Parts of the query string.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryStringCondition {
    /// Pairs of which one must occur, 1–5. Order has no meaning. Can be changed.
    #[schemars(length(min = 1, max = 5))]
    pub values: Vec<QueryStringKeyValuePair>,
}

/// A pair in the query string.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryStringKeyValuePair {
    /// Key, at most 128 characters. Absent: any. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub key: Option<String>,
    /// Value, 1–128 characters. Can be changed.
    #[schemars(length(min = 1, max = 128))]
    pub value: String,
}

/// Where a request comes from: address ranges or, behind a Network Load Balancer, the version of its address.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::source_has_values(),
)]
pub struct SourceIpCondition {
    /// Address ranges in CIDR notation, 1–5. Order has no meaning. Absent: `ipAddressType` stands here. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5), inner(length(min = 1, max = 128)))]
    pub values: Option<Vec<String>>,
    /// `ipv4` or `ipv6`, for Network Load Balancers. Absent: `values` stand here. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<IpAddressType>,
}

/// How a request is rewritten.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::transform_has_its_config(),
)]
pub struct RuleTransform {
    /// `host-header-rewrite` or `url-rewrite`. Can be changed.
    #[serde(rename = "type")]
    pub type_: RuleTransformType,
    /// How the host is rewritten, for `host-header-rewrite`. Absent: only for the other type. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_header_rewrite_config: Option<RewriteConfigs>,
    /// How the URL is rewritten, for `url-rewrite`. Absent: only for the other type. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_rewrite_config: Option<RewriteConfigs>,
}

/// Kind of a transform.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleTransformType {
    /// Of the host header.
    HostHeaderRewrite,
    /// Of the URL.
    UrlRewrite,
}

/// Rewrites.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RewriteConfigs {
    /// The rewrite: AWS takes exactly one. Can be changed.
    #[schemars(length(min = 1, max = 1))]
    pub rewrites: Vec<RewriteConfig>,
}

/// What is replaced by what.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RewriteConfig {
    /// Regular expression, at most 1,024 characters. Can be changed.
    #[schemars(length(min = 1, max = 1024))]
    pub regex: String,
    /// Replacement, with groups as `$1`, at most 1,024 characters. Can be changed.
    #[schemars(length(max = 1024))]
    pub replace: String,
}
