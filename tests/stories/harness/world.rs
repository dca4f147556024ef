//! The world of one story: a namespace, an AWS account, an operator.

use std::{future::Future, sync::Arc};

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};
use simulator::{ACCOUNT, Account as AwsAccount, Options, REGION, Server, Simulator};

use super::{
    account::Account,
    control_plane::{ControlPlane, scratch},
    gate::{Gate, Judge},
    objects::{cluster, task_definition},
    operator::Operator,
    rights,
};

/// Access key of the second operator, where there is one; the story's own has `test`.
pub const SECOND: &str = "second";

/// Virtual seconds a real second: a rollout of half a minute takes one second.
const RATE: f64 = 30.0;

/// The world of one story.
pub struct World {
    /// The story's namespace.
    pub namespace: String,
    /// AWS.
    pub simulator: Simulator,
    /// The administrator.
    pub client: Client,
    /// A listener that a platform team made.
    pub listener: String,
    /// More flags for the operator.
    pub flags: Vec<String>,
    namespace_from_env: bool,
    /// More environment variables for the operator.
    pub env: Vec<(String, String)>,
    plane: Arc<ControlPlane>,
    server: Server,
    pub(super) account: Account,
    pub(super) operator: Option<Operator>,
}

/// Runs a story on a control plane of its own, without kinds, that it may stop and change.
pub fn story_alone<F: Future<Output = ()>>(name: &str, story: impl FnOnce(World) -> F) {
    block_on(async {
        let plane = ControlPlane::start(&format!("{name}-plane"));
        story(World::on(Arc::new(plane), name).await).await
    });
}

/// Runs a story in a world of its own.
pub fn story<F: Future<Output = ()>>(name: &str, story: impl FnOnce(World) -> F) {
    block_on(async { story(World::new(name).await).await });
}

/// Runs what a test does; the simulator and the gate have a thread beside it.
pub fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test);
}

impl World {
    /// A namespace, an AWS and the operator's rights; the operator is not started.
    pub async fn new(name: &str) -> Self {
        let plane = ControlPlane::shared();
        plane.install_kinds().await;
        Self::on(plane, name).await
    }

    async fn on(plane: Arc<ControlPlane>, name: &str) -> Self {
        let client = plane.client().await;
        let namespace = name.replace('_', "-").chars().take(63).collect::<String>();
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let object =
            serde_json::from_value(json!({"metadata": {"name": namespace}})).expect("a namespace");
        namespaces
            .create(&PostParams::default(), &object)
            .await
            .expect("the namespace is new");
        let mut options = Options {
            rate: RATE,
            ..Options::default()
        };
        options.accounts.push(AwsAccount {
            id: ACCOUNT.to_owned(),
            access_key: SECOND.to_owned(),
        });
        let simulator = Simulator::new(options);
        rights::allow(&simulator, "stories");
        let server = simulator.listen(0).await.expect("a free port");
        let listener = simulator.listener("shared", json!({}));
        let chart = [
            "--set".to_owned(),
            format!("watchNamespaces={{{namespace}}}"),
        ];
        let account = Account::install(&plane, &client, "ecs-operator", &namespace, &chart).await;
        Self {
            namespace,
            simulator,
            client,
            listener,
            flags: Vec::new(),
            namespace_from_env: false,
            env: Vec::new(),
            plane,
            server,
            account,
            operator: None,
        }
    }

    /// The flags of the story's operator.
    pub(super) fn all_flags(&self) -> Vec<String> {
        let flags = [
            "--region",
            REGION,
            "--endpoint-url",
            &self.server.url,
            "--allow-insecure-endpoint",
            "--watch-namespace",
            &self.namespace,
            "--cluster-id",
            "stories",
            "--poll-period",
            "150ms",
            "--drift-period",
            "1h",
            "--retry-min",
            "100ms",
            "--retry-max",
            "1s",
            "--aws-timeout",
            "3s",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "info,ecs_operator=debug",
            "--log-format",
            "text",
        ];
        // Later flags win over earlier ones only where clap lets them: a story's own come instead.
        let mut all: Vec<String> = Vec::new();
        let mut flags = flags.iter().map(|flag| (*flag).to_owned()).peekable();
        while let Some(flag) = flags.next() {
            let value = flags.next_if(|next| !next.starts_with("--"));
            let left_out = flag == "--watch-namespace" && self.namespace_from_env;
            if !left_out && !self.flags.contains(&flag) {
                all.push(flag);
                all.extend(value);
            }
        }
        all.extend(self.flags.iter().cloned());
        all
    }

    /// Starts the operator.
    pub fn start(&mut self) {
        let log = scratch().join(format!("{}.log", self.namespace));
        self.operator = Some(Operator::start(
            &self.account.kubeconfig,
            log,
            &self.all_flags(),
            &self.env,
        ));
    }

    /// Starts the operator and applies the application with this service, until it is Ready; the service.
    pub async fn bring_up(&mut self, service: Value) -> Value {
        self.start();
        self.apply_application(service);
        self.until_ready("EcsService", "web").await
    }

    /// Applies the application with this service.
    pub fn apply_application(&self, service: Value) {
        self.apply(&[cluster(), task_definition("web", "nginx:1"), service]);
    }

    /// Starts the operator as a Pod's container would: with just its arguments and environment.
    pub fn start_container(&mut self, args: &[String], env: &[(String, String)]) {
        let log = scratch().join(format!("{}.log", self.namespace));
        self.operator = Some(Operator::start_contained(&self.account, log, args, env));
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.operator.take().expect("an operator runs").kill();
    }

    /// SIGTERM, until it is gone; its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        self.operator.take().expect("an operator runs").terminate()
    }

    /// Leaves the namespaces to watch to the environment.
    pub fn without_namespace_flag(&mut self) {
        self.namespace_from_env = true;
    }

    /// Puts a gate between the operator and both worlds that it changes, from its next start on.
    pub async fn put_gate(&mut self, judge: Judge) -> Gate {
        let gate = Gate::open(&self.simulator, &self.account.kubeconfig, judge).await;
        let kubeconfig = gate.kubeconfig.display().to_string();
        self.env.push(("KUBECONFIG".to_owned(), kubeconfig));
        self.flags
            .extend(["--endpoint-url".to_owned(), gate.aws.clone()]);
        gate
    }

    /// Where the simulator listens.
    pub fn endpoint(&self) -> &str {
        &self.server.url
    }

    /// The control plane.
    pub fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// What the operator logged.
    pub fn logs(&self) -> String {
        self.operator
            .as_ref()
            .map(Operator::logs)
            .unwrap_or_default()
    }

    /// What must hold at the end of every story: AWS's model was kept, no secret got out, nothing panicked.
    pub fn check(&self) {
        for entry in self.simulator.journal() {
            assert!(
                entry.violations.is_empty(),
                "{}: {:?}",
                entry.operation,
                entry.violations
            );
            assert!(
                !matches!(entry.code(), Some("NotSimulated" | "SimulatorBug")),
                "{}",
                entry.operation
            );
        }
        let log = |of: &str| {
            let path = scratch().join(format!("{}{of}.log", self.namespace));
            std::fs::read_to_string(path).unwrap_or_default()
        };
        let log = log("") + &log("-second");
        for canary in ["environment-canary", "secret-canary"] {
            assert!(!log.contains(canary), "{canary} is in the log");
        }
        assert!(!log.contains("panicked"), "the operator panicked:\n{log}");
    }

    /// The end of the log, for messages.
    pub fn tail(&self) -> String {
        let logs = self.logs();
        let lines: Vec<_> = logs.lines().rev().take(40).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}
