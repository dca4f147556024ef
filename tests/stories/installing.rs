//! The charts on a real API server: installed, upgraded, rolled back, removed, and the operator as its Pod starts it.

use std::{collections::BTreeMap, fs, process::Command, time::Instant};

use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use kube::{Api, api::PostParams};
use serde_json::{Value, json};

use crate::{
    charts::{CRDS, OPERATOR, root, tool},
    harness::{
        World,
        control_plane::{ControlPlane, run, scratch},
        objects::{balanced, cluster, task_definition},
        waiting::DEADLINE,
        world::story_alone,
    },
    kubelet::start_pod,
};

/// Namespace of the releases.
pub const NAMESPACE: &str = "ecs-operator";

/// helm on a control plane, in the namespace of the releases.
fn helm(plane: &ControlPlane, args: &[&str]) -> String {
    helm_in(NAMESPACE, plane, args).unwrap_or_else(|error| panic!("helm {args:?}: {error}"))
}

/// helm on a control plane: what it says, or why it refuses.
fn helm_in(namespace: &str, plane: &ControlPlane, args: &[&str]) -> Result<String, String> {
    let home = scratch().join("helm");
    let mut helm = Command::new(tool("helm"));
    helm.current_dir(root())
        .args(args)
        .args(["--namespace", namespace]);
    helm.env("KUBECONFIG", plane.kubeconfig());
    for kind in ["CACHE", "CONFIG", "DATA"] {
        helm.env(format!("HELM_{kind}_HOME"), home.join(kind));
    }
    run(&mut helm, "")
}

/// UID of every object of a release, by kind, namespace and name.
fn uids(plane: &ControlPlane, release: &str) -> BTreeMap<String, String> {
    let manifest = helm(plane, &["get", "manifest", release]);
    let list = plane.kubectl(
        &["get", "-n", NAMESPACE, "-o", "json", "-f", "-"],
        &manifest,
    );
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|object| {
            let (kind, meta) = (text(&object["kind"]), &object["metadata"]);
            let name = format!(
                "{kind} {}/{}",
                text(&meta["namespace"]),
                text(&meta["name"])
            );
            (name, text(&meta["uid"]))
        })
        .collect()
}

/// Charts to upgrade from: packages of earlier ones, and that of the commit before; while something is not committed yet, of the
/// last one. A clone without history and an archive have none: then the packages are all, but not in CI.
fn earlier() -> Vec<String> {
    let mut found: Vec<_> = fs::read_dir(root().join("tests/chart/earlier"))
        .expect("packages of earlier charts")
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .collect();
    found.sort();
    let package = scratch().join("before.tgz").display().to_string();
    let git = |args: &[&str]| run(Command::new("git").current_dir(root()).args(args), "");
    let is_clean =
        git(&["status", "--porcelain", "--", OPERATOR]).is_ok_and(|said| said.is_empty());
    let before = if is_clean { "HEAD~1" } else { "HEAD" };
    let tree = format!("{before}:{OPERATOR}");
    let archive = [
        "archive",
        "--format=tar.gz",
        "--prefix=ecs-operator/",
        "--output",
    ];
    match git(&[&archive[..], &[package.as_str(), tree.as_str()]].concat()) {
        Ok(_) => found.push(package),
        Err(why) => {
            eprintln!("no chart of the commit before: {}", why.trim());
            assert!(
                std::env::var_os("GITHUB_ACTIONS").is_none(),
                "check out two commits (fetch-depth: 2)"
            );
        }
    }
    found
}

/// Everything that was there before is there after, and is the same.
fn assert_kept(what: &str, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
    for (name, uid) in before {
        assert_eq!(after.get(name), Some(uid), "{what}: {name}");
    }
}

