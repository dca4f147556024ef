//! What the operator is shown of Kubernetes may be late, have gaps, or be the past. It changes nothing in AWS because of that.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::harness::{
    World,
    gate::Gate,
    invariants,
    objects::*,
    watching::{Gone, View},
    world::story,
};

/// A steady service without a load balancer, looked at often, behind a gate.
async fn settled(world: &mut World) -> Gate {
    let often = ["--drift-period", "150ms"].map(str::to_owned);
    world.flags.extend(often);
    started(world).await
}

async fn started(world: &mut World) -> Gate {
    let gate = world.put_gate(invariants::is_true).await;
    world.bring_up(service("web")).await;
    gate
}

/// Everything at the end: one of everything, nothing foreign, nothing said that was not so.
async fn judged(world: &World, gate: &Gate) {
    let objects = world.application().await;
    let mut wrong = gate.complaints();
    wrong.extend(invariants::one_of_everything(&world.simulator, &objects));
    wrong.extend(invariants::nothing_foreign(&world.simulator.journal()));
    assert_eq!(wrong, Vec::<String>::new());
    world.check();
}

/// The objects of a kind as a list answers them.
fn photograph(world: &World, resource: &str) -> String {
    let path = format!(
        "/apis/ecs-operator.dev/v1alpha1/namespaces/{}/{resource}",
        world.namespace
    );
    world.kubectl(&["get", "--raw", &path])
}

#[test]
fn frozen_watch_creates_nothing_for_an_object_that_is_being_deleted() {
    story("frozen_watch", |mut world| async move {
        let gate = settled(&mut world).await;
        gate.views.set("ecsservices", View::Frozen);
        world.kubectl(&["delete", "--wait=false", "ecsservice/web"]);
        let (cluster, name) = (world.aws_name("main"), world.aws_name("web"));
        let input = json!({"cluster": cluster, "service": name, "force": true});
        world.aws("ecs", "DeleteService", input);
        world.simulator.advance(600.0);
        // To the operator the object is there, and its service is missing.
        world.until_looks(world.looks() + 3).await;
        assert_eq!(world.count("CreateService"), 1);
        gate.views.set("ecsservices", View::Live);
        world.until_gone("EcsService", "web").await;
        assert_eq!(world.count("CreateService"), 1);
        judged(&world, &gate).await;
    });
}

#[test]
fn frozen_watch_does_not_bring_an_older_spec_back() {
    story("frozen_spec", |mut world| async move {
        let gate = settled(&mut world).await;
        gate.views.set("ecsservices", View::Frozen);
        let mut scaled = service("web");
        scaled["spec"]["desiredCount"] = json!(3);
        world.apply(&[scaled]);
        // Somebody does by hand what the spec says now. The spec that the operator still sees says 1.
        let (cluster, name) = (world.aws_name("main"), world.aws_name("web"));
        let input = json!({"cluster": cluster, "service": name, "desiredCount": 3});
        world.aws("ecs", "UpdateService", input);
        world.until_looks(world.looks() + 3).await;
        gate.views.set("ecsservices", View::Live);
        world.until_scaled("web", 3).await;
        assert_eq!(world.count("UpdateService"), 0);
        judged(&world, &gate).await;
    });
}

#[test]
fn object_that_was_let_go_is_not_looked_at_again_while_the_watch_shows_it() {
    story("let_go", |mut world| async move {
        let port = world.serve_metrics();
        let gate = started(&mut world).await;
        let skips = ("ecs_operator_stale_sync_skips_total", &["ecsservice"][..]);
        let before = world
            .until_told(port, "a scrape", |scrape| scrape.series() > 0)
            .await
            .sum(skips.0, skips.1);
        gate.views.set("ecsservices", View::Unborn);
        world.kubectl(&["delete", "--wait=false", "ecsservice/web"]);
        world.until_gone("EcsService", "web").await;
        let looks = gate.reads("DescribeServices");
        // What it refers to goes as well, which wakes it.
        world.kubectl(&["delete", "--wait=false", "ecstaskdefinition/web"]);
        let told = world
            .until_told(port, "the turn", |scrape| {
                scrape.sum(skips.0, skips.1) > before
            })
            .await;
        assert_eq!(gate.reads("DescribeServices"), looks);
        let let_go = "operator_termination_duration_seconds_count";
        assert_eq!(told.sum(let_go, &["EcsService"]), 1.0);
        gate.views.set("ecsservices", View::Live);
        gate.views.forget("ecsservices", Gone::InStream);
        world.until_gone("EcsTaskDefinition", "web").await;
        judged(&world, &gate).await;
    });
}

#[test]
fn past_object_touches_nothing_of_the_present_one_of_its_name() {
    story("time_travel", |mut world| async move {
        let gate = settled(&mut world).await;
        let past = photograph(&world, "ecsservices");
        world.kubectl(&["delete", "ecsservice/web"]);
        world.apply(&[service("web")]);
        world.until_ready("EcsService", "web").await;
        world.kill();
        let before = world.mutations();
        gate.views.set_past("ecsservices", Some(past));
        gate.views.set("ecsservices", View::Frozen);
        world.start();
        world.until_looks(world.looks() + 3).await;
        assert_eq!(world.mutations(), before);
        gate.views.set_past("ecsservices", None);
        gate.views.set("ecsservices", View::Live);
        world.until_looks(world.looks() + 3).await;
        world.until_ready("EcsService", "web").await;
        assert_eq!(world.mutations(), before);
        judged(&world, &gate).await;
    });
}

