//! What ECS says of the rollout: on its way, steady, or given up. The only place that decides whether a service is ready.

use serde_json::Value;

use super::{State, pause};
use crate::{
    api::{
        condition::Reason,
        service::{DeploymentAction, Restart, Rollout},
    },
    desired::{load_balancer::TargetGroupRef, service::DesiredService},
    model::{arn, observed},
};

/// Statuses of a service deployment that ECS gave up or was told to stop. Others, among them those that AWS adds, say no such thing.
const GIVEN_UP: [&str; 5] = [
    "STOPPED",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
];

/// Whether a service deployment of this status was given up.
pub fn is_given_up(status: &str) -> bool {
    GIVEN_UP.contains(&status)
}

/// The service's PRIMARY deployment, as DescribeServices gives it.
pub fn primary(service: &observed::Resource) -> Option<&Value> {
    service
        .members
        .get("deployments")?
        .as_array()?
        .iter()
        .find(|d| d["status"] == "PRIMARY")
}

/// What an earlier look recorded of rollouts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The latest rollout.
    pub rollout: Option<Rollout>,
    /// ID of the newest failed deployment that was acted upon.
    pub last_failed_deployment: Option<String>,
    /// The restart that was asked for last.
    pub restart: Option<Restart>,
    /// What became of the last answer to a paused deployment.
    pub deployment_action: Option<DeploymentAction>,
}

/// Whether the restart that is asked for has to be begun: it is on record, and the deployment that it replaces still runs.
pub fn restarts(desired: &DesiredService, primary: Option<&Value>, history: &History) -> bool {
    let recorded = history.restart.as_ref();
    let asked = recorded.filter(|restart| desired.restarted_at.as_ref() == Some(&restart.at));
    let replaced = asked.and_then(|restart| restart.deployment.as_deref());
    let running = primary.and_then(|primary| primary["id"].as_str());
    replaced.is_some() && replaced == running
}

/// A restart of a known service that is asked for and not on record yet.
pub fn unrecorded_restart(desired: &DesiredService, history: &History) -> Option<State> {
    let asked = desired.restarted_at.as_ref()?;
    desired.target.known_arn.as_ref()?;
    let is_recorded = history
        .restart
        .as_ref()
        .is_some_and(|restart| restart.at == *asked);
    (!is_recorded).then(|| {
        State::Waiting(
            Reason::Updating,
            format!("the restart \"{asked}\" is recorded, then begun"),
        )
    })
}

/// Whether the declared rollout was tried and given up, so that it isn't tried again until the declaration changes. In words.
///
/// Known from the status or, when the operator was away, from the service deployment in AWS itself.
pub fn given_up(
    desired: &DesiredService,
    observed: &observed::Service,
    history: &History,
) -> Option<String> {
    let same = |rollout: &&Rollout| rollout.hash.as_deref() == Some(&desired.rollout_hash);
    let recorded = history.rollout.as_ref().filter(same);
    let failed = observed.failed_deployment.as_ref();
    if let Some(recorded) = recorded.filter(|rollout| rollout.state == "Failed") {
        return Some(recorded.reason.clone().unwrap_or_default());
    }
    let failed = failed?;
    let unknown = history.last_failed_deployment.as_deref() != Some(&failed.id);
    let ours = recorded.is_some_and(|rollout| rollout.id == failed.id)
        || failed
            .task_definition
            .as_deref()
            .zip(desired_task_definition(desired))
            .is_some_and(|(failed, declared)| arn::same_task_definition(failed, declared));
    (unknown && ours).then(|| {
        failed
            .reason
            .clone()
            .unwrap_or_else(|| failed.status.clone())
    })
}

fn desired_task_definition(desired: &DesiredService) -> Option<&str> {
    desired.members.get("taskDefinition")?.as_str()
}

