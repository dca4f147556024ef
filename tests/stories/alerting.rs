//! Faults that somebody is called for, and a life without any: what the operator tells Prometheus before and during each is
//! kept, and tests/observability holds the alerts to it: those of the fault fire, no other does, and none in a good life.

use serde_json::{Value, json};
use simulator::{Effect, Entry, Fate, Fault, FaultId};

use crate::{
    harness::{
        World,
        gate::Gate,
        invariants,
        objects::*,
        scraping::{Record, Scrape, failures, has},
        watching::View,
        world::story,
    },
    leading::elect,
};

/// One of everything, Ready.
async fn settled(world: &mut World) -> u16 {
    let port = world.serve_metrics();
    world.bring_up(service("web")).await;
    port
}

/// Waits in quiet until what is told is as `wanted`.
async fn in_quiet(
    world: &World,
    port: u16,
    what: &str,
    wanted: impl Fn(&Scrape) -> bool,
) -> Scrape {
    world
        .until_told(port, what, |scrape| wanted(scrape) && scrape.is_quiet())
        .await
}

/// What is told when nothing is wrong, and a record that begins with it.
async fn healthy(world: &World, port: u16, fault: &str) -> Record {
    let mut record = Record::of(fault);
    record.keep(&world.until_told(port, "peace", Scrape::is_peaceful).await);
    record
}

/// AWS answers every call so, until it is released; the operator is made to look.
fn every_call(world: &World, nonce: &str, effect: Effect) -> FaultId {
    let fault = world.simulator.fault(Fault::new(effect));
    world.reconcile_now("EcsService", "web", nonce);
    fault
}

/// AWS is well again, and so is the service.
async fn healed(world: &World, fault: FaultId) {
    world.simulator.release(fault);
    let well = |object: &Value| is_ready(object) && object["status"].get("lastError").is_none();
    world.until("EcsService", "web", "healed", well).await;
}

#[test]
fn what_aws_answers_is_told() {
    story("alerting_aws", |mut world| async move {
        let port = settled(&mut world).await;
        let error = |status, code: &str| Effect::Error {
            status,
            code: code.into(),
            message: String::new(),
        };
        for (name, sort, effect) in [
            ("aws-throttled", "throttled", Effect::Throttle),
            (
                "aws-unavailable",
                "unavailable",
                error(503, "ServiceUnavailable"),
            ),
            (
                "aws-credentials",
                "credential",
                error(400, "ExpiredTokenException"),
            ),
        ] {
            let mut record = healthy(&world, port, name).await;
            let fault = every_call(&world, name, effect);
            // More than once: a fault that lasts.
            record.keep(&in_quiet(&world, port, name, failures(sort, 2.0)).await);
            record.keep(&in_quiet(&world, port, name, failures(sort, 4.0)).await);
            healed(&world, fault).await;
        }
        let mut record = healthy(&world, port, "aws-slow").await;
        let before = |scrape: &Scrape| {
            let of = |le: &str| scrape.sum("aws_api_call_duration_seconds_bucket", &[le]);
            of("le=\"+Inf\"") - of("le=\"1.0\"") >= 1.0
        };
        let fault = every_call(&world, "slow", Effect::Delay { millis: 1200 });
        record.keep(&in_quiet(&world, port, "slow", before).await);
        world.simulator.release(fault);

        let mut record = healthy(&world, port, "aws-denied").await;
        let fault = Fault::new(Effect::Deny).operation("CreateService");
        world.simulator.fault(fault);
        world.apply(&[task_definition("denied", "nginx:1"), service("denied")]);
        world
            .until_stalled("EcsService", "denied", "AccessDenied")
            .await;
        record.keep(&in_quiet(&world, port, "denied", failures("permission", 2.0)).await);
        record.keep(&in_quiet(&world, port, "denied", failures("permission", 3.0)).await);
        world.check();
    });
}

