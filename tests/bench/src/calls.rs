//! The operator's AWS calls, from the simulator's journal.

use std::collections::BTreeMap;

use simulator::{Entry, Simulator};

use crate::rig::ACCESS_KEY;

/// A moment of the simulator.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    entries: usize,
    time: f64,
}

impl Mark {
    /// Now.
    pub fn now(simulator: &Simulator) -> Self {
        Self {
            entries: simulator.journal().len(),
            time: simulator.now(),
        }
    }
}

/// Calls since a moment.
#[derive(Debug)]
pub struct Calls {
    entries: Vec<Entry>,
    from: f64,
    rate: f64,
}

impl Calls {
    /// The operator's calls since `mark`, in a time when virtual time ran at `rate`.
    pub fn since(simulator: &Simulator, mark: Mark, rate: f64) -> Self {
        let mut entries = simulator.journal();
        entries.drain(..mark.entries);
        entries.retain(|entry| entry.access_key == ACCESS_KEY);
        Self {
            entries,
            from: mark.time,
            rate,
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// How many by operation.
    pub fn by_operation(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.operation.clone()).or_insert(0) += 1;
        }
        counts
    }

    /// How many of one operation that AWS took.
    pub fn taken(&self, operation: &str) -> usize {
        self.of(operation).count()
    }

    /// How many would change something.
    pub fn mutating(&self) -> usize {
        self.entries.iter().filter(|entry| entry.mutating).count()
    }

    /// How many AWS refused for being too many.
    pub fn throttled(&self) -> usize {
        let is = |entry: &&Entry| entry.code().is_some_and(|code| code.contains("Throttl"));
        self.entries.iter().filter(is).count()
    }

    /// How many failed otherwise, by code. A family or a service that is not there yet is no failure.
    pub fn failed(&self) -> BTreeMap<String, usize> {
        let mut failed = BTreeMap::new();
        for entry in &self.entries {
            if let Some(code) = entry.code()
                && !code.contains("Throttl")
                && entry.mutating
            {
                *failed
                    .entry(format!("{} {code}", entry.operation))
                    .or_insert(0) += 1;
            }
        }
        failed
    }

    /// Real seconds from the mark to the last call of an operation that AWS took.
    pub fn last(&self, operation: &str) -> Option<f64> {
        let times = self.of(operation).map(|entry| entry.time);
        times
            .max_by(f64::total_cmp)
            .map(|time| (time - self.from) / self.rate)
    }

    /// Real seconds from the mark to the last call.
    pub fn last_of_all(&self) -> Option<f64> {
        let times = self.entries.iter().map(|entry| entry.time);
        times
            .max_by(f64::total_cmp)
            .map(|time| (time - self.from) / self.rate)
    }

    /// Virtual time of CreateService by the service's name.
    pub fn creations(&self) -> BTreeMap<String, f64> {
        let name = |entry: &Entry| entry.request["serviceName"].as_str().map(str::to_owned);
        self.of("CreateService")
            .filter_map(|entry| Some((name(entry)?, entry.time)))
            .collect()
    }

    fn of(&self, operation: &str) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.operation == operation && entry.code().is_none())
    }
}

/// Counts for each of `objects`, as text: `CreateService 1.00, DescribeServices 0.41`.
pub fn per(counts: &BTreeMap<String, usize>, objects: usize) -> String {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let texts = counts.into_iter().map(|(name, count)| {
        let each = *count as f64 / objects.max(1) as f64;
        format!("{name} {each:.2}")
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Counts as text: `UpdateService ClientException 3`.
pub fn total(counts: &BTreeMap<String, usize>) -> String {
    let texts = counts.iter().map(|(name, count)| format!("{name} {count}"));
    texts.collect::<Vec<_>>().join(", ")
}