/// How the service stands once nothing is left to change.
pub fn state(desired: &DesiredService, observed: &observed::Service) -> State {
    let Some(service) = &observed.service else {
        return State::Waiting(
            Reason::Creating,
            format!("the service \"{}\" is being created", desired.target.name),
        );
    };
    let Some(primary) = primary(service) else {
        return State::Waiting(
            Reason::RolloutInProgress,
            "ECS has not started a deployment yet".into(),
        );
    };
    let declared = desired_task_definition(desired).unwrap_or_default();
    let current = primary["taskDefinition"].as_str().unwrap_or_default();
    let name = arn::last_segment(declared);
    let reason = primary["rolloutStateReason"].as_str().unwrap_or_default();
    if !arn::same_task_definition(declared, current) {
        return State::Waiting(
            Reason::Updating,
            format!("{name} is not yet the service's revision"),
        );
    }
    let [desired_count, running, pending, failed] = [
        "desiredCount",
        "runningCount",
        "pendingCount",
        "failedTasks",
    ]
    .map(|key| primary[key].as_i64().unwrap_or(0));
    match primary["rolloutState"].as_str() {
        Some("FAILED") => {
            return State::Blocked(
                Reason::RolloutFailed,
                failure(name, None, reason, &observed.stopped_tasks),
            );
        }
        // Absent for controllers other than ECS: the counts decide then.
        Some("COMPLETED") | None => {}
        Some(_) if let Some(pause) = pause::current(observed) => {
            let what = format!("{name} is not rolled out yet: {}", pause::describe(pause));
            return State::Waiting(Reason::RolloutInProgress, what);
        }
        Some(state) => {
            let trouble = match (failed, observed.stopped_tasks.first()) {
                (0, _) => String::new(),
                (n, Some(why)) => format!("; {n} failed, last: {why}"),
                (n, None) => format!("; {n} failed"),
            };
            let doing = match state {
                "IN_PROGRESS" => format!("ECS is rolling out {name}"),
                unknown => format!("ECS says that the rollout of {name} is {unknown}"),
            };
            return State::Waiting(
                Reason::RolloutInProgress,
                format!(
                    "{doing}: {running} of {desired_count} running, {pending} pending{trouble}"
                ),
            );
        }
    }
    let others = service
        .members
        .get("deployments")
        .and_then(Value::as_array)
        .map_or(0, |d| {
            d.iter().filter(|d| d["status"] != "INACTIVE").count()
        });
    if others > 1 {
        return State::Waiting(
            Reason::RolloutInProgress,
            format!("{name} is rolled out; tasks of the revision before are draining"),
        );
    }
    let [wanted, running, pending] = ["desiredCount", "runningCount", "pendingCount"]
        .map(|key| service.number(key).unwrap_or(0));
    if running != wanted || pending != 0 {
        return State::Waiting(
            Reason::RolloutInProgress,
            format!("{running} of {wanted} tasks running, {pending} pending"),
        );
    }
    unhealthy(desired, observed, wanted).unwrap_or(State::Settled)
}

/// The first managed target group with fewer healthy targets than tasks.
fn unhealthy(desired: &DesiredService, observed: &observed::Service, wanted: i64) -> Option<State> {
    desired.load_balancers.iter().flatten().find_map(|lb| {
        let Some(TargetGroupRef::Managed(name)) = &lb.target_group else {
            return None;
        };
        let health = observed
            .target_groups
            .get(name)
            .and_then(|tg| tg.health)
            .unwrap_or_default();
        (health.healthy < wanted).then(|| {
            State::Waiting(
                Reason::RolloutInProgress,
                format!(
                    "target group {name}: {} of {wanted} targets healthy",
                    health.healthy
                ),
            )
        })
    })
}

/// Why a rollout failed, what runs now, and what to do.
pub fn failure(
    name: &str,
    current: Option<&str>,
    reason: &str,
    stopped_tasks: &[String],
) -> String {
    let back = match current {
        Some(current) => format!(
            "ECS gave up rolling out {name}; {} serves",
            arn::last_segment(current)
        ),
        None => format!("ECS gave up rolling out {name}"),
    };
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!(": {}", reason.trim_end_matches('.'))
    };
    let task = stopped_tasks.first().map_or(String::new(), |why| {
        format!(" A task stopped: {}.", why.trim_end_matches('.'))
    });
    format!(
        "{back}{reason}.{task} It is not retried until the spec changes: fix the task definition or the service."
    )
}
