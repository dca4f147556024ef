//! What is counted anew at every scrape: objects by their conditions, queues, ages. Nothing of it can drift from what it counts,
//! and nothing of it grows with objects.

use std::{collections::BTreeMap, sync::atomic::AtomicU64};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::labels::{Controller, Kind, Name};

/// Something that a census asks.
pub trait Source: Send + Sync {
    /// Adds what there is to `census`.
    fn read(&self, census: &mut Census);
}

/// A condition that objects have. Every part is of a closed list.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Condition {
    /// Kind of the object.
    pub kind: &'static str,
    /// `Ready`, `Reconciling` or `Stalled`.
    pub r#type: &'static str,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// A reason of the closed list.
    pub reason: &'static str,
}

/// Objects that have a condition.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    /// How many.
    pub count: i64,
    /// Seconds since the transition of the one that has had its status longest.
    pub oldest: f64,
}

/// Objects of a kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Objects {
    /// All of them.
    pub count: i64,
    /// Those that can't be read as their kind.
    pub unreadable: i64,
    /// Those that are being deleted.
    pub deleting: i64,
    /// Seconds since the deletion of the one that has been deleted longest was asked for.
    pub oldest_deletion: f64,
}

/// Services and what of them runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Services {
    /// Tasks that ECS is asked for.
    pub desired: i64,
    /// Tasks that run.
    pub running: i64,
    /// Tasks that are starting.
    pub pending: i64,
    /// Services of which fewer tasks run than are asked for.
    pub below_desired: i64,
    /// Rollouts under way.
    pub rollouts: i64,
    /// Seconds since the beginning of the oldest of them.
    pub oldest_rollout: f64,
}

/// The queue of a controller.
#[derive(Clone, Copy, Debug, Default)]
pub struct InQueue {
    /// Objects that should be looked at now and are not.
    pub depth: usize,
    /// Turns that may be under way at once.
    pub workers: usize,
    /// Turns that are under way.
    pub active: usize,
    /// Seconds that these have taken so far, together.
    pub unfinished: f64,
    /// Seconds that the longest of them has taken so far.
    pub longest: f64,
}

/// What there is at a moment.
#[derive(Debug, Default)]
pub struct Census {
    /// Objects by condition.
    pub conditions: BTreeMap<Condition, Held>,
    /// Objects by kind.
    pub objects: BTreeMap<&'static str, Objects>,
    /// Queues by controller.
    pub queues: BTreeMap<&'static str, InQueue>,
    /// Seconds since the watch of a kind was last heard of; of several, the oldest.
    pub watch_age: BTreeMap<&'static str, f64>,
    /// Services.
    pub services: Services,
}

impl Census {
    /// The queue of a controller.
    pub fn queue(&mut self, controller: &'static str) -> &mut InQueue {
        self.queues.entry(controller).or_default()
    }
}

type Seconds = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct State {
    state: &'static str,
}

/// The gauges that show the last census.
#[derive(Debug, Default)]
pub struct Gauges {
    conditions: Family<Condition, Gauge>,
    condition_age: Family<Condition, Seconds>,
    objects: Family<Kind, Gauge>,
    unreadable: Family<Kind, Gauge>,
    deleting: Family<Kind, Gauge>,
    deletion_age: Family<Kind, Seconds>,
    tasks: Family<State, Gauge>,
    below_desired: Gauge,
    rollouts: Gauge,
    rollout_age: Seconds,
    depth: Family<Name, Gauge>,
    unfinished: Family<Name, Seconds>,
    longest: Family<Name, Seconds>,
    workers: Family<Controller, Gauge>,
    active: Family<Controller, Gauge>,
    watch_age: Family<Kind, Seconds>,
}

