//! New revisions: one edit, one revision, one rollout; failures are failures.

use serde_json::{Value, json};
use simulator::{Effect, Fate, Fault};

use crate::harness::{World, objects::*, world::story};

/// Starts the operator, applies, waits until the services are Ready.
async fn settled(world: &mut World, manifests: &[Value], services: &[&str]) {
    world.start();
    world.apply(manifests);
    for name in services {
        world.until_ready("EcsService", name).await;
    }
}

#[test]
fn image_edit_registers_one_revision_and_starts_one_rollout() {
    story("image_edit", |mut world| async move {
        let listener = world.listener.clone();
        settled(
            &mut world,
            &[
                cluster(),
                task_definition("web", "nginx:1"),
                balanced("web", &listener, "/"),
            ],
            &["web"],
        )
        .await;
        let before = world.mutations().len();
        world.apply(&[task_definition("web", "nginx:2")]);
        let service = world.until_runs("web", 2).await;
        assert_eq!(service["status"]["rollout"]["state"], "Completed");
        assert_eq!(
            world.mutations()[before..],
            ["RegisterTaskDefinition", "UpdateService"]
        );
        let update = world
            .journal()
            .into_iter()
            .rfind(|entry| entry.operation == "UpdateService")
            .expect("an update");
        let members: Vec<_> = update
            .request
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            members,
            ["cluster", "service", "taskDefinition"],
            "only what changed is sent"
        );
        world.check();
    });
}

#[test]
fn every_service_of_a_family_rolls_to_the_new_revision() {
    story("two_services", |mut world| async move {
        let second = of_task_definition("web", service("worker"));
        settled(
            &mut world,
            &[
                cluster(),
                task_definition("web", "nginx:1"),
                service("web"),
                second,
            ],
            &["web", "worker"],
        )
        .await;
        world.apply(&[task_definition("web", "nginx:2")]);
        for name in ["web", "worker"] {
            world.until_runs(name, 2).await;
        }
        assert_eq!(
            (
                world.count("RegisterTaskDefinition"),
                world.count("UpdateService")
            ),
            (2, 2)
        );
        world.check();
    });
}

#[test]
fn pinned_revision_rolls_back_visibly() {
    story("pinned_revision", |mut world| async move {
        settled(
            &mut world,
            &[cluster(), task_definition("web", "nginx:1"), service("web")],
            &["web"],
        )
        .await;
        world.apply(&[task_definition("web", "nginx:2")]);
        world.until_runs("web", 2).await;
        let mut pinned = service("web");
        pinned["spec"]["taskDefinitionRef"]["revision"] = json!(1);
        world.apply(&[pinned]);
        world.until_runs("web", 1).await;
        assert_eq!(world.count("RegisterTaskDefinition"), 2);
        world.check();
    });
}

#[test]
fn image_that_cannot_be_pulled_is_stalled_with_the_pull_error_soon_after_ecss_verdict() {
    story("cannot_pull", |mut world| async move {
        let reason = "pull image manifest: nginx:broken not found".to_owned();
        world
            .simulator
            .script(|script| script.set_image("nginx:broken", Fate::PullFails { reason }));
        world.start();
        world.apply(&[
            cluster(),
            task_definition("web", "nginx:broken"),
            with_breaker(service("web")),
        ]);
        let service = world
            .until_stalled("EcsService", "web", "RolloutFailed")
            .await;
        let (_, _, message) = condition(&service, "Stalled").expect("stalled");
        assert!(
            message.contains("CannotPullContainer") && message.contains("not found"),
            "{message}"
        );
        assert!(
            service["status"]["lastFailure"]
                .as_str()
                .expect("a failure")
                .contains("not found"),
            "{service:#}"
        );
        let seen = world.simulator.now();
        let verdict = world.ecs_service(&world.aws_name("web"))["deployments"][0]["updatedAt"]
            .as_f64()
            .expect("a time");
        assert!(
            seen - verdict < 60.0,
            "ECS gave up at {verdict}, told at {seen}"
        );
        world.check();
    });
}

