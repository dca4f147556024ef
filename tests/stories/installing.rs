//! The charts on a real API server: installed, upgraded, rolled back, removed; its Pods as admission takes them, and the
//! operator as its Pod starts it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    charts::{self, CRDS, OPERATOR, objects, root, tool, variants},
    harness::{
        World,
        control_plane::{ControlPlane, run, scratch},
        objects::cluster,
        world::{DEADLINE, story, story_alone},
    },
};

/// Namespace of the releases.
const NAMESPACE: &str = "ecs-operator";

/// helm on a control plane, in the namespace of the releases.
fn helm(plane: &ControlPlane, args: &[&str]) -> String {
    let home = scratch().join("helm");
    let mut helm = Command::new(tool("helm"));
    helm.current_dir(root())
        .args(args)
        .args(["--namespace", NAMESPACE]);
    helm.env("KUBECONFIG", plane.kubeconfig());
    for kind in ["CACHE", "CONFIG", "DATA"] {
        helm.env(format!("HELM_{kind}_HOME"), home.join(kind));
    }
    run(&mut helm, "").unwrap_or_else(|error| panic!("helm {args:?}: {error}"))
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

/// Charts to upgrade from: packages of earlier ones, and that of the commit before, where git has it. A shallow clone and
/// an archive have none; then the packages are all.
fn earlier() -> Vec<String> {
    let mut found: Vec<_> = fs::read_dir(root().join("tests/chart/earlier"))
        .expect("packages of earlier charts")
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .collect();
    found.sort();
    let package = scratch().join("before.tgz").display().to_string();
    let mut git = Command::new("git");
    git.current_dir(root())
        .args(["archive", "--format=tar.gz", "--prefix=ecs-operator/"]);
    git.args(["--output", &package, &format!("HEAD~1:{OPERATOR}")]);
    match run(&mut git, "") {
        Ok(_) => found.push(package),
        Err(why) => eprintln!("no chart of the commit before: {}", why.trim()),
    }
    found
}

/// Everything that was there before is there after, and is the same.
fn assert_kept(what: &str, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
    for (name, uid) in before {
        assert_eq!(after.get(name), Some(uid), "{what}: {name}");
    }
}

/// The container of the release's Deployment.
fn container(plane: &ControlPlane) -> (Value, Value) {
    let get = [
        "get",
        "deployment",
        "ecs-operator",
        "-n",
        NAMESPACE,
        "-o",
        "json",
    ];
    let deployment: Value = serde_json::from_str(&plane.kubectl(&get, "")).expect("JSON");
    let pod = deployment["spec"]["template"]["spec"].clone();
    (pod["containers"][0].clone(), pod)
}

/// Starts the binary as the kubelet would start the Pod of the release, with more variables.
pub async fn start_pod(world: &mut World, more: &[(&str, &str)]) {
    let (container, pod) = container(world.plane());
    let args: Vec<String> = container["args"]
        .as_array()
        .expect("arguments")
        .iter()
        .map(|arg| arg.as_str().expect("text").to_owned())
        .collect();
    let mut env: Vec<_> = container["env"]
        .as_array()
        .expect("an environment")
        .iter()
        .map(|variable| {
            let value = match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                None => variable["value"].as_str().expect("a value"),
                Some("metadata.namespace") => NAMESPACE,
                Some("metadata.name") => "ecs-operator-0",
                Some(path) => panic!("no kubelet knows {path}"),
            };
            (
                variable["name"].as_str().expect("a name").to_owned(),
                value.to_owned(),
            )
        })
        .collect();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    env.extend(more.iter().map(owned));
    let account = pod["serviceAccountName"].as_str().expect("an account");
    world.use_account(NAMESPACE, account).await;
    assert_eq!(args[0], "run");
    world.start_container(&args[1..], &env);
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
        people_have_the_rights_of_their_roles(&world);
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
    world.apply(&[cluster()]);
    let path = [
        "get",
        "ecscluster",
        "main",
        "-o",
        "jsonpath={.metadata.uid} {.metadata.generation}",
    ];
    let (own, all) = (world.kubectl(&path), uids(plane, "ecs-operator"));
    assert!(all.len() >= 7, "{all:?}");

    helm(plane, &["upgrade", "ecs-operator", OPERATOR]);
    let upgraded = uids(plane, "ecs-operator");
    assert_kept("upgraded", &all, &upgraded);
    assert_eq!(world.kubectl(&path), own);

    helm(plane, &["rollback", "ecs-operator", "1"]);
    assert_kept("rolled back", &all, &uids(plane, "ecs-operator"));
    assert_eq!(world.kubectl(&path), own);

    helm(plane, &["upgrade", "ecs-operator", OPERATOR]);
    assert_kept("upgraded again", &all, &uids(plane, "ecs-operator"));
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
    world.kubectl(&["delete", "ecscluster", "main"]);
}

