//! What random declarations of every kind have in common: how many are tried, and that each is reached and kept.

use std::{
    cell::Cell,
    hash::{BuildHasher, Hasher, RandomState},
};

use ecs_operator::plan::State;
use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};
use serde_json::Value;
use simulator::Entry;

/// What came of a declaration.
pub struct Declared {
    /// The last word.
    pub state: State,
    /// The operator's mutating calls.
    pub made: Vec<Entry>,
    /// Statuses that were written.
    pub writes: usize,
}

impl Declared {
    /// It, if every call kept to AWS's model.
    pub fn kept(state: State, made: Vec<Entry>, writes: usize) -> Result<Self, String> {
        let violations: Vec<_> = made.iter().flat_map(|entry| &entry.violations).collect();
        if !violations.is_empty() {
            return Err(format!("{violations:?}"));
        }
        Ok(Self {
            state,
            made,
            writes,
        })
    }
}

/// A simulated account with the operator at work on one object.
pub trait Declare {
    /// Declares `spec` and reconciles until nothing is left to do.
    async fn declare(&mut self, spec: &Value) -> Result<Declared, String>;

    /// The same; the last word must be that all is well.
    async fn settle(&mut self, spec: &Value) -> Result<Declared, TestCaseError> {
        let failed = |what: String| TestCaseError::fail(format!("{what} for {spec}"));
        match self.declare(spec).await {
            Ok(declared) if declared.state == State::Settled => Ok(declared),
            Ok(other) => Err(failed(format!("{:?}", other.state))),
            Err(error) => Err(failed(error)),
        }
    }

    /// Looks at what is as declared: nothing is done in AWS, and nothing is written to Kubernetes.
    async fn stay(&mut self, spec: &Value, looks: usize) -> Result<(), TestCaseError> {
        for _ in 0..looks {
            let declared = self.settle(spec).await?;
            let made = declared.made.iter().map(|entry| entry.operation.as_str());
            let made: Vec<_> = made.collect();
            prop_assert!(made.is_empty(), "steady means no call: {made:?} for {spec}");
            prop_assert_eq!(declared.writes, 0, "steady means no write: {}", spec);
        }
        Ok(())
    }
}

/// Reconciles of an object that is as declared: a hundred in a thorough look.
pub fn looks_again() -> usize {
    if is_thorough() { 100 } else { 5 }
}

/// Whether PROPTEST_CASES says how many declarations are tried.
fn is_thorough() -> bool {
    std::env::var_os("PROPTEST_CASES").is_some()
}

/// How many declarations are tried, unless PROPTEST_CASES says otherwise: 2000 for a thorough look. The same ones at every run, so that
/// a change is judged by what it changed; a thorough look draws others, and SWEEP_SEED draws the same again.
pub fn config(few: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    let (cases, seed) = match is_thorough() {
        true => (usual.cases, seed()),
        false => (few, 1),
    };
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..usual
    }
}

/// The seed of a thorough look, shown when it fails.
fn seed() -> u64 {
    let said = std::env::var("SWEEP_SEED").ok();
    let seed = said.map_or_else(
        || RandomState::new().build_hasher().finish(),
        |seed| seed.parse().expect("SWEEP_SEED is a number"),
    );
    eprintln!("SWEEP_SEED={seed} draws these declarations again");
    seed
}

/// Tries so many declarations with an edit. `check` says whether there was an edit to try: too seldom would prove nothing.
#[allow(dead_code, reason = "each test drives what it is about")]
pub fn mostly<S: Strategy>(
    few: u32,
    declarations: S,
    check: impl Fn(S::Value) -> Result<bool, TestCaseError>,
) {
    let (all, tried) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(config(few));
    let result = runner.run(&declarations, |declaration| {
        all.set(all.get() + 1);
        tried.set(tried.get() + u32::from(check(declaration)?));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}\n{runner}");
    }
    let (all, tried) = (all.get(), tried.get());
    assert!(tried * 3 >= all, "only {tried} of {all} had an edit");
}
