//! Reconciles and what comes of them: controller-runtime's metrics of controllers and work queues, and ours of rollouts, drift
//! and convergence.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::{
    labels::{Controller, Kind, Name},
    queue::Ended,
    repeats::Repeats,
};

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Reconcile {
    controller: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Field {
    kind: &'static str,
    field_class: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Transition {
    kind: &'static str,
    r#type: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Outcome {
    outcome: &'static str,
}

/// Seconds of a reconcile: from no call at all to more than calls may take.
const RECONCILE: [f64; 7] = [0.005, 0.025, 0.1, 0.5, 2.0, 10.0, 60.0];

/// Seconds of a turn: controller-runtime's other name for the same, coarsely.
const WORK: [f64; 4] = [0.1, 1.0, 10.0, 60.0];

/// Seconds in the queue: at once, noticed by nobody, noticed, too long.
const QUEUE: [f64; 5] = [0.1, 1.0, 10.0, 60.0, 300.0];

/// Seconds of what ECS takes its time for.
const SLOW: [f64; 7] = [5.0, 15.0, 60.0, 180.0, 600.0, 1800.0, 3600.0];

/// Counters of reconciles and of what comes of them.
#[derive(Debug)]
pub struct Work {
    reconciles: Family<Reconcile, Counter>,
    errors: Family<Controller, Counter>,
    terminal_errors: Family<Controller, Counter>,
    panics: Family<Controller, Counter>,
    time: Family<Controller, Histogram>,
    adds: Family<Name, Counter>,
    queue_time: Family<Name, Histogram>,
    work_time: Family<Name, Histogram>,
    retries: Family<Name, Counter>,
    stale: Family<Controller, Counter>,
    convergence: Family<Controller, Histogram>,
    transitions: Family<Transition, Counter>,
    termination: Family<Kind, Histogram>,
    drift: Family<Field, Counter>,
    drift_repeated: Family<Kind, Counter>,
    repeats: Repeats,
    rollouts: Family<Outcome, Counter>,
    rollout_time: Family<Outcome, Histogram>,
}

impl Default for Work {
    fn default() -> Self {
        let work = Self {
            reconciles: Family::default(),
            errors: Family::default(),
            terminal_errors: Family::default(),
            panics: Family::default(),
            time: Family::new_with_constructor(|| Histogram::new(RECONCILE)),
            adds: Family::default(),
            queue_time: Family::new_with_constructor(|| Histogram::new(QUEUE)),
            work_time: Family::new_with_constructor(|| Histogram::new(WORK)),
            retries: Family::default(),
            stale: Family::default(),
            convergence: Family::new_with_constructor(|| Histogram::new(SLOW)),
            transitions: Family::default(),
            termination: Family::new_with_constructor(|| Histogram::new(SLOW)),
            drift: Family::default(),
            drift_repeated: Family::default(),
            repeats: Repeats::default(),
            rollouts: Family::default(),
            rollout_time: Family::new_with_constructor(|| Histogram::new(SLOW)),
        };
        // A counter that comes into being with its first event has no increase that a rule could see.
        for outcome in ["completed", "failed"] {
            drop(work.rollouts.get_or_create(&Outcome { outcome }));
        }
        work
    }
}

impl Work {
    /// Registers everything.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "controller_runtime_reconcile",
            "Reconciles by controller and result: success, requeue_after or error",
            self.reconciles.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_errors",
            "Reconciles that ended with an error",
            self.errors.clone(),
        );
        registry.register(
            "controller_runtime_terminal_reconcile_errors",
            "Reconciles that AWS refused in a way that needs somebody",
            self.terminal_errors.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_panics",
            "Reconciles that panicked: defects of the operator",
            self.panics.clone(),
        );
        registry.register_with_unit(
            "controller_runtime_reconcile_time",
            "Time of a reconcile",
            Unit::Seconds,
            self.time.clone(),
        );
        registry.register(
            "workqueue_adds",
            "Objects that came into the queue",
            self.adds.clone(),
        );
        registry.register_with_unit(
            "workqueue_queue_duration",
            "Time from when an object should be looked at until it is",
            Unit::Seconds,
            self.queue_time.clone(),
        );
        registry.register_with_unit(
            "workqueue_work_duration",
            "Time that an object's turn takes",
            Unit::Seconds,
            self.work_time.clone(),
        );
        registry.register(
            "workqueue_retries",
            "Turns that failed, each of which is tried again",
            self.retries.clone(),
        );
        registry.register(
            "ecs_operator_stale_sync_skips",
            "Turns that waited for the watch to show the operator's own last write",
            self.stale.clone(),
        );
        registry.register_with_unit(
            "ecs_operator_convergence",
            "Time from when a change of a spec is seen until AWS is as declared",
            Unit::Seconds,
            self.convergence.clone(),
        );
        registry.register(
            "operator_status_condition_transitions",
            "Conditions that got another status",
            self.transitions.clone(),
        );
        registry.register_with_unit(
            "operator_termination_duration",
            "Time from when an object's deletion is asked for until it is gone",
            Unit::Seconds,
            self.termination.clone(),
        );
        registry.register(
            "ecs_operator_drift_detected",
            "Objects found with something in AWS changed by others, by kind and sort of member",
            self.drift.clone(),
        );
        registry.register(
            "ecs_operator_drift_repeated",
            "Drift found in an object that had drifted less than an hour before: two writers",
            self.drift_repeated.clone(),
        );
        registry.register(
            "ecs_operator_rollouts",
            "Rollouts that ended, by outcome: completed or failed",
            self.rollouts.clone(),
        );
        registry.register_with_unit(
            "ecs_operator_rollout_duration",
            "Time from when ECS created a deployment until it was seen to have ended",
            Unit::Seconds,
            self.rollout_time.clone(),
        );
    }

    /// A controller begins: its counters are 0.
    pub(super) fn prepare(&self, controller: &'static str) {
        for result in ["success", "requeue_after", "error"] {
            drop(
                self.reconciles
                    .get_or_create(&Reconcile { controller, result }),
            );
        }
        let label = Controller { controller };
        for family in [
            &self.errors,
            &self.terminal_errors,
            &self.panics,
            &self.stale,
        ] {
            drop(family.get_or_create(&label));
        }
        for family in [&self.adds, &self.retries] {
            drop(family.get_or_create(&Name::of(controller)));
        }
    }

    /// A kind is watched: its counters are 0.
    pub fn prepare_kind(&self, kind: &'static str) {
        drop(self.drift_repeated.get_or_create(&Kind { kind }));
    }

    pub(super) fn added(&self, controller: &'static str) {
        self.adds.get_or_create(&Name::of(controller)).inc();
    }

    pub(super) fn waited(&self, controller: &'static str, time: Duration) {
        let label = Name::of(controller);
        self.queue_time
            .get_or_create(&label)
            .observe(time.as_secs_f64());
    }

    pub(super) fn ended(&self, controller: &'static str, ended: Ended, time: Duration) {
        let label = Controller { controller };
        let time = time.as_secs_f64();
        self.time.get_or_create(&label).observe(time);
        self.work_time
            .get_or_create(&Name::of(controller))
            .observe(time);
        let result = match ended {
            Ended::Success => "success",
            Ended::RequeueAfter => "requeue_after",
            Ended::Failed | Ended::Refused | Ended::Panicked => {
                self.errors.get_or_create(&label).inc();
                self.retries.get_or_create(&Name::of(controller)).inc();
                "error"
            }
        };
        self.reconciles
            .get_or_create(&Reconcile { controller, result })
            .inc();
        match ended {
            Ended::Refused => drop(self.terminal_errors.get_or_create(&label).inc()),
            Ended::Panicked => drop(self.panics.get_or_create(&label).inc()),
            _ => {}
        }
    }

    pub(super) fn converged(&self, controller: &'static str, time: Duration) {
        self.convergence
            .get_or_create(&Controller { controller })
            .observe(time.as_secs_f64());
    }

    /// A turn waits for the watch to show our own last write.
    pub fn stale(&self, controller: &'static str) {
        self.stale.get_or_create(&Controller { controller }).inc();
    }

    /// A condition of this type has this status now, and had another before.
    pub fn transition(&self, kind: &'static str, r#type: &'static str, status: &'static str) {
        let label = Transition {
            kind,
            r#type,
            status,
        };
        self.transitions.get_or_create(&label).inc();
    }

    /// An object that was being deleted for so long is gone.
    pub fn terminated(&self, kind: &'static str, time: Duration) {
        self.termination
            .get_or_create(&Kind { kind })
            .observe(time.as_secs_f64());
    }

    /// Something in AWS was changed by others, in members of these sorts.
    pub fn drifted(
        &self,
        kind: &'static str,
        uid: &str,
        classes: impl Iterator<Item = &'static str>,
    ) {
        for field_class in classes {
            self.drift.get_or_create(&Field { kind, field_class }).inc();
        }
        if self.repeats.again(uid, std::time::Instant::now()) {
            self.drift_repeated.get_or_create(&Kind { kind }).inc();
        }
    }

    /// A rollout ended, so long after it began.
    pub fn rollout(&self, has_failed: bool, time: Option<Duration>) {
        let outcome = if has_failed { "failed" } else { "completed" };
        self.rollouts.get_or_create(&Outcome { outcome }).inc();
        if let Some(time) = time {
            self.rollout_time
                .get_or_create(&Outcome { outcome })
                .observe(time.as_secs_f64());
        }
    }
}
