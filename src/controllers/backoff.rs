//! Waits between attempts, per object: doubling from the first to the longest, with jitter, forgotten on success.

use std::{collections::HashMap, hash::BuildHasher, sync::Mutex, time::Duration};

/// Failures in a row, by UID.
#[derive(Debug)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    failures: Mutex<HashMap<String, u32>>,
}

impl Backoff {
    /// Waits from `min` to `max`.
    pub fn new(min: Duration, max: Duration) -> Self {
        Self {
            min,
            max,
            failures: Mutex::default(),
        }
    }

    /// One more failure: how long to wait.
    pub fn failed(&self, uid: &str) -> Duration {
        let mut failures = self
            .failures
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = failures.entry(uid.to_owned()).or_insert(0);
        let wait = self.min.saturating_mul(1 << (*count).min(16)).min(self.max);
        *count += 1;
        jittered(wait)
    }

    /// Whether nothing has failed since the last success.
    pub fn is_first(&self, uid: &str) -> bool {
        !self
            .failures
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .contains_key(uid)
    }

    /// It went well, or the object is gone: the count starts again.
    pub fn succeeded(&self, uid: &str) {
        self.failures
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .remove(uid);
    }
}

/// 75 to 100 % of a time, so that objects that failed together do not come back together.
pub fn jittered(time: Duration) -> Duration {
    // The standard library's hasher is seeded at random; no quality is needed here, so no dependency either.
    let random = std::collections::hash_map::RandomState::new().hash_one(0) % 1024;
    time.mul_f64(0.75 + random as f64 / 4096.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let second = Duration::from_secs(1);
        let waits: std::collections::HashSet<_> = (0..32).map(|_| jittered(second)).collect();
        assert!(waits.len() > 16, "{waits:?}");
    }

    #[test]
    fn waits_double_to_the_longest_and_start_again_on_success() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(300));
        let near =
            |wait: Duration, seconds: f64| (0.74 * seconds..=seconds).contains(&wait.as_secs_f64());
        for seconds in [1.0, 2.0, 4.0, 8.0] {
            assert!(near(backoff.failed("a"), seconds));
        }
        assert!(near(backoff.failed("b"), 1.0));
        for _ in 0..100 {
            backoff.failed("a");
        }
        assert!(near(backoff.failed("a"), 300.0) && !backoff.is_first("a"));
        backoff.succeeded("a");
        assert!(backoff.is_first("a"));
        assert!(near(backoff.failed("a"), 1.0));
    }
}
