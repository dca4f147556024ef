//! Deployments: the entries of a service's `deployments[]`. The scheduler moves them on.

use std::sync::Arc;

use serde_json::{Value, json};

use super::revision::Revision;
use crate::clock::Time;

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

impl Rollout {
    fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

/// Tasks of one deployment or service, counted by state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) pending: i64,
    pub(super) running: i64,
}

/// One deployment. The first of a service is PRIMARY, the others are ACTIVE; replaced ones are dropped.
#[derive(Clone)]
pub(super) struct Deployment {
    pub(super) revision: Arc<Revision>,
    pub(super) desired: i64,
    pub(super) rollout: Rollout,
    pub(super) reason: String,
    /// Tasks that failed since one was healthy last.
    pub(super) failed_tasks: i64,
    /// Failures as the circuit breaker counts them.
    pub(super) breaker_failures: i64,
    /// Attempts to start tasks that failed, in a row.
    pub(super) failed_rounds: u32,
    /// No task is started before, because of earlier failures.
    pub(super) not_before: Time,
    /// Since when everything has been in place.
    pub(super) settled_at: Option<Time>,
    /// Since when the new tasks of a blue/green deployment have been baking.
    pub(super) baking_at: Option<Time>,
    /// The service deployment it belongs to.
    pub(super) service_deployment: String,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
}

impl Deployment {
    /// A deployment that begins.
    pub(super) fn begin(
        revision: Arc<Revision>,
        service_deployment: &str,
        desired: i64,
        now: Time,
    ) -> Self {
        let mut deployment = Self {
            revision,
            desired,
            rollout: Rollout::InProgress,
            reason: String::new(),
            failed_tasks: 0,
            breaker_failures: 0,
            failed_rounds: 0,
            not_before: now,
            settled_at: None,
            baking_at: None,
            service_deployment: service_deployment.to_owned(),
            created_at: now,
            updated_at: now,
        };
        deployment.reason = format!("ECS deployment {} in progress.", deployment.id());
        deployment
    }

    /// `ecs-svc/<digits>`.
    pub(super) fn id(&self) -> String {
        format!("ecs-svc/{}", self.revision.id)
    }

    /// Moves it to a state, with ECS's sentence about it.
    pub(super) fn enter(&mut self, rollout: Rollout, reason: String, now: Time) {
        self.rollout = rollout;
        self.reason = reason;
        self.updated_at = now;
    }

    /// As DescribeServices has it.
    pub(super) fn view(&self, primary: bool, counts: Counts) -> Value {
        let mut view = self.revision.on_deployment();
        for (member, value) in [
            ("id", json!(self.id())),
            ("status", json!(if primary { "PRIMARY" } else { "ACTIVE" })),
            ("desiredCount", json!(self.desired)),
            ("pendingCount", json!(counts.pending)),
            ("runningCount", json!(counts.running)),
            ("failedTasks", json!(self.failed_tasks)),
            ("createdAt", json!(self.created_at)),
            ("updatedAt", json!(self.updated_at)),
            ("rolloutState", json!(self.rollout.name())),
            ("rolloutStateReason", json!(self.reason)),
        ] {
            view.insert(member.to_owned(), value);
        }
        Value::Object(view)
    }
}
