//! A deployment that waits at a lifecycle hook of type PAUSE, and the answer to it.

use super::{Step, request, rollout::History};
use crate::{
    api::{DEPLOYMENT_ACTION, service::DeploymentAction},
    desired::{
        deployment_action::{Action, parse},
        service::DesiredService,
    },
    model::observed::{self, Pause},
    plan::rollout::primary,
};

/// The pause of the deployment that runs.
pub fn current(observed: &observed::Service) -> Option<&Pause> {
    let pause = observed.pause.as_ref()?;
    let running = primary(observed.service.as_ref()?)?["id"].as_str();
    (running == Some(&pause.deployment)).then_some(pause)
}

/// The call that answers a pause: the answer is on record for this very hook, and the hook still waits.
pub fn answer(
    desired: &DesiredService,
    observed: &observed::Service,
    history: &History,
) -> Option<Step> {
    let pause = current(observed)?;
    let recorded = history.deployment_action.as_ref()?;
    let is_asked = desired.deployment_action.as_ref() == Some(&recorded.value);
    let (_, action) = parse(&recorded.value).ok()?;
    (is_asked && recorded.hook.as_ref() == Some(&pause.hook)).then(|| {
        Step::ContinueServiceDeployment(request! {
            "serviceDeploymentArn": pause.service_deployment,
            "hookId": pause.hook,
            "action": action.as_str(),
        })
    })
}

/// What becomes of an answer that is not on record: it is given to the hook that the deployment waits at, it is given when the
/// deployment comes to one (none), or it can't be given.
pub fn record(value: &str, observed: &observed::Service) -> Option<DeploymentAction> {
    let refused = |why: String| DeploymentAction {
        value: value.to_owned(),
        hook: None,
        refused: Some(why),
    };
    let (id, _) = match parse(value) {
        Ok(answer) => answer,
        Err(why) => return Some(refused(why)),
    };
    let running = primary(observed.service.as_ref()?)?;
    let running_id = running["id"].as_str().unwrap_or_default();
    if running_id != id {
        return Some(refused(format!(
            "the deployment {id} is not the current one, which is {running_id}"
        )));
    }
    let state = running["rolloutState"].as_str();
    if matches!(state, None | Some("COMPLETED" | "FAILED")) {
        return Some(refused(format!("the deployment {id} has ended")));
    }
    current(observed).map(|pause| DeploymentAction {
        value: value.to_owned(),
        hook: Some(pause.hook.clone()),
        refused: None,
    })
}

/// A pause, in words, with what to do.
pub fn describe(pause: &Pause) -> String {
    let stage = pause.stage.as_deref().unwrap_or("a lifecycle hook");
    let (id, timeout) = (
        &pause.deployment,
        pause.timeout_action.as_deref().unwrap_or("ROLLBACK"),
    );
    let [go_on, back] = [Action::Continue, Action::Rollback].map(|action| format!("{action:?}"));
    format!(
        "ECS waits at {stage} for an answer, and does {timeout} in the end: set the annotation {DEPLOYMENT_ACTION} to {id}={go_on} or {id}={back}"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        api::condition::Reason,
        model::observed::Resource,
        plan::{State, rollout, service_tests::declared},
    };

    /// A service that waits at a hook, or not.
    fn seen(state: &str, hook: Option<&str>) -> observed::Service {
        let service = json!({"serviceArn": "arn:s", "deployments": [{"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "web:1", "rolloutState": state}]});
        observed::Service {
            service: Some(Resource {
                members: service.as_object().unwrap().clone(),
                ..Resource::default()
            }),
            pause: hook.map(|hook| Pause {
                deployment: "ecs-svc/2".into(),
                service_deployment: "arn:d".into(),
                hook: hook.into(),
                stage: Some("POST_SCALE_UP".into()),
                timeout_action: Some("ROLLBACK".into()),
            }),
            ..observed::Service::default()
        }
    }

    fn asked(value: &str) -> DesiredService {
        let spec = json!({"clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": "web"}, "desiredCount": 1});
        let mut desired = declared(spec, "web:1");
        desired.deployment_action = Some(value.into());
        desired
    }

    #[test]
    fn answer_is_recorded_for_the_hook_and_then_given_until_the_hook_has_it() {
        for (word, sent) in [("Continue", "CONTINUE"), ("Rollback", "ROLLBACK")] {
            let value = format!("ecs-svc/2={word}");
            let (desired, waits) = (asked(&value), seen("IN_PROGRESS", Some("h1")));
            let mut history = History::default();
            assert_eq!(answer(&desired, &waits, &history), None, "not on record");
            history.deployment_action = record(&value, &waits);
            let input = request! {"serviceDeploymentArn": "arn:d", "hookId": "h1", "action": sent};
            let step = Some(Step::ContinueServiceDeployment(input));
            assert_eq!(answer(&desired, &waits, &history), step);
            // Another pause of the same deployment is not meant, and a finished one needs nothing.
            for later in [Some("h2"), None] {
                let later = seen("IN_PROGRESS", later);
                assert_eq!(answer(&desired, &later, &history), None);
            }
            let another = asked("ecs-svc/2=else");
            assert_eq!(answer(&another, &waits, &history), None, "withdrawn");
        }
    }

    #[test]
    fn answer_that_comes_before_the_pause_waits_for_it() {
        assert_eq!(
            record("ecs-svc/2=Continue", &seen("IN_PROGRESS", None)),
            None
        );
    }

    #[test]
    fn answer_that_cannot_be_given_says_why() {
        let cases = [
            ("nonsense", "IN_PROGRESS", "is no answer"),
            (
                "ecs-svc/1=Continue",
                "IN_PROGRESS",
                "is not the current one, which is ecs-svc/2",
            ),
            ("ecs-svc/2=Continue", "COMPLETED", "has ended"),
        ];
        for (value, state, why) in cases {
            let recorded = record(value, &seen(state, None)).expect("it is told");
            let refused = recorded.refused.clone().expect("a reason");
            assert!(refused.contains(why), "{value}: {refused}");
            let history = History {
                deployment_action: Some(recorded),
                ..History::default()
            };
            let waits = seen("IN_PROGRESS", Some("h1"));
            assert_eq!(answer(&asked(value), &waits, &history), None);
        }
    }

    #[test]
    fn pause_of_another_deployment_is_not_the_current_ones() {
        let mut waits = seen("IN_PROGRESS", Some("h1"));
        waits.service.as_mut().unwrap().members["deployments"][0]["id"] = Value::from("ecs-svc/3");
        assert_eq!(current(&waits), None);
    }

    #[test]
    fn paused_rollout_says_what_it_waits_for() {
        let waits = seen("IN_PROGRESS", Some("h1"));
        let State::Waiting(Reason::RolloutInProgress, message) =
            rollout::state(&asked("-"), &waits)
        else {
            panic!("it waits")
        };
        for words in ["POST_SCALE_UP", "ecs-svc/2=Continue", "ecs-svc/2=Rollback"] {
            assert!(message.contains(words), "{message}");
        }
    }
}
