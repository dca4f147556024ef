//! Whether the same happened to the same object a short while ago.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long an object is remembered.
const WHILE: Duration = Duration::from_secs(3600);

/// Objects to which it happened in the last hour, by a digest of their UID; older ones are forgotten.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<HashMap<u64, Instant>>);

impl Repeats {
    /// It happens to an object: whether it did in the last hour.
    pub fn again(&self, uid: &str, now: Instant) -> bool {
        let mut hasher = DefaultHasher::new();
        uid.hash(&mut hasher);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, at| now.saturating_duration_since(*at) < WHILE);
        known.insert(hasher.finish(), now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_is_remembered_for_an_hour() {
        let (repeats, start) = (Repeats::default(), Instant::now());
        assert!(!repeats.again("a", start));
        assert!(!repeats.again("b", start));
        assert!(repeats.again("a", start + WHILE / 2));
        assert!(!repeats.again("b", start + WHILE));
        assert!(repeats.again("a", start + WHILE));
    }
}
