//! The world of one story: a namespace, an AWS account, an operator.

use std::{future::Future, path::PathBuf, process::Command, sync::Arc, time::Duration};

use futures::TryStreamExt;
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::{Namespace, ServiceAccount},
};
use kube::{
    Api, Client,
    api::{DynamicObject, PostParams},
    core::{ApiResource, GroupVersionKind},
    runtime::{WatchStreamExt, watcher},
};
use serde_json::{Value, json};
use simulator::{Account as AwsAccount, Entry, Options, Server, Simulator};

use super::{
    audit,
    control_plane::{ControlPlane, root, run, scratch, tool},
    gate::{Gate, Judge},
    objects,
    operator::Operator,
    recording, rights,
};

/// Account and Region of every story.
pub const ACCOUNT: &str = "000000000000";
pub const REGION: &str = "us-east-1";

/// Access key of the second operator, where there is one; the story's own has `test`.
pub const SECOND: &str = "second";

/// Real time until what must happen counts as not happening; machines under load are slow.
pub const DEADLINE: Duration = Duration::from_secs(90);

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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        story(
            World::on(
                Arc::new(ControlPlane::start(&format!("{name}-plane"))),
                name,
            )
            .await,
        )
        .await
    });
}

/// Runs a story in a world of its own.
pub fn story<F: Future<Output = ()>>(name: &str, story: impl FnOnce(World) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async { story(World::new(name).await).await });
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
        let listener = listener(&simulator, "shared");
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

    /// Starts the operator as a Pod's container would: with just its arguments and environment.
    pub fn start_container(&mut self, args: &[String], env: &[(String, String)]) {
        let log = scratch().join(format!("{}.log", self.namespace));
        self.operator = Some(Operator::start(&self.account.kubeconfig, log, args, env));
    }

    /// Gives the operator a ServiceAccount that exists.
    pub async fn use_account(&mut self, namespace: &str, name: &str) {
        self.account = Account::of(&self.plane, &self.client, namespace, name).await;
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

    /// `kubectl apply` of several manifests at once.
    pub fn apply(&self, manifests: &[Value]) {
        self.try_apply(manifests)
            .unwrap_or_else(|error| panic!("kubectl apply: {error}"));
    }

    /// `kubectl apply`, with what it says when it is refused.
    pub fn try_apply(&self, manifests: &[Value]) -> Result<String, String> {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": manifests}).to_string();
        self.plane
            .try_kubectl(&["apply", "-n", &self.namespace, "-f", "-"], &list)
    }

    /// kubectl in the story's namespace.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let mut all = vec!["-n", &self.namespace];
        all.extend(args);
        self.plane.kubectl(&all, "")
    }

    /// kubectl in the story's namespace, with standard input.
    pub fn kubectl_with(&self, args: &[&str], stdin: &str) -> String {
        let mut all = vec!["-n", &self.namespace];
        all.extend(args);
        self.plane.kubectl(&all, stdin)
    }

    /// Sets an annotation that asks for a reconcile now.
    pub fn reconcile_now(&self, kind: &str, name: &str, value: &str) {
        self.kubectl(&[
            "annotate",
            "--overwrite",
            kind,
            name,
            &format!("ecs-operator.dev/reconcile-at={value}"),
        ]);
    }

    /// Objects of a kind.
    pub fn api(&self, kind: &str) -> Api<DynamicObject> {
        let resource =
            ApiResource::from_gvk(&GroupVersionKind::gvk("ecs-operator.dev", "v1alpha1", kind));
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// An object as it is now; none: it does not exist.
    pub async fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let object = self
            .api(kind)
            .get_opt(name)
            .await
            .expect("the API server answers");
        object.map(|object| serde_json::to_value(object).expect("JSON"))
    }

    /// Waits until an object is as `wanted`; after the deadline, panics with what it was last and what was logged.
    pub async fn until(
        &self,
        kind: &str,
        name: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
        let mut changes = std::pin::pin!(
            watcher(self.api(kind), config)
                .default_backoff()
                .applied_objects()
        );
        let mut last = Value::Null;
        let found = tokio::time::timeout(DEADLINE, async {
            while let Ok(Some(object)) = changes.try_next().await {
                last = serde_json::to_value(&object).expect("JSON");
                recording::record(&last);
                if wanted(&last) {
                    return true;
                }
            }
            false
        })
        .await;
        assert!(
            found == Ok(true),
            "{kind} {name} is not {what}; it is {last:#}\n{}\n{}",
            self.calls(),
            self.tail()
        );
        last
    }

    /// Waits until the object is Ready for its current generation.
    pub async fn until_ready(&self, kind: &str, name: &str) -> Value {
        self.until(kind, name, "Ready", objects::is_ready).await
    }

    /// Waits until the object is Stalled for a reason.
    pub async fn until_stalled(&self, kind: &str, name: &str, reason: &str) -> Value {
        self.until(kind, name, &format!("Stalled/{reason}"), |object| {
            objects::is_stalled(object, reason)
        })
        .await
    }

    /// Waits until an object is gone.
    pub async fn until_gone(&self, kind: &str, name: &str) {
        let api = self.api(kind);
        let gone =
            kube::runtime::wait::await_condition(api, name, |object: Option<&DynamicObject>| {
                object.is_none()
            });
        let result = tokio::time::timeout(DEADLINE, gone).await;
        if !matches!(result, Ok(Ok(_))) {
            panic!(
                "{kind} {name} is not gone; it is {:#}\n{}\n{}",
                self.get(kind, name).await.unwrap_or_default(),
                self.calls(),
                self.tail()
            );
        }
    }

    /// Waits until AWS was called as `wanted`.
    pub async fn until_called(&self, what: &str, wanted: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
        match self.simulator.journal_until(DEADLINE, wanted).await {
            Ok(journal) => journal,
            Err(calls) => panic!("AWS was not called: {what}; {calls}\n{}", self.tail()),
        }
    }

    /// Calls that the operator made.
    pub fn journal(&self) -> Vec<Entry> {
        self.simulator
            .journal()
            .into_iter()
            .filter(|entry| entry.access_key != "console")
            .collect()
    }

    /// Names of the mutating calls that the operator made.
    pub fn mutations(&self) -> Vec<String> {
        self.journal()
            .into_iter()
            .filter(|entry| entry.mutating)
            .map(|entry| entry.operation)
            .collect()
    }

    /// How often the operator made a call that AWS took.
    pub fn count(&self, operation: &str) -> usize {
        self.journal()
            .iter()
            .filter(|entry| entry.operation == operation && entry.code().is_none())
            .count()
    }

    /// A call of a person with AWS rights.
    pub fn aws(&self, service: &str, operation: &str, input: Value) -> Value {
        self.simulator
            .api(ACCOUNT, REGION, service, operation, input)
            .unwrap_or_else(|error| panic!("{operation}: {error:?}"))
    }

    /// The load balancer and the listener that the examples name.
    pub fn demo_listener(&self) -> String {
        listener(&self.simulator, "demo")
    }

    /// The service as ECS describes it.
    pub fn ecs_service(&self, name: &str) -> Value {
        let cluster = format!("{}-main", self.namespace);
        let answer = self.aws(
            "ecs",
            "DescribeServices",
            json!({"cluster": cluster, "services": [name], "include": ["TAGS"]}),
        );
        answer["services"][0].clone()
    }

    /// Rules of the story's listener but the default one.
    pub fn rules(&self) -> Vec<Value> {
        let answer = self.aws(
            "elasticloadbalancing",
            "DescribeRules",
            json!({"ListenerArn": self.listener}),
        );
        answer["Rules"]
            .as_array()
            .expect("rules")
            .iter()
            .filter(|rule| rule["IsDefault"] == false)
            .cloned()
            .collect()
    }

    /// The name in AWS of an object of the story.
    pub fn aws_name(&self, name: &str) -> String {
        format!("{}-{name}", self.namespace)
    }

    /// What the operator wrote to Kubernetes.
    pub fn writes(&self) -> Vec<String> {
        audit::writes(&self.plane.dir, &self.user())
    }

    /// Gives the operator the chart's cluster-wide rights, with an account in a namespace of its own.
    pub async fn use_cluster_wide_rights(&mut self) {
        let namespace = format!("{}-operator", self.namespace);
        self.plane.kubectl(&["create", "namespace", &namespace], "");
        let release = format!("ecs-operator-{}", self.namespace);
        self.account = Account::install(&self.plane, &self.client, &release, &namespace, &[]).await;
    }

    /// The operator's user.
    pub fn user(&self) -> String {
        self.account.user.clone()
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

    /// The last calls, for messages.
    pub fn calls(&self) -> String {
        let journal = self.simulator.journal();
        let lines: Vec<_> = journal
            .iter()
            .rev()
            .take(25)
            .rev()
            .map(|entry| format!("{} {} {:?}", entry.seq, entry.operation, entry.outcome))
            .collect();
        lines.join("\n")
    }

    /// The end of the log, for messages.
    pub fn tail(&self) -> String {
        let logs = self.logs();
        let lines: Vec<_> = logs.lines().rev().take(40).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

/// The chart's ServiceAccount with the chart's rights.
pub(super) struct Account {
    user: String,
    pub(super) kubeconfig: PathBuf,
}

impl Account {
    /// Renders the chart with helm, and applies account and rights.
    async fn install(
        plane: &ControlPlane,
        client: &Client,
        release: &str,
        namespace: &str,
        values: &[String],
    ) -> Self {
        let mut helm = Command::new(tool("helm"));
        helm.args(["template", release])
            .arg(root().join("charts/ecs-operator"))
            .args(["--namespace", namespace]);
        helm.args(["--set", "crds.install=false", "--set", "clusterId=stories"])
            .args(values);
        helm.args([
            "--show-only",
            "templates/rbac.yaml",
            "--show-only",
            "templates/serviceaccount.yaml",
        ]);
        let manifests = run(&mut helm, "").expect("the chart renders");
        plane.kubectl(&["apply", "-f", "-"], &manifests);
        Self::of(plane, client, namespace, release).await
    }

    /// Writes a kubeconfig with a token of an account.
    async fn of(plane: &ControlPlane, client: &Client, namespace: &str, name: &str) -> Self {
        let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
        let spec = TokenRequestSpec {
            expiration_seconds: Some(7200),
            ..Default::default()
        };
        let request = TokenRequest {
            spec,
            ..Default::default()
        };
        let token = accounts
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .expect("a token");
        let admin = std::fs::read_to_string(plane.kubeconfig()).expect("a kubeconfig");
        let mut config: Value = serde_saphyr::from_str(&admin).expect("YAML");
        config["users"][0]["user"] = json!({"token": token.status.expect("a status").token});
        let kubeconfig = scratch().join(format!("{namespace}.kubeconfig"));
        std::fs::write(&kubeconfig, config.to_string()).expect("writable");
        Self {
            user: format!("system:serviceaccount:{namespace}:{name}"),
            kubeconfig,
        }
    }
}

/// A load balancer with a listener, as a platform team makes them.
fn listener(simulator: &Simulator, name: &str) -> String {
    let call = |operation: &str, input: Value| {
        simulator
            .api(ACCOUNT, REGION, "elasticloadbalancing", operation, input)
            .expect("the platform team may")
    };
    let balancer = call(
        "CreateLoadBalancer",
        json!({"Name": name, "Subnets": ["subnet-a", "subnet-b"]}),
    );
    let default = json!([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]);
    let arn = &balancer["LoadBalancers"][0]["LoadBalancerArn"];
    let listener = call(
        "CreateListener",
        json!({"LoadBalancerArn": arn, "Protocol": "HTTP", "Port": 80, "DefaultActions": default}),
    );
    listener["Listeners"][0]["ListenerArn"]
        .as_str()
        .expect("an ARN")
        .to_owned()
}
