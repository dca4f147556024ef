//! The conditions of an object, after the kstatus contract: Ready always, Reconciling and Stalled only while True.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::{
    api::condition::{self, READY, RECONCILING, Reason, STALLED},
    model::text::truncate,
};

/// Characters of a condition's message; longer ones are cut.
const MESSAGE_MAX: usize = 1024;

/// How a reconcile ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// AWS is as declared, steady.
    Settled(String),
    /// On its way.
    Waiting(Reason, String),
    /// Needs somebody.
    Stalled(Reason, String),
    /// AWS could not be asked: what was true before stays true.
    Unknown(Reason, String),
    /// The user stopped reconciling.
    Suspended,
}

impl Outcome {
    /// Its reason.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Settled(_) => Reason::Synced,
            Self::Waiting(reason, _) | Self::Stalled(reason, _) | Self::Unknown(reason, _) => {
                *reason
            }
            Self::Suspended => Reason::Suspended,
        }
    }

    /// Its message.
    pub fn message(&self) -> &str {
        match self {
            Self::Settled(message)
            | Self::Waiting(_, message)
            | Self::Stalled(_, message)
            | Self::Unknown(_, message) => message,
            Self::Suspended => "spec.suspend is true: nothing is read or changed",
        }
    }
}

/// The conditions after an outcome. Transition times move only with the status.
pub fn conditions(
    outcome: &Outcome,
    previous: &[Condition],
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    let was_ready = condition::find(previous, READY)
        .filter(|ready| ready.status == "True" && ready.observed_generation == Some(generation));
    let (ready, abnormal) = match outcome {
        Outcome::Settled(_) => ("True", None),
        Outcome::Waiting(..) => ("False", Some(RECONCILING)),
        Outcome::Stalled(..) => ("False", Some(STALLED)),
        // Reading late is not "not ready": the condition stays word for word.
        Outcome::Unknown(..) if was_ready.is_some() => return previous.to_vec(),
        Outcome::Unknown(..) => ("False", Some(RECONCILING)),
        Outcome::Suspended => (
            condition::find(previous, READY)
                .filter(|ready| !is_edited_in_suspense(ready, generation))
                .map_or("Unknown", |ready| ready.status.as_str()),
            None,
        ),
    };
    let mut message = outcome.message().to_owned();
    truncate(&mut message, MESSAGE_MAX);
    let make = |type_: &str, status: &str| {
        let since = condition::find(previous, type_)
            .filter(|old| old.status == status)
            .map_or(Time(now), |old| old.last_transition_time.clone());
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: outcome.reason().as_str().to_owned(),
            message: message.clone(),
            observed_generation: Some(generation),
            last_transition_time: since,
        }
    };
    std::iter::once(make(READY, ready))
        .chain(abnormal.map(|type_| make(type_, "True")))
        .collect()
}

/// Whether the spec was edited while the object was suspended: nobody knows whether AWS is as it says now.
fn is_edited_in_suspense(ready: &Condition, generation: i64) -> bool {
    ready.reason == Reason::Suspended.as_str() && ready.observed_generation != Some(generation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a small number")
    }

    fn waiting() -> Outcome {
        Outcome::Waiting(Reason::RolloutInProgress, "1 of 2".into())
    }

    #[test]
    fn every_outcome_sets_ready_and_at_most_one_abnormal_condition() {
        let cases = [
            (Outcome::Settled("ok".into()), vec![(READY, "True")]),
            (waiting(), vec![(READY, "False"), (RECONCILING, "True")]),
            (
                Outcome::Stalled(Reason::NotOwned, "x".into()),
                vec![(READY, "False"), (STALLED, "True")],
            ),
            (
                Outcome::Unknown(Reason::Throttled, "x".into()),
                vec![(READY, "False"), (RECONCILING, "True")],
            ),
            (Outcome::Suspended, vec![(READY, "Unknown")]),
        ];
        for (outcome, expected) in cases {
            let conditions = conditions(&outcome, &[], 3, at(1));
            let seen: Vec<_> = conditions
                .iter()
                .map(|c| (c.type_.as_str(), c.status.as_str()))
                .collect();
            assert_eq!(seen, expected, "{outcome:?}");
            assert!(conditions.iter().all(|c| c.observed_generation == Some(3)));
        }
    }

    #[test]
    fn transition_time_moves_only_with_status() {
        let first = conditions(&waiting(), &[], 1, at(1));
        let second = conditions(
            &Outcome::Waiting(Reason::Creating, "other".into()),
            &first,
            1,
            at(2),
        );
        assert_eq!(second[0].last_transition_time, Time(at(1)));
        let third = conditions(&Outcome::Settled("ok".into()), &second, 1, at(3));
        assert_eq!(third[0].last_transition_time, Time(at(3)));
    }

    #[test]
    fn ready_survives_an_aws_that_does_not_answer_but_not_a_new_generation() {
        let ready = conditions(&Outcome::Settled("ok".into()), &[], 1, at(1));
        let outage = Outcome::Unknown(Reason::AwsUnavailable, "x".into());
        assert_eq!(conditions(&outage, &ready, 1, at(2)), ready);
        assert_eq!(conditions(&outage, &ready, 2, at(2))[0].status, "False");
    }

    #[test]
    fn suspended_keeps_what_was_true_until_it_is_edited() {
        let mut known = conditions(&Outcome::Settled("ok".into()), &[], 1, at(1));
        for (generation, expected) in [(2, "True"), (2, "True"), (3, "Unknown"), (3, "Unknown")] {
            known = conditions(&Outcome::Suspended, &known, generation, at(2));
            assert_eq!(known[0].status, expected, "generation {generation}");
        }
    }

    #[test]
    fn long_messages_are_cut() {
        let long = Outcome::Stalled(Reason::InvalidSpec, "x".repeat(5000));
        assert!(conditions(&long, &[], 1, at(1))[0].message.len() <= MESSAGE_MAX);
    }
}
