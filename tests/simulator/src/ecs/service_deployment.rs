//! Service deployments: the history of what a service rolled out, and how it ended.

use std::sync::Arc;

use serde_json::{Value, json};

use super::deployment::Counts;
use super::input::Object;
use super::pause_hook::PauseHook;
use super::revision::Revision;
use super::service::Service;
use super::{State, arn, circuit_breaker};
use crate::clock::Time;

/// The states of a service deployment that the simulator enters [M].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Status {
    Pending,
    InProgress,
    Successful,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl Status {
    /// As AWS writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::StopRequested => "STOP_REQUESTED",
            Self::Stopped => "STOPPED",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    /// Whether it will not change any more.
    pub(super) fn is_final(self) -> bool {
        matches!(
            self,
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed
        )
    }
}

/// Where a service deployment was rolled back to.
#[derive(Clone)]
pub(super) struct Rollback {
    pub(super) reason: String,
    pub(super) started_at: Time,
    pub(super) revision: Arc<Revision>,
}

/// One service deployment.
#[derive(Clone)]
pub(super) struct ServiceDeployment {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) status_reason: Option<String>,
    pub(super) target: Arc<Revision>,
    pub(super) sources: Vec<Arc<Revision>>,
    pub(super) rollback: Option<Rollback>,
    /// Pauses that were reached, in order.
    pub(super) pauses: Vec<PauseHook>,
    /// Whether the circuit breaker ended it.
    pub(super) triggered: bool,
    pub(super) failure_count: i64,
    /// Tasks that were asked for.
    pub(super) requested: i64,
    pub(super) configuration: Value,
    pub(super) created_at: Time,
    pub(super) started_at: Option<Time>,
    pub(super) updated_at: Time,
    pub(super) finished_at: Option<Time>,
    pub(super) stopped_at: Option<Time>,
}

impl ServiceDeployment {
    /// A service deployment that waits for the scheduler.
    pub(super) fn pending(
        id: String,
        target: Arc<Revision>,
        sources: Vec<Arc<Revision>>,
        now: Time,
    ) -> Self {
        Self {
            id,
            status: Status::Pending,
            status_reason: None,
            target,
            sources,
            rollback: None,
            pauses: Vec::new(),
            triggered: false,
            failure_count: 0,
            requested: 0,
            configuration: Value::Null,
            created_at: now,
            started_at: None,
            updated_at: now,
            finished_at: None,
            stopped_at: None,
        }
    }

    /// `arn:…:service-deployment/<cluster>/<service>/<id>`.
    pub(super) fn arn(&self, service: &Service) -> String {
        let (account, region) = (arn::account(&service.arn), arn::region(&service.arn));
        let (cluster, name) = (&service.key.cluster, &service.key.name);
        arn::arn(
            account,
            region,
            "ecs",
            &format!("service-deployment/{cluster}/{name}/{}", self.id),
        )
    }

    /// Moves it to a status, with the times that go with it.
    pub(super) fn enter(&mut self, status: Status, reason: Option<&str>, now: Time) {
        self.status = status;
        self.updated_at = now;
        if let Some(reason) = reason {
            self.status_reason = Some(reason.to_owned());
        }
        if status == Status::InProgress {
            self.started_at = Some(now);
        }
        if status.is_final() {
            self.finished_at = Some(now);
        }
        if status == Status::Stopped {
            self.stopped_at = Some(now);
        }
    }

    /// The short form of ListServiceDeployments.
    pub(super) fn brief(&self, service: &Service) -> Value {
        let mut view = self.common(service);
        view.insert("targetServiceRevisionArn".into(), json!(self.target.arn()));
        Value::Object(view)
    }

