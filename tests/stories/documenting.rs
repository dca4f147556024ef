//! What the documentation shows works: its commands from an empty Kubernetes cluster on, and every block of YAML.

use std::{
    collections::BTreeSet,
    fmt::Write,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use simulator::{Fate, Policy, REGION};

use crate::{
    harness::{
        World,
        control_plane::{root, run, scratch, signal, tool},
        world::{story, story_alone},
    },
    importing,
    kubelet::Kubelet,
    markdown::{self, Block},
};

/// Documents in which commands build on each other, in the order in which a newcomer reads. The others follow.
const READ_FIRST: [&str; 3] = ["README.md", "docs/install.md", "docs/first-service.md"];

/// Seconds until a block of commands counts as stuck; machines under load are slow.
const PATIENCE: &str = "180";

/// Every Markdown file that people read, those to be read first before the others.
fn documents() -> Vec<PathBuf> {
    let mut todo: Vec<PathBuf> = ["docs", "examples", "charts", "deploy"]
        .iter()
        .map(|folder| root().join(folder))
        .filter(|folder| folder.exists())
        .collect();
    let mut others = BTreeSet::new();
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                others.insert(path);
            }
        }
    }
    let first = READ_FIRST.map(|path| root().join(path));
    let others = others.into_iter().filter(|path| !first.contains(path));
    first.iter().cloned().chain(others).collect()
}

/// The blocks of every document, with the place of each; what is marked as last comes last.
fn blocks(wanted: impl Fn(&Block) -> bool) -> Vec<(String, Block)> {
    let of = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("text");
        let name = path
            .strip_prefix(root())
            .expect("of the repository")
            .to_owned();
        let place = move |block: Block| (format!("{}:{}", name.display(), block.line), block);
        markdown::blocks(&text).into_iter().map(place)
    };
    let all = documents().into_iter().flat_map(of);
    let mut all: Vec<_> = all.filter(|(_, block)| wanted(block)).collect();
    all.sort_by_key(|(_, block)| block.mark("run") == Some("last"));
    all
}

/// A folder with the programs that the commands name.
fn programs() -> PathBuf {
    let folder = scratch().join("bin");
    std::fs::create_dir_all(&folder).expect("writable");
    let operator = Path::new(env!("CARGO_BIN_EXE_ecs-operator")).to_owned();
    for (name, program) in [
        (
            "kubectl",
            tool("kubectl").canonicalize().expect("a program"),
        ),
        ("helm", tool("helm")),
        ("ecs-operator", operator),
    ] {
        let link = folder.join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(program, link).expect("writable");
        }
    }
    folder
}

/// The commands of a block, with an object that is there for the one that runbooks leave open.
fn commands(block: &Block) -> String {
    let mut text = block.text.clone();
    for (kind, name) in [("ecsservice", "worker"), ("ecscluster", "legacy")] {
        text = text.replace(
            &format!("{kind} -n NAMESPACE NAME"),
            &format!("{kind} -n team {name}"),
        );
    }
    text
}

/// A folder that looks like the repository's root to the commands, and may be written to, with the files that they read.
fn checkout() -> PathBuf {
    let folder = scratch().join("checkout");
    std::fs::create_dir_all(&folder).expect("writable");
    let files = Path::new("tests/stories/files");
    for (name, file) in [
        ("charts", Path::new("charts").to_owned()),
        ("examples", Path::new("examples").to_owned()),
        ("taskdef.json", files.join("described.json")),
        ("service.json", files.join("services.json")),
    ] {
        let link = folder.join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(root().join(file), link).expect("writable");
        }
    }
    folder
}

/// Runs the commands that the chart prints for AWS, and gives the operator the rights in what they write, and no others.
fn follow_the_notes(world: &World, notes: &str) {
    let commands = notes.lines().map(str::trim);
    for command in commands.filter(|line| line.starts_with("ecs-operator iam-policy ")) {
        let role = "arn:aws:iam::000000000000:role/ecsTaskExecutionRole";
        let (said, code) = run_commands(world, &command.replace("ROLES-OF-TASKS", role));
        assert_eq!(code, Some(0), "{command}: {said}");
    }
    let written = |name: &str| -> Value {
        let taken = format!("file://{name}");
        assert!(notes.contains(&taken), "nothing takes {taken}: {notes}");
        let text = std::fs::read_to_string(checkout().join(name));
        let text = text.unwrap_or_else(|error| panic!("the notes write no {name}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"))
    };
    let (policy, trust) = (written("policy.json"), written("trust.json"));
    assert!(trust.to_string().contains("sts:AssumeRole"), "{trust:#}");
    let policy = Policy::new(policy).expect("what the simulator knows of IAM");
    world.simulator.set_policy("test", Some(policy));
}

