//! Actions of listener rules.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum,
    AuthenticateCognitoActionConfig, AuthenticateOidcActionConditionalBehaviorEnum,
    AuthenticateOidcActionConfig, FixedResponseActionConfig, ForwardActionConfig,
    JwtValidationActionAdditionalClaim, JwtValidationActionAdditionalClaimFormatEnum,
    JwtValidationActionConfig, RedirectActionConfig, RedirectActionStatusCodeEnum,
    TargetGroupStickinessConfig, TargetGroupTuple,
};
use serde_json::{Value, json};

use super::{flag, number, objects, put, text, texts};
use crate::model::Members;

/// What was seen of an action.
pub fn observed(action: &Action) -> Value {
    let mut members = Members::new();
    let kind = action.r#type().map(ActionTypeEnum::as_str);
    put(&mut members, "type", kind);
    put(&mut members, "order", action.order());
    put(&mut members, "targetGroupArn", action.target_group_arn());
    let configs = [
        ("forwardConfig", action.forward_config().map(forward)),
        ("redirectConfig", action.redirect_config().map(redirect)),
        (
            "fixedResponseConfig",
            action.fixed_response_config().map(fixed_response),
        ),
        (
            "authenticateOidcConfig",
            action.authenticate_oidc_config().map(oidc),
        ),
        (
            "authenticateCognitoConfig",
            action.authenticate_cognito_config().map(cognito),
        ),
        (
            "jwtValidationConfig",
            action.jwt_validation_config().map(jwt),
        ),
    ];
    for (key, config) in configs {
        put(&mut members, key, config.map(Value::Object));
    }
    Value::Object(members)
}

fn forward(config: &ForwardActionConfig) -> Members {
    let mut members = Members::new();
    let groups = config.target_groups().iter().map(|group| {
        let mut members = Members::new();
        put(&mut members, "targetGroupArn", group.target_group_arn());
        put(&mut members, "weight", group.weight());
        members
    });
    members.insert("targetGroups".into(), json!(groups.collect::<Vec<_>>()));
    if let Some(stickiness) = config.target_group_stickiness_config() {
        let mut config = Members::new();
        put(&mut config, "enabled", stickiness.enabled());
        put(
            &mut config,
            "durationSeconds",
            stickiness.duration_seconds(),
        );
        members.insert("targetGroupStickinessConfig".into(), Value::Object(config));
    }
    members
}

fn redirect(config: &RedirectActionConfig) -> Members {
    let mut members = Members::new();
    put(&mut members, "protocol", config.protocol());
    put(&mut members, "port", config.port());
    put(&mut members, "host", config.host());
    put(&mut members, "path", config.path());
    put(&mut members, "query", config.query());
    let code = config.status_code().map(|code| code.as_str());
    put(&mut members, "statusCode", code);
    members
}

fn fixed_response(config: &FixedResponseActionConfig) -> Members {
    let mut members = Members::new();
    put(&mut members, "messageBody", config.message_body());
    put(&mut members, "statusCode", config.status_code());
    put(&mut members, "contentType", config.content_type());
    members
}

fn oidc(config: &AuthenticateOidcActionConfig) -> Members {
    let mut members = Members::new();
    put(&mut members, "issuer", config.issuer());
    put(
        &mut members,
        "authorizationEndpoint",
        config.authorization_endpoint(),
    );
    put(&mut members, "tokenEndpoint", config.token_endpoint());
    put(
        &mut members,
        "userInfoEndpoint",
        config.user_info_endpoint(),
    );
    put(&mut members, "clientId", config.client_id());
    put(
        &mut members,
        "sessionCookieName",
        config.session_cookie_name(),
    );
    put(&mut members, "scope", config.scope());
    put(&mut members, "sessionTimeout", config.session_timeout());
    put(
        &mut members,
        "authenticationRequestExtraParams",
        extra(config.authentication_request_extra_params()),
    );
    let behaviour = config.on_unauthenticated_request().map(|b| b.as_str());
    put(&mut members, "onUnauthenticatedRequest", behaviour);
    members
}

fn cognito(config: &AuthenticateCognitoActionConfig) -> Members {
    let mut members = Members::new();
    put(&mut members, "userPoolArn", config.user_pool_arn());
    put(
        &mut members,
        "userPoolClientId",
        config.user_pool_client_id(),
    );
    put(&mut members, "userPoolDomain", config.user_pool_domain());
    put(
        &mut members,
        "sessionCookieName",
        config.session_cookie_name(),
    );
    put(&mut members, "scope", config.scope());
    put(&mut members, "sessionTimeout", config.session_timeout());
    put(
        &mut members,
        "authenticationRequestExtraParams",
        extra(config.authentication_request_extra_params()),
    );
    let behaviour = config.on_unauthenticated_request().map(|b| b.as_str());
    put(&mut members, "onUnauthenticatedRequest", behaviour);
    members
}

