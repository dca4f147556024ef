//! What is due and when: a queue in time order, first in first out among equals. No meaning here.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::service::ServiceKey;
use crate::clock::Time;

/// A point in virtual time that can be ordered.
#[derive(Clone, Copy, PartialEq)]
struct Moment(Time);

impl Eq for Moment {}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A step in the life of a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// The network interface is there; images are pulled next.
    Pend,
    /// Its containers start, or fail to.
    Start,
    /// It is time to see whether it is healthy.
    Heal,
    /// It has been unhealthy for too long.
    Sicken,
    /// An essential container ends.
    Exit,
    /// Connections are drained; containers are told to stop.
    Halt,
    /// Everything has stopped.
    Stop,
    /// ECS no longer describes it.
    Forget,
}

/// Something that is due.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    /// The service scheduler looks at a service.
    Schedule(ServiceKey),
    /// A task goes a step further.
    Task { id: String, phase: Phase },
    /// A deleted task definition disappears once nothing uses it.
    ForgetTaskDefinition { family: String, revision: i64 },
}

/// The queue.
#[derive(Clone, Default)]
pub(super) struct Agenda {
    due: BTreeMap<(Moment, u64), Happening>,
    added: u64,
}

impl Agenda {
    /// Puts `happening` at `at`, behind whatever is due at the same time already.
    pub(super) fn add(&mut self, at: Time, happening: Happening) {
        self.added += 1;
        self.due.insert((Moment(at), self.added), happening);
    }

    /// Takes the first thing that is due at `now` or before, with the time it is due at.
    pub(super) fn pop_due(&mut self, now: Time) -> Option<(Time, Happening)> {
        let (&key, _) = self
            .due
            .first_key_value()
            .filter(|((at, _), _)| at.0 <= now)?;
        self.due.remove(&key).map(|happening| (key.0.0, happening))
    }

    /// When the first thing is due.
    pub(super) fn next(&self) -> Option<Time> {
        self.due.first_key_value().map(|((at, _), _)| at.0)
    }
}