    fn common(&self, service: &Service) -> Object {
        let mut view = Object::new();
        for (member, value) in [
            ("serviceDeploymentArn", Some(json!(self.arn(service)))),
            ("serviceArn", Some(json!(service.arn))),
            ("clusterArn", Some(json!(service.cluster_arn))),
            ("createdAt", Some(json!(self.created_at))),
            ("startedAt", self.started_at.map(Value::from)),
            ("finishedAt", self.finished_at.map(Value::from)),
            ("status", Some(json!(self.status.name()))),
            ("statusReason", self.status_reason.clone().map(Value::from)),
        ] {
            view.extend(value.map(|value| (member.to_owned(), value)));
        }
        view
    }

    fn lifecycle_stage(&self, service: &Service) -> Option<&'static str> {
        let strategy = self.configuration.get("strategy").and_then(Value::as_str);
        if self.status != Status::InProgress || matches!(strategy, None | Some("ROLLING")) {
            return None;
        }
        if let Some(pause) = self.pauses.iter().find(|pause| pause.is_open()) {
            return Some(pause.stage);
        }
        let current = service
            .deployments
            .iter()
            .find(|d| d.service_deployment == self.id)?;
        Some(match (current.baking_at, service.deployments.len()) {
            (None, _) => "SCALE_UP",
            (Some(_), 1) => "CLEAN_UP",
            (Some(_), _) => "BAKE_TIME",
        })
    }
}

impl State {
    /// The long form of DescribeServiceDeployments.
    pub(super) fn view_service_deployment(
        &self,
        service: &Service,
        shown: &ServiceDeployment,
    ) -> Value {
        let mut view = shown.common(service);
        let target = self.counts(service, Some(&shown.target.id));
        let sources: Vec<Value> = shown
            .sources
            .iter()
            .map(|source| {
                let counts = self.counts(service, Some(&source.id));
                summary(source, counts.running + counts.pending, counts)
            })
            .collect();
        for (member, value) in [
            ("updatedAt", Some(json!(shown.updated_at))),
            ("stoppedAt", shown.stopped_at.map(Value::from)),
            ("sourceServiceRevisions", Some(json!(sources))),
            (
                "targetServiceRevision",
                Some(summary(&shown.target, shown.requested, target)),
            ),
            ("deploymentConfiguration", Some(shown.configuration.clone())),
            ("deploymentCircuitBreaker", Some(breaker(service, shown))),
            (
                "lifecycleStage",
                shown.lifecycle_stage(service).map(Value::from),
            ),
            ("rollback", shown.rollback.as_ref().map(rollback)),
            (
                "lifecycleHookDetails",
                (!shown.pauses.is_empty())
                    .then(|| shown.pauses.iter().map(PauseHook::view).collect()),
            ),
        ] {
            view.extend(value.map(|value| (member.to_owned(), value)));
        }
        Value::Object(view)
    }
}

fn rollback(rollback: &Rollback) -> Value {
    json!({
        "reason": rollback.reason,
        "startedAt": rollback.started_at,
        "serviceRevisionArn": rollback.revision.arn(),
    })
}

fn breaker(service: &Service, shown: &ServiceDeployment) -> Value {
    let current = service
        .deployments
        .iter()
        .find(|d| d.service_deployment == shown.id);
    let failures = current
        .filter(|_| !shown.triggered)
        .map_or(0, |d| d.breaker_failures);
    let configuration = &shown.configuration["deploymentCircuitBreaker"];
    let status = match configuration["enable"].as_bool() {
        Some(true) if shown.triggered => "TRIGGERED",
        Some(true) if shown.status.is_final() => "MONITORING_COMPLETE",
        Some(true) => "MONITORING",
        _ => "DISABLED",
    };
    json!({
        "status": status,
        "failureCount": shown.failure_count.max(failures),
        "threshold": circuit_breaker::threshold(configuration, shown.requested),
    })
}

/// A revision with its tasks counted.
pub(super) fn summary(revision: &Revision, requested: i64, counts: Counts) -> Value {
    json!({
        "arn": revision.arn(),
        "requestedTaskCount": requested,
        "runningTaskCount": counts.running,
        "pendingTaskCount": counts.pending,
    })
}