#[test]
fn circuit_breaker_rollback_is_a_failure_and_not_fought() {
    story("rollback", |mut world| async move {
        world.simulator.script(|script| {
            script.set_image(
                "nginx:crash",
                Fate::Exits {
                    code: 137,
                    after_seconds: 1.0,
                },
            )
        });
        settled(
            &mut world,
            &[
                cluster(),
                task_definition("web", "nginx:1"),
                with_breaker(service("web")),
            ],
            &["web"],
        )
        .await;
        world.apply(&[task_definition("web", "nginx:crash")]);
        let failed = world
            .until_stalled("EcsService", "web", "RolloutFailed")
            .await;
        let (_, _, message) = condition(&failed, "Stalled").expect("stalled");
        assert!(message.contains("137"), "the exit code is told: {message}");
        assert_eq!(failed["status"]["rollout"]["state"], "Failed");
        // ECS finishes going back; a forced look, a restart and a change of the count do not try again.
        world.simulator.advance(600.0);
        let updates = world.count("UpdateService");
        world.reconcile_now("EcsService", "web", "1");
        world.terminate();
        world.start();
        let mut scaled = with_breaker(service("web"));
        scaled["spec"]["desiredCount"] = json!(2);
        world.apply(&[scaled]);
        let scaled = |object: &Value| {
            is_stalled(object, "RolloutFailed") && object["status"]["desiredCount"] == 2
        };
        world
            .until("EcsService", "web", "scaled and still failed", scaled)
            .await;
        let journal = world.journal();
        let later: Vec<_> = journal
            .iter()
            .filter(|entry| entry.operation == "UpdateService")
            .skip(updates)
            .collect();
        assert_eq!(later.len(), 1, "{later:?}");
        assert!(
            later[0].request.get("taskDefinition").is_none(),
            "the rollout is not tried again: {:?}",
            later[0].request
        );
        // A new revision is.
        world.apply(&[task_definition("web", "nginx:3")]);
        world.until_runs("web", 3).await;
        world.check();
    });
}

#[test]
fn ready_waits_for_healthy_targets() {
    story("unhealthy_targets", |mut world| async move {
        world
            .simulator
            .script(|script| script.set_image("nginx:sick", Fate::Unhealthy));
        world.start();
        let listener = world.listener.clone();
        world.apply(&[
            cluster(),
            task_definition("web", "nginx:sick"),
            with_breaker(balanced("web", &listener, "/")),
        ]);
        let service = world
            .until_stalled("EcsService", "web", "RolloutFailed")
            .await;
        let (status, ..) = condition(&service, "Ready").expect("a condition");
        assert_eq!(status, "False");
        assert!(!world.writes().is_empty());
        world.check();
    });
}

#[test]
fn revision_by_name_runs_and_settles() {
    story("revision_by_name", |mut world| async move {
        let family = json!({"family": "by-hand", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", "containerDefinitions": [{"name": "app", "image": "nginx:1"}]});
        world.aws("ecs", "RegisterTaskDefinition", family);
        let mut named = service("web");
        let spec = named["spec"].as_object_mut().expect("a spec");
        spec.remove("taskDefinitionRef");
        spec.insert("taskDefinition".into(), json!("by-hand:1"));
        settled(&mut world, &[cluster(), named], &["web"]).await;
        world.reconcile_now("EcsService", "web", "1");
        let before = world.journal().len();
        world
            .until_called("a forced look", |entries| entries.len() > before)
            .await;
        assert_eq!(world.mutations(), ["CreateCluster", "CreateService"]);
        world.check();
    });
}

#[test]
fn service_is_not_ready_while_a_due_rollout_is_throttled() {
    story("due_rollout_throttled", |mut world| async move {
        let manifests = [cluster(), task_definition("web", "nginx:1"), service("web")];
        settled(&mut world, &manifests, &["web"]).await;
        let throttle = Fault::new(Effect::Throttle).operation("UpdateService");
        let fault = world.simulator.fault(throttle);
        world.apply(&[task_definition("web", "nginx:2")]);
        let told = |object: &Value| {
            condition(object, "Ready")
                .is_some_and(|(status, reason, _)| status == "False" && reason == "Throttled")
        };
        world
            .until("EcsService", "web", "not Ready, throttled", told)
            .await;
        world.simulator.release(fault);
        world.until_runs("web", 2).await;
        world.check();
    });
}

#[test]
fn new_value_of_restarted_at_starts_one_deployment_and_no_restart_of_the_operator_another() {
    story("restarted_at", |mut world| async move {
        world.bring_up(service("web")).await;
        let before = world.ecs_service(&world.aws_name("web"))["deployments"][0]["id"].clone();
        world.kubectl(&[
            "annotate",
            "ecsservice/web",
            "ecs-operator.dev/restarted-at=today",
        ]);
        let is_another = |object: &Value| {
            is_ready(object)
                && object["status"]["rollout"]["id"] != before
                && object["status"]["rollout"]["state"] == "Completed"
        };
        world
            .until(
                "EcsService",
                "web",
                "Ready with another deployment",
                is_another,
            )
            .await;
        let calls = world.journal();
        let update = calls
            .iter()
            .find(|entry| entry.operation == "UpdateService")
            .expect("an update");
        assert_eq!(update.request["forceNewDeployment"], true);
        world.kill();
        let before = world.looks();
        world.start();
        world.until_looks(before + 1).await;
        let before = world.looks();
        world.reconcile_now("EcsService", "web", "again");
        world.until_looks(before + 1).await;
        assert_eq!(world.count("UpdateService"), 1);
        world.check();
    });
}
