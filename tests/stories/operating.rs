//! The process itself: start, health, metrics, end.

use std::{
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use simulator::{Effect, Fault};

use crate::{
    harness::{
        World,
        control_plane::run,
        gate::{self, Gate, Position},
        invariants::{one_of_everything, summary},
        objects::*,
        scraping::{Scrape, get},
        waiting::DEADLINE,
        world::{story, story_alone},
    },
    leading::elect,
};

/// How long an end may take after SIGTERM, whatever is under way.
const END: Duration = Duration::from_secs(10);

#[test]
fn health_and_metrics_are_served_and_sigterm_ends_cleanly() {
    story("process", |mut world| async move {
        let port = world.serve_metrics();
        world.start();
        world.apply(&[cluster()]);
        world.until_ready("EcsCluster", "main").await;
        assert_eq!(get(port, "/healthz"), (200, "ok\n".into()));
        let ready = async {
            while get(port, "/readyz").0 != 200 {
                tokio::task::yield_now().await
            }
        };
        tokio::time::timeout(DEADLINE, ready).await.expect("ready");
        for (metric, labels) in [
            (
                "controller_runtime_reconcile_total",
                [r#"controller="ecscluster""#, r#"result="success""#],
            ),
            (
                "controller_runtime_reconcile_time_seconds_count",
                [r#"controller="ecscluster""#; 2],
            ),
            (
                "aws_api_calls_total",
                [
                    r#"operation="CreateCluster""#,
                    r#"status_code="200",error_code="""#,
                ],
            ),
        ] {
            // The status is written a moment before its reconcile is counted.
            let counted = |scrape: &Scrape| scrape.sum(metric, &labels) >= 1.0;
            world.until_told(port, metric, counted).await;
        }
        let started = Instant::now();
        let code = world.terminate();
        assert_eq!(code, Some(0));
        assert!(started.elapsed() < END);
        world.check();
    });
}

/// SIGTERM while AWS has made a service and its answer is still out; it comes after the signal or never.
fn ended_in_a_call(name: &str, is_answered: bool) {
    story(name, |mut world| async move {
        // Longer than the end may take: it is not the call's own timeout that ends the wait.
        world.flags = ["--aws-timeout", "1m"].map(str::to_owned).to_vec();
        let fault = Fault::new(Effect::HangAfter).operation("CreateService");
        let fault = world.simulator.fault(fault.times(1));
        world.start();
        world.apply_application(balanced("web", &world.listener, "/"));
        world.until_hanging("CreateService").await;
        let before = world.mutations();
        let started = Instant::now();
        world.signal("TERM");
        world.until_logged("stopping").await;
        if is_answered {
            world.simulator.release(fault);
        }
        assert_eq!(world.terminate(), Some(0));
        let took = started.elapsed();
        assert!(took < END, "{took:?}");
        assert_eq!(world.mutations(), before, "no call after the signal");

        goes_on(&mut world).await;
    });
}

/// The next start ends with one of everything.
async fn goes_on(world: &mut World) {
    world.start();
    world.until_ready("EcsService", "web").await;
    let objects = world.application().await;
    let wrong = one_of_everything(&world.simulator, &objects);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let once = CREATIONS.map(|call| (call.to_owned(), 1));
    assert_eq!(summary(&world.journal()), once.into());
    world.check();
}

#[test]
fn sigterm_in_a_call_that_is_answered_ends_in_time_and_nothing_is_made_twice() {
    ended_in_a_call("ended_answered", true);
}

#[test]
fn sigterm_in_a_call_that_is_never_answered_ends_in_time_and_nothing_is_made_twice() {
    ended_in_a_call("ended_unanswered", false);
}

#[test]
fn sigterm_when_nothing_answers_any_more_ends_in_time() {
    story("ended_alone", |mut world| async move {
        // Its backlog takes connections, and nobody answers there.
        let collector = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let at = collector.local_addr().expect("an address");
        elect(&mut world, 15);
        let url = format!("http://{at}");
        let flags = ["--aws-timeout", "1m", "--otlp-endpoint", &url];
        world.flags.extend(flags.map(str::to_owned));
        let gate = world.put_gate(|_, _| Vec::new()).await;
        let creation = gate::Effect {
            what: "CreateService".to_owned(),
            nth: 1,
        };
        gate.set_trap(creation, Position::Unanswered);
        world.start();
        world.apply_application(balanced("web", &world.listener, "/"));
        // From then on neither AWS nor Kubernetes answers: the lease can't be given back.
        gate.until_passed("CreateService", Gate::is_closed).await;
        let started = Instant::now();
        assert_eq!(world.terminate(), Some(0));
        let took = started.elapsed();
        assert!(took < END, "{took:?}");
        gate.reopen();
        goes_on(&mut world).await;
    });
}

#[test]
fn start_without_kubernetes_ends_with_a_sentence() {
    let mut operator = Command::new(env!("CARGO_BIN_EXE_ecs-operator"));
    operator
        .args(["run", "--region", "us-east-1", "--cluster-id", "x"])
        .env_remove("KUBECONFIG")
        .env("HOME", "/nonexistent");
    let error = run(&mut operator, "").expect_err("no Kubernetes");
    assert!(
        error.starts_with("ecs-operator: no way to Kubernetes") && error.contains("KUBECONFIG"),
        "{error}"
    );
}

#[test]
fn version_and_crds_are_printed() {
    let operator = |command: &str| {
        run(
            Command::new(env!("CARGO_BIN_EXE_ecs-operator")).arg(command),
            "",
        )
        .expect("it prints")
    };
    assert_eq!(
        operator("version"),
        format!("ecs-operator {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        operator("crds")
            .matches("kind: CustomResourceDefinition")
            .count(),
        3
    );
}

#[test]
fn iam_policy_is_printed_with_what_a_person_should_know_beside_it() {
    let print = |args: &[&str]| {
        let mut operator = Command::new(env!("CARGO_BIN_EXE_ecs-operator"));
        let said = operator.arg("iam-policy").args(args).output();
        let said = said.expect("it runs");
        let document: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
        (document, String::from_utf8_lossy(&said.stderr).into_owned())
    };
    let (policy, notes) = print(&[]);
    assert!(simulator::Policy::new(policy).is_ok());
    assert!(
        notes.contains("--cluster-id") && notes.contains("--roles"),
        "{notes}"
    );
    let role = "arn:aws:iam::000000000000:role/app";
    let (policy, notes) = print(&["--cluster-id", "c1", "--roles", role]);
    assert!(policy.to_string().contains(role) && notes.is_empty());
    let (trust, notes) = print(&["--trust", "pod-identity", "--service-account", "ops/ecs"]);
    assert!(trust.to_string().contains("\"ops\"") && notes.is_empty());
}

#[test]
fn missing_kinds_are_said_and_waited_for() {
    story_alone("missing_kinds", |mut world| async move {
        let port = world.serve_metrics();
        world.start();
        let said = async {
            while !world
                .logs()
                .contains("the CustomResourceDefinition is not installed")
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, said).await.expect("said");
        let (code, why) = get(port, "/readyz");
        assert_eq!(code, 503, "nothing is watched: {why}");
        world.plane().install_kinds().await;
        let ready = async {
            while get(port, "/readyz").0 != 200 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, ready).await.expect("ready");
        world.apply(&[cluster()]);
        world.until_ready("EcsCluster", "main").await;
        world.check();
    });
}

#[test]
fn certificates_that_cannot_be_read_end_the_start_with_a_sentence() {
    let mut operator = Command::new(env!("CARGO_BIN_EXE_ecs-operator"));
    operator
        .args(["run", "--region", "us-east-1"])
        .env("AWS_CA_BUNDLE", "/nonexistent/ca.pem");
    let error = run(&mut operator, "").expect_err("no certificates");
    assert!(
        error.contains("AWS_CA_BUNDLE")
            && error.contains("/nonexistent/ca.pem")
            && error.contains("PEM"),
        "{error}"
    );
}

/// A proxy that passes everything on to one address and counts connections.
fn proxy(to: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::Relaxed);
            let Ok(server) = TcpStream::connect(&to) else {
                return;
            };
            for (mut from, mut to) in [
                (
                    client.try_clone().expect("a socket"),
                    server.try_clone().expect("a socket"),
                ),
                (server, client),
            ] {
                std::thread::spawn(move || {
                    // Either side may close first.
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
    (format!("http://{address}"), count)
}

#[test]
fn proxy_is_used_unless_no_proxy_names_the_host() {
    story("proxy", |mut world| async move {
        let aws = world
            .endpoint()
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let (url, connections) = proxy(aws);
        world.env = vec![("HTTP_PROXY".into(), url)];
        world.start();
        world.apply(&[cluster()]);
        world.until_ready("EcsCluster", "main").await;
        world.kill();
        let through = connections.load(Ordering::Relaxed);
        assert!(through > 0, "no call went through the proxy");
        world.env.push(("NO_PROXY".into(), "127.0.0.1".into()));
        world.start();
        world.apply(&[task_definition("web", "nginx:1")]);
        world.until_ready("EcsTaskDefinition", "web").await;
        assert_eq!(connections.load(Ordering::Relaxed), through);
        world.check();
    });
}

#[test]
fn several_namespaces_are_watched_and_no_other() {
    story("watched", |mut world| async move {
        world.use_cluster_wide_rights().await;
        let other = format!("{}-too", world.namespace);
        let third = format!("{}-not", world.namespace);
        for namespace in [&other, &third] {
            world
                .plane()
                .kubectl(&["create", "namespace", namespace], "");
            world.plane().kubectl(
                &["apply", "-n", namespace, "-f", "-"],
                &cluster().to_string(),
            );
        }
        world.apply(&[cluster()]);
        world.env = vec![(
            "ECS_OPERATOR_WATCH_NAMESPACE".into(),
            format!("{},{other}", world.namespace),
        )];
        world.without_namespace_flag();
        world.start();
        world.until_ready("EcsCluster", "main").await;
        let wait = [
            "wait",
            "-n",
            &other,
            "--for=condition=Ready",
            "--timeout=60s",
            "ecscluster/main",
        ];
        world.plane().kubectl(&wait, "");
        let clusters = world.aws("ecs", "ListClusters", serde_json::json!({}));
        assert_eq!(
            clusters["clusterArns"].as_array().map(Vec::len),
            Some(2),
            "{clusters}"
        );
        world.check();
    });
}
