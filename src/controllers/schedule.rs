//! Whose turn it is: several objects at once, never two turns of one.
//!
//! kube's `Controller` does the same, and sends all that happens through a timer of whole milliseconds: on an idle operator each
//! event waited about 2 ms for nothing, a quarter of the time until a new service is created. Here only what has to wait does.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    future::Future,
    hash::Hash,
    pin::pin,
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until};

/// Takes turns: `turn` of each that is `named`, and again when the time has come that a turn ended with. So many at once. Until
/// `stop`; then what is under way ends.
pub async fn take_turns<T, F>(
    named: impl Stream<Item = T>,
    turn: impl Fn(T) -> F,
    at_once: usize,
    stop: impl Future<Output = ()>,
) where
    T: Clone + Eq + Hash,
    F: Future<Output = Option<Duration>>,
{
    let (mut named, mut stop) = (pin!(named.fuse()), pin!(stop));
    let mut schedule = Schedule::<T>::default();
    let mut turns = FuturesUnordered::new();
    loop {
        while turns.len() < at_once
            && let Some(next) = schedule.next()
        {
            turns.push(turn(next.clone()).map(|wait| (next, wait)));
        }
        let then = schedule.then();
        tokio::select! {
            () = &mut stop => break,
            Some(one) = named.next() => schedule.now(one),
            Some((one, wait)) = turns.next() => schedule.ended(&one, wait.map(|wait| Instant::now() + wait)),
            () = sleep_until(then.unwrap_or_else(Instant::now)), if then.is_some() => schedule.come(Instant::now()),
        }
    }
    while turns.next().await.is_some() {}
}

/// Who is due, who is later, and who has its turn.
#[derive(Debug)]
struct Schedule<T> {
    due: VecDeque<T>,
    is_due: HashSet<T>,
    later: BTreeMap<(Instant, u64), T>,
    times: HashMap<T, (Instant, u64)>,
    running: HashSet<T>,
    /// Tells two of one time apart.
    count: u64,
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Self {
            due: VecDeque::new(),
            is_due: HashSet::new(),
            later: BTreeMap::new(),
            times: HashMap::new(),
            running: HashSet::new(),
            count: 0,
        }
    }
}

impl<T: Clone + Eq + Hash> Schedule<T> {
    /// It is due, whatever its time was.
    fn now(&mut self, one: T) {
        if let Some(time) = self.times.remove(&one) {
            self.later.remove(&time);
        }
        if self.is_due.insert(one.clone()) {
            self.due.push_back(one);
        }
    }

    /// Its turn is over; it is due at a time, unless it is before.
    fn ended(&mut self, one: &T, at: Option<Instant>) {
        self.running.remove(one);
        if let Some(at) = at
            && !self.is_due.contains(one)
        {
            self.count += 1;
            let time = (at, self.count);
            self.later.insert(time, one.clone());
            self.times.insert(one.clone(), time);
        }
    }

    /// When the first of those that are later is due.
    fn then(&self) -> Option<Instant> {
        self.later.first_key_value().map(|((at, _), _)| *at)
    }

    /// It is so late: those whose time has come are due.
    fn come(&mut self, now: Instant) {
        while let Some(first) = self.later.first_entry()
            && first.key().0 <= now
        {
            let one = first.get().clone();
            self.now(one);
        }
    }

    /// The first that is due and does not have its turn already: its turn begins.
    fn next(&mut self) -> Option<T> {
        let at = { self.due.iter() }.position(|one| !self.running.contains(one))?;
        let one = self.due.remove(at)?;
        self.is_due.remove(&one);
        self.running.insert(one.clone());
        Some(one)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        future::{pending, ready},
    };

    use futures::stream;

    use super::*;

    #[test]
    fn first_come_is_first_and_named_twice_is_due_once() {
        let mut schedule = Schedule::default();
        for one in ["a", "b", "a"] {
            schedule.now(one);
        }
        assert_eq!(schedule.next(), Some("a"));
        assert_eq!(schedule.next(), Some("b"));
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn who_is_named_during_its_turn_has_another_one_after_it() {
        let mut schedule = Schedule::default();
        schedule.now("a");
        assert_eq!(schedule.next(), Some("a"));
        for one in ["a", "b"] {
            schedule.now(one);
        }
        assert_eq!(schedule.next(), Some("b"));
        assert_eq!(schedule.next(), None);
        schedule.ended(&"a", Some(Instant::now()));
        assert_eq!((schedule.next(), schedule.then()), (Some("a"), None));
    }

    #[test]
    fn later_is_due_when_its_time_has_come_or_it_is_named() {
        let mut schedule = Schedule::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (one, seconds) in [("a", 3), ("b", 2), ("c", 2)] {
            schedule.ended(&one, Some(at(seconds)));
        }
        assert_eq!(schedule.then(), Some(at(2)));
        schedule.come(at(1));
        assert_eq!(schedule.next(), None);
        schedule.come(at(2));
        assert_eq!((schedule.next(), schedule.next()), (Some("b"), Some("c")));
        schedule.now("a");
        assert_eq!((schedule.next(), schedule.then()), (Some("a"), None));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_waits_for_a_timer_and_a_turn_comes_again_when_it_asked_for_it() {
        let start = Instant::now();
        let turns = RefCell::new(Vec::new());
        let turn = |one| {
            turns.borrow_mut().push((one, start.elapsed().as_millis()));
            ready((one == "a").then_some(Duration::from_millis(700)))
        };
        let stop = tokio::time::sleep(Duration::from_secs(2));
        take_turns(stream::iter(["a", "b"]), turn, 2, stop).await;
        let expected = [("a", 0), ("b", 0), ("a", 700), ("a", 1400)];
        assert_eq!(turns.into_inner(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_turns_at_once_and_those_under_way_end_after_the_stop() {
        let (now, most, ended) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let turn = |_| async {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            tokio::time::sleep(Duration::from_secs(1)).await;
            now.set(now.get() - 1);
            ended.set(ended.get() + 1);
            None
        };
        let named = stream::iter(0..10).chain(stream::once(pending()));
        let stop = tokio::time::sleep(Duration::from_millis(1500));
        take_turns(named, turn, 3, stop).await;
        assert_eq!((most.get(), ended.get()), (3, 6));
    }
}
