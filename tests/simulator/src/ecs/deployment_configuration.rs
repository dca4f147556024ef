//! `deploymentConfiguration`: its defaults, its rules, and how UpdateService merges it (aws.md §4.1 [L], §4.4 [L], §B3 [M]).

use serde_json::{Value, json};

use super::failure::invalid;
use super::input::{Object, default, given, integer, list, object, text, texts};
use crate::error::ApiError;

/// What a service has that says nothing.
pub(super) fn defaults(daemon: bool) -> Object {
    let (most, least) = if daemon { (100, 0) } else { (200, 100) };
    object(&json!({
        "maximumPercent": most,
        "minimumHealthyPercent": least,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
        "alarms": { "alarmNames": [], "rollback": false, "enable": false },
        "deploymentCircuitBreaker": {
            "enable": false,
            "rollback": false,
            "resetOnHealthyTask": true,
            "thresholdConfiguration": { "type": "BOUNDED_PERCENT", "value": 50 },
        },
    }))
}

/// `current` with the members of `change`: top-level members are merged, blocks inside mostly replaced.
pub(super) fn merge(current: &Object, change: &Value) -> Result<Object, ApiError> {
    let mut merged = current.clone();
    // Steps go with their strategy: there is no other way to be rid of them. [?] unverified: STEPS_GO_WITH_STRATEGY
    match text(change, "strategy") {
        None | Some("LINEAR") => {}
        Some(_) => drop(merged.remove("linearConfiguration")),
    }
    match text(change, "strategy") {
        None | Some("CANARY") => {}
        Some(_) => drop(merged.remove("canaryConfiguration")),
    }
    for (member, value) in object(change) {
        let value = match member.as_str() {
            "deploymentCircuitBreaker" => circuit_breaker(current.get(&member), &value),
            "lifecycleHooks" => list(change, "lifecycleHooks").iter().map(hook).collect(),
            "linearConfiguration" => filled(
                &value,
                &[
                    ("stepPercent", json!(10.0)),
                    ("stepBakeTimeInMinutes", json!(6)),
                ],
            ),
            "canaryConfiguration" => filled(
                &value,
                &[
                    ("canaryPercent", json!(5.0)),
                    ("canaryBakeTimeInMinutes", json!(10)),
                ],
            ),
            _ => value,
        };
        merged.insert(member, value);
    }
    let merged = Value::Object(merged);
    check(&merged)?;
    Ok(object(&merged))
}

fn filled(block: &Value, defaults: &[(&str, Value)]) -> Value {
    let mut members = object(block);
    for (member, value) in defaults {
        default(&mut members, member, value.clone());
    }
    Value::Object(members)
}

/// Replaced, so that an absent `rollback` turns it off; its optional children are kept [L].
fn circuit_breaker(current: Option<&Value>, change: &Value) -> Value {
    let mut members = object(change);
    default(&mut members, "enable", false);
    default(&mut members, "rollback", false);
    for kept in ["resetOnHealthyTask", "thresholdConfiguration"] {
        if let Some(value) = current.and_then(|current| given(current, kept)) {
            default(&mut members, kept, value.clone());
        }
    }
    Value::Object(members)
}

/// A hook with AWS's defaults; what it does is in `pause_hook`.
fn hook(hook: &Value) -> Value {
    let timeout = [
        ("timeoutInMinutes", json!(1440)),
        ("action", json!("ROLLBACK")),
    ];
    let mut members = object(hook);
    default(&mut members, "targetType", "AWS_LAMBDA");
    let given = members
        .get("timeoutConfiguration")
        .cloned()
        .unwrap_or(json!({}));
    members.insert("timeoutConfiguration".into(), filled(&given, &timeout));
    Value::Object(members)
}

fn check(configuration: &Value) -> Result<(), ApiError> {
    percentages(configuration)?;
    let strategy = text(configuration, "strategy").unwrap_or("ROLLING");
    if strategy != "LINEAR" && given(configuration, "linearConfiguration").is_some() {
        return Err(invalid(
            "Linear configuration can only be present with LINEAR deployment strategy",
        ));
    }
    if strategy != "CANARY" && given(configuration, "canaryConfiguration").is_some() {
        return Err(invalid(
            "Canary configuration can only be present with CANARY deployment strategy",
        ));
    }
    // Text: [I]. That it may be there while it is off is unverified: EARLY_SUCCESS_OFF.
    if strategy != "ROLLING" && configuration["earlySuccessCriteria"]["enable"] == true {
        return Err(invalid(
            "Early success criteria can only be used with ROLLING deployment strategy",
        ));
    }
    let bake = integer(configuration, "bakeTimeInMinutes").unwrap_or_default();
    if !(0..=1440).contains(&bake) {
        return Err(invalid("bakeTimeInMinutes must be between 0 and 1440."));
    }
    shift(
        &configuration["linearConfiguration"],
        "stepPercent",
        "stepBakeTimeInMinutes",
        3.0,
    )?;
    shift(
        &configuration["canaryConfiguration"],
        "canaryPercent",
        "canaryBakeTimeInMinutes",
        0.1,
    )?;
    let threshold = &configuration["deploymentCircuitBreaker"]["thresholdConfiguration"];
    if integer(threshold, "value").is_some_and(|value| value < 1) {
        return Err(invalid(
            "The circuit breaker's threshold value must be at least 1.",
        ));
    }
    list(configuration, "lifecycleHooks")
        .iter()
        .try_for_each(check_hook)
}

fn percentages(configuration: &Value) -> Result<(), ApiError> {
    let number = |member| integer(configuration, member).unwrap_or_default();
    let (most, least) = (number("maximumPercent"), number("minimumHealthyPercent"));
    if !(100..=200).contains(&most) || !(0..=100).contains(&least) {
        return Err(invalid(
            "maximumPercent must be between 100 and 200, minimumHealthyPercent between 0 and 100.",
        ));
    }
    // Text: [I]
    if most == 100 && least == 100 {
        return Err(invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    Ok(())
}

fn shift(block: &Value, percent: &str, minutes: &str, least: f64) -> Result<(), ApiError> {
    let share = block[percent].as_f64().unwrap_or(least);
    let tenths = share * 10.0;
    if !(least..=100.0).contains(&share) || (tenths - tenths.round()).abs() > 1e-6 {
        return Err(invalid(format!(
            "{percent} must be between {least:.1} and 100.0 in steps of 0.1."
        )));
    }
    match integer(block, minutes) {
        Some(value) if !(0..=1440).contains(&value) => {
            Err(invalid(format!("{minutes} must be between 0 and 1440.")))
        }
        _ => Ok(()),
    }
}

fn check_hook(hook: &Value) -> Result<(), ApiError> {
    let stages = texts(hook, "lifecycleStages");
    if stages.is_empty() {
        return Err(invalid(
            "Lifecycle hooks need at least one lifecycle stage.",
        ));
    }
    if text(hook, "targetType") == Some("PAUSE") {
        let shifts = ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"];
        return match stages.iter().find(|stage| shifts.contains(stage)) {
            Some(stage) => Err(invalid(format!(
                "PAUSE lifecycle hooks are not supported at {stage}."
            ))),
            None => Ok(()),
        };
    }
    if text(hook, "hookTargetArn").is_none() || text(hook, "roleArn").is_none() {
        return Err(invalid(
            "AWS_LAMBDA lifecycle hooks need hookTargetArn and roleArn.",
        ));
    }
    Ok(())
}
