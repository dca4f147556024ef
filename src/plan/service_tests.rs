//! Tables of what is planned for a service, and of how it is judged.

use serde_json::{Value, json};

use super::{Plan, State, Step, rollout::History, service::plan};
use crate::{
    api::{condition::Reason, service::Rollout},
    desired::{service::DesiredService, testing},
    model::{
        Members,
        observed::{FailedDeployment, Health, Resource, Rule, Service, TargetGroup},
    },
};

pub(super) const LISTENER: &str =
    "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/demo/1/2";
pub(super) const TD1: &str = "arn:aws:ecs:us-east-1:000000000000:task-definition/web:1";
pub(super) const TD2: &str = "arn:aws:ecs:us-east-1:000000000000:task-definition/web:2";

pub(super) fn balanced() -> Value {
    json!({
        "clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": "web"}, "desiredCount": 2,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "loadBalancers": [{"containerName": "app", "containerPort": 80, "targetGroup": {
            "protocol": "HTTP", "port": 80, "vpcId": "vpc-1", "targetType": "ip",
            "rules": [{"listenerArn": LISTENER, "conditions": [{"pathPatternConfig": {"values": ["/"]}}]}],
        }}],
    })
}

pub(super) fn declared(json: Value, task_definition: &str) -> DesiredService {
    testing::service(json, task_definition).unwrap()
}

pub(super) fn members(json: Value) -> Members {
    json.as_object().unwrap().clone()
}

/// AWS as it is when `desired` is in sync and steady.
pub(super) fn steady(desired: &DesiredService) -> Service {
    let mut observed = Service::default();
    let mut entries = Vec::new();
    for group in &desired.target_groups {
        let arn = format!("arn:tg/{}", group.name);
        entries.push(json!({"targetGroupArn": arn, "containerName": "app", "containerPort": 80}));
        for rule in &group.rules {
            observed.rules.push(Rule {
                arn: "arn:rule".into(),
                listener_arn: rule.listener_arn.clone(),
                priority: Some(1),
                conditions: rule.conditions.clone(),
                actions: vec![json!({"type": "forward", "targetGroupArn": arn})],
                transforms: rule.transforms.clone(),
                tags: Some(desired.tags.clone()),
            });
        }
        let seen = TargetGroup {
            arn,
            members: group.members.clone(),
            tags: desired.tags.clone(),
            attributes: group.attributes.clone(),
            health: Some(Health {
                healthy: 2,
                unhealthy: 0,
            }),
        };
        observed.target_groups.insert(group.name.clone(), seen);
    }
    let mut service = desired.members.clone();
    let td = service["taskDefinition"].clone();
    service.extend(members(json!({
        "serviceArn": "arn:service", "status": "ACTIVE", "loadBalancers": entries, "desiredCount": 2,
        "runningCount": 2, "pendingCount": 0,
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": td, "rolloutState": "COMPLETED",
            "desiredCount": 2, "runningCount": 2, "pendingCount": 0, "failedTasks": 0}],
    })));
    observed.service = Some(Resource {
        members: service,
        tags: desired.tags.clone(),
    });
    observed
}

pub(super) fn run(desired: &DesiredService, observed: &Service) -> Plan {
    plan(desired, observed, &History::default())
}

pub(super) fn operations(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().map(Step::operation).collect()
}

/// Changes a member of the observed service.
pub(super) fn set(observed: &mut Service, member: &str, value: Value) {
    observed
        .service
        .as_mut()
        .unwrap()
        .members
        .insert(member.into(), value);
}

/// Changes a member of its PRIMARY deployment.
pub(super) fn set_primary(observed: &mut Service, member: &str, value: Value) {
    observed.service.as_mut().unwrap().members["deployments"][0][member] = value;
}

#[test]
fn plan_is_empty_when_in_sync() {
    let desired = declared(balanced(), TD1);
    assert_eq!(run(&desired, &steady(&desired)), Plan::settled());
}

