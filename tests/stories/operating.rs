//! The process itself: start, health, metrics, end.

use std::process::Command;

use crate::harness::{
    control_plane::run,
    objects::*,
    world::{DEADLINE, story, story_alone},
};

#[test]
fn health_and_metrics_are_served_and_sigterm_ends_cleanly() {
    story("process", |mut world| async move {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .expect("a free port")
            .local_addr()
            .expect("an address")
            .port();
        world.flags = vec!["--listen".into(), format!("127.0.0.1:{port}")];
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
        let (status, metrics) = get(port, "/metrics");
        assert_eq!(status, 200);
        for metric in [
            "controller_runtime_reconcile_total{controller=\"ecscluster\",result=\"success\"}",
            "controller_runtime_reconcile_time_seconds_count{controller=\"ecscluster\"}",
            "aws_api_calls_total{service=\"ecs\",operation=\"CreateCluster\",error_code=\"\"} 1",
        ] {
            assert!(metrics.contains(metric), "{metric} is not in\n{metrics}");
        }
        let started = std::time::Instant::now();
        let code = world.terminate();
        assert_eq!(code, Some(0));
        assert!(started.elapsed() < std::time::Duration::from_secs(10));
        world.check();
    });
}

/// A GET over a plain socket: status and body.
fn get(port: u16, path: &str) -> (u16, String) {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else {
        return (0, String::new());
    };
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("writable");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("readable");
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    (
        status,
        answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default(),
    )
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
fn missing_kinds_are_said_and_waited_for() {
    story_alone("missing_kinds", |mut world| async move {
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
        world.plane().install_kinds().await;
        world.apply(&[cluster()]);
        world.until_ready("EcsCluster", "main").await;
        world.check();
    });
}
