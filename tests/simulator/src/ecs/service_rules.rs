//! What CreateService and UpdateService both refuse, once the whole configuration is known. Rules: aws.md §B3 [M].

use serde_json::{Value, json};

use super::failure::invalid;
use super::input::{Object, list, text};
use super::{network_rules, placement};
use crate::elbv2;
use crate::error::ApiError;

/// Characters of a client token [M].
const TOKEN_MAX: usize = 36;

/// Refuses a configuration that ECS would refuse.
pub(super) fn check(
    members: &Object,
    settings: &Object,
    body: &Value,
    elbv2: &elbv2::State,
) -> Result<(), ApiError> {
    placement::compatible(members, body)?;
    let all = json!(members);
    network_rules::load_balancers(list(&all, "loadBalancers"), body, elbv2)?;
    network_rules::registries(list(&all, "serviceRegistries"), body)?;
    network_rules::attachments(members, body)?;
    let settings = json!(settings);
    let fargate = placement::is_fargate(members);
    placement::check(&settings, fargate)?;
    if text(&settings, "schedulingStrategy") == Some("DAEMON") {
        daemon(members, &settings, fargate)?;
    }
    rebalancing(&settings)
}

fn daemon(members: &Object, settings: &Value, fargate: bool) -> Result<(), ApiError> {
    if fargate {
        return Err(invalid(
            "The daemon scheduling strategy is not supported with the FARGATE launch type.",
        ));
    }
    if text(&settings["deploymentController"], "type") != Some("ECS") {
        return Err(invalid(
            "The daemon scheduling strategy is only supported with the ECS deployment controller.",
        ));
    }
    if !list(settings, "placementStrategy").is_empty() {
        return Err(invalid(
            "The daemon scheduling strategy does not support placement strategies.",
        ));
    }
    if members.contains_key("volumeConfigurations") {
        return Err(invalid(
            "The daemon scheduling strategy does not support volume configurations.",
        ));
    }
    if settings["deploymentConfiguration"]["maximumPercent"] != json!(100) {
        return Err(invalid(
            "The daemon scheduling strategy only supports a maximumPercent of 100.",
        ));
    }
    Ok(())
}

/// Rebalancing needs room to start a task elsewhere first [M].
fn rebalancing(settings: &Value) -> Result<(), ApiError> {
    let on = text(settings, "availabilityZoneRebalancing") == Some("ENABLED");
    let most = settings["deploymentConfiguration"]["maximumPercent"]
        .as_i64()
        .unwrap_or(200);
    if on && most <= 100 {
        return Err(invalid(
            "Availability Zone rebalancing does not support a maximumPercent of 100 or less.",
        ));
    }
    Ok(())
}

/// Rules of `clientToken` [M].
pub(super) fn client_token(input: &Value) -> Result<(), ApiError> {
    let valid =
        |token: &str| token.len() <= TOKEN_MAX && token.bytes().all(|b| (33..=126).contains(&b));
    match text(input, "clientToken") {
        Some(token) if !valid(token) => Err(invalid(
            "clientToken must be up to 36 ASCII characters in the range 33 to 126.",
        )),
        _ => Ok(()),
    }
}