/// Runs the commands that the chart prints for Kubernetes, once the Pod runs; those that go on for ever are handed back.
fn look_as_the_notes_say(world: &World, notes: &str) -> Vec<String> {
    let commands = notes.lines().map(str::trim);
    let commands = commands.filter(|line| line.starts_with("kubectl "));
    let (watches, others): (Vec<_>, Vec<_>) = commands.partition(|line| line.ends_with(" --watch"));
    assert!(!watches.is_empty() && others.len() >= 2, "{notes}");
    for command in others {
        let (said, code) = run_commands(world, command);
        assert_eq!(code, Some(0), "{command}: {said}");
    }
    watches.into_iter().map(str::to_owned).collect()
}

/// Runs a command that goes on for ever until it prints these words.
fn watch_until(world: &World, command: &str, words: &str) {
    let mut child = person(world, &format!("exec 2>&1\nexec {command}"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh runs");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut said = Vec::new();
    for line in lines.map_while(Result::ok) {
        said.push(line);
        if said.last().is_some_and(|line| line.contains(words)) {
            // To `timeout`, which passes it on.
            signal("TERM", child.id()).expect("it runs still");
            child.wait().expect("it ends");
            return;
        }
    }
    let code = child.wait().expect("it ends").code();
    panic!("{command} ended with {code:?} and without {words}: {said:?}");
}

/// Runs commands as a person at the repository's root does; what they printed, and their exit code.
fn run_commands(world: &World, commands: &str) -> (String, Option<i32>) {
    let output = person(world, &format!("exec 2>&1\n{commands}")).output();
    let output = output.expect("sh runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (said, output.status.code())
}

/// A shell as a person at the repository's root has it, that runs this and nothing after it.
fn person(world: &World, script: &str) -> Command {
    let home = scratch().join("home");
    std::fs::create_dir_all(&home).expect("writable");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("timeout");
    shell
        .args([PATIENCE, "sh", "-eu", "-c", script])
        .current_dir(checkout())
        .env("PATH", format!("{}:{path}", programs().display()))
        .env("HOME", home)
        .env("KUBECONFIG", world.plane().kubeconfig())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "secret-canary-of-a-person")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("ECS_OPERATOR_REGION", REGION)
        .env("ECS_OPERATOR_ENDPOINT_URL", world.endpoint())
        .env("ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT", "true");
    shell
}

#[test]
fn commands_work_from_an_empty_cluster_on() {
    story_alone("walkthrough", |mut world| async move {
        world.demo_listener();
        world.simulator.set_rate(60.0);
        world.simulator.script(|script| {
            let reason = "failed to resolve ref nginx:1.82: not found".to_owned();
            script.set_image(
                "public.ecr.aws/nginx/nginx:1.82",
                Fate::PullFails { reason },
            );
        });
        importing::make_by_hand(&world);
        let mut kubelet = Kubelet::default();
        let mut told = String::new();
        let mut before_adoption = 0;
        let mut watches = Vec::new();
        let all = blocks(|block| block.mark("run").is_some());
        assert!(all.len() >= 15, "only {} blocks are run", all.len());
        for (place, block) in &all {
            let (said, code) = run_commands(&world, &commands(block));
            let wanted = block
                .mark("code")
                .map_or(0, |code| code.parse().expect("a number"));
            let _ = writeln!(told, "--- {place}\n{}{said}", block.text);
            assert_eq!(
                code,
                Some(wanted),
                "{place}: the commands end otherwise\n{told}\n{}\n{}",
                world.calls(),
                world.tail()
            );
            if block.text.contains("helm install ecs-operator ") {
                follow_the_notes(&world, &said);
                kubelet.look(&mut world).await;
                watches = look_as_the_notes_say(&world, &said);
            }
            if block.text.contains("condition=Ready") && block.text.contains("ecsservice/web") {
                for command in watches.drain(..) {
                    watch_until(&world, &command, "web");
                }
            }
            if block.text.contains("kubectl describe ecsservice web") {
                for words in [
                    "RolloutFailed",
                    "CannotPullContainerError",
                    "circuit breaker",
                    "serves",
                    "fix the task definition",
                ] {
                    assert!(
                        said.contains(words),
                        "{place}: {words} is not told:\n{said}"
                    );
                }
            }
            if block.text.contains("kubectl delete -f examples/quickstart") {
                let left = world.aws("ecs", "ListClusters", json!({}));
                let left = left["clusterArns"].to_string();
                assert!(!left.contains("default-main"), "{place}: AWS has {left}");
            }
            if block.text.contains("> legacy.yaml") {
                let file = checkout().join("legacy.yaml");
                let yaml = std::fs::read_to_string(file).expect("what the command wrote");
                assert!(importing::consent(&world, &yaml) >= 5, "{place}: {yaml}");
                before_adoption = world.mutations().len();
            }
            if block.text.contains("-f legacy.yaml") {
                let changes = world.mutations().split_off(before_adoption);
                assert!(
                    changes.iter().all(|call| call == "TagResource"),
                    "{place}: {changes:?}"
                );
            }
            kubelet.look(&mut world).await;
        }
        assert!(watches.is_empty(), "{watches:?} watched nothing");
        assert!(kubelet.pod.is_null(), "the chart is uninstalled");
        println!("{told}");
        world.check();
    });
}

/// What completes a fragment of a kind's spec.
fn complete(kind: &str, spec: Value) -> Value {
    let mut whole = match kind {
        "EcsCluster" => json!({}),
        "EcsTaskDefinition" => {
            json!({"containerDefinitions": [{"name": "app", "image": "nginx:1", "memory": 128}]})
        }
        "EcsService" if spec.get("taskDefinitionRef").is_some() => json!({"cluster": "main"}),
        "EcsService" => json!({"cluster": "main", "taskDefinition": "web:1"}),
        kind => panic!("no rule completes a fragment of {kind}"),
    };
    let members = spec.as_object().expect("members").clone();
    whole.as_object_mut().expect("members").extend(members);
    json!({"apiVersion": "ecs-operator.dev/v1alpha1", "kind": kind, "metadata": {"name": "fragment"}, "spec": whole})
}

/// The manifests that a block of YAML stands for: its own; a spec's, completed; or the chart's, with these values.
fn manifests(place: &str, block: &Block) -> String {
    if let Some(path) = block.mark("fragment") {
        let kind = path
            .strip_suffix(".spec")
            .unwrap_or_else(|| panic!("{place}: fragment=KIND.spec"));
        let spec = serde_saphyr::from_str(&block.text).expect("YAML");
        return complete(kind, spec).to_string();
    }
    if block.mark("values").is_some() {
        let mut helm = Command::new(tool("helm"));
        helm.args(["template", "ecs-operator"])
            .arg(root().join("charts/ecs-operator"))
            .args(["--namespace", "ecs-operator", "--values", "-"]);
        return run(&mut helm, &block.text).unwrap_or_else(|error| panic!("{place}: {error}"));
    }
    assert!(
        block.marks.is_empty(),
        "{place}: unknown mark {:?}",
        block.marks
    );
    block.text.clone()
}

#[test]
fn every_block_of_yaml_is_taken_by_the_api_server() {
    story("documents", |world| async move {
        // A server-side dry run asks for the namespaces that manifests name.
        for namespace in ["ecs-operator", "shop", "payments"] {
            let _ = world
                .plane()
                .try_kubectl(&["create", "namespace", namespace], "");
        }
        // Of kinds that are others' and no part of Kubernetes.
        let kinds = root().join("tests/stories/files/keda-scaledobjects.yaml");
        let kinds = kinds.display().to_string();
        let established = "--for=condition=Established";
        world.plane().kubectl(&["apply", "-f", &kinds], "");
        world
            .plane()
            .kubectl(&["wait", established, "--timeout=60s", "-f", &kinds], "");
        let all = blocks(|block| matches!(block.language.as_str(), "yaml" | "yml"));
        for (place, block) in &all {
            let server_side = ["--server-side", "--force-conflicts", "--dry-run=server"];
            let mut apply = ["apply", "-f", "-"].to_vec();
            apply.extend(server_side);
            let result = world.plane().try_kubectl(&apply, &manifests(place, block));
            assert!(result.is_ok(), "{place}: {}", result.unwrap_err());
        }
        assert!(all.len() >= 6, "too few blocks of YAML");
    });
}