#[test]
fn past_object_that_is_gone_is_not_created_anew() {
    story("time_travel_gone", |mut world| async move {
        let gate = settled(&mut world).await;
        let past = photograph(&world, "ecsservices");
        world.kubectl(&["delete", "ecsservice/web"]);
        world.kill();
        let before = world.mutations();
        gate.views.set_past("ecsservices", Some(past));
        gate.views.set("ecsservices", View::Frozen);
        world.start();
        world.until_looks(world.looks() + 3).await;
        gate.views.set_past("ecsservices", None);
        gate.views.set("ecsservices", View::Live);
        assert_eq!(world.mutations(), before);
        judged(&world, &gate).await;
    });
}

#[test]
fn spec_that_changed_there_and_back_unseen_rolls_nothing() {
    story("unseen_flip", |mut world| async move {
        let gate = settled(&mut world).await;
        let resources = ["ecstaskdefinitions", "ecsservices"];
        for resource in resources {
            gate.views.set(resource, View::Lossy);
        }
        let mut scaled = service("web");
        scaled["spec"]["desiredCount"] = json!(3);
        world.apply(&[task_definition("web", "nginx:3"), scaled]);
        world.apply(&[task_definition("web", "nginx:1"), service("web")]);
        let before = world.mutations();
        for resource in resources {
            gate.views.set(resource, View::Live);
        }
        world.reconcile_now("EcsTaskDefinition", "web", "1");
        world.reconcile_now("EcsService", "web", "1");
        world.until_ready("EcsTaskDefinition", "web").await;
        world.until_ready("EcsService", "web").await;
        assert_eq!(world.mutations(), before);
        judged(&world, &gate).await;
    });
}

#[test]
fn object_deleted_and_made_again_unseen_is_the_new_one() {
    story("unseen_rebirth", |mut world| async move {
        let gate = settled(&mut world).await;
        gate.views.set("ecsservices", View::Unborn);
        world.kubectl(&["delete", "--wait=false", "ecsservice/web"]);
        world.until_gone("EcsService", "web").await;
        world.apply(&[service("web")]);
        gate.views.set("ecsservices", View::Live);
        world.reconcile_now("EcsService", "web", "1");
        world.until_ready("EcsService", "web").await;
        assert_eq!(
            (world.count("CreateService"), world.count("DeleteService")),
            (2, 1)
        );
        judged(&world, &gate).await;
    });
}

#[test]
fn watch_that_is_gone_is_listed_once_and_reconciles_only_what_changed() {
    story("gone_watch", |mut world| async move {
        let gate = started(&mut world).await;
        let lists = gate.reads("list ecsservices");
        let looks = gate.reads("DescribeServices");
        // In the stream, then twice as the answer.
        gate.views.forget("ecsservices", Gone::Refused);
        gate.views.forget("ecsservices", Gone::Refused);
        gate.views.forget("ecsservices", Gone::InStream);
        gate.until_passed("three lists", |gate| {
            gate.reads("list ecsservices") >= lists + 3
        })
        .await;
        let mut scaled = service("web");
        scaled["spec"]["desiredCount"] = json!(2);
        world.apply(&[scaled]);
        world.until_scaled("web", 2).await;
        assert_eq!(gate.reads("list ecsservices"), lists + 3);
        assert_eq!(world.count("UpdateService"), 1);
        let first = world
            .journal()
            .into_iter()
            .filter(|entry| entry.operation == "DescribeServices")
            .nth(looks);
        let update = world
            .journal()
            .into_iter()
            .find(|entry| entry.operation == "UpdateService");
        let (first, update) = (first.expect("a look"), update.expect("an update"));
        assert!(
            first.seq < update.seq && update.seq - first.seq < 20,
            "no look before the edit: {} and {}",
            first.seq,
            update.seq
        );
        judged(&world, &gate).await;
    });
}

#[test]
fn edit_that_came_in_between_is_never_overwritten() {
    story("conflict", |mut world| async move {
        let gate = world.put_gate(invariants::is_true).await;
        world.start();
        world.apply(&[cluster(), service("web")]);
        let waits = |object: &Value| {
            condition(object, "Ready").is_some_and(|(_, reason, _)| reason == "DependencyNotFound")
        };
        world.until("EcsService", "web", "waiting", waits).await;
        gate.views.set("ecsservices", View::Frozen);
        let edit = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"desiredCount": 3}});
        world
            .api("EcsService")
            .patch("web", &PatchParams::default(), &Patch::Merge(&edit))
            .await
            .expect("the API server takes it");
        world.apply(&[task_definition("web", "nginx:1")]);
        // The operator has not seen the edit: it asks, and waits, again and again.
        gate.until_passed("two questions", |gate| {
            gate.reads("get ecsservices web") >= 2
        })
        .await;
        assert_eq!(world.count("CreateService"), 0);
        gate.views.set("ecsservices", View::Live);
        let object = world.until_scaled("web", 3).await;
        assert_eq!(object["metadata"]["labels"]["a"], "b");
        assert_eq!(
            (world.count("CreateService"), world.count("UpdateService")),
            (1, 0)
        );
        judged(&world, &gate).await;
    });
}