fn jwt(config: &JwtValidationActionConfig) -> Members {
    let mut members = Members::new();
    put(&mut members, "jwksEndpoint", config.jwks_endpoint());
    put(&mut members, "issuer", config.issuer());
    let claims = config.additional_claims().iter().map(|claim| {
        let mut members = Members::new();
        put(
            &mut members,
            "format",
            claim.format().map(|format| format.as_str()),
        );
        put(&mut members, "name", claim.name());
        put(&mut members, "values", Some(claim.values().to_vec()));
        members
    });
    members.insert("additionalClaims".into(), json!(claims.collect::<Vec<_>>()));
    members
}

fn extra(parameters: Option<&HashMap<String, String>>) -> Option<Value> {
    parameters.map(|parameters| json!(parameters))
}

/// A request's actions, in their order; ELBv2 wants it said when there are several.
pub fn requested(members: &Members) -> Vec<Action> {
    let count = objects(members, "actions").count();
    objects(members, "actions")
        .zip(1..)
        .map(|(members, place)| {
            let config = |key: &str| members.get(key).and_then(Value::as_object);
            Action::builder()
                .r#type(ActionTypeEnum::from(
                    text(members, "type").unwrap_or_default().as_str(),
                ))
                .set_order((count > 1).then_some(place))
                .set_target_group_arn(text(members, "targetGroupArn"))
                .set_forward_config(config("forwardConfig").map(request_forward))
                .set_redirect_config(config("redirectConfig").map(request_redirect))
                .set_fixed_response_config(config("fixedResponseConfig").map(request_fixed))
                .set_authenticate_oidc_config(config("authenticateOidcConfig").map(request_oidc))
                .set_authenticate_cognito_config(
                    config("authenticateCognitoConfig").map(request_cognito),
                )
                .set_jwt_validation_config(config("jwtValidationConfig").map(request_jwt))
                .build()
        })
        .collect()
}

fn request_forward(config: &Members) -> ForwardActionConfig {
    let groups: Vec<_> = objects(config, "targetGroups")
        .map(|group| {
            TargetGroupTuple::builder()
                .set_target_group_arn(text(group, "targetGroupArn"))
                .set_weight(number(group, "weight"))
                .build()
        })
        .collect();
    let stickiness = config
        .get("targetGroupStickinessConfig")
        .and_then(Value::as_object)
        .map(|stickiness| {
            TargetGroupStickinessConfig::builder()
                .set_enabled(flag(stickiness, "enabled"))
                .set_duration_seconds(number(stickiness, "durationSeconds"))
                .build()
        });
    ForwardActionConfig::builder()
        .set_target_groups(Some(groups))
        .set_target_group_stickiness_config(stickiness)
        .build()
}

fn request_redirect(config: &Members) -> RedirectActionConfig {
    let code = text(config, "statusCode");
    RedirectActionConfig::builder()
        .set_protocol(text(config, "protocol"))
        .set_port(text(config, "port"))
        .set_host(text(config, "host"))
        .set_path(text(config, "path"))
        .set_query(text(config, "query"))
        .set_status_code(code.map(|code| RedirectActionStatusCodeEnum::from(code.as_str())))
        .build()
}

fn request_fixed(config: &Members) -> FixedResponseActionConfig {
    FixedResponseActionConfig::builder()
        .set_message_body(text(config, "messageBody"))
        .set_status_code(text(config, "statusCode"))
        .set_content_type(text(config, "contentType"))
        .build()
}

fn request_oidc(config: &Members) -> AuthenticateOidcActionConfig {
    let behaviour = text(config, "onUnauthenticatedRequest");
    AuthenticateOidcActionConfig::builder()
        .set_issuer(text(config, "issuer"))
        .set_authorization_endpoint(text(config, "authorizationEndpoint"))
        .set_token_endpoint(text(config, "tokenEndpoint"))
        .set_user_info_endpoint(text(config, "userInfoEndpoint"))
        .set_client_id(text(config, "clientId"))
        .set_client_secret(text(config, "clientSecret"))
        .set_use_existing_client_secret(flag(config, "useExistingClientSecret"))
        .set_session_cookie_name(text(config, "sessionCookieName"))
        .set_scope(text(config, "scope"))
        .set_session_timeout(config.get("sessionTimeout").and_then(Value::as_i64))
        .set_authentication_request_extra_params(request_extra(config))
        .set_on_unauthenticated_request(
            behaviour.map(|b| AuthenticateOidcActionConditionalBehaviorEnum::from(b.as_str())),
        )
        .build()
}

