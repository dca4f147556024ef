//! Metrics: controller-runtime's names where the meaning is the same, so that existing dashboards and alerts work. No object names as
//! labels, and every label of a closed list: docs/metrics.md has all of them.

use std::{
    fmt::{self, Write},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};

use super::{
    calls::Calls,
    census::{Census, Gauges, Source},
    process::Process,
    requests::Requests,
    work::Work,
};

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Lease {
    name: String,
}

/// Every metric of the process.
pub struct Metrics {
    registry: Registry,
    /// Calls of AWS's APIs.
    pub calls: Calls,
    /// Requests to the Kubernetes API.
    pub requests: Requests,
    /// Reconciles and what comes of them.
    pub work: Arc<Work>,
    gauges: Gauges,
    leads: Family<Lease, Gauge>,
    /// One scrape at a time: a census is shown and told before the next begins.
    sources: Mutex<Vec<Weak<dyn Source>>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            calls: Calls::default(),
            requests: Requests::default(),
            work: Arc::default(),
            gauges: Gauges::default(),
            leads: Family::default(),
            sources: Mutex::default(),
        };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let build = Info::new(vec![("version".to_owned(), version)]);
        let registry = &mut metrics.registry;
        registry.register("ecs_operator_build", "Version of the operator", build);
        registry.register(
            "leader_election_master_status",
            "Whether this replica leads (1) or waits (0), by the name of the Lease",
            metrics.leads.clone(),
        );
        metrics.work.register(registry);
        metrics.calls.register(registry);
        metrics.requests.register(registry);
        metrics.gauges.register(registry);
        registry.register_collector(Box::new(Process::default()));
        metrics
    }
}

impl Metrics {
    /// Every census asks `source`, as long as it lives.
    pub fn ask(&self, source: Weak<dyn Source>) {
        self.sources
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(source);
    }

    /// This replica leads by the Lease of this name, or waits.
    pub fn leads(&self, lease: &str, leads: bool) {
        let name = lease.to_owned();
        self.leads
            .get_or_create(&Lease { name })
            .set(i64::from(leads));
    }

    /// The OpenMetrics text.
    pub fn text(&self) -> String {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let mut census = Census::default();
        self.requests.read(&mut census);
        sources.retain(|source| {
            let source = source.upgrade();
            source.inspect(|source| source.read(&mut census)).is_some()
        });
        self.gauges.show(&census);
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            let _ = write!(text, "# metrics could not be written: {error}");
        }
        text
    }
}
