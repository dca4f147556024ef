//! Targets and their health.

use serde_json::{Value, json};

use super::HealthCheck;
use crate::clock::Time;

/// A registered target.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    registered: Time,
    healthy_at: Option<Time>,
    /// Whether its health follows the script of its group; else it is sick by itself.
    recovers: bool,
    /// Draining until then.
    gone_at: Option<Time>,
}

impl Target {
    /// A target that becomes healthy at `healthy_at`, or never.
    pub fn new(registered: Time, healthy_at: Option<Time>, recovers: bool) -> Self {
        Self {
            registered,
            healthy_at,
            recovers,
            gone_at: None,
        }
    }

    /// Whether it takes traffic.
    pub fn is_healthy(&self, now: Time) -> bool {
        self.gone_at.is_none() && self.healthy_at.is_some_and(|at| at <= now)
    }

    /// Starts draining; a target that drains already goes on.
    pub fn drain(&mut self, until: Time) {
        self.gone_at.get_or_insert(until);
    }

    /// Whether draining is over.
    pub fn is_gone(&self, now: Time) -> bool {
        self.gone_at.is_some_and(|at| at <= now)
    }

    /// Its group became healthy as of then, or sick.
    pub fn heal(&mut self, at: Option<Time>) {
        if self.recovers {
            self.healthy_at = at;
        }
    }

    /// `TargetHealth` in a group that gets traffic.
    pub fn health(&self, now: Time, check: &HealthCheck) -> Value {
        if self.gone_at.is_some() {
            return health(
                "draining",
                "Target.DeregistrationInProgress",
                "Target deregistration is in progress",
            );
        }
        if self.is_healthy(now) {
            return json!({ "State": "healthy" });
        }
        // Unverified: TARGET_INITIAL.
        let patience = (check.interval_seconds * check.unhealthy_threshold) as f64;
        if self.healthy_at.is_none() && now >= self.registered + patience {
            return health(
                "unhealthy",
                "Target.FailedHealthChecks",
                "Health checks failed",
            );
        }
        health(
            "initial",
            "Elb.RegistrationInProgress",
            "Target registration is in progress",
        )
    }
}

/// `TargetHealth` with a reason.
pub fn health(state: &str, reason: &str, description: &str) -> Value {
    json!({ "State": state, "Reason": reason, "Description": description })
}
