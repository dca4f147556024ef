//! AWS and Kubernetes fail; the end is the same, with one of everything.

use ecs_operator::plan::Step;
use serde_json::{Value, json};
use simulator::{Effect, Fault};

use crate::{
    harness::{
        every_call::Objects,
        invariants,
        objects::*,
        scraping::{Record, Scrape},
        world::{story, story_alone},
    },
    pausing::{answer, paused},
};

/// A whole life in which every call that changes AWS fails once with `effect`.
fn whole_life(name: &str, effect: Effect) {
    story(name, |mut world| async move {
        let fault = |operation: &&'static str| {
            let fault = Fault::new(effect.clone()).operation(operation).times(1);
            (*operation, world.simulator.fault(fault))
        };
        let faults: Vec<_> = Step::OPERATIONS.iter().map(fault).collect();
        world.flags = ["--aws-timeout", "1s", "--drift-period", "300ms"]
            .map(str::to_owned)
            .to_vec();
        world.start();
        let listener = world.listener.clone();
        world.apply(&Objects::new(&listener).all());
        world.until_made().await;
        world.apply(&Objects::edited(&listener).all());
        let id = paused(&world, "asked").await;
        answer(&world, "asked", &format!("{id}=Continue"));
        world.until_edited().await;
        world.delete_everything();
        world.until_everything_gone().await;
        for (operation, fault) in faults {
            let hits = world.simulator.fault_hits(fault);
            assert_eq!(hits, Some(1), "{operation} failed once");
        }
    });
}

#[test]
fn throttled_calls_end_with_one_of_everything() {
    whole_life("throttled", Effect::Throttle);
}

#[test]
fn server_faults_end_with_one_of_everything() {
    whole_life(
        "server_faults",
        Effect::Error {
            status: 500,
            code: "ServerException".into(),
            message: "internal".into(),
        },
    );
}

#[test]
fn lost_replies_end_with_one_of_everything() {
    whole_life("lost_replies", Effect::LoseReply);
}

#[test]
fn timeouts_after_the_effect_end_with_one_of_everything() {
    whole_life("timeouts_after", Effect::HangAfter);
}

#[test]
fn cut_answers_end_with_one_of_everything() {
    whole_life("cut_answers", Effect::Truncate);
}

#[test]
fn new_resources_that_aws_does_not_show_yet_are_not_made_twice() {
    story("not_visible_yet", |mut world| async move {
        world.simulator.set_rate(4.0);
        for operation in CREATIONS {
            world
                .simulator
                .fault(Fault::new(Effect::InvisibleFor { seconds: 8.0 }).operation(operation));
        }
        world.start();
        world.apply_application(balanced("web", &world.listener, "/"));
        world.until_ready("EcsService", "web").await;
        let creates: Vec<_> = world
            .mutations()
            .into_iter()
            .filter(|call| call.starts_with("Create") || call.starts_with("Register"))
            .collect();
        assert_eq!(creates.len(), 5, "{creates:?}");
        world.check();
    });
}

#[test]
fn access_denied_is_slow_and_loud_and_others_are_unaffected() {
    story("access_denied", |mut world| async move {
        world.flags = ["--retry-max", "1h"].map(str::to_owned).to_vec();
        let denied = world.aws_name("denied");
        world.simulator.fault(
            Fault::new(Effect::Deny)
                .operation("CreateService")
                .contains(&denied),
        );
        world.start();
        world.apply(&[
            cluster(),
            task_definition("web", "nginx:1"),
            service("web"),
            task_definition("denied", "nginx:1"),
            service("denied"),
        ]);
        let stalled = world
            .until_stalled("EcsService", "denied", "AccessDenied")
            .await;
        world.until_ready("EcsService", "web").await;
        let (_, _, message) = condition(&stalled, "Stalled").expect("stalled");
        assert!(
            message.contains("CreateService")
                && message.contains("AccessDenied")
                && message.contains("request "),
            "{message}"
        );
        assert_eq!(
            stalled["status"]["lastError"]["code"],
            "AccessDeniedException"
        );
        let tries = world
            .journal()
            .iter()
            .filter(|entry| entry.operation == "CreateService" && entry.code().is_some())
            .count();
        // One more when the task definition came in between: it wakes whoever refers to it.
        assert!((1..=2).contains(&tries), "a hot loop: {tries} tries");
        let events = world.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
        assert!(events.contains("AccessDenied"), "{events}");
        world.check();
    });
}

