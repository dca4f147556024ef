//! Actions of rules and listeners: which combinations AWS takes, and how they come back.

use serde_json::{Value, json};

use super::action_config::{fill_authenticate, fill_forward, fill_redirect};
use super::{input, invalid};
use crate::ApiError;

/// The actions as they will be read: exactly one forward, redirect or fixed-response, and that last [M].
pub fn normalise(actions: &[Value], protocol: &str) -> Result<Vec<Value>, ApiError> {
    let mut actions = actions.to_vec();
    let ordered = actions.iter().all(|action| action["Order"].is_i64());
    if actions.len() > 1 && !ordered {
        return Err(bad_action(
            "An action order must be specified for every action",
        ));
    }
    actions.sort_by_key(|action| action["Order"].as_i64());
    let same = |pair: &[Value]| pair[0]["Order"] == pair[1]["Order"];
    if actions.len() > 1 && actions.windows(2).any(same) {
        return Err(bad_action("Action orders must be unique"));
    }
    let count = actions.iter().filter(|action| is_final(action)).count();
    if count != 1 {
        let text = "You must specify exactly one of the following actions: forward, redirect, fixed-response";
        return Err(if count > 1 {
            ApiError::client("TooManyActions", text)
        } else {
            bad_action(text)
        });
    }
    if !actions.last().is_some_and(is_final) {
        return Err(bad_action(
            "The last action must be forward, redirect or fixed-response",
        ));
    }
    for (index, action) in actions.iter_mut().enumerate() {
        fill(action, protocol)?;
        // Unverified: ACTION_ORDER.
        action["Order"] = json!(index + 1);
    }
    Ok(actions)
}

/// The target groups that actions forward to.
pub fn target_groups(actions: &[Value]) -> Vec<&str> {
    let tuples = actions
        .iter()
        .flat_map(|a| input::list(&a["ForwardConfig"], "TargetGroups"));
    tuples
        .map(|tuple| input::text(tuple, "TargetGroupArn"))
        .collect()
}

fn is_final(action: &Value) -> bool {
    matches!(
        input::text(action, "Type"),
        "forward" | "redirect" | "fixed-response"
    )
}

fn fill(action: &mut Value, protocol: &str) -> Result<(), ApiError> {
    let kind = input::text(action, "Type").to_owned();
    let config = match &kind[..] {
        "forward" => return fill_forward(action),
        "redirect" => "RedirectConfig",
        "fixed-response" => "FixedResponseConfig",
        "authenticate-oidc" => "AuthenticateOidcConfig",
        "authenticate-cognito" => "AuthenticateCognitoConfig",
        _ => "JwtValidationConfig",
    };
    if !input::has(action, config) {
        return Err(bad_action(&format!(
            "{config} must be specified for an action of type '{kind}'"
        )));
    }
    if input::has(action, "ForwardConfig") || input::has(action, "TargetGroupArn") {
        return Err(bad_action(&format!(
            "An action of type '{kind}' cannot forward to target groups"
        )));
    }
    match &kind[..] {
        "redirect" => fill_redirect(&mut action[config]),
        "fixed-response" => Ok(()),
        _ if protocol != "HTTPS" => Err(bad_action(&format!(
            "Actions of type '{kind}' are supported only on HTTPS listeners"
        ))),
        "jwt-validation" => Ok(()),
        _ => fill_authenticate(&mut action[config]),
    }
}

/// The refusal of actions that do not fit together.
pub fn bad_action(message: &str) -> ApiError {
    ApiError::client("InvalidLoadBalancerAction", message)
}

/// The refusal of a value out of range.
pub fn out_of_range(name: &str, value: i64, range: &str) -> ApiError {
    invalid(format!("{name} '{value}' must be between {range}"))
}
