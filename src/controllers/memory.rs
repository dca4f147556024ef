//! What this process did to an object a moment ago and neither the watch nor AWS may show yet.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::plan::Plan;

/// The same wave so often in a row means that it has no effect.
const SAME_WAVES: u32 = 5;

/// A watch shows our own write within milliseconds. One that has not for so long never will: the API server was
/// restored from a backup, say.
const LAG: Duration = Duration::from_secs(10);

/// What was done, by UID.
#[derive(Debug, Default)]
pub struct Memory {
    objects: Mutex<HashMap<String, Done>>,
    /// Objects that were let go within the last moments, and when.
    released: Mutex<HashMap<String, Instant>>,
}

#[derive(Debug, Default)]
struct Done {
    /// resourceVersion of our last write, and when that was.
    written: Option<(u64, Instant)>,
    /// The generation that the API server answered a write of ours with.
    proved: Option<i64>,
    /// Digest of the last wave, and how often it ran in a row.
    wave: Option<(u64, u32)>,
}

/// What the last waves say about the next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wave {
    /// Another than the last one: do it.
    New,
    /// The same as the last one, and not yet often: look again later before doing it once more.
    Again,
    /// The same for the fifth time: it has no effect.
    Useless,
}

impl Memory {
    /// We wrote the object: it has this resourceVersion now.
    pub fn wrote(&self, uid: &str, resource_version: Option<&str>) {
        // Not a number: an API server that orders versions otherwise; then nothing is known of order.
        if let Some(version) = resource_version.and_then(|version| version.parse().ok()) {
            self.of(uid, |done| done.written = Some((version, Instant::now())));
        }
    }

    /// Whether an object of this resourceVersion is older than what we wrote: the watch has not caught up.
    pub fn is_stale(&self, uid: &str, resource_version: Option<&str>) -> bool {
        let written = self.lock().get(uid).and_then(|done| done.written);
        written.is_some_and(|(wrote, at)| is_older(resource_version, wrote) && at.elapsed() < LAG)
    }

    /// The API server itself said that the object has this generation.
    pub fn proved(&self, uid: &str, generation: Option<i64>) {
        self.of(uid, |done| done.proved = generation);
    }

    /// Whether the API server itself said so to this process. A watch that has not shown our last write, however long ago that
    /// was, may be behind others' writes too: then nothing is proved of what it shows.
    pub fn is_proved(
        &self,
        uid: &str,
        generation: Option<i64>,
        resource_version: Option<&str>,
    ) -> bool {
        self.lock().get(uid).is_some_and(|done| {
            let is_behind =
                { done.written }.is_some_and(|(wrote, _)| is_older(resource_version, wrote));
            done.proved.is_some() && done.proved == generation && !is_behind
        })
    }

    /// A wave is about to run, for the `first` time in this reconcile or not.
    pub fn next(&self, uid: &str, plan: &Plan, first: bool) -> Wave {
        let mut hasher = DefaultHasher::new();
        // Steps are JSON: their text is the same when they are.
        format!("{:?}", plan.steps).hash(&mut hasher);
        let digest = hasher.finish();
        self.of(uid, |done| match done.wave {
            Some((last, count)) if last == digest && count >= SAME_WAVES => Wave::Useless,
            Some((last, _)) if last == digest && !first => Wave::Again,
            Some((last, count)) if last == digest => {
                done.wave = Some((digest, count + 1));
                Wave::New
            }
            _ => {
                done.wave = Some((digest, 1));
                Wave::New
            }
        })
    }

    /// Nothing is left to do: waves count anew.
    pub fn settled(&self, uid: &str) {
        if let Some(done) = self.lock().get_mut(uid) {
            done.wave = None;
        }
    }

    /// Our finalizer is off: the object goes, or others keep it.
    pub fn released(&self, uid: &str) {
        self.lock().remove(uid);
        let mut released = lock(&self.released);
        released.retain(|_, at| at.elapsed() < LAG);
        released.insert(uid.to_owned(), Instant::now());
    }

    /// Whether our finalizer was taken off a moment ago, whatever the watch shows. What it still shows later is an object that
    /// came back.
    pub fn is_released(&self, uid: &str) -> bool {
        let at = lock(&self.released).get(uid).copied();
        at.is_some_and(|at| at.elapsed() < LAG)
    }

    fn of<T>(&self, uid: &str, change: impl FnOnce(&mut Done) -> T) -> T {
        change(self.lock().entry(uid.to_owned()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Done>> {
        lock(&self.objects)
    }
}

/// A panic elsewhere leaves a map that is still whole.
fn lock<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this resourceVersion is before that one. What is not a number is not known to be.
fn is_older(resource_version: Option<&str>, than: u64) -> bool {
    let version = resource_version.and_then(|version| version.parse().ok());
    version.is_some_and(|version: u64| version < than)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Step, request};

    fn wave(name: &str) -> Plan {
        Plan::steps(vec![Step::DeleteCluster(request! {"cluster": name})])
    }

    #[tokio::test(start_paused = true)]
    async fn write_that_the_watch_never_shows_is_given_up() {
        let memory = Memory::default();
        memory.wrote("u", Some("9"));
        assert!(memory.is_stale("u", Some("8")));
        tokio::time::advance(LAG).await;
        assert!(!memory.is_stale("u", Some("8")));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_watch_shows_that_is_behind_our_own_write_is_not_proved() {
        let memory = Memory::default();
        memory.proved("u", Some(1));
        memory.wrote("u", Some("8"));
        assert!(memory.is_proved("u", Some(1), Some("8")));
        memory.wrote("u", Some("9"));
        tokio::time::advance(LAG).await;
        assert!(!memory.is_stale("u", Some("8")));
        assert!(!memory.is_proved("u", Some(1), Some("8")));
        assert!(memory.is_proved("u", Some(1), Some("9")));
        assert!(!memory.is_proved("u", Some(2), Some("9")));
    }

    #[test]
    fn object_is_stale_until_the_watch_shows_our_write() {
        let memory = Memory::default();
        assert!(!memory.is_stale("u", Some("7")));
        memory.wrote("u", Some("9"));
        assert!(memory.is_stale("u", Some("8")));
        assert!(!memory.is_stale("u", Some("9")) && !memory.is_stale("u", Some("10")));
        assert!(!memory.is_stale("u", Some("x")));
        memory.released("u");
        assert!(!memory.is_stale("u", Some("8")));
    }

    #[tokio::test(start_paused = true)]
    async fn object_that_was_let_go_is_known_for_a_moment_and_kept_no_longer() {
        let memory = Memory::default();
        memory.released("u");
        assert!(memory.is_released("u") && !memory.is_released("v"));
        tokio::time::advance(LAG).await;
        assert!(!memory.is_released("u"));
        memory.released("v");
        assert_eq!(lock(&memory.released).len(), 1);
    }

    #[test]
    fn same_wave_waits_within_a_reconcile_and_is_useless_after_five() {
        let memory = Memory::default();
        assert_eq!(memory.next("u", &wave("a"), true), Wave::New);
        assert_eq!(memory.next("u", &wave("a"), false), Wave::Again);
        for _ in 0..4 {
            assert_eq!(memory.next("u", &wave("a"), true), Wave::New);
        }
        assert_eq!(memory.next("u", &wave("a"), true), Wave::Useless);
        assert_eq!(memory.next("u", &wave("b"), true), Wave::New);
        memory.settled("u");
        assert_eq!(memory.next("u", &wave("b"), true), Wave::New);
    }
}
