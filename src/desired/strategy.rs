//! The rules of a capacity provider strategy, of a cluster's default one and of a service's, in admission's words.

use super::{Invalid, first};
use crate::api::{rules, strategy::CapacityProviderStrategyItem};

/// Whether it is one of Fargate's own providers.
pub fn is_fargate(item: &CapacityProviderStrategyItem) -> bool {
    ["FARGATE", "FARGATE_SPOT"].contains(&item.capacity_provider.as_str())
}

/// Finds the first rule that the strategy at `path` breaks.
pub fn check(path: &str, strategy: &[CapacityProviderStrategyItem]) -> Result<(), Invalid> {
    let mut based = strategy.iter().filter(|item| item.base > Some(0));
    if let Some(second) = based.nth(1) {
        return Err(Invalid::new(
            path,
            rules::said(rules::STRATEGY_BASE, second),
        ));
    }
    let is_weightless = strategy.iter().all(|item| item.weight == Some(0));
    let fargate = strategy.iter().filter(|item| is_fargate(item)).count();
    let is_mixed = fargate != 0 && fargate != strategy.len();
    first(
        path,
        &strategy,
        &[
            (
                !strategy.is_empty() && is_weightless,
                "",
                rules::STRATEGY_WEIGHT,
            ),
            (is_mixed, "", rules::STRATEGY_SORT),
        ],
    )
}
