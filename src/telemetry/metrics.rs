//! Metrics: controller-runtime's names where they exist, so that existing dashboards work. No object names as labels.

use std::{fmt::Write, sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Reconcile {
    controller: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Controller {
    controller: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Call {
    service: &'static str,
    operation: &'static str,
    error_code: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Operation {
    service: &'static str,
    operation: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Lease {
    name: String,
}

/// Every metric of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    reconciles: Family<Reconcile, Counter>,
    reconcile_errors: Family<Controller, Counter>,
    reconcile_panics: Family<Controller, Counter>,
    reconcile_time: Family<Controller, Histogram>,
    active_workers: Family<Controller, Gauge>,
    aws_calls: Family<Call, Counter>,
    aws_call_time: Family<Operation, Histogram>,
    throttle_wait: Counter<f64, AtomicU64>,
    drift: Family<Controller, Counter>,
    leads: Family<Lease, Gauge>,
}

/// Seconds: from a call on a fast network to the longest that is let run.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0];

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            reconciles: Family::default(),
            reconcile_errors: Family::default(),
            reconcile_panics: Family::default(),
            reconcile_time: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            active_workers: Family::default(),
            aws_calls: Family::default(),
            aws_call_time: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            throttle_wait: Counter::default(),
            drift: Family::default(),
            leads: Family::default(),
        };
        let build = Info::new(vec![(
            "version".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        )]);
        let registry = &mut metrics.registry;
        registry.register(
            "controller_runtime_reconcile",
            "Reconciles by controller and result",
            metrics.reconciles.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_errors",
            "Reconciles that ended with an error",
            metrics.reconcile_errors.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_panics",
            "Reconciles that panicked: defects of the operator",
            metrics.reconcile_panics.clone(),
        );
        registry.register_with_unit(
            "controller_runtime_reconcile_time",
            "Time of a reconcile",
            Unit::Seconds,
            metrics.reconcile_time.clone(),
        );
        registry.register(
            "controller_runtime_active_workers",
            "Reconciles under way",
            metrics.active_workers.clone(),
        );
        registry.register(
            "aws_api_calls",
            "AWS calls by service, operation and error code (empty: success)",
            metrics.aws_calls.clone(),
        );
        registry.register_with_unit(
            "aws_api_call_duration",
            "Time of AWS calls",
            Unit::Seconds,
            metrics.aws_call_time.clone(),
        );
        registry.register_with_unit(
            "ecs_operator_client_throttle_wait",
            "Time that calls waited for tokens of AWS's buckets",
            Unit::Seconds,
            metrics.throttle_wait.clone(),
        );
        registry.register(
            "ecs_operator_drift_detected",
            "Reconciles that found something in AWS changed by others",
            metrics.drift.clone(),
        );
        registry.register(
            "leader_election_master_status",
            "Whether this replica leads (1) or waits (0), by the name of the Lease",
            metrics.leads.clone(),
        );
        registry.register("ecs_operator_build", "Version of the operator", build);
        metrics
    }
}

impl Metrics {
    /// Counts an AWS call: its error code if it failed, its time, and how long it waited for its token.
    pub fn aws_call(
        &self,
        service: &'static str,
        operation: &'static str,
        error_code: Option<&str>,
        time: Duration,
        waited: Duration,
    ) {
        self.aws_calls
            .get_or_create(&Call {
                service,
                operation,
                error_code: error_code.unwrap_or_default().to_owned(),
            })
            .inc();
        self.aws_call_time
            .get_or_create(&Operation { service, operation })
            .observe(time.as_secs_f64());
        self.throttle_wait.inc_by(waited.as_secs_f64());
    }

    /// A reconcile begins.
    pub fn reconcile_begins(&self, controller: &'static str) {
        self.active_workers
            .get_or_create(&Controller { controller })
            .inc();
    }

    /// A reconcile ended with `result`: `success`, `requeue_after`, `error` or `panic`.
    pub fn reconcile_ends(&self, controller: &'static str, result: &'static str, time: Duration) {
        let label = Controller { controller };
        self.active_workers.get_or_create(&label).dec();
        self.reconcile_time
            .get_or_create(&label)
            .observe(time.as_secs_f64());
        self.reconciles
            .get_or_create(&Reconcile { controller, result })
            .inc();
        match result {
            "error" => drop(self.reconcile_errors.get_or_create(&label).inc()),
            "panic" => drop(self.reconcile_panics.get_or_create(&label).inc()),
            _ => {}
        }
    }

    /// Something in AWS was changed by others.
    pub fn drift_detected(&self, controller: &'static str) {
        self.drift.get_or_create(&Controller { controller }).inc();
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
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            let _ = write!(text, "# metrics could not be written: {error}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_controller_runtimes() {
        let metrics = Metrics::default();
        metrics.reconcile_begins("ecsservice");
        metrics.reconcile_ends("ecsservice", "success", Duration::from_millis(3));
        metrics.aws_call(
            "ecs",
            "CreateService",
            Some("ThrottlingException"),
            Duration::from_millis(3),
            Duration::ZERO,
        );
        let text = metrics.text();
        for line in [
            "controller_runtime_reconcile_total{controller=\"ecsservice\",result=\"success\"} 1",
            "controller_runtime_active_workers{controller=\"ecsservice\"} 0",
            "controller_runtime_reconcile_time_seconds_count{controller=\"ecsservice\"} 1",
            "aws_api_calls_total{service=\"ecs\",operation=\"CreateService\",error_code=\"ThrottlingException\"} 1",
            "ecs_operator_build_info{version=",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
