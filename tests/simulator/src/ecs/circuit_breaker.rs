//! When failing tasks end a deployment: the deployment circuit breaker [D].

use serde_json::Value;

use super::deployment::Rollout;
use super::service::Service;

/// The most and least failures that BOUNDED_PERCENT tolerates [D].
const BOUNDS: (i64, i64) = (3, 200);

/// Failures that end a deployment of `desired` tasks [D]. Percentages are rounded up. [?] unverified: THRESHOLD_ROUNDING
pub(super) fn threshold(breaker: &Value, desired: i64) -> i64 {
    let configured = &breaker["thresholdConfiguration"];
    let value = configured["value"].as_i64().unwrap_or(50);
    let share = (value * desired + 99) / 100;
    match configured["type"].as_str() {
        Some("COUNT") => value,
        Some("UNBOUNDED_PERCENT") => share.max(1),
        _ => share.clamp(BOUNDS.0, BOUNDS.1),
    }
}

/// Whether the breaker is on, and whether it rolls back.
pub(super) fn of(service: &Service) -> Option<&Value> {
    let breaker = service
        .settings
        .get("deploymentConfiguration")?
        .get("deploymentCircuitBreaker")?;
    (breaker["enable"] == Value::Bool(true)).then_some(breaker)
}

/// Whether PRIMARY has failed too often.
pub(super) fn has_tripped(service: &Service) -> bool {
    let (Some(breaker), Some(primary)) = (of(service), service.deployments.first()) else {
        return false;
    };
    primary.rollout == Rollout::InProgress
        && primary.breaker_failures >= threshold(breaker, service.desired)
}

/// Whether a healthy task makes the breaker forget the failures before it; so by default [M].
pub(super) fn resets(service: &Service) -> bool {
    of(service).is_none_or(|breaker| breaker["resetOnHealthyTask"] != Value::Bool(false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn threshold_is_half_of_the_tasks_within_bounds() {
        let default = json!({ "enable": true });
        for (desired, failures) in [(1, 3), (6, 3), (7, 4), (100, 50), (5000, 200)] {
            assert_eq!(threshold(&default, desired), failures, "{desired} tasks");
        }
    }

    #[test]
    fn threshold_can_be_a_count_or_unbounded() {
        let of = |kind: &str, value: i64| json!({ "thresholdConfiguration": { "type": kind, "value": value } });
        assert_eq!(threshold(&of("COUNT", 2), 100), 2);
        assert_eq!(threshold(&of("UNBOUNDED_PERCENT", 10), 5), 1);
        assert_eq!(threshold(&of("UNBOUNDED_PERCENT", 50), 1000), 500);
    }
}
