//! What waits for its turn and what has it, of one kind: what controller-runtime's work queue says of itself, seen from outside of
//! kube's, which says nothing.
//!
//! An object waits from the moment when it should be looked at (a watch event, a wake, the end of a pause) until its turn begins.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{census::Census, work::Work};

/// The queue of one kind in one scope.
#[derive(Debug)]
pub struct Queue {
    controller: &'static str,
    workers: u16,
    work: Arc<Work>,
    state: Mutex<State>,
}

/// By a digest of namespace and name: nothing is allocated for an object's name.
#[derive(Debug, Default)]
struct State {
    /// When an object should be looked at.
    due: HashMap<u64, Due>,
    /// When the turns that are under way began.
    running: HashMap<u64, Instant>,
    /// The generation that is not declared to be in AWS yet, and when it was first seen.
    changed: HashMap<u64, (i64, Instant)>,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    at: Instant,
    /// Whether it was counted as added: what waits for its time is not in the queue yet.
    is_added: bool,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// Nothing is under way.
    Success,
    /// Something is under way, here or in AWS.
    RequeueAfter,
    /// A call to AWS or Kubernetes failed; it is tried again by itself.
    Failed,
    /// AWS refused: it needs somebody.
    Refused,
    /// A defect of the operator.
    Panicked,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// How it ended.
    pub ended: Ended,
    /// Until the next turn, if nothing happens before; none: until something happens.
    pub wait: Option<Duration>,
    /// Whether AWS is as this generation declares.
    pub settled: Option<i64>,
}

impl Turn {
    /// Until something happens.
    pub const fn await_change() -> Self {
        Self {
            ended: Ended::Success,
            wait: None,
            settled: None,
        }
    }

    /// Something is under way: again after `wait`.
    pub const fn requeue(wait: Duration) -> Self {
        Self {
            ended: Ended::RequeueAfter,
            wait: Some(wait),
            settled: None,
        }
    }

    /// The same with another end.
    pub const fn but(self, ended: Ended) -> Self {
        Self { ended, ..self }
    }
}

impl Queue {
    /// An empty queue of a controller with so many workers.
    pub fn new(controller: &'static str, workers: u16, work: Arc<Work>) -> Self {
        work.prepare(controller);
        Self {
            controller,
            workers,
            work,
            state: Mutex::default(),
        }
    }

    /// The key of an object.
    pub fn key(namespace: Option<&str>, name: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (namespace, name).hash(&mut hasher);
        hasher.finish()
    }

    /// Something happened to an object: it should be looked at now.
    pub fn added(&self, key: u64, now: Instant) {
        let mut state = self.state();
        let waits = state.due.get(&key).copied();
        if waits.is_some_and(|due| due.at <= now) {
            return;
        }
        state.due.insert(
            key,
            Due {
                at: now,
                is_added: true,
            },
        );
        drop(state);
        self.work.added(self.controller);
    }

    /// An object has a generation that its status does not speak of.
    pub fn changed(&self, key: u64, generation: i64, now: Instant) {
        let mut state = self.state();
        if state
            .changed
            .get(&key)
            .is_none_or(|(known, _)| *known != generation)
        {
            state.changed.insert(key, (generation, now));
        }
    }

    /// An object is gone.
    pub fn gone(&self, key: u64) {
        let mut state = self.state();
        state.due.remove(&key);
        state.changed.remove(&key);
    }

    /// An object's turn begins. It is under way until what is returned ends or is dropped.
    pub fn begins(&self, key: u64, now: Instant) -> Running<'_> {
        let mut state = self.state();
        let due = state.due.remove(&key);
        state.running.insert(key, now);
        drop(state);
        // Whoever made it due, if not an event that was seen.
        if due.is_none_or(|due| !due.is_added) {
            self.work.added(self.controller);
        }
        let waited = due.map_or(Duration::ZERO, |due| now.saturating_duration_since(due.at));
        self.work.waited(self.controller, waited);
        Running {
            queue: self,
            key,
            began: now,
        }
    }

    /// Adds to a census how the queue is now.
    pub fn read(&self, census: &mut Census, now: Instant) {
        let state = self.state();
        let times = state.running.values();
        let times = times.map(|began| now.saturating_duration_since(*began).as_secs_f64());
        let queue = census.queue(self.controller);
        queue.depth += state.due.values().filter(|due| due.at <= now).count();
        queue.workers += usize::from(self.workers);
        queue.active += state.running.len();
        queue.unfinished += times.clone().sum::<f64>();
        queue.longest = times.fold(queue.longest, f64::max);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn that is under way. One that is dropped before its end (this replica does not lead any more) is not counted.
#[derive(Debug)]
pub struct Running<'a> {
    queue: &'a Queue,
    key: u64,
    began: Instant,
}

impl Running<'_> {
    /// The turn has ended.
    pub fn ends(self, turn: Turn, now: Instant) {
        let Queue {
            controller, work, ..
        } = self.queue;
        let mut state = self.queue.state();
        if let Some(wait) = turn.wait {
            let at = now + wait;
            let due = state.due.entry(self.key);
            due.or_insert(Due {
                at,
                is_added: false,
            });
        }
        let converged = state
            .changed
            .get(&self.key)
            .filter(|(generation, _)| turn.settled == Some(*generation))
            .map(|(_, since)| now.saturating_duration_since(*since));
        if converged.is_some() {
            state.changed.remove(&self.key);
        }
        drop(state);
        let took = now.saturating_duration_since(self.began);
        work.ended(controller, turn.ended, took);
        if let Some(time) = converged {
            work.converged(controller, time);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.queue.state().running.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> Queue {
        Queue::new("ecsservice", 4, Arc::default())
    }

    fn turn(wait: Option<u64>) -> Turn {
        Turn {
            wait: wait.map(Duration::from_secs),
            ..Turn::await_change()
        }
    }

    /// Depth, active turns and seconds of the longest.
    fn seen(queue: &Queue, now: Instant) -> (usize, usize, f64) {
        let mut census = Census::default();
        queue.read(&mut census, now);
        let seen = census.queue("ecsservice");
        (seen.depth, seen.active, seen.longest)
    }

    #[test]
    fn object_is_in_the_queue_from_its_event_to_its_turn_and_again_when_its_pause_is_over() {
        let (queue, start) = (queue(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        queue.added(1, at(0));
        queue.added(1, at(1));
        assert_eq!(seen(&queue, at(1)), (1, 0, 0.0));
        let running = queue.begins(1, at(3));
        assert_eq!(seen(&queue, at(5)), (0, 1, 2.0));
        running.ends(turn(Some(10)), at(6));
        assert_eq!(seen(&queue, at(15)), (0, 0, 0.0));
        assert_eq!(seen(&queue, at(16)), (1, 0, 0.0));
        queue.gone(1);
        assert_eq!(seen(&queue, at(16)), (0, 0, 0.0));
    }

    #[test]
    fn event_in_a_turn_or_in_a_pause_needs_another_turn() {
        let (queue, start) = (queue(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let running = queue.begins(1, at(0));
        queue.added(1, at(1));
        running.ends(turn(Some(100)), at(2));
        assert_eq!(seen(&queue, at(2)), (1, 0, 0.0));
        queue.begins(1, at(3)).ends(turn(Some(100)), at(4));
        queue.added(1, at(5));
        assert_eq!(seen(&queue, at(5)), (1, 0, 0.0));
    }

    #[test]
    fn turn_that_is_dropped_is_not_under_way_any_more() {
        let (queue, start) = (queue(), Instant::now());
        drop(queue.begins(1, start));
        assert_eq!(seen(&queue, start), (0, 0, 0.0));
    }
}