#[test]
fn creation_goes_in_waves_of_what_is_known() {
    let desired = declared(balanced(), TD1);
    let full = steady(&desired);
    let mut seen = Service::default();
    assert_eq!(operations(&run(&desired, &seen)), ["CreateTargetGroup"]);
    seen.target_groups = full.target_groups.clone();
    assert_eq!(operations(&run(&desired, &seen)), ["CreateRule"]);
    seen.rules = full.rules.clone();
    let wave = run(&desired, &seen);
    let [Step::CreateService(input)] = wave.steps.as_slice() else {
        panic!("{wave:?}")
    };
    assert_eq!(input["clientToken"].as_str().map(str::len), Some(36));
    assert_eq!(input["tags"].as_array().map(Vec::len), Some(4));
}

#[test]
fn service_after_a_deleted_one_has_another_token() {
    let mut open = balanced();
    open.as_object_mut().unwrap().remove("loadBalancers");
    let desired = declared(open, TD1);
    let token = |ghost: Option<&str>| {
        let observed = Service {
            ghost: ghost.map(str::to_owned),
            ..Service::default()
        };
        match run(&desired, &observed).steps.as_slice() {
            [Step::CreateService(input)] => input["clientToken"].clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(token(None), token(None));
    assert_ne!(token(None), token(Some("1767225600.5")));
}

#[test]
fn one_update_carries_every_change_and_nothing_else() {
    let before = declared(balanced(), TD1);
    let mut edited = balanced();
    edited["desiredCount"] = json!(3);
    let desired = declared(edited, TD2);
    let plan = run(&desired, &steady(&before));
    let [Step::UpdateService(input)] = plan.steps.as_slice() else {
        panic!("{plan:?}")
    };
    let keys: Vec<_> = input.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["cluster", "desiredCount", "service", "taskDefinition"]
    );
}

#[test]
fn capacity_provider_strategy_forces_the_deployment_that_aws_demands() {
    let mut first = balanced();
    first.as_object_mut().unwrap().remove("launchType");
    first["capacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE", "weight": 1}]);
    let mut second = first.clone();
    second["capacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let plan = run(&declared(second, TD1), &steady(&declared(first, TD1)));
    assert!(
        matches!(plan.steps.as_slice(), [Step::UpdateService(input)] if input["forceNewDeployment"] == true),
        "{plan:?}"
    );
}

#[test]
fn draining_service_is_waited_for() {
    let desired = declared(balanced(), TD1);
    let mut observed = steady(&desired);
    set(&mut observed, "status", json!("DRAINING"));
    let plan = run(&desired, &observed);
    assert!(
        plan.steps.is_empty() && matches!(plan.state, State::Waiting(Reason::Draining, _)),
        "{plan:?}"
    );
}

#[test]
fn ready_is_judged_by_deployment_counts_and_targets() {
    type Break = fn(&mut Service);
    let cases: [(&str, Break); 6] = [
        ("rolling out", |o| {
            set_primary(o, "rolloutState", json!("IN_PROGRESS"))
        }),
        ("1 of 2 tasks", |o| set(o, "runningCount", json!(1))),
        ("1 pending", |o| set(o, "pendingCount", json!(1))),
        ("targets healthy", |o| {
            o.target_groups.values_mut().for_each(|g| g.health = None)
        }),
        ("targets healthy", |o| {
            o.target_groups.values_mut().for_each(|g| {
                g.health = Some(Health {
                    healthy: 1,
                    unhealthy: 1,
                })
            });
        }),
        ("draining", |o| {
            let old = json!({"id": "ecs-svc/0", "status": "ACTIVE"});
            o.service.as_mut().unwrap().members["deployments"]
                .as_array_mut()
                .unwrap()
                .push(old);
        }),
    ];
    let desired = declared(balanced(), TD1);
    for (words, break_it) in cases {
        let mut observed = steady(&desired);
        break_it(&mut observed);
        let plan = run(&desired, &observed);
        assert!(plan.steps.is_empty(), "{words}: {plan:?}");
        assert!(
            matches!(&plan.state, State::Waiting(Reason::RolloutInProgress, m) if m.contains(words)),
            "{words}: {:?}",
            plan.state
        );
    }
}

