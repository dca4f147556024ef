//! What is known of a service.

use crate::{
    api::{
        EcsServiceStatus,
        service::{
            Creating, CurrentTaskDefinition, Restart, Rollout, RuleStatus, TargetGroupStatus,
        },
    },
    desired::service::DesiredService,
    model::{arn, observed, ownership::Claim},
    plan::{Plan, Step, pause, rollout, service::owned_rules},
    status::task_definition::seconds,
};

/// Records the restart that is asked for, before the facts: a service that was not known before has just been made or adopted and is
/// not restarted for a value that was there already.
pub fn restart(status: &mut EcsServiceStatus, desired: &DesiredService, seen: &observed::Service) {
    let Some(asked) = &desired.restarted_at else {
        return;
    };
    let service = seen.service.as_ref().filter(|_| status.arn.is_some());
    let running = service.and_then(|service| rollout::primary(service)?["id"].as_str());
    let recorded = status.restart.take().filter(|known| known.at == *asked);
    let replaced = match recorded {
        Some(known) => known
            .deployment
            .filter(|id| running.is_none_or(|running| running == id)),
        None => running.map(str::to_owned),
    };
    status.restart = Some(Restart {
        at: asked.clone(),
        deployment: replaced,
    });
}

/// Records what becomes of an answer to a paused deployment, before it is given; forgets one that is not asked for any more.
pub fn deployment_action(
    status: &mut EcsServiceStatus,
    desired: &DesiredService,
    seen: &observed::Service,
) {
    let asked = desired.deployment_action.as_ref();
    let recorded = status.deployment_action.take();
    let known = recorded.filter(|known| Some(&known.value) == asked);
    status.deployment_action = known.or_else(|| pause::record(asked?, seen));
}

/// Updates the facts of `status` from what was seen. `failed`: ECS gave the declared rollout up. `refused`: something is not the
/// object's, or not any more. What was its own stays known then, or the next look would take it for another's and make it anew.
pub fn facts(
    status: &mut EcsServiceStatus,
    desired: &DesiredService,
    seen: &observed::Service,
    failed: bool,
    refused: bool,
) {
    let owner = &desired.target.owner;
    let is_lost = |arn: &String| refused && desired.target.known_parts.contains(arn);
    status.target_groups = seen
        .target_groups
        .iter()
        .filter(|(_, group)| owner.claim(&group.tags) == Claim::Ours || is_lost(&group.arn))
        .map(|(name, group)| TargetGroupStatus {
            name: name.clone(),
            arn: group.arn.clone(),
            healthy: group.health.map(|health| health.healthy),
            unhealthy: group.health.map(|health| health.unhealthy),
        })
        .collect();
    let lost_rules = seen.rules.iter().filter(|rule| {
        let tags = rule.tags.as_ref();
        is_lost(&rule.arn) && tags.is_none_or(|tags| owner.claim(tags) != Claim::Ours)
    });
    status.rules = owned_rules(owner, seen)
        .into_iter()
        .chain(lost_rules)
        .filter_map(|rule| {
            Some(RuleStatus {
                arn: rule.arn.clone(),
                listener_arn: rule.listener_arn.clone(),
                priority: rule.priority?,
            })
        })
        .collect();
    let Some(service) = seen
        .service
        .as_ref()
        .filter(|service| owner.claim(&service.tags) == Claim::Ours)
    else {
        return;
    };
    status.arn = service.text("serviceArn").map(str::to_owned);
    status.cluster = service
        .text("clusterArn")
        .map(|cluster| arn::last_segment(cluster).to_owned());
    status.desired_count = service.number("desiredCount");
    status.running_count = service.number("runningCount");
    status.pending_count = service.number("pendingCount");
    let Some(primary) = rollout::primary(service) else {
        return;
    };
    let current = primary["taskDefinition"].as_str().unwrap_or_default();
    status.task_definition = Some(CurrentTaskDefinition {
        arn: current.to_owned(),
        revision: arn::revision(current),
    });
    status.last_failure = if failed || primary["failedTasks"].as_i64().unwrap_or(0) > 0 {
        seen.stopped_tasks
            .first()
            .cloned()
            .or(status.last_failure.take())
    } else {
        None
    };
    // Only one that was acted upon is known: ECS may give up between the look at the service and the look at its deployments,
    // and the next look must still find that new.
    if failed && let Some(deployment) = &seen.failed_deployment {
        status.last_failed_deployment = Some(deployment.id.clone());
    }
    let text = |key: &str| primary[key].as_str().map(str::to_owned);
    let state = match (failed, primary["rolloutState"].as_str()) {
        (true, _) | (_, Some("FAILED")) => "Failed",
        (_, Some("COMPLETED") | None) => "Completed",
        (_, Some("IN_PROGRESS")) => "InProgress",
        (_, Some(unknown)) => unknown,
    };
    let rolled_back = seen.failed_deployment.as_ref().filter(|_| failed);
    // A failure stays recorded until the declaration changes or what is declared runs.
    let is_declared = desired
        .members
        .get("taskDefinition")
        .and_then(|declared| declared.as_str())
        .is_some_and(|declared| arn::same_task_definition(declared, current));
    let keeps = status.rollout.take().filter(|old| {
        (failed || !is_declared)
            && old.state == "Failed"
            && old.hash.as_deref() == Some(&desired.rollout_hash)
    });
    status.rollout = keeps.or_else(|| {
        Some(Rollout {
            id: rolled_back
                .map(|deployment| deployment.id.clone())
                .or_else(|| text("id"))
                .unwrap_or_default(),
            state: state.to_owned(),
            task_definition: rolled_back.map_or_else(
                || text("taskDefinition"),
                |deployment| deployment.task_definition.clone(),
            ),
            hash: Some(desired.rollout_hash.clone()),
            started_at: primary["createdAt"]
                .as_f64()
                .and_then(seconds)
                .filter(|_| rolled_back.is_none()),
            reason: rolled_back.map_or_else(
                || text("rolloutStateReason"),
                |deployment| deployment.reason.clone(),
            ),
            failed_tasks: primary["failedTasks"].as_i64().filter(|failed| *failed > 0),
        })
    });
}

