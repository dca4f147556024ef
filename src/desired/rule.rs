//! A declared listener rule → the desired one.

use serde_json::{Value, json};

use super::{Identity, Invalid, first, load_balancer::DesiredRule, members};
use crate::{
    api::{
        listener_rule::{ListenerRule, RuleTransformType},
        rule_action::{RuleAction, RuleActionType},
        rules,
    },
    model::{hash, rule},
};

/// Hex digits of a check value of client secrets. AWS shows the value, in a tag, to whoever may read tags: with 16 bits all but one
/// edit in 65,536 is noticed, and nobody learns a secret by it, as every 65,536th guess fits.
const CHECK_DIGITS: usize = 4;

/// The desired rule.
pub(super) fn desired(
    rule: &ListenerRule,
    id: Identity<'_>,
    path: &str,
) -> Result<DesiredRule, Invalid> {
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
        let path = format!("{path}.conditions[{i}]");
        let written = members(condition);
        let canonical = rule::condition(&written)
            .filter(|canonical| !rule::contradicts_itself(&written, canonical))
            .ok_or_else(|| Invalid::new(&path, rules::ONE_CONDITION))?;
        check_condition(&canonical, &path)?;
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
        check_action(action, &format!("{path}.actions[{i}]"))?;
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
                rules::said(rules::TRANSFORM_HAS_ITS_CONFIG, transform),
            ));
        }
    }
    Ok(DesiredRule {
        listener_arn: rule.listener_arn.clone(),
        priority: rule.priority,
        conditions,
        client_secret: client_secret(&ordered, id),
        actions: ordered,
        transforms,
    })
}

/// The check value of the client secrets of actions; another one for the same secrets of another object.
fn client_secret(actions: &[Value], id: Identity<'_>) -> Option<String> {
    let configs = actions
        .iter()
        .map(|action| &action["authenticateOidcConfig"]);
    let secrets: Vec<_> = configs
        .filter_map(|config| config["clientSecret"].as_str())
        .collect();
    let mut parts = vec![id.uid];
    parts.extend(&secrets);
    (!secrets.is_empty()).then(|| hash::hex(&parts, CHECK_DIGITS))
}

/// What a condition must compare with, in admission's words; in canonical form a list that is there is not empty.
fn check_condition(canonical: &Value, path: &str) -> Result<(), Invalid> {
    let Some((member, config)) = canonical.as_object().and_then(|it| it.iter().next()) else {
        return Ok(());
    };
    let (values, message) = match member.as_str() {
        "sourceIpConfig" => (["values", "ipAddressType"], rules::SOURCE_HAS_VALUES),
        _ => (["values", "regexValues"], rules::CONDITION_HAS_VALUES),
    };
    let header = config["httpHeaderName"].as_str();
    let rows = [
        (
            values.iter().all(|key| config.get(key).is_none()),
            "",
            message,
        ),
        (
            header.is_some_and(|header| header.eq_ignore_ascii_case("host")),
            "httpHeaderName",
            rules::HEADER_IS_NOT_HOST,
        ),
    ];
    first(&format!("{path}.{member}"), config, &rows)
}

/// What a single action must be, in admission's words.
fn check_action(action: &RuleAction, path: &str) -> Result<(), Invalid> {
    use RuleActionType as Type;
    let configs = [
        (Type::Redirect, action.redirect_config.is_some()),
        (Type::FixedResponse, action.fixed_response_config.is_some()),
        (
            Type::AuthenticateOidc,
            action.authenticate_oidc_config.is_some(),
        ),
        (
            Type::AuthenticateCognito,
            action.authenticate_cognito_config.is_some(),
        ),
        (Type::JwtValidation, action.jwt_validation_config.is_some()),
    ];
    let redirect = action.redirect_config.as_ref();
    let circles = redirect.is_some_and(|redirect| rule::leads_to_itself(&members(redirect)));
    let is_odd = { configs.into_iter() }.any(|(of, is_there)| (action.type_ == of) != is_there);
    let leads = action.target_group_arn.is_some() || action.forward_config.is_some();
    let forward = action.forward_config.as_ref();
    let weighted = forward.is_some_and(|config| config.target_groups.is_some());
    let stickiness = forward.and_then(|config| config.target_group_stickiness_config.as_ref());
    let rows = [
        (is_odd, "", rules::ACTION_HAS_ITS_CONFIG),
        (circles, "redirectConfig", rules::REDIRECT_LEADS_ELSEWHERE),
        (
            leads && action.type_ != Type::Forward,
            "",
            rules::ONLY_FORWARD_LEADS,
        ),
        (
            action.target_group_arn.is_some() && weighted,
            "targetGroupArn",
            rules::ONE_WAY_TO_FORWARD,
        ),
        (
            stickiness.is_some_and(|it| it.enabled == Some(true) && it.duration_seconds.is_none()),
            "forwardConfig.targetGroupStickinessConfig.durationSeconds",
            rules::STICKINESS_LASTS,
        ),
    ];
    first(path, action, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::testing::WEB;

    #[test]
    fn check_value_tells_secrets_of_an_object_apart_and_no_more() {
        let check = |secret: &str, id| {
            let action = json!({"type": "authenticate-oidc", "authenticateOidcConfig": {"clientSecret": secret}});
            client_secret(&[action], id).expect("a check value")
        };
        let other = Identity { uid: "u9", ..WEB };
        assert_eq!(check("hush", WEB).len(), CHECK_DIGITS);
        assert_eq!(check("hush", WEB), check("hush", WEB));
        assert_ne!(check("hush", WEB), check("hush2", WEB));
        assert_ne!(check("hush", WEB), check("hush", other));
        assert_eq!(client_secret(&[json!({"type": "forward"})], WEB), None);
    }
}
