//! Actions of listener rules: what happens to a request.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// What happens to a request.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::action_has_its_config(),
    validation = rules::only_forward_leads(),
    validation = rules::one_way_to_forward(),
)]
pub struct RuleAction {
    /// `forward`, `redirect`, `fixed-response`, `authenticate-oidc`, `authenticate-cognito` or `jwt-validation`. Can be changed.
    #[serde(rename = "type")]
    pub type_: RuleActionType,
    /// Place among the actions, 1–50000, lowest first. Absent: the place in this list. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 50_000))]
    pub order: Option<i32>,
    /// ARN of another target group, for `forward`. Absent: this one. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub target_group_arn: Option<String>,
    /// Several target groups with weights, for `forward`. Absent: this one. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_config: Option<ForwardConfig>,
    /// Where to redirect, for `redirect`. Absent: only for other types. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_config: Option<RedirectConfig>,
    /// The answer, for `fixed-response`. Absent: only for other types. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_response_config: Option<FixedResponseConfig>,
    /// The identity provider, for `authenticate-oidc`; HTTPS listeners only. Absent: only for other types. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticate_oidc_config: Option<AuthenticateOidcConfig>,
    /// The Cognito user pool, for `authenticate-cognito`; HTTPS listeners only. Absent: only for other types. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticate_cognito_config: Option<AuthenticateCognitoConfig>,
    /// Which tokens are valid, for `jwt-validation`; HTTPS listeners only. Absent: only for other types. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_validation_config: Option<JwtValidationConfig>,
}

impl RuleAction {
    /// ARNs of the target groups of others that it leads to.
    pub fn target_group_arns(&self) -> impl Iterator<Item = &str> {
        let weighted = self.forward_config.iter();
        let weighted = weighted.flat_map(|config| config.target_groups.iter().flatten());
        self.target_group_arn
            .iter()
            .chain(weighted.filter_map(|group| group.target_group_arn.as_ref()))
            .map(String::as_str)
    }
}

/// Kind of an action.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleActionType {
    /// To target groups.
    Forward,
    /// A redirect.
    Redirect,
    /// A fixed answer.
    FixedResponse,
    /// Sign in at an OpenID Connect provider first.
    AuthenticateOidc,
    /// Sign in at a Cognito user pool first.
    AuthenticateCognito,
    /// Check a JSON web token first.
    JwtValidation,
}

/// Several target groups with weights.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForwardConfig {
    /// The target groups, at most 5. Order has no meaning. Absent: this one. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 5))]
    pub target_groups: Option<Vec<TargetGroupTuple>>,
    /// Whether a client stays with a target group. Absent: no. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_group_stickiness_config: Option<TargetGroupStickinessConfig>,
}

/// A target group with its weight.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroupTuple {
    /// ARN of another target group. Absent: this one. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub target_group_arn: Option<String>,
    /// Weight, 0–999. Absent: 1. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 999))]
    pub weight: Option<i32>,
}

/// Whether a client stays with a target group.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::stickiness_lasts(),
)]
pub struct TargetGroupStickinessConfig {
    /// Whether it does. Absent: false. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// For how many seconds, 1–604800; required with `enabled`. Absent: only while `enabled` is not true. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 604_800))]
    pub duration_seconds: Option<i32>,
}

/// Where a request is redirected; `#{host}`, `#{path}`, `#{query}`, `#{port}` and `#{protocol}` keep what the request has. At least one of protocol, port, host and path must differ.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::redirect_leads_elsewhere(),
)]
pub struct RedirectConfig {
    /// `HTTP`, `HTTPS` or `#{protocol}`. Absent: kept. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(HTTPS?|#\{protocol\})$"))]
    pub protocol: Option<String>,
    /// Port, 1–65535, or `#{port}`. Absent: kept. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^([1-9][0-9]{0,4}|#\{port\})$"))]
    pub port: Option<String>,
    /// Host, 1–128 characters. Absent: kept. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub host: Option<String>,
    /// Path, beginning with `/`, 1–128 characters. Absent: kept. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub path: Option<String>,
    /// Query without `?`, at most 128 characters; empty: none. Absent: kept. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub query: Option<String>,
    /// `HTTP_301` or `HTTP_302`. Can be changed.
    pub status_code: RedirectStatusCode,
}

/// Status code of a redirect.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum RedirectStatusCode {
    /// Permanent.
    #[default]
    #[serde(rename = "HTTP_301")]
    Http301,
    /// Temporary.
    #[serde(rename = "HTTP_302")]
    Http302,
}

