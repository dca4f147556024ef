//! Several replicas: one acts, the others wait and take over.
//!
//! All other stories run one operator without an election, as a person with a kubeconfig would: whether this replica leads is
//! asked in two places, the AWS calls and the Kubernetes client, whatever it is that calls.

use std::time::Instant;

use serde_json::json;
use simulator::{Effect, Fault};

use crate::harness::{World, objects::*, world::story};

/// Seconds of a lease whose end a story waits for. The leader keeps it if a busy machine lets it renew within three quarters.
const SHORT: u32 = 6;

/// Makes the story's replicas elect, with a lease of so many seconds.
pub fn elect(world: &mut World, seconds: u32) {
    let namespace = world.namespace.clone();
    let lease = format!("{seconds}s");
    let deadline = format!("{}ms", seconds * 750);
    let flags = [
        "--leader-elect",
        "--leader-elect-resource-namespace",
        &namespace,
        "--leader-elect-lease-duration",
        &lease,
        "--leader-elect-renew-deadline",
        &deadline,
        "--leader-elect-retry-period",
        "250ms",
    ];
    world.flags.extend(flags.map(str::to_owned));
}

#[test]
fn one_of_two_replicas_acts_and_the_other_only_waits() {
    story("two_replicas", |mut world| async move {
        elect(&mut world, 60);
        world.start();
        let leader = world.until_held_by_another_than(None).await;
        let standby = world.start_second();
        standby.until_ready().await;
        let listener = world.listener.clone();
        let service = balanced("web", &listener, "/");
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service]);
        world.until_ready("EcsService", "web").await;
        assert_eq!(world.calls_of_second(), []);
        assert_eq!(standby.leads(), "0");
        // Nor does it touch the Lease, when it ends either.
        assert_eq!(world.holder().await, Some(leader.clone()));
        assert_eq!(standby.terminate(), Some(0));
        assert_eq!(world.holder().await, Some(leader));
        world.check();
    });
}

#[test]
fn standby_takes_over_from_a_killed_leader_and_makes_nothing_twice() {
    story("killed_leader", |mut world| async move {
        elect(&mut world, SHORT);
        world.start();
        let leader = world.until_held_by_another_than(None).await;
        let standby = world.start_second();
        standby.until_ready().await;
        // It dies in the creation of the service: the call takes effect, and nobody reads its answer.
        let fault = Fault::new(Effect::HangAfter).operation("CreateService");
        world.simulator.fault(fault.times(1));
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service("web")]);
        world.until_hanging("CreateService").await;
        assert_eq!(world.calls_of_second(), []);
        let killed = Instant::now();
        world.kill();
        let renewed = world.renewed().await;
        world.until_held_by_another_than(Some(&leader)).await;
        let lasted = world.renewed().await.duration_since(renewed);
        assert!(lasted.as_secs_f64() >= f64::from(SHORT), "{lasted:?}");
        let waited = killed.elapsed().as_secs_f64();
        // A leader that lives has renewed within three quarters of the lease.
        assert!(
            waited > f64::from(SHORT) / 4.0,
            "taken over after {waited} s, within the lease"
        );
        world.until_ready("EcsService", "web").await;
        assert_eq!(standby.leads(), "1");
        for operation in ["CreateCluster", "RegisterTaskDefinition", "CreateService"] {
            let mut effects = world.journal();
            effects.retain(|entry| entry.operation == operation && entry.changed());
            assert_eq!(effects.len(), 1, "{operation}: {}", world.calls());
        }
        let revisions = world.aws("ecs", "ListTaskDefinitions", json!({}));
        let revisions = revisions["taskDefinitionArns"].as_array().map(Vec::len);
        assert_eq!(revisions, Some(1));
        world.check();
    });
}

