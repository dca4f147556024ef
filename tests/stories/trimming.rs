//! Older revisions of a task definition go when nothing uses them, and only those of its object.

use serde_json::{Value, json};
use simulator::Entry;

use crate::harness::{World, objects::*, world::story};

/// Numbers of the family's revisions in a status.
fn revisions(world: &World, status: &str) -> Vec<i64> {
    let input = json!({"familyPrefix": world.aws_name("web"), "status": status});
    let listed = world.aws("ecs", "ListTaskDefinitions", input);
    let arns = listed["taskDefinitionArns"].as_array().expect("a list");
    let number = |arn: &Value| arn.as_str()?.rsplit(':').next()?.parse().ok();
    arns.iter().filter_map(number).collect()
}

fn with_limit(image: &str, deletes: bool) -> Value {
    let mut task_definition = task_definition("web", image);
    task_definition["spec"]["revisionHistoryLimit"] = json!(2);
    task_definition["spec"]["deleteOldRevisions"] = json!(deletes);
    task_definition
}

/// Declares one image after the other, each when the one before is registered: of two edits in a row the operator may well see
/// only the second.
async fn edited(world: &World, revisions: std::ops::RangeInclusive<i64>, deletes: bool) {
    for revision in revisions {
        world.apply(&[with_limit(&format!("nginx:{revision}"), deletes)]);
        let registered =
            |object: &Value| is_ready(object) && object["status"]["revision"] == revision;
        world
            .until("EcsTaskDefinition", "web", "registered", registered)
            .await;
    }
}

#[test]
fn revisions_that_nothing_uses_go_beyond_the_history() {
    story("history", |mut world| async move {
        world
            .flags
            .extend(["--drift-period", "300ms"].map(str::to_owned));
        world.start();
        let mut pinned = service("pinned");
        pinned["spec"]["taskDefinitionRef"] = json!({"name": "web", "revision": 1});
        world.apply(&[
            cluster(),
            with_limit("nginx:1", false),
            service("web"),
            pinned,
        ]);
        world.until_ready("EcsService", "web").await;
        world.until_ready("EcsService", "pinned").await;
        edited(&world, 2..=2, false).await;
        // Somebody's service that runs no task, and somebody's task.
        let (cluster, family) = (world.aws_name("main"), world.aws_name("web"));
        let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-a"]}});
        let theirs = json!({"cluster": cluster, "serviceName": "theirs", "taskDefinition": format!("{family}:2"), "desiredCount": 0, "launchType": "FARGATE", "networkConfiguration": network});
        world.aws("ecs", "CreateService", theirs);
        edited(&world, 3..=3, false).await;
        let task = json!({"cluster": cluster, "taskDefinition": format!("{family}:3"), "launchType": "FARGATE", "networkConfiguration": network});
        world.aws("ecs", "RunTask", task);
        edited(&world, 4..=8, false).await;
        // 1 is pinned, 2 and 3 are used by others, 6 and 7 are the history, 8 runs.
        world
            .until_called("two deregistrations", |entries| {
                let deregistered = |e: &&Entry| e.operation == "DeregisterTaskDefinition";
                entries.iter().filter(deregistered).count() >= 2
            })
            .await;
        let told = |object: &Value| {
            let known = object["status"]["revisions"].as_array().expect("revisions");
            let numbers: Vec<_> = known.iter().filter_map(|r| r["number"].as_i64()).collect();
            is_ready(object) && numbers == [8, 7, 6, 3, 2, 1]
        };
        world
            .until("EcsTaskDefinition", "web", "trimmed", told)
            .await;
        assert_eq!(revisions(&world, "ACTIVE"), [1, 2, 3, 6, 7, 8]);
        assert_eq!(revisions(&world, "INACTIVE"), [4, 5]);
        world.until_ready("EcsService", "web").await;
        assert_eq!(world.count("DeleteTaskDefinitions"), 0);
        world.check();
    });
}

#[test]
fn deregistered_revisions_are_deleted_when_that_is_asked_for() {
    story("history_deleted", |mut world| async move {
        world
            .flags
            .extend(["--drift-period", "300ms"].map(str::to_owned));
        world.start();
        edited(&world, 1..=5, true).await;
        let told = |object: &Value| {
            let known = object["status"]["revisions"].as_array();
            is_ready(object) && known.is_some_and(|known| known.len() == 3)
        };
        world
            .until("EcsTaskDefinition", "web", "trimmed", told)
            .await;
        assert_eq!(revisions(&world, "ACTIVE"), [3, 4, 5]);
        assert_eq!(revisions(&world, "INACTIVE"), Vec::<i64>::new());
        world.check();
    });
}

#[test]
fn revisions_stay_when_it_cannot_be_read_what_uses_them() {
    story("history_unknown", |mut world| async move {
        world
            .flags
            .extend(["--drift-period", "300ms"].map(str::to_owned));
        let denied = simulator::Fault::new(simulator::Effect::Deny).operation("ListClusters");
        world.simulator.fault(denied);
        world.start();
        edited(&world, 1..=5, false).await;
        let asked = |entries: &[Entry]| {
            entries
                .iter()
                .filter(|e| e.operation == "ListClusters")
                .count()
                >= 2
        };
        world.until_called("ListClusters", asked).await;
        let object = world
            .get("EcsTaskDefinition", "web")
            .await
            .unwrap_or_default();
        assert!(is_ready(&object), "{object:#}");
        assert_eq!(revisions(&world, "ACTIVE"), [1, 2, 3, 4, 5]);
        world.check();
    });
}
