//! Services: what ECS keeps of one. How it is read is in `service_view`, how it moves in `scheduler`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::agenda::{Agenda, Happening};
use super::deployment::Deployment;
use super::input::Object;
use super::revision::Revision;
use super::service_deployment::ServiceDeployment;
use super::strategy;
use super::tags::Tags;
use crate::Ids;
use crate::clock::Time;

/// Events that a service keeps [D].
const EVENTS_MAX: usize = 100;

/// Cluster and name of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ServiceKey {
    pub(super) cluster: String,
    pub(super) name: String,
}

impl ServiceKey {
    /// A key of these two names.
    pub(super) fn new(cluster: &str, name: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// Whether a service lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Status {
    Active,
    /// Deleted; its tasks are stopping.
    Draining,
    /// Gone; described until its name is used again.
    Inactive,
}

/// One service.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) key: ServiceKey,
    pub(super) arn: String,
    pub(super) cluster_arn: String,
    pub(super) status: Status,
    pub(super) desired: i64,
    /// Members that do not roll tasks, as read.
    pub(super) settings: Object,
    /// The newest revision: what PRIMARY rolls out.
    pub(super) revision: Arc<Revision>,
    /// All revisions by id.
    pub(super) revisions: BTreeMap<String, Arc<Revision>>,
    /// PRIMARY first.
    pub(super) deployments: Vec<Deployment>,
    /// Service deployments, oldest first.
    pub(super) history: Vec<ServiceDeployment>,
    /// The revision that completed last: where a rollback goes.
    pub(super) completed: Option<Arc<Revision>>,
    /// Ids of tasks that have not stopped, oldest first.
    pub(super) tasks: Vec<String>,
    /// Newest first.
    pub(super) events: VecDeque<Value>,
    pub(super) tags: Tags,
    pub(super) created_at: Time,
    /// The CreateService request, for its client token.
    pub(super) created_with: Value,
    /// When the scheduler looks next.
    pub(super) look_at: Option<Time>,
    /// Whether the steady state has been said.
    pub(super) steady: bool,
}

impl Service {
    /// Whether it can be updated.
    pub(super) fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// Whether its name is free.
    pub(super) fn is_gone(&self) -> bool {
        self.status == Status::Inactive
    }

    /// Whether one of its deployments uses the task definition.
    pub(super) fn uses(&self, task_definition: &str) -> bool {
        self.deployments
            .iter()
            .any(|d| d.revision.task_definition() == task_definition)
    }

    /// The names of its capacity providers.
    pub(super) fn strategy_providers(&self) -> Vec<String> {
        let strategy = self.revision.members.get("capacityProviderStrategy");
        let items = strategy
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        items
            .iter()
            .map(|item| strategy::provider(item).to_owned())
            .collect()
    }

    /// A number of `deploymentConfiguration`.
    pub(super) fn deployment_number(&self, member: &str) -> Option<i64> {
        self.settings
            .get("deploymentConfiguration")?
            .get(member)?
            .as_i64()
    }

    /// The number of seconds in which failing health checks do not matter.
    pub(super) fn grace_seconds(&self) -> f64 {
        let grace = self
            .settings
            .get("healthCheckGracePeriodSeconds")
            .and_then(Value::as_f64);
        grace.unwrap_or(0.0)
    }

    /// The deployment with this revision, if it is still there.
    pub(super) fn deployment_mut(&mut self, revision: &str) -> Option<&mut Deployment> {
        self.deployments
            .iter_mut()
            .find(|deployment| deployment.revision.id == revision)
    }

    /// The service deployment with this id.
    pub(super) fn history_mut(&mut self, id: &str) -> Option<&mut ServiceDeployment> {
        self.history
            .iter_mut()
            .rev()
            .find(|deployment| deployment.id == id)
    }

    /// Puts an event in front of the stream.
    pub(super) fn say(&mut self, ids: &mut Ids, now: Time, message: impl AsRef<str>) {
        let message = format!("(service {}) {}", self.key.name, message.as_ref());
        self.events
            .push_front(json!({ "id": uuid(ids), "createdAt": now, "message": message }));
        self.events.truncate(EVENTS_MAX);
    }

    /// Has the scheduler look at the service at `at`, or earlier if that is planned already.
    pub(super) fn wake(&mut self, agenda: &mut Agenda, at: Time) {
        if self.look_at.is_none_or(|planned| planned > at) {
            self.look_at = Some(at);
            agenda.add(at, Happening::Schedule(self.key.clone()));
        }
    }
}

/// An id in the form of a UUID.
pub(super) fn uuid(ids: &mut Ids) -> String {
    crate::ids::dashed(&ids.hex(32))
}

/// Nineteen digits, as ids of deployments have.
pub(super) fn digits(ids: &mut Ids) -> String {
    let number = u64::from_str_radix(&ids.hex(15), 16).expect("fifteen hexadecimal digits");
    format!("{}", 1_000_000_000_000_000_000 + number)
}
