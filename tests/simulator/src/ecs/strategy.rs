//! Capacity provider strategies: their rules and how they are read. Rules: aws.md §B3 [M].

use serde_json::{Value, json};

use super::arn;
use super::failure::invalid;
use super::input::{integer, text};
use crate::error::ApiError;

/// Items of one strategy [M].
const MAX: usize = 20;

/// Refuses a strategy that names providers outside `associated`, or whose numbers make no sense.
pub(super) fn check(strategy: &[Value], associated: &[String]) -> Result<(), ApiError> {
    if strategy.len() > MAX {
        return Err(invalid(
            "The capacity provider strategy can have at most 20 items.",
        ));
    }
    let known = |item: &Value| associated.iter().any(|name| name == provider(item));
    if !strategy.iter().all(known) {
        return Err(invalid(
            "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.",
        ));
    }
    if !strategy.is_empty()
        && strategy
            .iter()
            .all(|item| integer(item, "weight") == Some(0))
    {
        return Err(invalid(
            "The specified capacity provider strategy must contain at least one capacity provider with a weight greater than 0.",
        ));
    }
    if strategy
        .iter()
        .filter(|item| integer(item, "base").unwrap_or(0) > 0)
        .count()
        > 1
    {
        return Err(invalid(
            "The specified capacity provider strategy can only contain one capacity provider with a base.",
        ));
    }
    let fargate = strategy
        .iter()
        .filter(|item| is_fargate(provider(item)))
        .count();
    if fargate != 0 && fargate != strategy.len() {
        return Err(invalid(
            "The specified capacity provider strategy cannot contain both Fargate and Auto Scaling group capacity providers.",
        ));
    }
    Ok(())
}

/// As AWS reads it back: names, and both numbers in every item.
pub(super) fn normalise(strategy: &[Value]) -> Vec<Value> {
    let item = |item: &Value| {
        json!({
            "capacityProvider": provider(item),
            "weight": integer(item, "weight").unwrap_or(0),
            "base": integer(item, "base").unwrap_or(0),
        })
    };
    let mut items: Vec<Value> = strategy.iter().map(item).collect();
    // The console's and CLI's default weight of a single provider is 1 [D].
    if let [only] = items.as_mut_slice()
        && only["weight"] == json!(0)
    {
        only["weight"] = json!(1);
    }
    items
}

/// The name of an item's capacity provider.
pub(super) fn provider(item: &Value) -> &str {
    arn::name(text(item, "capacityProvider").unwrap_or_default())
}

/// Whether this provider is one of Fargate's.
pub(super) fn is_fargate(provider: &str) -> bool {
    matches!(provider, "FARGATE" | "FARGATE_SPOT")
}
