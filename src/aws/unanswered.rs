//! Calls that create and were not answered: what they made may show up later, and what is deleted meanwhile must wait for it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long what was created may stay unseen. ECS documents no bound; reads show a new resource within a minute.
const GRACE: Duration = Duration::from_secs(60);

/// Objects for which something may have been created that nobody has seen.
#[derive(Debug)]
pub struct Unanswered {
    /// What a process before this one did is not known.
    since: Instant,
    /// By UID, the call that was lost last; none: what the object has in AWS was seen.
    calls: Mutex<HashMap<String, Option<Lost>>>,
}

/// A call that was not answered.
#[derive(Debug)]
struct Lost {
    at: Instant,
    /// Whether it creates what an object is seen by: the cluster, the revision, the service.
    is_last: bool,
}

/// What is created before a service, and again at any time while there is one: a service that is seen says nothing of it.
const EARLIER: [&str; 2] = ["CreateTargetGroup", "CreateRule"];

impl Default for Unanswered {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            calls: Mutex::default(),
        }
    }
}

impl Unanswered {
    /// A call that creates something for the object of this UID was not answered. `operation` is AWS's name of it.
    pub fn lost(&self, uid: &str, operation: &str) {
        let mut calls = self.calls();
        calls.retain(|_, lost| {
            let lost = lost.as_ref();
            lost.is_none_or(|lost| lost.at.elapsed() < GRACE)
        });
        let lost = Lost {
            at: Instant::now(),
            is_last: !EARLIER.contains(&operation),
        };
        calls.insert(uid.to_owned(), Some(lost));
    }

    /// What is created last for the object of this UID was seen: nothing else can show up, unless it is of an update.
    pub fn showed_up(&self, uid: &str) {
        let mut calls = self.calls();
        let lost = calls.get(uid).and_then(Option::as_ref);
        if lost.is_none_or(|lost| lost.is_last || lost.at.elapsed() >= GRACE) {
            calls.insert(uid.to_owned(), None);
        }
    }

    /// The object is gone.
    pub fn forget(&self, uid: &str) {
        self.calls().remove(uid);
    }

    /// Whether something of the object may still show up. `is_known`: its status tells of what it has in AWS; without
    /// that, a process that died may have created it a moment ago.
    pub fn may_show_up(&self, uid: &str, is_known: bool) -> bool {
        match self.calls().get(uid) {
            Some(None) => false,
            Some(Some(lost)) if lost.at.elapsed() < GRACE => true,
            _ => !is_known && self.since.elapsed() < GRACE,
        }
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<String, Option<Lost>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lost_answer_is_waited_for_a_minute() {
        let unanswered = Unanswered::default();
        tokio::time::advance(GRACE).await;
        assert!(!unanswered.may_show_up("u", false));
        unanswered.lost("u", "CreateTargetGroup");
        assert!(unanswered.may_show_up("u", true) && !unanswered.may_show_up("v", false));
        tokio::time::advance(GRACE).await;
        assert!(!unanswered.may_show_up("u", true));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_else_shows_up_after_what_was_created_last() {
        let unanswered = Unanswered::default();
        unanswered.lost("u", "CreateService");
        unanswered.showed_up("u");
        assert!(!unanswered.may_show_up("u", false));
        unanswered.forget("u");
        assert!(unanswered.may_show_up("u", false));
    }

    #[tokio::test(start_paused = true)]
    async fn target_group_of_an_update_is_waited_for_though_the_service_is_seen() {
        let unanswered = Unanswered::default();
        unanswered.showed_up("u");
        unanswered.lost("u", "CreateTargetGroup");
        unanswered.showed_up("u");
        assert!(unanswered.may_show_up("u", true));
        tokio::time::advance(GRACE).await;
        unanswered.showed_up("u");
        assert!(!unanswered.may_show_up("u", true));
    }

    #[tokio::test(start_paused = true)]
    async fn young_process_knows_only_what_the_status_tells() {
        let unanswered = Unanswered::default();
        assert!(unanswered.may_show_up("u", false) && !unanswered.may_show_up("u", true));
        tokio::time::advance(GRACE).await;
        assert!(!unanswered.may_show_up("u", false));
    }
}
