//! Restarts that the annotation `ecs-operator.dev/restarted-at` asks for.

use serde_json::json;

use super::{
    Plan, State, Step,
    rollout::History,
    service::plan,
    service_tests::{TD1, balanced, declared, steady},
};
use crate::{api::service::Restart, desired::service::DesiredService, model::observed::Service};

/// A steady service whose restart is asked for by the annotation's value.
fn asked(at: &str) -> (DesiredService, Service) {
    let mut desired = declared(balanced(), TD1);
    let observed = steady(&desired);
    desired.restarted_at = Some(at.into());
    desired.target.known_arn = Some("arn:service".into());
    (desired, observed)
}

fn recorded(at: &str, deployment: Option<&str>) -> History {
    History {
        restart: Some(Restart {
            at: at.into(),
            deployment: deployment.map(str::to_owned),
        }),
        ..History::default()
    }
}

#[test]
fn restart_is_recorded_before_it_is_begun() {
    let (desired, observed) = asked("2");
    for history in [History::default(), recorded("1", None)] {
        let plan = plan(&desired, &observed, &history);
        assert_eq!(plan.steps, []);
        assert!(matches!(plan.state, State::Waiting(..)), "{plan:?}");
    }
}

#[test]
fn recorded_restart_is_one_forced_deployment() {
    let (desired, observed) = asked("2");
    let plan = plan(&desired, &observed, &recorded("2", Some("ecs-svc/1")));
    let [Step::UpdateService(input)] = plan.steps.as_slice() else {
        panic!("{plan:?}")
    };
    let name = &desired.target.name;
    assert_eq!(
        json!(input),
        json!({"cluster": desired.target.cluster, "service": name, "forceNewDeployment": true})
    );
    assert!(plan.rolls_tasks());
}

#[test]
fn restart_that_was_begun_is_not_begun_again() {
    let (desired, observed) = asked("2");
    for deployment in [None, Some("ecs-svc/0")] {
        let history = recorded("2", deployment);
        assert_eq!(plan(&desired, &observed, &history), Plan::settled());
    }
}

#[test]
fn neither_a_new_service_nor_a_missing_annotation_is_a_restart() {
    let (mut desired, observed) = asked("2");
    desired.target.known_arn = None;
    let history = History::default();
    assert_eq!(plan(&desired, &observed, &history), Plan::settled());
    desired.target.known_arn = Some("arn:service".into());
    desired.restarted_at = None;
    let history = recorded("2", Some("ecs-svc/1"));
    assert_eq!(plan(&desired, &observed, &history), Plan::settled());
}