#[test]
fn leader_that_is_asked_to_end_hands_over_at_once() {
    story("handed_over", |mut world| async move {
        // The lease would last.
        elect(&mut world, 600);
        world.start();
        let leader = world.until_held_by_another_than(None).await;
        world.apply(&[cluster()]);
        world.until_ready("EcsCluster", "main").await;
        let standby = world.start_second();
        standby.until_ready().await;
        assert_eq!(world.terminate(), Some(0));
        let ended = Instant::now();
        world.until_held_by_another_than(Some(&leader)).await;
        assert!(ended.elapsed().as_secs() < 3, "{:?}", ended.elapsed());
        // What was there while it waited is looked at, and what comes is acted upon.
        world
            .until_called("the standby looks at the cluster", |entries| {
                let looks = |entry: &&simulator::Entry| entry.operation == "DescribeClusters";
                entries
                    .iter()
                    .filter(looks)
                    .any(|entry| entry.access_key != "test")
            })
            .await;
        world.apply(&[task_definition("web", "nginx:1"), service("web")]);
        world.until_ready("EcsService", "web").await;
        assert_eq!(world.count("CreateCluster"), 1);
        // The last one to end leaves the Lease to nobody.
        assert_eq!(standby.terminate(), Some(0));
        assert_eq!(world.holder().await, None);
        world.check();
    });
}

#[test]
fn leader_that_slept_through_its_lease_changes_nothing_when_it_wakes() {
    story("paused_leader", |mut world| async move {
        elect(&mut world, SHORT);
        // Its calls outlast its sleep.
        world
            .flags
            .extend(["--aws-timeout", "60s"].map(str::to_owned));
        let gate = world.put_gate(|_, _| Vec::new()).await;
        world.start();
        let leader = world.until_held_by_another_than(None).await;
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service("web")]);
        world.until_ready("EcsService", "web").await;
        // It asks how the service is to be changed; the answer is on its way while it sleeps.
        let fault = Fault::new(Effect::HangAfter).operation("DescribeServices");
        let fault = world.simulator.fault(fault.access_key("test").times(1));
        let mut edited = service("web");
        edited["spec"]["desiredCount"] = json!(2);
        world.apply(&[edited]);
        world.until_hanging("DescribeServices").await;
        world.signal("STOP");
        let effects = gate.effect_count();
        let second = world.start_second();
        world.until_held_by_another_than(Some(&leader)).await;
        world.until_scaled("web", 2).await;
        world.simulator.release(fault);
        world.signal("CONT");
        world.until_logged("the lease is lost").await;
        let mut since = gate.effects();
        since.drain(..effects);
        since.retain(|effect| !effect.what.contains("leases"));
        assert_eq!(since, [], "{}", world.tail());
        // It waits for its turn like any other, and takes it.
        assert_eq!(second.terminate(), Some(0));
        world.apply(&[task_definition("web", "nginx:2")]);
        world.until_runs("web", 2).await;
        assert!(
            gate.effects()
                .iter()
                .any(|effect| effect.what == "UpdateService")
        );
        world.check();
    });
}

#[test]
fn two_replicas_without_an_election_are_ugly_and_make_no_second_service_group_or_rule() {
    story("no_election", |mut world| async move {
        world.start();
        let second = world.start_second();
        second.until_ready().await;
        let listener = world.listener.clone();
        let service = balanced("web", &listener, "/");
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service]);
        world.until_ready("EcsService", "web").await;
        let of_both = |key: &str| world.journal().iter().any(|entry| entry.access_key == key);
        assert!(of_both("test") && of_both(crate::harness::world::SECOND));
        let lists = |service: &str, call: &str, input: serde_json::Value, list: &str| {
            world.aws(service, call, input)[list]
                .as_array()
                .map(Vec::len)
        };
        let clusters = lists("ecs", "ListClusters", json!({}), "clusterArns");
        let of_cluster = json!({"cluster": world.aws_name("main")});
        let services = lists("ecs", "ListServices", of_cluster, "serviceArns");
        let groups = lists(
            "elasticloadbalancing",
            "DescribeTargetGroups",
            json!({}),
            "TargetGroups",
        );
        assert_eq!(
            [clusters, services, groups, Some(world.rules().len())],
            [Some(1); 4]
        );
        // RegisterTaskDefinition knows no token: two that look at once register two revisions of the same content, at worst.
        let revisions = lists(
            "ecs",
            "ListTaskDefinitions",
            json!({}),
            "taskDefinitionArns",
        );
        assert!(revisions <= Some(2), "{revisions:?}");
        assert_eq!(second.terminate(), Some(0));
        world.check();
    });
}
