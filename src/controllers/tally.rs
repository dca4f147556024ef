//! What the watches know, counted at every scrape: objects by condition, tasks, queues.

use std::{borrow::Cow, sync::Arc, time::Instant};

use jiff::Timestamp;
use kube::runtime::reflector::{ObjectRef, Store};

use super::kind::Kind;
use crate::{
    api::{
        EcsCluster, EcsService, EcsTaskDefinition,
        condition::{self, READY, RECONCILING, Reason, STALLED},
    },
    kubernetes::{kept::Kept, stores::Stores},
    telemetry::{
        census::{Census, Condition, Source},
        queue::Queue,
        work::Work,
    },
};

/// The queues of a scope.
pub struct Queues {
    /// Of clusters.
    pub clusters: Arc<Queue>,
    /// Of task definitions.
    pub task_definitions: Arc<Queue>,
    /// Of services.
    pub services: Arc<Queue>,
}

/// Counts what a scope has.
pub struct Tally {
    stores: Stores,
    queues: [Arc<Queue>; 3],
}

impl Tally {
    /// Of these stores and queues.
    pub fn new(stores: &Stores, queues: &Queues, work: &Work) -> Self {
        work.prepare_kind(kind::<EcsCluster>());
        work.prepare_kind(kind::<EcsTaskDefinition>());
        work.prepare_kind(kind::<EcsService>());
        let Queues {
            clusters,
            task_definitions,
            services,
        } = queues;
        Self {
            stores: stores.clone(),
            queues: [clusters, task_definitions, services].map(Arc::clone),
        }
    }
}

impl Source for Tally {
    fn read(&self, census: &mut Census) {
        let now = Timestamp::now();
        count(&self.stores.clusters, now, census);
        count(&self.stores.task_definitions, now, census);
        count(&self.stores.services, now, census);
        for service in self.stores.services.state() {
            count_service(&service, now, census);
        }
        for queue in &self.queues {
            queue.read(census, Instant::now());
        }
    }
}

/// The name of a kind, as a label.
pub fn kind<K: Kind>() -> &'static str {
    match K::kind(&()) {
        Cow::Borrowed(kind) => kind,
        Cow::Owned(_) => K::CONTROLLER,
    }
}

/// An object's key in its queue.
pub fn key<K: Kind>(object: &ObjectRef<Kept<K>>) -> u64 {
    Queue::key(object.namespace.as_deref(), &object.name)
}

/// An object came or changed in a way that needs a look.
pub fn came<K: Kind>(queue: &Queue, object: &Kept<K>) {
    let meta = &object.metadata;
    let name = meta.name.as_deref().unwrap_or_default();
    let (key, now) = (Queue::key(meta.namespace.as_deref(), name), Instant::now());
    queue.added(key, now);
    let generation = meta.generation.unwrap_or_default();
    let conditions = object.status.as_ref().map_or(&[][..], K::conditions);
    let said = condition::ready_generation(conditions);
    if object.is_readable() && said != Some(generation) && meta.deletion_timestamp.is_none() {
        queue.changed(key, generation, now);
    }
}

