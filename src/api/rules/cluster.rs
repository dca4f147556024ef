//! Rules of clusters.

use kube::core::Rule;

use super::{Items, first_of, rule};

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
