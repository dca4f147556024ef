//! SIGKILL before and after each mutating call, before its reply is read: the end is the same, with one of everything.

use std::collections::BTreeSet;

use ecs_operator::plan::Step;
use serde_json::json;
use simulator::{Effect, Fault, Outcome};

use crate::{
    harness::{World, every_call::Objects, objects::*, world::story},
    pausing::{answer, paused},
};

/// The calls of a life: creation, a new image, an edit of the load balancing, deletion.
const LIFE: [&str; 14] = [
    "RegisterTaskDefinition",
    "CreateCluster",
    "CreateTargetGroup",
    "CreateRule",
    "CreateService",
    "UpdateService",
    "ModifyTargetGroup",
    "ModifyTargetGroupAttributes",
    "ModifyRule",
    "DeleteService",
    "DeleteRule",
    "DeleteTargetGroup",
    "DeregisterTaskDefinition",
    "DeleteCluster",
];

/// What a cluster's settings, tags, priorities, an answer to a deployment that waits and old revisions add to them.
const EDITS: [&str; 9] = [
    "UpdateCluster",
    "PutClusterCapacityProviders",
    "TagResource",
    "UntagResource",
    "AddTags",
    "RemoveTags",
    "SetRulePriorities",
    "ContinueServiceDeployment",
    "DeleteTaskDefinitions",
];

/// Kills the operator in a call, before its effect or after it.
async fn killed_at(world: &mut World, effect: Effect, operation: &str) {
    // Never released: a call whose client is gone must not take effect later.
    let fault = Fault::new(effect).operation(operation).times(1);
    world.simulator.fault(fault);
    let known = world.simulator.journal().len();
    world.start();
    world
        .until_called(&format!("{operation} is held"), |entries| {
            entries[known..]
                .iter()
                .any(|entry| entry.outcome == Outcome::Held)
        })
        .await;
    world.kill();
}

/// Kills the operator in a call: once before its effect and once after it, before the reply is read.
async fn killed_in(world: &mut World, operation: &str) {
    for effect in [Effect::Hang, Effect::HangAfter] {
        killed_at(world, effect, operation).await;
    }
}

/// The calls in which the operator was killed.
fn killed_calls(world: &World) -> BTreeSet<String> {
    let was_held = |outcome: &Outcome| matches!(outcome, Outcome::Held | Outcome::GivenUp);
    let journal = world.journal().into_iter();
    let held = journal.filter(|entry| was_held(&entry.outcome));
    held.map(|entry| entry.operation).collect()
}

#[test]
fn operator_is_killed_in_every_call_that_changes_aws() {
    let killed: BTreeSet<_> = LIFE.iter().chain(&EDITS).collect();
    assert_eq!(killed, Step::OPERATIONS.iter().collect());
}

#[test]
fn what_is_taken_out_after_a_creation_nobody_saw_the_end_of_is_set_back() {
    story("killed_and_edited", |mut world| async move {
        let (mut main, mut web) = (cluster(), service("web"));
        let tags = json!({"team": "a"});
        main["spec"]["tags"] = tags.clone();
        web["spec"]["tags"] = tags;
        web["spec"]["enableExecuteCommand"] = json!(true);
        // All at once: the service is on record before what it refers to is there.
        world.apply(&[main, task_definition("web", "nginx:1"), web]);
        killed_at(&mut world, Effect::HangAfter, "CreateCluster").await;
        world.apply(&[cluster()]);
        killed_at(&mut world, Effect::HangAfter, "CreateService").await;
        let web = world.get("EcsService", "web").await.expect("the service");
        let applied = &web["status"]["applied"];
        assert!(applied.is_null(), "what is on record cost a write: {web}");
        world.apply(&[service("web")]);
        world.start();
        world.until_ready("EcsService", "web").await;
        world.until_ready("EcsCluster", "main").await;

        let main = json!({"clusters": [world.aws_name("main")], "include": ["TAGS"]});
        let main = &world.aws("ecs", "DescribeClusters", main)["clusters"][0];
        let web = json!({"cluster": world.aws_name("main"), "services": [world.aws_name("web")], "include": ["TAGS"]});
        let web = &world.aws("ecs", "DescribeServices", web)["services"][0];
        assert_eq!(web["enableExecuteCommand"], false, "{web}");
        for seen in [main, web] {
            let mut tags = seen["tags"].as_array().into_iter().flatten();
            assert!(tags.all(|tag| tag["key"] != "team"), "{seen}");
        }
        world.check();
    });
}

