//! Tasks: what ECS keeps of one. Its life is in `task_life`, how it is read in `task_view`.

use std::sync::Arc;

use serde_json::Value;

use super::revision::Revision;
use super::service::ServiceKey;
use super::tags::Tags;
use crate::clock::Time;

/// The states of a task that the simulator enters, in order [D].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Status {
    Provisioning,
    Pending,
    Running,
    /// Its targets drain.
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl Status {
    /// As AWS writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// Why a task stops.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stop {
    /// One of AWS's stop codes [M].
    pub(super) code: &'static str,
    pub(super) reason: String,
}

impl Stop {
    /// A stop with its code and sentence.
    pub(super) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// One container of a task.
#[derive(Clone)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) id: String,
    pub(super) essential: bool,
    /// Whether it has a health check of its own.
    pub(super) checked: bool,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) exit_code: Option<i64>,
    /// When it ends by itself, and with which code.
    pub(super) ends: Option<(Time, i64)>,
}

/// Where a task is registered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) group: String,
    pub(super) id: String,
    pub(super) port: i64,
}

/// One task.
#[derive(Clone)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) arn: String,
    /// Name of its cluster.
    pub(super) cluster: String,
    pub(super) cluster_arn: String,
    /// The service it belongs to, if any.
    pub(super) service: Option<ServiceKey>,
    /// The revision of that service.
    pub(super) of: Option<Arc<Revision>>,
    /// ARN of its task definition.
    pub(super) task_definition: String,
    pub(super) body: Arc<Value>,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) launch_type: Option<String>,
    pub(super) capacity_provider: Option<String>,
    pub(super) platform_version: Option<Value>,
    pub(super) platform_family: Option<Value>,
    pub(super) overrides: Value,
    pub(super) execute_command: bool,
    pub(super) tags: Tags,
    /// Private IPv4 address, and the subnet it is from, with awsvpc.
    pub(super) address: Option<(String, String)>,
    pub(super) status: Status,
    pub(super) wanted: bool,
    pub(super) healthy: bool,
    pub(super) containers: Vec<Container>,
    pub(super) targets: Vec<Target>,
    pub(super) stop: Option<Stop>,
    pub(super) version: i64,
    pub(super) created_at: Time,
    pub(super) pull_started_at: Option<Time>,
    pub(super) pull_stopped_at: Option<Time>,
    pub(super) started_at: Option<Time>,
    pub(super) stopping_at: Option<Time>,
    pub(super) stopped_at: Option<Time>,
}

impl Task {
    /// Whether ECS wants it to run.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Whether it counts as running.
    pub(super) fn is_running(&self) -> bool {
        self.status == Status::Running
    }

    /// Whether it counts as pending.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.status, Status::Provisioning | Status::Pending)
    }

    /// Whether it has ended.
    pub(super) fn is_stopped(&self) -> bool {
        self.status == Status::Stopped
    }

    /// Id of the service revision it runs, empty if it has none.
    pub(super) fn revision(&self) -> &str {
        self.of.as_ref().map_or("", |revision| &revision.id)
    }

    /// Whether it runs this service revision.
    pub(super) fn is_of(&self, revision: &str) -> bool {
        self.revision() == revision
    }

    /// Whether one of its containers has a health check.
    pub(super) fn is_checked(&self) -> bool {
        self.containers.iter().any(|container| container.checked)
    }

    /// Moves it to a state.
    pub(super) fn enter(&mut self, status: Status) {
        self.status = status;
        self.version += 1;
    }
}