#[test]
fn failed_deployment_is_told_with_the_tasks_reason() {
    let desired = declared(balanced(), TD1);
    let mut observed = steady(&desired);
    set_primary(&mut observed, "rolloutState", json!("FAILED"));
    set_primary(
        &mut observed,
        "rolloutStateReason",
        json!("circuit breaker: tasks failed to start."),
    );
    observed.stopped_tasks = vec!["CannotPullContainerError: not found".into()];
    let State::Blocked(Reason::RolloutFailed, message) = run(&desired, &observed).state else {
        panic!("blocked")
    };
    assert!(
        message.contains("circuit breaker") && message.contains("CannotPullContainerError"),
        "{message}"
    );
}

/// AWS after the circuit breaker went back from TD2 to TD1.
fn rolled_back() -> (DesiredService, Service) {
    let mut observed = steady(&declared(balanced(), TD1));
    observed.failed_deployment = Some(FailedDeployment {
        id: "ecs-svc/2".into(),
        status: "ROLLBACK_SUCCESSFUL".into(),
        reason: Some("tasks failed".into()),
        task_definition: Some(TD2.into()),
    });
    (declared(balanced(), TD2), observed)
}

#[test]
fn rollback_is_not_fought_whether_or_not_the_status_knows_of_it() {
    let (desired, observed) = rolled_back();
    let rollout = |id: &str, state: &str| Rollout {
        id: id.into(),
        state: state.into(),
        hash: Some(desired.rollout_hash.clone()),
        ..Rollout::default()
    };
    let histories = [
        History::default(),
        History {
            rollout: Some(rollout("ecs-svc/2", "InProgress")),
            ..History::default()
        },
        History {
            rollout: Some(rollout("ecs-svc/2", "Failed")),
            last_failed_deployment: Some("ecs-svc/2".into()),
            ..History::default()
        },
    ];
    for history in histories {
        let plan = plan(&desired, &observed, &history);
        assert!(plan.steps.is_empty(), "{history:?}: {plan:?}");
        assert!(
            matches!(plan.state, State::Blocked(Reason::RolloutFailed, _)),
            "{:?}",
            plan.state
        );
    }
}

#[test]
fn count_is_changed_while_a_failed_rollout_is_held() {
    let (_, observed) = rolled_back();
    let mut scaled = balanced();
    scaled["desiredCount"] = json!(5);
    let plan = run(&declared(scaled, TD2), &observed);
    assert!(
        matches!(plan.steps.as_slice(), [Step::UpdateService(i)] if i["desiredCount"] == 5 && !i.contains_key("taskDefinition")),
        "{plan:?}"
    );
}

#[test]
fn known_failure_does_not_hold_another_declaration() {
    let (_, observed) = rolled_back();
    let mut moved = balanced();
    moved["networkConfiguration"]["awsvpcConfiguration"]["subnets"] = json!(["subnet-2"]);
    let desired = declared(moved, TD2);
    let history = History {
        last_failed_deployment: Some("ecs-svc/2".into()),
        ..History::default()
    };
    assert_eq!(
        operations(&plan(&desired, &observed, &history)),
        ["UpdateService"]
    );
}

#[test]
fn rollback_of_a_network_change_is_not_fought() {
    let mut moved = balanced();
    moved["networkConfiguration"]["awsvpcConfiguration"]["subnets"] = json!(["subnet-2"]);
    let desired = declared(moved, TD1);
    let mut observed = steady(&declared(balanced(), TD1));
    observed.failed_deployment = Some(FailedDeployment {
        id: "ecs-svc/2".into(),
        status: "ROLLBACK_SUCCESSFUL".into(),
        reason: None,
        task_definition: Some(TD1.into()),
    });
    let rollout = Rollout {
        id: "ecs-svc/2".into(),
        state: "InProgress".into(),
        hash: Some(desired.rollout_hash.clone()),
        ..Rollout::default()
    };
    let history = History {
        rollout: Some(rollout),
        ..History::default()
    };
    let plan = plan(&desired, &observed, &history);
    assert!(plan.steps.is_empty() && plan.is_held, "{plan:?}");
}

#[test]
fn family_and_revision_mean_the_same_as_the_arn() {
    let desired = declared(balanced(), "web:1");
    let observed = steady(&declared(balanced(), TD1));
    assert_eq!(run(&desired, &observed), Plan::settled());
}