/// Records the names under which target groups and rules are about to be created, unless the status has them. Says whether it had not.
///
/// A target group's name is made of what the object declares: once that is edited, nothing else leads back to it.
pub fn intend(status: &mut EcsServiceStatus, desired: &DesiredService, plan: &Plan) -> bool {
    let creates = plan
        .steps
        .iter()
        .any(|step| matches!(step, Step::CreateTargetGroup(_) | Step::CreateRule(_)));
    if !creates {
        return false;
    }
    let mut creating = status.creating.clone().unwrap_or_default();
    for target in &desired.target_groups {
        if status
            .target_groups
            .iter()
            .all(|known| known.name != target.name)
        {
            creating.target_groups.insert(target.name.clone());
        }
        let listeners = target.rules.iter().map(|rule| &rule.listener_arn);
        let unknown = listeners.filter(|listener| {
            status
                .rules
                .iter()
                .all(|rule| rule.listener_arn != **listener)
        });
        creating.listeners.extend(unknown.cloned());
    }
    let is_new = creating != status.creating.clone().unwrap_or_default();
    if is_new {
        status.creating = Some(creating);
    }
    is_new
}

/// Forgets what was about to be created and has been seen; when all is settled, also what never came.
pub fn created(status: &mut EcsServiceStatus, settled: bool) {
    let Some(creating) = status.creating.take().filter(|_| !settled) else {
        return;
    };
    let (groups, rules) = (&status.target_groups, &status.rules);
    let left = Creating {
        target_groups: creating
            .target_groups
            .into_iter()
            .filter(|name| groups.iter().all(|group| group.name != *name))
            .collect(),
        listeners: creating
            .listeners
            .into_iter()
            .filter(|listener| rules.iter().all(|rule| rule.listener_arn != *listener))
            .collect(),
    };
    status.creating = (left != Creating::default()).then_some(left);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        desired::{
            service::{References, desired},
            testing::{WEB, installation, spec},
        },
        model::{
            Tags,
            observed::{FailedDeployment, Resource, Rule, TargetGroup},
        },
    };

    /// A declared service, and what AWS has of it.
    fn web() -> (DesiredService, observed::Service) {
        let references = References {
            cluster: "main".into(),
            task_definition: "web:2".into(),
        };
        let spec =
            spec(json!({"clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": "web"}}));
        let desired = desired(
            WEB,
            &spec,
            &references,
            &Default::default(),
            &installation(),
        )
        .unwrap();
        let service = json!({"serviceArn": "arn:s", "deployments": [{"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "web:2", "rolloutState": "IN_PROGRESS"}]});
        let seen = observed::Service {
            service: Some(Resource {
                members: service.as_object().unwrap().clone(),
                tags: desired.tags.clone(),
            }),
            failed_deployment: Some(FailedDeployment {
                id: "ecs-svc/2".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        (desired, seen)
    }

    #[test]
    fn state_of_a_rollout_that_nobody_knew_is_shown_in_awss_word() {
        let (desired, mut seen) = web();
        for (word, shown) in [
            (json!("IN_PROGRESS"), "InProgress"),
            (json!("COMPLETED"), "Completed"),
            (json!("FAILED"), "Failed"),
            (json!(null), "Completed"),
            (json!("HIBERNATING"), "HIBERNATING"),
        ] {
            let service = seen.service.as_mut().unwrap();
            service.members["deployments"][0]["rolloutState"] = word;
            let mut status = EcsServiceStatus::default();
            facts(&mut status, &desired, &seen, false, false);
            assert_eq!(status.rollout.unwrap().state, shown);
        }
    }

    #[test]
    fn failure_that_was_not_acted_upon_is_not_known_yet() {
        let (desired, seen) = web();
        let mut status = EcsServiceStatus::default();
        facts(&mut status, &desired, &seen, false, false);
        assert_eq!(status.last_failed_deployment, None);
        facts(&mut status, &desired, &seen, true, false);
        assert_eq!(status.last_failed_deployment.as_deref(), Some("ecs-svc/2"));
    }

    #[test]
    fn what_is_lost_stays_known_as_long_as_that_stops_the_object() {
        let (mut desired, mut seen) = web();
        let group = TargetGroup {
            arn: "arn:g".into(),
            ..TargetGroup::default()
        };
        seen.target_groups.insert("web-1".into(), group);
        let rule = Rule {
            arn: "arn:r".into(),
            listener_arn: "arn:l".into(),
            priority: Some(1),
            tags: Some(Tags::new()),
            ..Rule::default()
        };
        seen.rules = vec![
            rule.clone(),
            Rule {
                arn: "arn:others".into(),
                ..rule
            },
        ];
        desired.target.known_parts = ["arn:g", "arn:r"].map(str::to_owned).into();
        let mut status = EcsServiceStatus::default();
        let mut known = |refused: bool| {
            facts(&mut status, &desired, &seen, false, refused);
            let rules: Vec<_> = status.rules.iter().map(|rule| rule.arn.clone()).collect();
            (status.target_groups.len(), rules)
        };
        assert_eq!(known(true), (1, vec!["arn:r".to_owned()]));
        assert_eq!(known(false), (0, Vec::new()));
    }

    #[test]
    fn each_answer_to_a_pause_is_recorded_once_and_forgotten_when_it_is_taken_off() {
        let (mut desired, mut seen) = web();
        let mut status = EcsServiceStatus::default();
        let mut look = |value: Option<&str>, hook: &str| {
            desired.deployment_action = value.map(str::to_owned);
            seen.pause = Some(observed::Pause {
                deployment: "ecs-svc/2".into(),
                hook: hook.into(),
                ..Default::default()
            });
            deployment_action(&mut status, &desired, &seen);
            status.deployment_action.as_ref()?.hook.clone()
        };
        let value = Some("ecs-svc/2=Continue");
        assert_eq!(look(value, "h1").as_deref(), Some("h1"));
        assert_eq!(look(value, "h2").as_deref(), Some("h1"));
        assert_eq!(look(None, "h2"), None);
        assert_eq!(look(value, "h2").as_deref(), Some("h2"));
    }

    #[test]
    fn restart_is_recorded_with_the_deployment_it_replaces_until_that_is_gone() {
        let (mut desired, mut seen) = web();
        let mut look = |status: &mut EcsServiceStatus, at: &str, id: &str| {
            desired.restarted_at = Some(at.into());
            let service = seen.service.as_mut().unwrap();
            service.members["deployments"][0]["id"] = json!(id);
            restart(status, &desired, &seen);
            let known = status.restart.clone().unwrap();
            assert_eq!(known.at, at);
            known.deployment
        };
        let mut status = EcsServiceStatus::default();
        // It was there before the service was known.
        assert_eq!(look(&mut status, "1", "ecs-svc/2"), None);
        status.arn = Some("arn:s".into());
        assert_eq!(look(&mut status, "1", "ecs-svc/2"), None);
        for _ in 0..2 {
            let replaced = look(&mut status, "2", "ecs-svc/2");
            assert_eq!(replaced.as_deref(), Some("ecs-svc/2"));
        }
        for _ in 0..2 {
            assert_eq!(look(&mut status, "2", "ecs-svc/3"), None);
        }
    }
}