impl Gauges {
    /// Registers everything.
    pub fn register(&self, registry: &mut Registry) {
        let mut plain =
            |name: &str, help: &str, gauge: &Gauge| registry.register(name, help, gauge.clone());
        plain(
            "ecs_operator_services_below_desired",
            "Services of which fewer tasks run than ECS is asked for",
            &self.below_desired,
        );
        plain(
            "ecs_operator_rollouts_in_progress",
            "Rollouts under way",
            &self.rollouts,
        );
        registry.register_with_unit(
            "ecs_operator_rollout_oldest_in_progress",
            "Time since the beginning of the oldest rollout under way",
            Unit::Seconds,
            self.rollout_age.clone(),
        );
        registry.register(
            "operator_status_condition_count",
            "Objects by kind, condition, its status and its reason",
            self.conditions.clone(),
        );
        registry.register_with_unit(
            "operator_status_condition_current_status",
            "Time since the condition's last transition, of the object that has had this status and reason longest",
            Unit::Seconds,
            self.condition_age.clone(),
        );
        let mut of_kind = |name: &str, help: &str, gauge: &Family<Kind, Gauge>| {
            registry.register(name, help, gauge.clone())
        };
        of_kind("ecs_operator_objects", "Objects by kind", &self.objects);
        of_kind(
            "ecs_operator_unreadable_objects",
            "Objects that can't be read as their kind and are left alone",
            &self.unreadable,
        );
        of_kind(
            "ecs_operator_deleting_objects",
            "Objects that are being deleted",
            &self.deleting,
        );
        registry.register_with_unit(
            "operator_termination_current_time",
            "Time since the deletion was asked for, of the object that has been deleted longest",
            Unit::Seconds,
            self.deletion_age.clone(),
        );
        registry.register(
            "ecs_operator_tasks",
            "Tasks of all services, as ECS counted them at the last look at each, by state: desired, running or pending",
            self.tasks.clone(),
        );
        registry.register(
            "workqueue_depth",
            "Objects that should be looked at now and wait for their turn",
            self.depth.clone(),
        );
        registry.register_with_unit(
            "workqueue_unfinished_work",
            "Time that the turns under way have taken so far, together",
            Unit::Seconds,
            self.unfinished.clone(),
        );
        registry.register_with_unit(
            "workqueue_longest_running_processor",
            "Time that the longest turn under way has taken so far",
            Unit::Seconds,
            self.longest.clone(),
        );
        registry.register(
            "controller_runtime_max_concurrent_reconciles",
            "Reconciles that may be under way at once",
            self.workers.clone(),
        );
        registry.register(
            "controller_runtime_active_workers",
            "Reconciles under way",
            self.active.clone(),
        );
        registry.register_with_unit(
            "ecs_operator_watch_age",
            "Time since the watch of a kind was last heard of; the API server sends a bookmark every minute",
            Unit::Seconds,
            self.watch_age.clone(),
        );
    }

    /// Shows a census.
    pub fn show(&self, census: &Census) {
        self.clear();
        for (condition, held) in &census.conditions {
            self.conditions.get_or_create(condition).set(held.count);
            self.condition_age.get_or_create(condition).set(held.oldest);
        }
        for (&kind, objects) in &census.objects {
            let label = Kind { kind };
            self.objects.get_or_create(&label).set(objects.count);
            self.unreadable
                .get_or_create(&label)
                .set(objects.unreadable);
            self.deleting.get_or_create(&label).set(objects.deleting);
            self.deletion_age
                .get_or_create(&label)
                .set(objects.oldest_deletion);
        }
        let services = &census.services;
        for (state, tasks) in [
            ("desired", services.desired),
            ("running", services.running),
            ("pending", services.pending),
        ] {
            self.tasks.get_or_create(&State { state }).set(tasks);
        }
        self.below_desired.set(services.below_desired);
        self.rollouts.set(services.rollouts);
        self.rollout_age.set(services.oldest_rollout);
        for (&controller, queue) in &census.queues {
            let name = Name::of(controller);
            self.depth.get_or_create(&name).set(number(queue.depth));
            self.unfinished.get_or_create(&name).set(queue.unfinished);
            self.longest.get_or_create(&name).set(queue.longest);
            let label = Controller { controller };
            self.workers
                .get_or_create(&label)
                .set(number(queue.workers));
            self.active.get_or_create(&label).set(number(queue.active));
        }
        for (&kind, age) in &census.watch_age {
            self.watch_age.get_or_create(&Kind { kind }).set(*age);
        }
    }

    /// What is not there any more is not shown any more.
    fn clear(&self) {
        self.conditions.clear();
        self.condition_age.clear();
        for of_kind in [&self.objects, &self.unreadable, &self.deleting] {
            of_kind.clear();
        }
        self.deletion_age.clear();
        self.depth.clear();
        self.unfinished.clear();
        self.longest.clear();
        self.workers.clear();
        self.active.clear();
        self.watch_age.clear();
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