/// The word of a closed list, so that what somebody else writes into a status is no label.
pub fn known(words: &[&'static str], word: &str) -> &'static str {
    let known = words.iter().find(|known| **known == word);
    known.copied().unwrap_or("other")
}

fn count<K: Kind>(store: &Store<Kept<K>>, now: Timestamp, census: &mut Census) {
    let kind = kind::<K>();
    let since = |at: Timestamp| now.duration_since(at).as_secs_f64().max(0.0);
    let reasons = Reason::ALL.map(Reason::as_str);
    // There is one although there is no object, so that a rule can tell 0 from nothing.
    let mut objects = census.objects.get(kind).copied().unwrap_or_default();
    for object in store.state() {
        objects.count += 1;
        if !object.is_readable() {
            objects.unreadable += 1;
            continue;
        }
        if let Some(deleted) = &object.metadata.deletion_timestamp {
            objects.deleting += 1;
            objects.oldest_deletion = objects.oldest_deletion.max(since(deleted.0));
        }
        for condition in object.status.as_ref().map_or(&[][..], K::conditions) {
            let label = Condition {
                kind,
                r#type: known(&[READY, RECONCILING, STALLED], &condition.type_),
                status: known(&["True", "False", "Unknown"], &condition.status),
                reason: known(&reasons, &condition.reason),
            };
            let held = census.conditions.entry(label).or_default();
            held.count += 1;
            held.oldest = held.oldest.max(since(condition.last_transition_time.0));
        }
    }
    census.objects.insert(kind, objects);
}

fn count_service(service: &Kept<EcsService>, now: Timestamp, census: &mut Census) {
    let Some(status) = &service.status else {
        return;
    };
    let services = &mut census.services;
    let (desired, running) = (
        status.desired_count.unwrap_or(0),
        status.running_count.unwrap_or(0),
    );
    services.desired += desired;
    services.running += running;
    services.pending += status.pending_count.unwrap_or(0);
    services.below_desired += i64::from(running < desired);
    let rollout = status.rollout.as_ref();
    if let Some(rollout) = rollout.filter(|rollout| rollout.state == "InProgress") {
        services.rollouts += 1;
        if let Some(start) = &rollout.started_at {
            let since = now.duration_since(start.0).as_secs_f64();
            services.oldest_rollout = services.oldest_rollout.max(since);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Services of which every fifth is in trouble of its own making.
    fn services(count: usize) -> impl Iterator<Item = EcsService> {
        (0..count).map(|n| {
            let (status, reason) = match n % 5 {
                0 => ("False", Reason::ALL[n % Reason::ALL.len()].as_str().to_owned()),
                1 => ("False", format!("made-up-{n}")),
                _ => ("True", "Synced".to_owned()),
            };
            let condition = |type_: &str, status: &str| {
                json!({
                    "type": type_, "status": status, "reason": reason, "message": format!("message {n}"),
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                })
            };
            let service = json!({
                "metadata": {"name": format!("service-{n}"), "namespace": "team", "generation": 1},
                "spec": {"cluster": "main"},
                "status": {
                    "conditions": [condition("Ready", status), condition("Stalled", "True")],
                    "desiredCount": 2, "runningCount": n % 3,
                    "rollout": {"id": format!("ecs-svc/{n}"), "state": "InProgress", "startedAt": "2026-01-01T00:00:00Z"},
                },
            });
            serde_json::from_value(service).expect("a service")
        })
    }

    fn census(count: usize) -> Census {
        let stores = Stores::of(std::iter::empty(), std::iter::empty(), services(count));
        let mut census = Census::default();
        count_all(&stores, &mut census);
        census
    }

    fn count_all(stores: &Stores, census: &mut Census) {
        let work = Arc::<Work>::default();
        let queue = |name| Arc::new(Queue::new(name, 1, work.clone()));
        let queues = Queues {
            clusters: queue("ecscluster"),
            task_definitions: queue("ecstaskdefinition"),
            services: queue("ecsservice"),
        };
        Tally::new(stores, &queues, &work).read(census);
    }

    #[test]
    fn objects_are_counted_by_condition_with_the_oldest_transition() {
        let census = census(10);
        let ready = Condition {
            kind: "EcsService",
            r#type: "Ready",
            status: "True",
            reason: "Synced",
        };
        let held = census.conditions[&ready];
        assert_eq!(held.count, 6);
        assert!(held.oldest > 0.0, "{held:?}");
        let other = Condition {
            status: "False",
            reason: "other",
            ..ready
        };
        assert_eq!(census.conditions[&other].count, 2);
        let tasks = &census.services;
        assert_eq!(
            (tasks.desired, tasks.running, tasks.below_desired),
            (20, 9, 7)
        );
        assert_eq!(tasks.rollouts, 10);
        assert!(tasks.oldest_rollout > 0.0);
        assert_eq!(census.objects["EcsService"].count, 10);
        assert_eq!(census.objects["EcsCluster"].count, 0);
    }

    #[test]
    fn what_is_counted_does_not_grow_with_objects() {
        let size = |count| census(count).conditions.len();
        assert_eq!(size(1000), size(200));
        // Every reason that there is, `other` and `Synced` of what is well.
        assert!(size(1000) <= 2 * (Reason::ALL.len() + 3), "{}", size(1000));
    }

    /// The worst of days: every call fails in every way, and objects of every kind have every condition.
    #[test]
    fn there_are_never_more_than_1500_series() {
        use std::time::Duration;

        use crate::{
            aws::{ecs::Operation, elbv2},
            telemetry::{
                calls,
                metrics::Metrics,
                queue::{Ended, Turn},
            },
        };

        struct Worst;
        impl Source for Worst {
            fn read(&self, census: &mut Census) {
                for (kind, controller) in [
                    ("EcsCluster", "ecscluster"),
                    ("EcsTaskDefinition", "ecstaskdefinition"),
                    ("EcsService", "ecsservice"),
                ] {
                    census.objects.entry(kind).or_default();
                    census.queue(controller);
                    census.watch_age.insert(kind, 1.0);
                    for reason in Reason::ALL.map(Reason::as_str).into_iter().chain(["other"]) {
                        // A reason says that something is on its way, or that it needs somebody: not both.
                        for (type_, status) in [(READY, "False"), (RECONCILING, "True")] {
                            let condition = Condition {
                                kind,
                                r#type: type_,
                                status,
                                reason,
                            };
                            census.conditions.entry(condition).or_default();
                        }
                    }
                    for (status, reason) in [
                        ("True", "Synced"),
                        ("True", "Suspended"),
                        ("Unknown", "Suspended"),
                    ] {
                        let condition = Condition {
                            kind,
                            r#type: READY,
                            status,
                            reason,
                        };
                        census.conditions.entry(condition).or_default();
                    }
                }
            }
        }

        let metrics = Metrics::default();
        let ecs = Operation::ALL
            .iter()
            .map(|operation| ("ecs", operation.name()));
        let elbv2 = elbv2::OPERATIONS.map(|operation| ("elbv2", operation));
        for (service, operation) in ecs.chain(elbv2) {
            for code in 0..50 {
                let error_code = (code > 0).then(|| format!("Code{code}"));
                metrics.calls.ended(calls::Ended {
                    service,
                    operation,
                    status: Some(200),
                    error_code: error_code.as_deref(),
                    failure: None,
                    is_retried: false,
                    time: Duration::ZERO,
                    waited: Duration::ZERO,
                });
            }
            metrics.calls.saved(operation, 1);
        }
        for controller in ["ecscluster", "ecstaskdefinition", "ecsservice"] {
            let queue = Queue::new(controller, 64, metrics.work.clone());
            queue.changed(1, 1, Instant::now());
            let turn = Turn {
                ended: Ended::Panicked,
                wait: None,
                settled: Some(1),
            };
            queue.begins(1, Instant::now()).ends(turn, Instant::now());
        }
        for kind in ["EcsCluster", "EcsTaskDefinition", "EcsService"] {
            for type_ in [READY, RECONCILING, STALLED] {
                for status in ["True", "False", "Unknown"] {
                    metrics.work.transition(kind, type_, status);
                }
            }
            let classes = [
                "missing",
                "count",
                "tags",
                "load_balancer",
                "network",
                "deployment",
                "other",
            ];
            metrics.work.drifted(kind, "uid", classes.into_iter());
            metrics.work.terminated(kind, Duration::ZERO);
        }
        for has_failed in [true, false] {
            metrics.work.rollout(has_failed, Some(Duration::ZERO));
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            for status in [
                None,
                Some(200),
                Some(201),
                Some(404),
                Some(409),
                Some(410),
                Some(429),
                Some(500),
                Some(503),
                Some(504),
            ] {
                let host = "10.0.0.1:443".into();
                metrics
                    .requests
                    .answered(method, &host, status, Duration::ZERO);
            }
        }
        let worst: Arc<dyn Source> = Arc::new(Worst);
        metrics.ask(Arc::downgrade(&worst));
        let text = metrics.text();
        let series = text.lines().filter(|line| !line.starts_with('#')).count();
        assert!((1000..1500).contains(&series), "{series}");
    }
}