#[test]
fn turns_that_hang_and_those_that_wait_for_them_are_told() {
    story("alerting_hang", |mut world| async move {
        world.flags = ["--concurrency", "1", "--aws-timeout", "1h"]
            .map(str::to_owned)
            .into();
        let port = settled(&mut world).await;
        world.apply(&[of_task_definition("web", service("web-2"))]);
        world.until_ready("EcsService", "web-2").await;
        let mut record = healthy(&world, port, "hang").await;
        let fault = every_call(&world, "hang", Effect::Hang);
        let hangs =
            |scrape: &Scrape| scrape.sum("workqueue_longest_running_processor_seconds", &[]) >= 0.5;
        world.until_told(port, "a turn that hangs", hangs).await;
        world.reconcile_now("EcsService", "web-2", "hang");
        let waits = |scrape: &Scrape| scrape.sum("workqueue_depth", &[]) >= 1.0;
        record.keep(&world.until_told(port, "an object that waits", waits).await);
        let longer =
            |scrape: &Scrape| scrape.sum("workqueue_longest_running_processor_seconds", &[]) >= 1.5;
        record.keep(&world.until_told(port, "a turn that hangs on", longer).await);
        healed(&world, fault).await;
        world.check();
    });
}

#[test]
fn objects_that_need_somebody_are_told() {
    story("alerting_objects", |mut world| async move {
        let port = settled(&mut world).await;

        let mut record = healthy(&world, port, "waiting").await;
        world.apply(&[of_task_definition("missing", service("orphan"))]);
        let waits = has("Reconciling", "DependencyNotFound");
        record.keep(&in_quiet(&world, port, "an object that waits", &waits).await);
        world.apply(&[task_definition("missing", "nginx:1")]);
        world.until_ready("EcsService", "orphan").await;

        let mut record = healthy(&world, port, "stalled").await;
        let right = of_task_definition("web", service("wrong"));
        let mut wrong = right.clone();
        wrong["spec"]["loadBalancers"] = json!([{"containerName": "app", "containerPort": 8080, "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/none/0123456789abcdef"}]);
        world.apply(&[wrong]);
        let stalls = has("Stalled", "InvalidSpec");
        record.keep(&in_quiet(&world, port, "an object that stalls", stalls).await);
        world.apply(&[right]);
        world.until_ready("EcsService", "wrong").await;

        let mut record = healthy(&world, port, "deleting").await;
        let mut suspended = service("web");
        suspended["spec"]["suspend"] = json!(true);
        world.apply(&[suspended]);
        world.kubectl(&["delete", "--wait=false", "ecsservice/web"]);
        let stays =
            |scrape: &Scrape| scrape.sum("operator_termination_current_time_seconds", &[]) >= 1.0;
        record.keep(&in_quiet(&world, port, "an object that stays", stays).await);
        world.check();
    });
}

#[test]
fn rollouts_that_fail_or_take_for_ever_are_told() {
    story("alerting_rollouts", |mut world| async move {
        world.simulator.script(|script| {
            let fate = Fate::Exits {
                code: 1,
                after_seconds: 1.0,
            };
            script.set_image("broken", fate);
            script.set_image(
                "sick",
                Fate::PullFails {
                    reason: "not found".into(),
                },
            );
        });
        let port = world.serve_metrics();
        world.start();
        let breaker = |name| with_breaker(service(name));
        world.apply(&[cluster(), task_definition("web", "nginx:1"), breaker("web")]);
        world.until_ready("EcsService", "web").await;

        let mut record = healthy(&world, port, "rollout-failed").await;
        world.apply(&[task_definition("web", "broken")]);
        world
            .until_stalled("EcsService", "web", "RolloutFailed")
            .await;
        record.keep(&in_quiet(&world, port, "the failure", has("Stalled", "RolloutFailed")).await);
        world.apply(&[task_definition("web", "nginx:1")]);
        world.until_ready("EcsService", "web").await;

        let mut record = healthy(&world, port, "rollout-slow").await;
        // One keeps its old tasks meanwhile, the other has none.
        let definitions = ["web", "new"].map(|name| task_definition(name, "sick"));
        world.apply(&["web", "new"].map(service));
        world.apply(&definitions);
        let rolls = |scrape: &Scrape| {
            scrape.sum("ecs_operator_rollout_oldest_in_progress_seconds", &[]) >= 1.0
                && scrape.sum("ecs_operator_services_below_desired", &[]) == 1.0
        };
        record.keep(&in_quiet(&world, port, "the rollout", rolls).await);
        let longer = |scrape: &Scrape| {
            scrape.sum("ecs_operator_rollout_oldest_in_progress_seconds", &[]) >= 2.5
        };
        record.keep(&in_quiet(&world, port, "the rollout that goes on", longer).await);
        world.check();
    });
}

/// Whether the operator took back what was changed by hand.
fn is_repair(entry: &&Entry) -> bool {
    entry.operation == "UpdateService" && entry.access_key != "console"
}

/// How often it did.
fn repairs(world: &World) -> usize {
    world.journal().iter().filter(is_repair).count()
}