#[test]
fn killed_operator_ends_where_an_undisturbed_one_does() {
    story("killed_everywhere", |mut world| async move {
        let listener = world.listener.clone();
        world.apply(&[task_definition("web", "nginx:1")]);
        killed_in(&mut world, "RegisterTaskDefinition").await;
        world.apply(&[cluster()]);
        killed_in(&mut world, "CreateCluster").await;
        world.apply(&[balanced("web", &listener, "/old")]);
        for call in ["CreateTargetGroup", "CreateRule", "CreateService"] {
            killed_in(&mut world, call).await;
        }
        world.start();
        world.until_ready("EcsService", "web").await;
        world.kill();

        world.apply(&[task_definition("web", "nginx:2")]);
        killed_in(&mut world, "RegisterTaskDefinition").await;
        killed_in(&mut world, "UpdateService").await;
        let mut service = balanced("web", &listener, "/new");
        let group = &mut service["spec"]["loadBalancers"][0]["targetGroup"];
        group["healthCheckPath"] = json!("/ready");
        group["attributes"] = json!({"deregistration_delay.timeout_seconds": "5"});
        world.apply(&[service]);
        for call in [
            "ModifyTargetGroup",
            "ModifyTargetGroupAttributes",
            "ModifyRule",
        ] {
            killed_in(&mut world, call).await;
        }
        world.start();
        world.until_runs("web", 2).await;
        let groups = world.aws("elasticloadbalancing", "DescribeTargetGroups", json!({}));
        let groups = groups["TargetGroups"].as_array().map(Vec::len);
        assert_eq!((groups, world.rules().len()), (Some(1), 1));
        let family = json!({"familyPrefix": world.aws_name("web"), "status": "ACTIVE"});
        let revisions = world.aws("ecs", "ListTaskDefinitions", family);
        assert_eq!(
            revisions["taskDefinitionArns"].as_array().map(Vec::len),
            Some(2),
            "one revision an edit: {revisions}"
        );
        let service = json!({"cluster": world.aws_name("main"), "service": world.aws_name("web")});
        let deployments = world.aws("ecs", "ListServiceDeployments", service);
        assert_eq!(
            deployments["serviceDeployments"].as_array().map(Vec::len),
            Some(2),
            "one rollout a revision: {deployments}"
        );
        world.kill();

        world.kubectl(&["delete", "--wait=false", "ecsservice/web"]);
        for call in ["DeleteService", "DeleteRule", "DeleteTargetGroup"] {
            killed_in(&mut world, call).await;
        }
        world.kubectl(&["delete", "--wait=false", "ecstaskdefinition/web"]);
        killed_in(&mut world, "DeregisterTaskDefinition").await;
        world.kubectl(&["delete", "--wait=false", "ecscluster/main"]);
        killed_in(&mut world, "DeleteCluster").await;
        world.start();
        world.until_application_gone().await;
        assert_eq!(world.rules().len(), 0);
        assert_eq!(killed_calls(&world), LIFE.map(str::to_owned).into());
        world.check();
    });
}

#[test]
fn operator_killed_in_edits_ends_where_an_undisturbed_one_does() {
    story("killed_in_edits", |mut world| async move {
        world.flags = ["--drift-period", "300ms"].map(str::to_owned).to_vec();
        let listener = world.listener.clone();
        world.start();
        world.apply(&Objects::new(&listener).all());
        world.until_made().await;
        world.kill();

        let edited = Objects::edited(&listener);
        world.apply(&[edited.cluster]);
        for call in [
            "UpdateCluster",
            "PutClusterCapacityProviders",
            "TagResource",
            "UntagResource",
        ] {
            killed_in(&mut world, call).await;
        }
        // In the order in which they are made: a call that is not killed in is done.
        world.apply(&[edited.web]);
        for call in [
            "AddTags",
            "RemoveTags",
            "SetRulePriorities",
            "TagResource",
            "UntagResource",
        ] {
            killed_in(&mut world, call).await;
        }
        world.apply(&[edited.task_definition]);
        world.start();
        let id = paused(&world, "asked").await;
        world.kill();
        answer(&world, "asked", &format!("{id}=Continue"));
        killed_in(&mut world, "ContinueServiceDeployment").await;
        // It goes when the last service has left it.
        killed_in(&mut world, "DeleteTaskDefinitions").await;
        world.start();
        world.until_edited().await;
        world.delete_everything();
        world.until_everything_gone().await;
        assert_eq!(killed_calls(&world), EDITS.map(str::to_owned).into());
    });
}
