//! Until when this process may change anything, in AWS or in Kubernetes. The election tells it (`kubernetes/lease.rs`), and
//! whatever is about to change something asks. Monotonic time only: what clocks say of the day never counts.

use std::future;

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// What is known of leadership.
#[derive(Clone, Copy, Debug, Default)]
struct Term {
    /// Counts terms: one that was lost and won again between two looks is not the same.
    number: u64,
    /// Until when nobody else can lead; none: this process does not lead.
    until: Option<Instant>,
}

/// Whether this process may change anything. Clones are the same leadership.
#[derive(Clone, Debug)]
pub struct Leadership(Option<watch::Receiver<Term>>);

/// Where leadership is told from.
#[derive(Debug)]
pub struct Seat(watch::Sender<Term>);

/// Leadership that several processes compete for, and the seat of this one. Nobody leads at first.
pub fn contested() -> (Seat, Leadership) {
    let (seat, leadership) = watch::channel(Term::default());
    (Seat(seat), Leadership(Some(leadership)))
}

impl Leadership {
    /// Leadership of a process that is alone: always held.
    pub const fn uncontested() -> Self {
        Self(None)
    }

    /// Whether this process leads now.
    pub fn is_held(&self) -> bool {
        let until = |terms: &watch::Receiver<Term>| terms.borrow().until;
        self.0
            .as_ref()
            .is_none_or(|terms| until(terms).is_some_and(|until| Instant::now() < until))
    }

    /// Waits until this process leads.
    pub async fn held(&self) {
        let Some(mut terms) = self.0.clone() else {
            return;
        };
        while !self.is_held() {
            if terms.changed().await.is_err() {
                // The seat is gone: nobody can ever lead from here.
                future::pending::<()>().await;
            }
        }
    }

    /// Waits until the term that is held now has ended, by its time or by a word; at once when none is held.
    pub async fn lost(&self) {
        let Some(mut terms) = self.0.clone() else {
            return future::pending().await;
        };
        let number = terms.borrow().number;
        loop {
            let term = *terms.borrow_and_update();
            let Some(until) = term.until.filter(|_| term.number == number) else {
                return;
            };
            tokio::select! {
                Ok(()) = terms.changed() => {}
                () = sleep_until(until) => {
                    if !self.is_held() {
                        return;
                    }
                }
            }
        }
    }
}

impl Seat {
    /// This process leads until then; from what it led before on, or for a new term.
    pub fn hold(&self, until: Instant) {
        self.0.send_modify(|term| {
            if term.until.is_none() {
                term.number += 1;
            }
            term.until = Some(until);
        });
    }

    /// This process leads no more.
    pub fn give_up(&self) {
        self.0.send_modify(|term| term.until = None);
    }

    /// Whether this process has a term, be it past its time: nobody is known to have another.
    pub fn has_term(&self) -> bool {
        self.0.borrow().until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;

    const TERM: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn leadership_ends_by_its_time_and_is_prolonged() {
        let (seat, leadership) = contested();
        assert!(!leadership.is_held() && leadership.held().now_or_never().is_none());
        seat.hold(Instant::now() + TERM);
        assert!(leadership.is_held());
        let start = Instant::now();
        let lost = leadership.lost();
        let prolonged = async {
            tokio::time::advance(TERM / 2).await;
            seat.hold(Instant::now() + TERM);
        };
        tokio::join!(lost, prolonged);
        assert_eq!(start.elapsed(), TERM + TERM / 2);
        assert!(!leadership.is_held() && seat.has_term());
    }

    #[tokio::test(start_paused = true)]
    async fn term_that_was_given_up_is_lost_though_the_next_has_begun() {
        let (seat, leadership) = contested();
        seat.hold(Instant::now() + TERM);
        let mut lost = Box::pin(leadership.lost());
        assert!(lost.as_mut().now_or_never().is_none());
        seat.give_up();
        seat.hold(Instant::now() + TERM);
        assert!(lost.now_or_never().is_some() && leadership.is_held());
    }

    #[test]
    fn who_is_alone_leads_for_ever() {
        let leadership = Leadership::uncontested();
        assert!(leadership.is_held() && leadership.held().now_or_never().is_some());
        assert!(leadership.lost().now_or_never().is_none());
    }
}