#[test]
fn chart_is_installed_upgraded_rolled_back_and_removed_with_every_object_in_place() {
    story_alone("installing", |mut world| async move {
        for before in earlier() {
            from_an_earlier_chart(&world, &before);
        }
        let said = helm(world.plane(), &["install", "ecs-operator", OPERATOR]);
        assert!(
            said.contains("ecs-operator iam-policy --cluster-id \"$("),
            "{said}"
        );
        people_have_the_rights_of_their_roles(&world).await;
        other_releases_live_beside_it(&world);
        the_pod_works(&mut world).await;
        kinds_change_hands(&world);
        world.check();
    });
}

fn from_an_earlier_chart(world: &World, before: &str) {
    let plane = world.plane();
    helm(
        plane,
        &["install", "ecs-operator", before, "--create-namespace"],
    );
    plane.kubectl(
        &[
            "wait",
            "--for=condition=Established",
            "--timeout=60s",
            "crd",
            "--all",
        ],
        "",
    );
    world.apply(&[
        cluster(),
        task_definition("web", "nginx:1"),
        balanced("web", &world.listener, "/*"),
    ]);
    let path = [
        "get",
        "ecs",
        "-o",
        "jsonpath={range .items[*]}{.kind} {.metadata.uid} {.metadata.generation} {.spec}{end}",
    ];
    let (own, all) = (world.kubectl(&path), uids(plane, "ecs-operator"));
    for kind in ["EcsCluster", "EcsTaskDefinition", "EcsService"] {
        assert!(own.contains(kind), "{own}");
    }
    assert!(all.len() >= 7, "{all:?}");

    helm(plane, &["upgrade", "ecs-operator", OPERATOR]);
    let upgraded = uids(plane, "ecs-operator");
    assert_kept("upgraded", &all, &upgraded);
    assert_eq!(world.kubectl(&path), own);

    helm(plane, &["rollback", "ecs-operator", "1"]);
    assert_kept("rolled back", &all, &uids(plane, "ecs-operator"));
    assert_eq!(world.kubectl(&path), own);

    helm(plane, &["uninstall", "ecs-operator"]);
    assert_eq!(world.kubectl(&path), own);
    let left = plane.kubectl(
        &[
            "get",
            "all,serviceaccount,role,pdb",
            "-n",
            NAMESPACE,
            "-o",
            "name",
        ],
        "",
    );
    let left: Vec<_> = left
        .lines()
        .filter(|name| name.contains("ecs-operator"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    world.kubectl(&["delete", "ecs", "--all"]);
}

/// What a person may do in the story's namespace; roles are put together a moment after they are there.
async fn people_have_the_rights_of_their_roles(world: &World) {
    let group = "rbac.authorization.k8s.io";
    let bind = |user: &str, role: &str| {
        json!({
            "apiVersion": format!("{group}/v1"), "kind": "RoleBinding", "metadata": {"name": user},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        })
    };
    world.apply(&[
        bind("viewer", "view"),
        bind("editor", "edit"),
        bind("owner", "ecs-operator-edit"),
    ]);
    let reviews: Api<SubjectAccessReview> = Api::all(world.client.clone());
    let may = async |user: &str, verb: &str, what: &str| {
        let (resource, sub) = what.split_once('/').unwrap_or((what, ""));
        let review = json!({"metadata": {}, "spec": {"user": user, "resourceAttributes": {
            "namespace": world.namespace, "verb": verb,
            "group": "ecs-operator.dev", "resource": resource, "subresource": sub,
        }}});
        let review = serde_json::from_value(review).expect("a review");
        let answer = reviews.create(&PostParams::default(), &review).await;
        answer.expect("an answer").status.expect("a status").allowed
    };
    let deadline = Instant::now() + DEADLINE;
    while !may("viewer", "list", "ecsservices").await {
        assert!(
            Instant::now() < deadline,
            "the role view has no part in our kinds"
        );
    }
    for (user, verb, what, expected) in [
        ("viewer", "watch", "ecsclusters", true),
        ("viewer", "patch", "ecsclusters", false),
        ("editor", "list", "ecstaskdefinitions", true),
        ("editor", "create", "ecsservices", false),
        ("owner", "create", "ecsservices", true),
        ("owner", "delete", "ecstaskdefinitions", true),
        ("owner", "patch", "ecsservices/scale", true),
        ("owner", "patch", "ecsservices/status", false),
    ] {
        assert_eq!(
            may(user, verb, what).await,
            expected,
            "{user} {verb} {what}"
        );
    }
}

/// A second release of another name, and one of the same name in another namespace, as docs/install.md has them.
fn other_releases_live_beside_it(world: &World) {
    let plane = world.plane();
    let install = |name: &str, team: &str, more: &str| {
        let set = format!("crds.install=false,watchNamespaces={{{team}}},clusterId={team}{more}");
        let args = ["install", name, OPERATOR, "--set", set.as_str()];
        helm_in(team, plane, &args)
    };
    let first = uids(plane, "ecs-operator");
    for team in ["shop", "payments"] {
        plane.kubectl(&["create", "namespace", team], "");
    }
    install("shop", "shop", "").expect("another name");
    let refused = install("ecs-operator", "payments", "").expect_err("one role of two releases");
    assert!(
        refused.contains("ecs-operator-edit") || refused.contains("ecs-operator-view"),
        "{refused}"
    );
    install("ecs-operator", "payments", ",rbac.rolesForPeople=false").expect("the same name");
    for (name, team) in [("shop", "shop"), ("ecs-operator", "payments")] {
        helm_in(team, plane, &["uninstall", name]).expect("uninstalled");
    }
    assert_eq!(
        uids(plane, "ecs-operator"),
        first,
        "the first one has all that it had"
    );
}

/// The operator has the rights and the arguments that it needs, and no others than the chart gives it.
async fn the_pod_works(world: &mut World) {
    let more = json!([
        format!("--endpoint-url={}", world.endpoint()),
        "--allow-insecure-endpoint",
        "--listen=127.0.0.1:0",
        "--poll-period=150ms",
    ]);
    let secret = json!([
        {"name": "AWS_ACCESS_KEY_ID", "value": "test"},
        {"name": "AWS_SECRET_ACCESS_KEY", "value": "secret-canary-of-the-operator"},
    ]);
    let more = format!("extraArgs={more}");
    let secret = format!("extraEnv={secret}");
    let upgrade = [
        "upgrade",
        "ecs-operator",
        OPERATOR,
        "--set",
        "region=us-east-1",
    ];
    helm(
        world.plane(),
        &[&upgrade[..], &["--set-json", &more, "--set-json", &secret]].concat(),
    );
    start_pod(world, &[]).await;
    world.apply(&[cluster()]);
    world.until_ready("EcsCluster", "main").await;
    world.kubectl(&["delete", "ecscluster", "main", "--timeout=60s"]);
    world.apply(&[cluster()]);
    world.until_ready("EcsCluster", "main").await;
    world.kill();
}

/// The kinds go from one chart to the other, and stay when that one goes too.
fn kinds_change_hands(world: &World) {
    let plane = world.plane();
    let crds = || {
        let path = "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{\"\\n\"}{end}";
        plane.kubectl(&["get", "crd", "-o", path], "")
    };
    let before = crds();
    assert_eq!(before.lines().count(), 3);
    let off = ["--reset-then-reuse-values", "--set", "crds.install=false"];
    let said = helm(
        plane,
        &[&["upgrade", "ecs-operator", OPERATOR][..], &off].concat(),
    );
    assert!(said.contains("crds.install is false"), "{said}");
    assert_eq!(crds(), before);
    helm(
        plane,
        &["install", "ecs-operator-crds", CRDS, "--take-ownership"],
    );
    assert_eq!(crds(), before);
    assert_eq!(uids(plane, "ecs-operator-crds").len(), 3);
    helm(plane, &["upgrade", "ecs-operator-crds", CRDS]);
    helm(plane, &["uninstall", "ecs-operator-crds"]);
    assert_eq!(crds(), before);
    world.kubectl(&["get", "ecscluster", "main"]);
}