#[test]
fn what_aws_refuses_is_told_with_its_words() {
    story("aws_refuses", |mut world| async move {
        world.start();
        let mut wrong = service("web");
        wrong["spec"]["loadBalancers"] = json!([{"containerName": "app", "containerPort": 8080, "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/none/0123456789abcdef"}]);
        world.apply(&[cluster(), task_definition("web", "nginx:1"), wrong]);
        let stalled = world
            .until_stalled("EcsService", "web", "InvalidSpec")
            .await;
        let (_, _, message) = condition(&stalled, "Stalled").expect("stalled");
        assert!(
            message.contains("CreateService") && message.contains("targetgroup/none"),
            "{message}"
        );
        world.check();
    });
}

#[test]
fn busy_family_gets_its_revision_a_moment_later() {
    story("busy_family", |mut world| async move {
        let family = world.aws_name("web");
        world.simulator.script(|script| script.set_busy(&family, 2));
        world.start();
        world.apply(&[task_definition("web", "nginx:1")]);
        world.until_ready("EcsTaskDefinition", "web").await;
        let registrations: Vec<_> = world
            .journal()
            .into_iter()
            .filter(|entry| entry.operation == "RegisterTaskDefinition")
            .collect();
        let codes: Vec<_> = registrations.iter().map(|entry| entry.code()).collect();
        let refused = Some("ClientException");
        assert_eq!(codes, [refused, refused, None]);
        let revisions = world.aws(
            "ecs",
            "ListTaskDefinitions",
            json!({"familyPrefix": family}),
        );
        assert_eq!(
            revisions["taskDefinitionArns"]
                .as_array()
                .expect("revisions")
                .len(),
            1,
            "{revisions}"
        );
        world.check();
    });
}

#[test]
fn ready_survives_an_aws_that_does_not_answer() {
    story("aws_outage", |mut world| async move {
        world.bring_up(service("web")).await;
        let fault = world.simulator.fault(Fault::new(Effect::Error {
            status: 503,
            code: "ServiceUnavailable".into(),
            message: String::new(),
        }));
        world.reconcile_now("EcsService", "web", "1");
        let told = |object: &Value| object["status"]["lastError"]["code"] == "ServiceUnavailable";
        let service = world
            .until("EcsService", "web", "told of the outage", told)
            .await;
        assert!(is_ready(&service), "{service:#}");
        world.simulator.release(fault);
        let healed = |object: &Value| object["status"].get("lastError").is_none();
        assert!(is_ready(
            &world.until("EcsService", "web", "healed", healed).await
        ));
        world.check();
    });
}

/// The API server takes no status of a cluster: each turn of the work queue tries once, as a client that tries again by itself would
/// have its waits on top of the operator's.
fn refused_status(name: &str, status: u16) {
    story(name, |mut world| async move {
        const WRITE: &str = "patch ecsclusters/status main";
        let gate = world.put_gate(invariants::is_true).await;
        gate.refuse(WRITE, Some(status));
        world.start();
        world.apply(&[cluster()]);
        gate.until_passed("a fourth try", |gate| gate.tries(WRITE) >= 4)
            .await;
        // The last may be under way.
        let tries = gate.tries(WRITE);
        let told = world.logs();
        let told = told.matches("Kubernetes did not take a write").count();
        assert!(told + 1 >= tries, "{told} of {tries} failures are told");
        gate.refuse(WRITE, None);
        world.until_ready("EcsCluster", "main").await;
        assert_eq!(world.count("CreateCluster"), 1);
        assert_eq!(gate.complaints(), Vec::<String>::new());
        world.check();
    });
}

#[test]
fn status_that_an_overloaded_api_server_refuses_is_tried_once_a_turn() {
    refused_status("status_429", 429);
}

#[test]
fn status_that_an_unavailable_api_server_refuses_is_tried_once_a_turn() {
    refused_status("status_503", 503);
}

#[test]
fn api_server_restart_is_survived() {
    story_alone("api_server_restart", |mut world| async move {
        world.plane().install_kinds().await;
        let port = world.serve_metrics();
        world.bring_up(service("web")).await;
        let before = world.mutations();
        let errors =
            |scrape: &Scrape| scrape.sum("rest_client_requests_total", &["code=\"<error>\""]);
        let mut record = Record::of("kubernetes-down");
        record.keep(
            &world
                .until_told(port, "peace", |told| {
                    errors(told) == 0.0 && told.is_peaceful()
                })
                .await,
        );
        world.plane().down();
        let mut seen = 0.0;
        for _ in 0..2 {
            let told = world
                .until_told(port, "requests without an answer", |told| {
                    errors(told) > seen && told.is_quiet()
                })
                .await;
            seen = errors(&told);
            record.keep(&told);
        }
        world.plane().up();
        world.apply(&[task_definition("web", "nginx:2")]);
        world.until_runs("web", 2).await;
        assert_eq!(
            world.mutations()[before.len()..],
            ["RegisterTaskDefinition", "UpdateService"]
        );
        world.check();
    });
}
