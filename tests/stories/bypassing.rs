//! Objects that were written around admission harm only themselves and gain nothing: every rule holds in the operator too.

use serde_json::{Value, json};

use crate::harness::{
    World,
    objects::*,
    scraping::{Record, Scrape},
    waiting::DEADLINE,
    world::story_alone,
};

/// The definitions of kinds as they are, and then without any rule, until they are put back.
fn relax(world: &World, kinds: &[&str]) -> Vec<Value> {
    let relax = |kind: &&str| {
        let name = format!("{kind}.ecs-operator.dev");
        let text = world.kubectl(&["get", "crd", &name, "-o", "json"]);
        let strict: Value = serde_json::from_str(&text).expect("JSON");
        let mut lax = strict.clone();
        lax["spec"]["versions"][0]["schema"]["openAPIV3Schema"] =
            json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        replace(world, &lax);
        strict
    };
    kinds.iter().map(relax).collect()
}

fn restore(world: &World, kinds: Vec<Value>) {
    for mut strict in kinds {
        let metadata = strict["metadata"].as_object_mut().expect("metadata");
        metadata.remove("resourceVersion");
        replace(world, &strict);
    }
}

fn replace(world: &World, definition: &Value) {
    let plane = world.plane();
    plane.kubectl(&["replace", "-f", "-"], &definition.to_string());
}

/// Writes what only relaxed kinds take: the API server learns of them in a moment.
async fn write(world: &World, manifests: &[Value]) {
    let refused = async {
        while world.try_apply(manifests).is_err() {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(DEADLINE, refused)
        .await
        .expect("the lax schema takes it");
}

#[test]
fn objects_written_around_admission_harm_only_themselves() {
    story_alone("poison", |mut world| async move {
        world.plane().install_kinds().await;
        let port = world.serve_metrics();
        world.start();
        let mut record = Record::of("unreadable");
        let nothing = |told: &Scrape| {
            told.0.contains("ecs_operator_watch_age_seconds{") && told.is_peaceful()
        };
        record.keep(&world.until_told(port, "nothing", nothing).await);
        world.kill();
        // Written when the schema was laxer: a number where the code expects a text.
        let strict = relax(&world, &["ecstaskdefinitions"]);
        let poison = manifest(
            "EcsTaskDefinition",
            "poison",
            json!({"containerDefinitions": [{"name": "app", "image": 7}]}),
        );
        // Written around admission: everything can be read, but not on Fargate.
        let mut around = task_definition("around", "nginx:1");
        around["spec"]["networkMode"] = json!("bridge");
        write(&world, &[poison, around]).await;
        restore(&world, strict);
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service("web")]);
        world.start();
        world.until_ready("EcsService", "web").await;
        let unreadable = |told: &Scrape| {
            told.sum("ecs_operator_unreadable_objects", &[]) == 1.0 && told.is_quiet()
        };
        record.keep(
            &world
                .until_told(port, "the poison object", unreadable)
                .await,
        );
        let told = async {
            while !world
                .kubectl(&["get", "events.events.k8s.io", "-o", "json"])
                .contains("can't be read")
            {}
        };
        tokio::time::timeout(DEADLINE, told)
            .await
            .expect("the poison object is told of");
        let stalled = world
            .until_stalled("EcsTaskDefinition", "around", "InvalidSpec")
            .await;
        let (_, _, message) = condition(&stalled, "Stalled").expect("stalled");
        assert!(
            message.starts_with("spec.networkMode: is 'bridge'; Fargate needs awsvpc"),
            "{message}"
        );
        assert_eq!(world.count("RegisterTaskDefinition"), 1, "only web's");
        world.check();
    });
}

/// What is immutable of each kind, edited.
fn moved(name: &str, is_edited: bool) -> [Value; 3] {
    let mut cluster = manifest("EcsCluster", name, json!({}));
    let mut family = task_definition(name, "nginx:1");
    let mut service = of_task_definition("web", service(name));
    if is_edited {
        for (object, member) in [
            (&mut cluster, "clusterName"),
            (&mut family, "family"),
            (&mut service, "serviceName"),
        ] {
            object["spec"][member] = json!("elsewhere");
        }
    }
    [cluster, family, service]
}

#[test]
fn names_edited_around_admission_make_nothing_and_deletion_finds_what_there_is() {
    story_alone("names_around", |mut world| async move {
        world.plane().install_kinds().await;
        world.start();
        world.apply(&[cluster(), task_definition("web", "nginx:1")]);
        world.apply(&moved("moved", false));
        let kinds = ["EcsCluster", "EcsTaskDefinition", "EcsService"];
        for kind in kinds {
            world.until_ready(kind, "moved").await;
        }
        world.kill();
        let before = world.mutations();
        let crds = ["ecsclusters", "ecstaskdefinitions", "ecsservices"];
        let strict = relax(&world, &crds);
        write(&world, &moved("moved", true)).await;
        restore(&world, strict);
        world.start();
        let known = world.aws_name("moved");
        for (kind, member) in kinds.iter().zip(["clusterName", "family", "serviceName"]) {
            let stalled = world.until_stalled(kind, "moved", "InvalidSpec").await;
            let (_, _, message) = condition(&stalled, "Stalled").expect("stalled");
            let path = format!("spec.{member}: ");
            assert!(message.starts_with(&path), "{message}");
            assert!(message.contains(&known), "{message}");
        }
        assert_eq!(world.mutations(), before);
        let all = [
            "ecscluster/moved",
            "ecstaskdefinition/moved",
            "ecsservice/moved",
        ];
        world.kubectl(&[&["delete", "--wait=false"], &all[..]].concat());
        for kind in kinds {
            world.until_gone(kind, "moved").await;
        }
        let mut deleted = world.mutations()[before.len()..].to_vec();
        deleted.sort();
        assert_eq!(
            deleted,
            ["DeleteCluster", "DeleteService", "DeregisterTaskDefinition"]
        );
        assert_eq!(world.ecs_service(&known)["status"], "INACTIVE");
        world.check();
    });
}
