//! The configuration blocks of actions, with AWS's defaults filled in as reads show them.

use serde_json::{Value, json};

use super::action::{bad_action, out_of_range};
use super::{input, invalid};
use crate::ApiError;

/// Target groups of one forward action [D].
const GROUPS: usize = 5;

/// A forward names one group or a weighted list; a single group is shown both ways, with weight 1 [L].
pub fn fill_forward(action: &mut Value) -> Result<(), ApiError> {
    let single = action["TargetGroupArn"].as_str().map(str::to_owned);
    let mut tuples = input::list(&action["ForwardConfig"], "TargetGroups").to_vec();
    match (&single, &tuples[..]) {
        (None, []) => {
            return Err(bad_action("A forward action must specify a target group"));
        }
        (Some(arn), []) => tuples.push(json!({ "TargetGroupArn": arn })),
        (Some(arn), [only]) if input::text(only, "TargetGroupArn") == arn => {}
        (Some(_), _) => {
            return Err(bad_action(
                "You can specify both TargetGroupArn and ForwardConfig only if they name the same one target group",
            ));
        }
        (None, _) => {}
    }
    if tuples.len() > GROUPS {
        // Unverified: FORWARD_LIMIT.
        let message = format!("A forward action can have at most '{GROUPS}' target groups");
        return Err(ApiError::client("TooManyTargetGroups", message));
    }
    tuples.iter_mut().try_for_each(fill_tuple)?;
    let mut arns: Vec<_> = tuples
        .iter()
        .map(|t| input::text(t, "TargetGroupArn"))
        .collect();
    arns.sort_unstable();
    if arns.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(bad_action(
            "A target group can appear only once in a forward action",
        ));
    }
    let stickiness = stickiness(&action["ForwardConfig"]["TargetGroupStickinessConfig"])?;
    match &tuples[..] {
        [only] => action["TargetGroupArn"] = only["TargetGroupArn"].clone(),
        _ => drop(
            action
                .as_object_mut()
                .and_then(|members| members.remove("TargetGroupArn")),
        ),
    }
    action["ForwardConfig"] =
        json!({ "TargetGroups": tuples, "TargetGroupStickinessConfig": stickiness });
    Ok(())
}

fn fill_tuple(tuple: &mut Value) -> Result<(), ApiError> {
    if input::text(tuple, "TargetGroupArn").is_empty() {
        return Err(invalid("A target group ARN must be specified"));
    }
    let weight = tuple["Weight"].as_i64().unwrap_or(1);
    if !(0..=999).contains(&weight) {
        return Err(out_of_range("Weight", weight, "0 and 999"));
    }
    tuple["Weight"] = json!(weight);
    Ok(())
}

fn stickiness(config: &Value) -> Result<Value, ApiError> {
    let enabled = config["Enabled"].as_bool().unwrap_or(false);
    match config["DurationSeconds"].as_i64() {
        Some(seconds) if !(1..=604_800).contains(&seconds) => {
            Err(out_of_range("DurationSeconds", seconds, "1 and 604800"))
        }
        Some(seconds) => Ok(json!({ "Enabled": enabled, "DurationSeconds": seconds })),
        None if enabled => Err(invalid(
            "DurationSeconds must be specified when target group stickiness is enabled",
        )),
        None => Ok(json!({ "Enabled": false })),
    }
}

/// A redirect must change something, or it would lead to itself [D].
pub fn fill_redirect(config: &mut Value) -> Result<(), ApiError> {
    let defaults = [
        ("Protocol", "#{protocol}"),
        ("Port", "#{port}"),
        ("Host", "#{host}"),
        ("Path", "/#{path}"),
        ("Query", "#{query}"),
    ];
    for (name, default) in defaults {
        if !input::has(config, name) {
            config[name] = json!(default);
        }
    }
    if defaults[..4]
        .iter()
        .all(|(name, default)| input::text(config, name) == *default)
    {
        return Err(bad_action(
            "The redirect would lead to itself: change protocol, port, host or path",
        ));
    }
    Ok(())
}

/// Defaults of the authenticate actions [M]; a client secret is never shown [D].
pub fn fill_authenticate(config: &mut Value) -> Result<(), ApiError> {
    let defaults = [
        ("SessionCookieName", json!("AWSELBAuthSessionCookie")),
        ("Scope", json!("openid")),
        ("SessionTimeout", json!(604_800)),
        ("OnUnauthenticatedRequest", json!("authenticate")),
    ];
    for (name, default) in defaults {
        if !input::has(config, name) {
            config[name] = default;
        }
    }
    if let Some(members) = config.as_object_mut() {
        members.remove("ClientSecret");
        members.remove("UseExistingClientSecret");
    }
    Ok(())
}
