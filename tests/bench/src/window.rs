//! What the operator did and used between two moments.

use std::{collections::BTreeMap, time::Instant};

use crate::{
    Result,
    calls::{Calls, Mark, per, total},
    operator::Operator,
    processes::Usage,
    requests::Requests,
    rig::Rig,
    table::{Bars, Table},
};

/// A first moment.
pub struct Window {
    /// When it was.
    pub start: Instant,
    mark: Mark,
    audit: u64,
    operator: Usage,
    control_plane: Usage,
    own: Usage,
    reconciles: f64,
}

/// What happened since.
pub struct Measured {
    /// AWS calls.
    pub calls: Calls,
    /// Kubernetes requests.
    pub requests: Requests,
    /// What the operator has used by now; its processor time is that of the window.
    pub usage: Usage,
    control_plane: f64,
    own: f64,
    reconciles: f64,
}

impl Window {
    /// From now on.
    pub async fn open(rig: &Rig, operator: &Operator) -> Result<Self> {
        Ok(Self {
            start: Instant::now(),
            mark: Mark::now(&rig.simulator),
            audit: rig.audit.mark()?,
            operator: operator.usage()?,
            control_plane: rig.control_plane_usage()?,
            own: own()?,
            reconciles: operator.reconciles().await?,
        })
    }

    /// From now on, for an operator that is about to start.
    pub fn before_start(rig: &Rig) -> Result<Self> {
        Ok(Self {
            start: Instant::now(),
            mark: Mark::now(&rig.simulator),
            audit: rig.audit.mark()?,
            operator: Usage::default(),
            control_plane: rig.control_plane_usage()?,
            own: own()?,
            reconciles: 0.0,
        })
    }

    /// Until now.
    pub async fn close(self, rig: &Rig, operator: &Operator) -> Result<Measured> {
        let mut usage = operator.usage()?;
        usage.cpu -= self.operator.cpu;
        let (control_plane, own) = (rig.control_plane_usage()?, own()?);
        Ok(Measured {
            calls: Calls::since(&rig.simulator, self.mark, rig.rate),
            requests: rig.audit.since(self.audit)?,
            usage,
            control_plane: control_plane.cpu - self.control_plane.cpu,
            own: own.cpu - self.own.cpu,
            reconciles: operator.reconciles().await? - self.reconciles,
        })
    }
}

impl Measured {
    /// Rows on what it cost each of `objects`. The bars are pairs of bar and peer.
    pub fn costs(&self, table: &mut Table, objects: usize, bars: Costs) {
        let each = |count: usize| count as f64 / objects as f64;
        let all = |counts: &BTreeMap<String, usize>| counts.values().sum();
        table.against(
            bars.calls,
            "AWS calls per object",
            format!("{:.2}", each(self.calls.count())),
        );
        breakdown(table, per(&self.calls.by_operation(), objects));
        table.against(
            ("0", bars.throttled),
            "AWS calls throttled",
            self.calls.throttled().to_string(),
        );
        if !self.calls.failed().is_empty() {
            table.row(
                "mutating AWS calls refused, all in all",
                total(&self.calls.failed()),
            );
        }
        table.against(
            bars.writes,
            "Kubernetes writes per object",
            format!("{:.2}", each(all(&self.requests.writes))),
        );
        breakdown(table, per(&self.requests.writes, objects));
        table.against(
            bars.gets,
            "Kubernetes GETs per object",
            format!("{:.2}", each(all(&self.requests.gets))),
        );
        if !self.requests.failed.is_empty() {
            table.row(
                "Kubernetes requests refused, all in all",
                total(&self.requests.failed),
            );
        }
        table.row(
            "reconciles per object",
            format!("{:.2}", self.reconciles / objects as f64),
        );
        self.machine(table);
    }

    /// Rows on processor time and memory.
    fn machine(&self, table: &mut Table) {
        table.row(
            "CPU seconds: operator (control plane; simulator and bench)",
            format!(
                "{:.2} ({:.1}; {:.1})",
                self.usage.cpu, self.control_plane, self.own
            ),
        );
    }
}

/// Bars of what an object costs: bar and peer.
#[derive(Clone, Copy, Default)]
pub struct Costs {
    /// AWS calls.
    pub calls: Bars,
    /// Throttled answers of the peer.
    pub throttled: &'static str,
    /// Kubernetes writes.
    pub writes: Bars,
    /// Kubernetes GETs.
    pub gets: Bars,
}

/// Rows of parts, a few to a line, so that the table stays narrow.
fn breakdown(table: &mut Table, parts: String) {
    let parts: Vec<&str> = parts.split(", ").filter(|part| !part.is_empty()).collect();
    for part in parts.chunks(2) {
        table.row("  of which", part.join(", "));
    }
}

fn own() -> Result<Usage> {
    Usage::of(i32::try_from(std::process::id()).unwrap_or_default())
}