#[test]
fn writers_that_undo_each_other_are_told() {
    story("alerting_drift", |mut world| async move {
        let port = settled(&mut world).await;
        let mut record = healthy(&world, port, "drift").await;
        let (cluster, name) = (world.aws_name("main"), world.aws_name("web"));
        for round in 1..=4_u8 {
            // What is found while the operator's watch does not show yet that the last repair is through is repaired, not counted.
            let mut scrape = Scrape(String::new());
            let counted = |scrape: &Scrape| {
                scrape.sum("ecs_operator_drift_detected_total", &["count"]) >= f64::from(round)
            };
            while !counted(&scrape) {
                let repairs = repairs(&world);
                world.aws(
                    "ecs",
                    "UpdateService",
                    json!({"cluster": cluster, "service": name, "desiredCount": 3}),
                );
                let nonce = (repairs + 1).to_string();
                world.reconcile_now("EcsService", "web", &nonce);
                let repaired = |calls: &[Entry]| calls.iter().filter(is_repair).count() > repairs;
                world.until_called("the repair", repaired).await;
                world.until_ready("EcsService", "web").await;
                let peace = Scrape::is_peaceful;
                scrape = world.until_told(port, "the repair", peace).await;
            }
            record.keep(&scrape);
        }
        world.check();
    });
}

#[test]
fn watch_that_is_not_heard_of_and_a_process_that_begins_again_are_told() {
    story("alerting_process", |mut world| async move {
        let gate: Gate = world.put_gate(invariants::is_true).await;
        let port = settled(&mut world).await;
        let age = |scrape: &Scrape| scrape.sum("ecs_operator_watch_age_seconds", &["EcsService"]);
        let mut record = healthy(&world, port, "watch-stale").await;
        gate.views.set("ecsservices", View::Frozen);
        world.reconcile_now("EcsService", "web", "unseen");
        record.keep(&in_quiet(&world, port, "silence", |scrape| age(scrape) >= 2.0).await);
        record.keep(&in_quiet(&world, port, "more silence", |scrape| age(scrape) >= 3.5).await);
        gate.views.set("ecsservices", View::Live);

        let mut record = healthy(&world, port, "restarting").await;
        let mut began = 0.0;
        for _ in 0..4 {
            world.kill();
            world.start();
            let start = |scrape: &Scrape| scrape.sum("process_start_time_seconds", &[]);
            let anew = in_quiet(&world, port, "a new process", |scrape| {
                start(scrape) > began
            })
            .await;
            began = start(&anew);
            record.keep(&healthy_scrape(&world, port).await);
        }

        let mut record = healthy(&world, port, "down").await;
        world.kill();
        record.keep(
            &world
                .until_told(port, "nothing", |scrape| scrape.0.is_empty())
                .await,
        );
        world.check();
    });
}

async fn healthy_scrape(world: &World, port: u16) -> Scrape {
    let listed = |scrape: &Scrape| {
        scrape.sum("ecs_operator_objects", &["EcsService"]) == 1.0 && scrape.is_peaceful()
    };
    world.until_told(port, "the objects", listed).await
}

#[test]
fn replicas_of_which_none_leads_are_told() {
    story("alerting_leader", |mut world| async move {
        elect(&mut world, 60);
        let port = world.serve_metrics();
        let mut record = Record::of("no-leader");
        // The second one waits for a lease that nobody gave back.
        for leads in ["1", "0"] {
            world.start();
            let line = format!("leader_election_master_status{{name=\"ecs-operator\"}} {leads}\n");
            let told = |scrape: &Scrape| scrape.0.contains(&line);
            record.keep(&world.until_told(port, &line, told).await);
            world.kill();
        }
        world.check();
    });
}

/// What is told when reads have shared a call: two services ask while the call of a third one is under way.
async fn shared_reads(world: &World, port: u16) -> Scrape {
    let others = ["web-2", "web-3"];
    world.apply(&others.map(|name| of_task_definition("web", service(name))));
    for name in others {
        world.until_ready("EcsService", name).await;
    }
    let mut scrape = world.until_told(port, "peace", Scrape::is_peaceful).await;
    let mut round = 0;
    // Once nearly always: a turn that has begun may not have asked yet.
    while scrape.sum("ecs_operator_aws_calls_saved_total", &["DescribeServices"]) == 0.0 {
        round += 1;
        let hang = Fault::new(Effect::Hang).operation("DescribeServices");
        let fault = world.simulator.fault(hang);
        for name in ["web", "web-2", "web-3"] {
            world.reconcile_now("EcsService", name, &format!("shared-{round}"));
        }
        let turns = |scrape: &Scrape| {
            scrape.sum("controller_runtime_active_workers", &["ecsservice"]) == 3.0
        };
        world.until_told(port, "three turns", turns).await;
        world.simulator.release(fault);
        scrape = world.until_told(port, "peace", Scrape::is_peaceful).await;
    }
    scrape
}

