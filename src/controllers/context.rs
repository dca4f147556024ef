//! What every reconcile is given.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kube::Client;

use super::{backoff::Backoff, memory::Memory};
use crate::{
    aws::{Aws, Clients},
    kubernetes::{events::Events, stores::Stores},
    leadership::Leadership,
    model::Installation,
    telemetry::metrics::Metrics,
};

/// Waits that are not failures.
#[derive(Clone, Copy, Debug)]
pub struct Periods {
    /// Between looks at a steady object.
    pub drift: Duration,
    /// Between looks at an object on its way.
    pub poll: Duration,
    /// Until an object that needs somebody is looked at again.
    pub stalled: Duration,
}

/// What every reconcile is given.
pub struct Context {
    /// Kubernetes.
    pub client: Client,
    /// Whether this process acts.
    pub leadership: Leadership,
    /// AWS.
    pub clients: Arc<Clients>,
    /// This installation.
    pub installation: Installation,
    /// Waits.
    pub periods: Periods,
    /// Waits after failures.
    pub backoff: Arc<Backoff>,
    /// What was done a moment ago.
    pub memory: Arc<Memory>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Events.
    pub events: Events,
    /// Objects of the scope.
    pub stores: Stores,
    /// When this process began to work: polls of all objects are counted from here.
    pub start: Instant,
}

impl Context {
    /// AWS in the object's Region.
    pub fn aws(&self, region: Option<&str>) -> Arc<Aws> {
        self.clients
            .region(region.unwrap_or(&self.installation.region))
    }

    /// Until the next poll: objects on their way are looked at together, so that their looks share calls. One poll period,
    /// give or take a fifth; a tenth of one, give or take, for what was just changed, since ECS is done at once with a change
    /// that starts no task, and soon with one whose image is there.
    pub fn until_poll(&self, is_just_changed: bool) -> Duration {
        let poll = self.periods.poll;
        let (period, least) = if is_just_changed {
            (poll / 10, poll / 25)
        } else {
            (poll, poll / 5)
        };
        until_tick(self.start.elapsed(), period, least)
    }

    /// The time, for transition times in status.
    pub fn now(&self) -> Timestamp {
        // Kubernetes writes seconds; a finer time would differ from what comes back.
        Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default()
    }
}

/// From `elapsed` to the first multiple of `period` that is not nearer than `least`.
fn until_tick(elapsed: Duration, period: Duration, least: Duration) -> Duration {
    let period_nanos = period.as_nanos().max(1);
    let past = Duration::from_nanos((elapsed.as_nanos() % period_nanos) as u64);
    let rest = period.saturating_sub(past);
    if rest < least { rest + period } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_fall_on_common_ticks_and_are_never_much_too_early_or_late() {
        let (period, least) = (Duration::from_secs(5), Duration::from_secs(1));
        for (elapsed, wait) in [
            (0, 5000),
            (4000, 1000),
            (4500, 5500),
            (5000, 5000),
            (7000, 3000),
        ] {
            let wait = Duration::from_millis(wait);
            let elapsed = Duration::from_millis(elapsed);
            assert_eq!(until_tick(elapsed, period, least), wait);
        }
    }
}