/// A fixed answer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FixedResponseConfig {
    /// Body, at most 1,024 characters. Absent: empty. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub message_body: Option<String>,
    /// Status code: 2xx, 4xx or 5xx. Can be changed.
    #[schemars(regex(pattern = r"^[245]\d\d$"))]
    pub status_code: String,
    /// `text/plain`, `text/css`, `text/html`, `application/javascript` or `application/json`. Absent: none. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub content_type: Option<String>,
}

/// An OpenID Connect provider at which clients sign in.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticateOidcConfig {
    /// Issuer: a full HTTPS URL. Can be changed.
    #[schemars(length(min = 1))]
    pub issuer: String,
    /// Authorization endpoint: a full HTTPS URL. Can be changed.
    #[schemars(length(min = 1))]
    pub authorization_endpoint: String,
    /// Token endpoint: a full HTTPS URL. Can be changed.
    #[schemars(length(min = 1))]
    pub token_endpoint: String,
    /// User info endpoint: a full HTTPS URL. Can be changed.
    #[schemars(length(min = 1))]
    pub user_info_endpoint: String,
    /// Client ID. Can be changed.
    #[schemars(length(min = 1))]
    pub client_id: String,
    /// Client secret, readable by whoever can read this object. AWS never shows it: a tag of the rule, of 16 bits of a hash, says whether it was changed since it was sent. Absent: only with `useExistingClientSecret`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Whether a change of the rule keeps the secret that AWS has; for a rule that exists. Absent: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_existing_client_secret: Option<bool>,
    /// Name of the session cookie. Absent: `AWSELBAuthSessionCookie`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_cookie_name: Option<String>,
    /// Requested claims. Absent: `openid`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Seconds of a session, 1–604800. Absent: 604800. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 604_800))]
    pub session_timeout: Option<i64>,
    /// Query parameters of the redirect to the provider, at most 10. Absent: none. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 10))]
    pub authentication_request_extra_params: Option<BTreeMap<String, String>>,
    /// What happens to unauthenticated requests: `authenticate`, `allow` or `deny`. Absent: `authenticate`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unauthenticated_request: Option<OnUnauthenticatedRequest>,
}

/// What happens to who is not signed in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUnauthenticatedRequest {
    /// HTTP 401.
    Deny,
    /// The request goes on.
    Allow,
    /// A redirect to the sign-in.
    Authenticate,
}

/// A Cognito user pool at which clients sign in.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticateCognitoConfig {
    /// ARN of the user pool. Can be changed.
    #[schemars(length(min = 1))]
    pub user_pool_arn: String,
    /// ID of the pool's client. Can be changed.
    #[schemars(length(min = 1))]
    pub user_pool_client_id: String,
    /// Domain prefix or domain name of the pool. Can be changed.
    #[schemars(length(min = 1))]
    pub user_pool_domain: String,
    /// Name of the session cookie. Absent: `AWSELBAuthSessionCookie`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_cookie_name: Option<String>,
    /// Requested claims. Absent: `openid`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Seconds of a session, 1–604800. Absent: 604800. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 604_800))]
    pub session_timeout: Option<i64>,
    /// Query parameters of the redirect to the pool, at most 10. Absent: none. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 10))]
    pub authentication_request_extra_params: Option<BTreeMap<String, String>>,
    /// What happens to unauthenticated requests: `authenticate`, `allow` or `deny`. Absent: `authenticate`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unauthenticated_request: Option<OnUnauthenticatedRequest>,
}

/// Which JSON web tokens are good.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JwtValidationConfig {
    /// Where the keys are: a full HTTPS URL, at most 256 characters. Can be changed.
    #[schemars(length(min = 1, max = 256))]
    pub jwks_endpoint: String,
    /// Issuer of the tokens, at most 256 characters. Can be changed.
    #[schemars(length(min = 1, max = 256))]
    pub issuer: String,
    /// Claims that are checked besides exp, iss, nbf and iat, at most 10. Order has no meaning. Absent: none. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub additional_claims: Option<Vec<JwtAdditionalClaim>>,
}

/// A claim that is checked.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JwtAdditionalClaim {
    /// `single-string`, `string-array` or `space-separated-values`. Can be changed.
    pub format: JwtClaimFormat,
    /// Name; not exp, iss, nbf or iat. Can be changed.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Accepted values, 1–10, at most 256 characters each. Order has no meaning. Can be changed.
    #[schemars(length(min = 1, max = 10))]
    pub values: Vec<String>,
}

/// Form of a claim.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JwtClaimFormat {
    /// One string.
    SingleString,
    /// A list of strings.
    StringArray,
    /// Strings with spaces between.
    SpaceSeparatedValues,
}