#[test]
fn good_life_is_told_as_one() {
    story("alerting_none", |mut world| async move {
        let port = world.serve_metrics();
        let listener = world.listener.clone();
        world.start();
        world
            .until_told(port, "a first scrape", |scrape| {
                scrape.sum("ecs_operator_watch_age_seconds", &[]) > 0.0
            })
            .await;
        let mut record = healthy(&world, port, "none").await;
        world.apply(&[
            cluster(),
            task_definition("web", "nginx:1"),
            balanced("web", &listener, "/"),
        ]);
        world.until_ready("EcsService", "web").await;
        record.keep(&healthy_scrape(&world, port).await);
        world.apply(&[task_definition("web", "nginx:2")]);
        world.until_runs("web", 2).await;
        let counted = |scrape: &Scrape| {
            scrape.sum("ecs_operator_rollouts_total", &["completed"]) >= 2.0 && scrape.is_peaceful()
        };
        record.keep(&world.until_told(port, "both rollouts", counted).await);
        let mut edited = balanced("web", &listener, "/new");
        edited["spec"]["desiredCount"] = json!(2);
        world.apply(&[edited]);
        world.until_scaled("web", 2).await;
        record.keep(&healthy_scrape(&world, port).await);
        // Every kind's watch has something to tell, as a bookmark does once a minute.
        for (kind, name) in APPLICATION {
            world.reconcile_now(kind, name, "1");
        }
        record.keep(&healthy_scrape(&world, port).await);
        record.keep(&shared_reads(&world, port).await);
        world.kubectl(&[
            "delete",
            "--wait=false",
            "ecsservice/web",
            "ecsservice/web-2",
            "ecsservice/web-3",
            "ecstaskdefinition/web",
            "ecscluster/main",
        ]);
        world.until_gone("EcsCluster", "main").await;
        let gone = |scrape: &Scrape| {
            scrape.sum("ecs_operator_objects", &[]) == 0.0
                && scrape.sum("operator_termination_duration_seconds_count", &[]) == 5.0
        };
        let scrape = in_quiet(&world, port, "the end", gone).await;
        assert!(scrape.series() < 1500, "{} series", scrape.series());
        record.keep(&scrape);
        world.check();
    });
}

#[test]
fn rollouts_and_edits_are_told_at_every_moment_of_them() {
    story("alerting_busy", |mut world| async move {
        let port = settled(&mut world).await;
        world.until_told(port, "peace", Scrape::is_peaceful).await;
        let listener = world.listener.clone();
        let pace = world.scrape_at_a_pace(port, Record::of("busy"));
        world.apply(&[
            task_definition("api", "nginx:1"),
            with_breaker(balanced("api", &listener, "/")),
        ]);
        world.until_ready("EcsService", "api").await;
        for round in 2..=5 {
            // An edit comes in the middle of a rollout, and another rollout in the middle of that.
            world.apply(
                &["web", "api"].map(|name| task_definition(name, &format!("nginx:{round}"))),
            );
            let rolls = |object: &Value| object["status"]["rollout"]["state"] == "InProgress";
            world.until("EcsService", "api", "rolling", rolls).await;
            let mut edited = with_breaker(balanced("api", &listener, &format!("/{round}")));
            edited["spec"]["desiredCount"] = json!(round);
            let mut other = service("web");
            other["spec"]["desiredCount"] = json!(round);
            other["spec"]["tags"] = json!({"round": round.to_string()});
            world.apply(&[edited, other]);
            for name in ["web", "api"] {
                let done = |object: &Value| {
                    is_ready(object)
                        && object["status"]["taskDefinition"]["revision"] == round
                        && object["status"]["runningCount"] == round
                };
                world.until("EcsService", name, "rolled", done).await;
            }
        }
        world.kubectl(&["delete", "ecsservice/api", "ecstaskdefinition/api"]);
        world.until_told(port, "peace", Scrape::is_peaceful).await;
        pace.end();
        world.check();
    });
}
