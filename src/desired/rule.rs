//! A declared listener rule → the desired one.

use serde_json::{Value, json};

use super::{Invalid, load_balancer::DesiredRule, members};
use crate::{
    api::{
        listener_rule::{ListenerRule, RuleTransformType},
        rule_action::{RuleAction, RuleActionType},
    },
    model::rule,
};

/// The desired rule.
pub(super) fn desired(rule: &ListenerRule, path: &str) -> Result<DesiredRule, Invalid> {
    if !rule.listener_arn.contains(":listener/") {
        return Err(Invalid::new(
            format!("{path}.listenerArn"),
            format!(
                "\"{}\" is no listener ARN (arn:…:listener/app/…). Give the listener's ARN.",
                rule.listener_arn
            ),
        ));
    }
    let mut conditions = Vec::new();
    for (i, condition) in rule.conditions.iter().enumerate() {
        let canonical = rule::condition(&members(condition)).ok_or_else(|| {
            Invalid::new(
                format!("{path}.conditions[{i}]"),
                "give exactly one of hostHeaderConfig, pathPatternConfig, httpHeaderConfig, httpRequestMethodConfig, queryStringConfig and sourceIpConfig, or field host-header or path-pattern with values.",
            )
        })?;
        conditions.push(canonical);
    }
    conditions.sort_by_cached_key(Value::to_string);
    let actions: Vec<Value> = match &rule.actions {
        None => vec![json!({"type": "forward"})],
        Some(actions) => actions
            .iter()
            .map(|action| Value::Object(members(action)))
            .collect(),
    };
    let declared = rule.actions.iter().flatten().enumerate();
    for (i, action) in declared {
        check(action, &format!("{path}.actions[{i}]"))?;
    }
    let ordered = rule::ordered(&actions);
    let is_last = |action: &Value| {
        ["forward", "redirect", "fixed-response"]
            .map(Value::from)
            .contains(&action["type"])
    };
    if ordered.iter().filter(|action| is_last(action)).count() != 1
        || !ordered.last().is_some_and(is_last)
    {
        return Err(Invalid::new(
            format!("{path}.actions"),
            "take exactly one of forward, redirect and fixed-response, and that last. Add, remove or reorder.",
        ));
    }
    let transforms: Vec<Value> = rule.transforms.iter().flatten().map(|t| json!(t)).collect();
    for (i, transform) in rule.transforms.iter().flatten().enumerate() {
        let (needed, other) = match transform.type_ {
            RuleTransformType::HostHeaderRewrite => (
                &transform.host_header_rewrite_config,
                &transform.url_rewrite_config,
            ),
            RuleTransformType::UrlRewrite => (
                &transform.url_rewrite_config,
                &transform.host_header_rewrite_config,
            ),
        };
        if needed.is_none() || other.is_some() {
            return Err(Invalid::new(
                format!("{path}.transforms[{i}]"),
                "host-header-rewrite needs hostHeaderRewriteConfig, url-rewrite needs urlRewriteConfig, and neither takes the other. Set the one of its type.",
            ));
        }
    }
    Ok(DesiredRule {
        listener_arn: rule.listener_arn.clone(),
        priority: rule.priority,
        conditions,
        actions: ordered,
        transforms,
    })
}

/// Each type of action has the config of its own name and no other.
fn check(action: &RuleAction, path: &str) -> Result<(), Invalid> {
    use RuleActionType as Type;
    let configs = [
        (
            Type::Redirect,
            "redirectConfig",
            action.redirect_config.is_some(),
        ),
        (
            Type::FixedResponse,
            "fixedResponseConfig",
            action.fixed_response_config.is_some(),
        ),
        (
            Type::AuthenticateOidc,
            "authenticateOidcConfig",
            action.authenticate_oidc_config.is_some(),
        ),
        (
            Type::AuthenticateCognito,
            "authenticateCognitoConfig",
            action.authenticate_cognito_config.is_some(),
        ),
        (
            Type::JwtValidation,
            "jwtValidationConfig",
            action.jwt_validation_config.is_some(),
        ),
    ];
    for (type_, member, is_there) in configs {
        let message = match (action.type_ == type_, is_there) {
            (true, false) => "is required by this type of action. Set it.",
            (false, true) => "belongs to another type of action. Remove it.",
            _ => continue,
        };
        return Err(Invalid::new(format!("{path}.{member}"), message));
    }
    let leads = action.target_group_arn.is_some() || action.forward_config.is_some();
    if leads && action.type_ != Type::Forward {
        return Err(Invalid::new(
            path,
            "only forward leads to target groups. Remove targetGroupArn and forwardConfig.",
        ));
    }
    let groups = action
        .forward_config
        .as_ref()
        .map(|config| &config.target_groups);
    if action.target_group_arn.is_some() && matches!(groups, Some(Some(_))) {
        return Err(Invalid::new(
            format!("{path}.targetGroupArn"),
            "excludes forwardConfig.targetGroups. Remove one.",
        ));
    }
    Ok(())
}
