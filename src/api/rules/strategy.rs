//! Rules of a capacity provider strategy, a cluster's default one and a service's: of the member itself.

use kube::core::Rule;

use super::{Items, rule, second_of};

/// Whether a strategy item is one of Fargate's own providers.
pub(super) const FARGATE: &str = "i.capacityProvider in ['FARGATE', 'FARGATE_SPOT']";

/// See [`strategy_has_weight`].
pub const STRATEGY_WEIGHT: &str = "every weight is 0, so that no task could be placed. Raise one.";

/// Some provider must get tasks.
pub fn strategy_has_weight() -> Rule {
    rule(
        "self.size() == 0 || self.exists(i, !has(i.weight) || i.weight > 0)",
        "",
        STRATEGY_WEIGHT,
    )
}

/// See [`strategy_has_one_base`].
pub const STRATEGY_BASE: &str =
    "'{capacityProvider}' has a base, and another item has one already. Keep one.";

/// Only one provider can have tasks before all others.
pub fn strategy_has_one_base() -> Rule {
    let items = Items { of: "", item: "i" };
    second_of(items, "has(i.base) && i.base > 0", STRATEGY_BASE)
}

/// See [`strategy_is_of_one_sort`].
pub const STRATEGY_SORT: &str = "mixes FARGATE or FARGATE_SPOT with other capacity providers, which AWS does not allow in one strategy. Keep one sort.";

/// Fargate and other providers don't mix.
pub fn strategy_is_of_one_sort() -> Rule {
    rule(
        &format!("self.all(i, {FARGATE}) || self.all(i, !({FARGATE}))"),
        "",
        STRATEGY_SORT,
    )
}