/// What a person may do in the story's namespace; roles are put together a moment after they are there.
fn people_have_the_rights_of_their_roles(world: &World) {
    let bind = |user: &str, role: &str| {
        let (user, role) = (format!("--user={user}"), format!("--clusterrole={role}"));
        world.kubectl(&["create", "rolebinding", &user[7..], &role, &user]);
    };
    bind("viewer", "view");
    bind("editor", "edit");
    bind("owner", "ecs-operator-edit");
    let may = |user: &str, verb: &str, what: &str| {
        let user = format!("--as={user}");
        let question = ["auth", "can-i", verb, what, &user, "-n", &world.namespace];
        world
            .plane()
            .try_kubectl(&question, "")
            .is_ok_and(|said| said.trim() == "yes")
    };
    let deadline = Instant::now() + DEADLINE;
    while !may("viewer", "list", "ecsservices.ecs-operator.dev") {
        assert!(
            Instant::now() < deadline,
            "the role view has no part in our kinds"
        );
    }
    for (user, verb, what, expected) in [
        ("viewer", "watch", "ecsclusters.ecs-operator.dev", true),
        ("viewer", "patch", "ecsclusters.ecs-operator.dev", false),
        (
            "editor",
            "list",
            "ecstaskdefinitions.ecs-operator.dev",
            true,
        ),
        ("editor", "create", "ecsservices.ecs-operator.dev", false),
        ("owner", "create", "ecsservices.ecs-operator.dev", true),
        (
            "owner",
            "delete",
            "ecstaskdefinitions.ecs-operator.dev",
            true,
        ),
        ("owner", "patch", "ecsservices.ecs-operator.dev/scale", true),
        (
            "owner",
            "patch",
            "ecsservices.ecs-operator.dev/status",
            false,
        ),
    ] {
        let (kind, sub) = what.split_once('/').unwrap_or((what, ""));
        let user_flag = format!("--as={user}");
        let sub = format!("--subresource={sub}");
        let question = [
            "auth",
            "can-i",
            verb,
            kind,
            &sub,
            &user_flag,
            "-n",
            &world.namespace,
        ];
        let said = world.plane().try_kubectl(&question, "");
        assert_eq!(said.is_ok(), expected, "{user} {verb} {what}: {said:?}");
    }
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

/// The kinds of prometheus-operator, which monitors and rules are of.
fn install_monitoring(plane: &ControlPlane) {
    let text = fs::read_to_string(root().join("tests/chart/schemas.json")).expect("text");
    let schemas: Value = serde_json::from_str(&text).expect("JSON");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": schemas["monitoring"]});
    plane.kubectl(&["apply", "--server-side", "-f", "-"], &list.to_string());
    let wait = [
        "wait",
        "--for=condition=Established",
        "--timeout=60s",
        "crd",
    ];
    for crd in schemas["monitoring"].as_array().expect("a list") {
        let name = crd["metadata"]["name"].as_str().expect("a name");
        plane.kubectl(&[&wait[..], &[name]].concat(), "");
    }
}

#[test]
fn every_set_of_values_is_taken_by_the_api_server_and_its_pods_are_restricted() {
    story("variants", |world| async move {
        let plane = world.plane();
        install_monitoring(plane);
        let restricted = "pod-security.kubernetes.io/enforce=restricted";
        for namespace in [NAMESPACE, "team-a", "team-b"] {
            plane.kubectl(&["create", "namespace", namespace], "");
        }
        plane.kubectl(&["label", "namespace", NAMESPACE, restricted], "");
        let mut accounts = BTreeSet::new();
        for (name, values) in variants() {
            let yaml = charts::template(OPERATOR, &["--values", &values]).expect("it renders");
            let dry = ["--dry-run=server", "-f", "-"];
            let apply = ["apply", "--server-side", "--validate=strict"];
            until_served(plane, &[&apply[..], &dry].concat(), &yaml, &name);

            let rendered = objects(&yaml);
            let deployment = rendered
                .iter()
                .find(|object| object["kind"] == "Deployment");
            let template = &deployment.expect("a Deployment")["spec"]["template"];
            let mut pod = template.clone();
            pod["apiVersion"] = "v1".into();
            pod["kind"] = "Pod".into();
            pod["metadata"]["name"] = "trial".into();
            let account = pod["spec"]["serviceAccountName"]
                .as_str()
                .expect("an account");
            if accounts.insert(account.to_owned()) {
                plane.kubectl(&["create", "serviceaccount", account, "-n", NAMESPACE], "");
            }
            let create = [&["create", "-n", NAMESPACE][..], &dry].concat();
            plane.kubectl(&create, &pod.to_string());
            pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] =
                true.into();
            let refused = plane
                .try_kubectl(&create, &pod.to_string())
                .expect_err("too much");
            assert!(
                refused.contains("violates PodSecurity \"restricted"),
                "{refused}"
            );
        }
    });
}

/// A new kind is served a moment after it is established.
fn until_served(plane: &ControlPlane, args: &[&str], stdin: &str, name: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(said) = plane.try_kubectl(args, stdin) {
        let is_early = said.contains("no matches for kind") && Instant::now() < deadline;
        assert!(is_early, "{name}: {said}");
    }
}

#[test]
fn examples_on_the_charts_page_are_taken_by_the_api_server() {
    story("chart_examples", |world| async move {
        let chart = fs::read_to_string(root().join(OPERATOR).join("Chart.yaml")).expect("text");
        let chart: Value = serde_saphyr::from_str(&chart).expect("YAML");
        let examples = chart["annotations"]["artifacthub.io/crdsExamples"]
            .as_str()
            .expect("text");
        let examples: Vec<Value> = serde_saphyr::from_str(examples).expect("a list");
        let list = json!({"apiVersion": "v1", "kind": "List", "items": examples});
        world.kubectl_with(&["apply", "--dry-run=server", "-f", "-"], &list.to_string());
    });
}