fn request_cognito(config: &Members) -> AuthenticateCognitoActionConfig {
    let behaviour = text(config, "onUnauthenticatedRequest");
    AuthenticateCognitoActionConfig::builder()
        .set_user_pool_arn(text(config, "userPoolArn"))
        .set_user_pool_client_id(text(config, "userPoolClientId"))
        .set_user_pool_domain(text(config, "userPoolDomain"))
        .set_session_cookie_name(text(config, "sessionCookieName"))
        .set_scope(text(config, "scope"))
        .set_session_timeout(config.get("sessionTimeout").and_then(Value::as_i64))
        .set_authentication_request_extra_params(request_extra(config))
        .set_on_unauthenticated_request(
            behaviour.map(|b| AuthenticateCognitoActionConditionalBehaviorEnum::from(b.as_str())),
        )
        .build()
}

fn request_jwt(config: &Members) -> JwtValidationActionConfig {
    let claims: Vec<_> = objects(config, "additionalClaims")
        .map(|claim| {
            let format = text(claim, "format");
            JwtValidationActionAdditionalClaim::builder()
                .set_format(format.map(|format| {
                    JwtValidationActionAdditionalClaimFormatEnum::from(format.as_str())
                }))
                .set_name(text(claim, "name"))
                .set_values(Some(texts(claim, "values")))
                .build()
        })
        .collect();
    JwtValidationActionConfig::builder()
        .set_jwks_endpoint(text(config, "jwksEndpoint"))
        .set_issuer(text(config, "issuer"))
        .set_additional_claims(Some(claims).filter(|claims| !claims.is_empty()))
        .build()
}

fn request_extra(config: &Members) -> Option<HashMap<String, String>> {
    let parameters = config
        .get("authenticationRequestExtraParams")?
        .as_object()?;
    let pair = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    Some(parameters.iter().filter_map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_come_back_as_they_were_sent() {
        let sent = json!([
            {"type": "authenticate-oidc", "order": 1, "authenticateOidcConfig": {"issuer": "https://i", "authorizationEndpoint": "https://a", "tokenEndpoint": "https://t", "userInfoEndpoint": "https://u", "clientId": "c", "sessionCookieName": "s", "scope": "openid email", "sessionTimeout": 60, "authenticationRequestExtraParams": {"prompt": "login"}, "onUnauthenticatedRequest": "deny"}},
            {"type": "authenticate-cognito", "order": 2, "authenticateCognitoConfig": {"userPoolArn": "arn:p", "userPoolClientId": "c", "userPoolDomain": "d", "sessionCookieName": "s", "scope": "openid", "sessionTimeout": 60, "authenticationRequestExtraParams": {"lang": "de"}, "onUnauthenticatedRequest": "allow"}},
            {"type": "jwt-validation", "order": 3, "jwtValidationConfig": {"jwksEndpoint": "https://k", "issuer": "https://i", "additionalClaims": [{"format": "string-array", "name": "aud", "values": ["a", "b"]}]}},
            {"type": "forward", "order": 4, "targetGroupArn": "arn:tg"},
            {"type": "forward", "order": 5, "forwardConfig": {"targetGroups": [{"targetGroupArn": "arn:a", "weight": 0}, {"targetGroupArn": "arn:b", "weight": 9}], "targetGroupStickinessConfig": {"enabled": true, "durationSeconds": 60}}},
            {"type": "redirect", "order": 6, "redirectConfig": {"statusCode": "HTTP_301", "protocol": "HTTPS", "port": "443", "host": "b.example", "path": "/p", "query": "q"}},
            {"type": "fixed-response", "order": 7, "fixedResponseConfig": {"statusCode": "404", "messageBody": "no", "contentType": "text/plain"}},
        ]);
        let request = Members::from_iter([("actions".to_owned(), sent.clone())]);
        let seen: Vec<Value> = requested(&request).iter().map(observed).collect();
        assert_eq!(Value::Array(seen), sent);
    }

    #[test]
    fn client_secret_is_sent_and_never_read() {
        let secret = json!([{"type": "authenticate-oidc", "authenticateOidcConfig": {"clientId": "c", "clientSecret": "hush", "useExistingClientSecret": false}}]);
        let sent = requested(&Members::from_iter([("actions".to_owned(), secret)]));
        let config = sent[0].authenticate_oidc_config().expect("a config");
        assert_eq!(config.client_secret(), Some("hush"));
        assert!(!observed(&sent[0]).to_string().contains("hush"));
    }
}
