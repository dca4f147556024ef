//! Rule priorities that reconciles of this process are about to use: those that look at a listener at the same time choose
//! different ones, instead of finding out one by one in conflicts that AWS tells them of.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::plan::rule::free_priority;

/// From the look to the rule that shows: calls wait for their tokens, of which ELBv2 gives 3 a second.
const HOLD: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Reserved {
    uid: String,
    priority: i32,
    at: Instant,
}

/// Reserved priorities by listener.
#[derive(Debug, Default)]
pub struct Priorities(Mutex<HashMap<String, Vec<Reserved>>>);

impl Priorities {
    /// Reserves so many priorities on a listener for an object: the same again while they are free, for some seconds.
    /// `used` are those of the rules that the listener has.
    pub fn reserve(&self, listener: &str, uid: &str, count: usize, used: &[i32]) -> Vec<i32> {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|_, reserved| {
            reserved.retain(|reserved| reserved.at.elapsed() < HOLD);
            !reserved.is_empty()
        });
        let reserved = listeners.entry(listener.to_owned()).or_default();
        let used: BTreeSet<i32> = used.iter().copied().collect();
        reserved.retain(|reserved| reserved.uid != uid || !used.contains(&reserved.priority));
        let mut taken: Vec<i32> = used.into_iter().collect();
        taken.extend(reserved.iter().map(|reserved| reserved.priority));
        let mut own: Vec<i32> = reserved
            .iter()
            .filter(|reserved| reserved.uid == uid)
            .map(|reserved| reserved.priority)
            .collect();
        while own.len() < count {
            let priority = free_priority(&taken);
            taken.push(priority);
            own.push(priority);
            reserved.push(Reserved {
                uid: uid.to_owned(),
                priority,
                at: Instant::now(),
            });
        }
        own.truncate(count);
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn objects_that_look_at_once_choose_different_priorities() {
        let priorities = Priorities::default();
        assert_eq!(priorities.reserve("l", "a", 2, &[7]), [8, 9]);
        assert_eq!(priorities.reserve("l", "b", 1, &[7]), [10]);
        assert_eq!(priorities.reserve("m", "b", 1, &[]), [1]);
        assert_eq!(priorities.reserve("l", "a", 2, &[7, 10]), [8, 9]);
    }

    #[tokio::test(start_paused = true)]
    async fn priority_that_somebody_took_is_given_up() {
        let priorities = Priorities::default();
        assert_eq!(priorities.reserve("l", "a", 1, &[]), [1]);
        assert_eq!(priorities.reserve("l", "a", 1, &[1]), [2]);
    }

    #[tokio::test(start_paused = true)]
    async fn reservation_ends() {
        let priorities = Priorities::default();
        assert_eq!(priorities.reserve("l", "a", 1, &[]), [1]);
        tokio::time::advance(HOLD).await;
        assert_eq!(priorities.reserve("l", "b", 1, &[]), [1]);
    }
}
