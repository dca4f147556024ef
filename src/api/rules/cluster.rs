//! Rules of clusters.

use kube::core::Rule;

use super::{Items, first_of, rule, second_of};

/// See [`strategy_needs_providers`].
pub const STRATEGY_NEEDS_PROVIDERS: &str =
    "needs spec.capacityProviders: AWS sets both in one call. List the providers.";

/// AWS sets providers and default strategy in one call, each as a whole.
pub fn strategy_needs_providers() -> Rule {
    rule(
        "!has(self.defaultCapacityProviderStrategy) || has(self.capacityProviders)",
        ".defaultCapacityProviderStrategy",
        STRATEGY_NEEDS_PROVIDERS,
    )
}

/// See [`strategy_of_own_providers`].
pub const STRATEGY_PROVIDERS: &str = "'{capacityProvider}' is not in spec.capacityProviders. Add it there or remove it from the strategy.";

/// A default strategy names providers of the cluster.
pub fn strategy_of_own_providers() -> Rule {
    first_of(
        Items {
            of: "defaultCapacityProviderStrategy",
            item: "i",
        },
        "!has(self.defaultCapacityProviderStrategy) || !has(self.capacityProviders)",
        "!(i.capacityProvider in self.capacityProviders)",
        STRATEGY_PROVIDERS,
    )
}

/// See [`strategy_has_weight`].
pub const STRATEGY_WEIGHT: &str = "every weight is 0, so that no task could be placed. Raise one.";

/// Some provider must get tasks.
pub fn strategy_has_weight() -> Rule {
    rule(
        "!has(self.defaultCapacityProviderStrategy) || self.defaultCapacityProviderStrategy.size() == 0 || self.defaultCapacityProviderStrategy.exists(i, !has(i.weight) || i.weight > 0)",
        ".defaultCapacityProviderStrategy",
        STRATEGY_WEIGHT,
    )
}

/// See [`strategy_has_one_base`].
pub const STRATEGY_BASE: &str =
    "'{capacityProvider}' has a base, and another item has one already. Keep one.";

/// Only one provider can have tasks before all others.
pub fn strategy_has_one_base() -> Rule {
    second_of(
        Items {
            of: "defaultCapacityProviderStrategy",
            item: "i",
        },
        "!has(self.defaultCapacityProviderStrategy)",
        "has(i.base) && i.base > 0",
        STRATEGY_BASE,
    )
}

/// See [`strategy_is_of_one_sort`].
pub const STRATEGY_SORT: &str = "mixes FARGATE or FARGATE_SPOT with other capacity providers, which AWS does not allow in one strategy. Keep one sort.";

/// Fargate and other providers don't mix.
pub fn strategy_is_of_one_sort() -> Rule {
    rule(
        "!has(self.defaultCapacityProviderStrategy) || self.defaultCapacityProviderStrategy.filter(i, i.capacityProvider in ['FARGATE', 'FARGATE_SPOT']).size() in [0, self.defaultCapacityProviderStrategy.size()]",
        ".defaultCapacityProviderStrategy",
        STRATEGY_SORT,
    )
}

/// See [`override_says_where`].
pub const OVERRIDE: &str = "logging is OVERRIDE, which needs logConfiguration with cloudWatchLogGroupName or s3BucketName. Add it, or set logging: DEFAULT.";

/// Sessions of ECS Exec that are logged elsewhere are logged somewhere.
pub fn override_says_where() -> Rule {
    rule(
        "!has(self.logging) || self.logging != 'OVERRIDE' || (has(self.logConfiguration) && (has(self.logConfiguration.cloudWatchLogGroupName) || has(self.logConfiguration.s3BucketName)))",
        ".logConfiguration",
        OVERRIDE,
    )
}
