//! Every example comes up as it stands, and is then quiet: applied again, it changes nothing, in AWS or in Kubernetes.

use std::{collections::BTreeSet, process::Command};

use serde_json::{Value, json};
use simulator::Entry;

use crate::harness::{
    World, audit,
    control_plane::{root, run, tool},
    world::story,
};

/// How a person applies an example.
enum Way {
    /// `kubectl apply -f`.
    Files,
    /// `kubectl apply -k`, of this folder of it.
    Kustomize(&'static str),
    /// `helm template | kubectl apply -f -`, with these files of values.
    Helm(&'static [&'static str]),
}

/// An example: its folder, how it is applied, and the namespace that it is written for or that the story chooses.
struct Example {
    folder: &'static str,
    way: Way,
    namespace: &'static str,
}

/// A test for each example, and a table of them all.
macro_rules! examples {
    ($($name:ident: $folder:literal, $way:expr, $namespace:literal;)*) => {
        const EXAMPLES: &[Example] = &[$(Example { folder: $folder, way: $way, namespace: $namespace }),*];
        $(
            #[test]
            fn $name() {
                let mine = |example: &&Example| example.namespace == $namespace;
                settles(EXAMPLES.iter().find(mine).expect("a row"));
            }
        )*
    };
}

examples! {
    quickstart_settles: "quickstart", Way::Files, "example-quickstart";
    shared_alb_settles: "shared-alb", Way::Files, "example-shared-alb";
    queue_worker_settles: "queue-worker", Way::Files, "example-queue-worker";
    efs_volumes_settle: "efs-volumes", Way::Files, "example-efs-volumes";
    service_connect_settles: "service-connect", Way::Files, "example-service-connect";
    ec2_placement_settles: "ec2-placement", Way::Files, "example-ec2-placement";
    internal_service_settles: "internal-service", Way::Files, "example-internal-service";
    kustomize_for_staging_settles: "gitops-kustomize", Way::Kustomize("staging"), "shop-staging";
    kustomize_for_production_settles: "gitops-kustomize", Way::Kustomize("production"), "shop-production";
    helm_for_staging_settles: "gitops-helm", Way::Helm(&[]), "example-helm-staging";
    helm_for_production_settles: "gitops-helm", Way::Helm(&["values-production.yaml"]), "example-helm-production";
}

impl Example {
    /// Runs kubectl's `apply` or `diff` on the example.
    fn kubectl(&self, world: &World, verb: &str) -> Result<String, String> {
        let folder = root().join("examples").join(self.folder);
        let place = |path: &str| folder.join(path).display().to_string();
        let plane = world.plane();
        match &self.way {
            Way::Files => plane.try_kubectl(&["-n", self.namespace, verb, "-f", &place("")], ""),
            Way::Kustomize(overlay) => plane.try_kubectl(&[verb, "-k", &place(overlay)], ""),
            Way::Helm(values) => {
                let mut helm = Command::new(tool("helm"));
                helm.args(["template", "shop", &place("")]);
                for file in *values {
                    helm.args(["--values", &place(file)]);
                }
                let manifests = run(&mut helm, "").expect("the chart renders");
                plane.try_kubectl(&["-n", self.namespace, verb, "-f", "-"], &manifests)
            }
        }
    }
}

/// What the examples take for granted in AWS.
fn platform(world: &World) {
    world.demo_listener();
    world.aws(
        "ecs",
        "CreateCapacityProvider",
        json!({
            "name": "on-demand",
            "autoScalingGroupProvider": {
                "autoScalingGroupArn": "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:00000000-0000-0000-0000-000000000000:autoScalingGroupName/ecs",
                "managedScaling": {"status": "ENABLED"},
            },
        }),
    );
}

/// An object's kind, its name, and the read and the words in it by which the operator looks at it in AWS.
struct Look {
    kind: String,
    name: String,
    operation: &'static str,
    words: String,
}

/// The objects of the namespace.
fn objects(world: &World) -> Vec<Look> {
    let all: Value = serde_json::from_str(&world.kubectl(&["get", "ecs", "-o", "json"]))
        .expect("kubectl prints JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let look = |object: &Value| {
        let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
        let words = world.aws_name(&name);
        let operation = match kind.as_str() {
            "EcsCluster" => "DescribeClusters",
            "EcsTaskDefinition" => "DescribeTaskDefinition",
            _ => "DescribeServices",
        };
        Look {
            kind,
            name,
            operation,
            words,
        }
    };
    all["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(look)
        .collect()
}

/// How often the operator looked at the object.
fn looks(look: &Look, entries: &[Entry]) -> usize {
    entries
        .iter()
        .filter(|entry| entry.operation == look.operation)
        .filter(|entry| entry.request.to_string().contains(&look.words))
        .count()
}

/// Waits until the operator has begun two more looks at each object, so that one is over.
async fn look_again(world: &World, objects: &[Look]) {
    let journal = world.journal();
    for object in objects {
        let before = looks(object, &journal);
        world
            .until_called("two more looks", |entries| {
                looks(object, entries) >= before + 2
            })
            .await;
    }
}

/// Applies it, waits until every object is Ready and the counts in the status are up to date, then applies it again.
fn settles(example: &Example) {
    story(example.namespace, |mut world| async move {
        platform(&world);
        let often = ["--drift-period", "200ms"];
        world.flags.extend(often.map(str::to_owned));
        world.start();
        example
            .kubectl(&world, "apply")
            .expect("the API server takes it");
        let objects = objects(&world);
        for kind in ["EcsCluster", "EcsTaskDefinition", "EcsService"] {
            assert!(
                objects.iter().any(|object| object.kind == kind),
                "no {kind}"
            );
        }
        for object in &objects {
            world.until_ready(&object.kind, &object.name).await;
        }
        let mut rounds = 0;
        loop {
            let written = audit::length(&world.plane().dir);
            look_again(&world, &objects).await;
            if !audit::wrote_since(&world.plane().dir, &world.user(), written) {
                break;
            }
            rounds += 1;
            assert!(rounds < 20, "it is never quiet: {:?}", world.writes());
        }
        let (mutations, writes) = (world.mutations(), world.writes());
        let said = example
            .kubectl(&world, "apply")
            .expect("the API server takes it");
        assert!(
            said.lines().all(|line| line.ends_with(" unchanged")),
            "{said}"
        );
        look_again(&world, &objects).await;
        assert_eq!(world.mutations(), mutations);
        assert_eq!(
            world.writes(),
            writes,
            "{}\n{}",
            world.kubectl(&["get", "events.events.k8s.io"]),
            world.tail()
        );
        assert_eq!(example.kubectl(&world, "diff").as_deref(), Ok(""));
        let refused = |entry: &&Entry| entry.mutating && entry.code().is_some();
        let journal = world.journal();
        assert!(
            journal.iter().find(refused).is_none(),
            "AWS refuses: {}",
            world.calls()
        );
        world.check();
    });
}

#[test]
fn every_folder_of_examples_has_a_story() {
    let entries = std::fs::read_dir(root().join("examples")).expect("a folder");
    let folders: BTreeSet<_> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    let told: BTreeSet<_> = EXAMPLES
        .iter()
        .map(|example| example.folder.to_owned())
        .collect();
    assert_eq!(folders, told);
    for folder in &folders {
        let readme = root().join("examples").join(folder).join("README.md");
        assert!(readme.exists(), "{} is missing", readme.display());
    }
}
