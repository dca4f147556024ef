//! A kubelet's part: the operator as the Pod of the chart's Deployment starts it.

use serde_json::{Value, json};

use crate::{
    harness::{World, control_plane::ControlPlane, rights},
    installing::NAMESPACE,
};

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
        .into_iter()
        .flatten()
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
    // The pod's role has the policy of this Kubernetes cluster.
    let id = [
        "get",
        "namespace",
        "kube-system",
        "-o",
        "jsonpath={.metadata.uid}",
    ];
    rights::allow(&world.simulator, world.plane().kubectl(&id, "").trim());
    assert_eq!(args[0], "run");
    world.start_container(&args[1..], &env);
}

/// A kubelet's part: runs the pod of the chart's Deployment, and runs it anew when its specification changes.
#[derive(Default)]
pub struct Kubelet {
    /// The Pod's specification; null: there is none.
    pub pod: Value,
}

impl Kubelet {
    /// Sees what the Deployment is now.
    pub async fn look(&mut self, world: &mut World) {
        let deployments = ["get", "deployments", "-n", "ecs-operator", "-o", "json"];
        let said = world.plane().kubectl(&deployments, "");
        let deployments: Value = serde_json::from_str(&said).expect("kubectl prints JSON");
        let pod = &deployments["items"][0]["spec"]["template"]["spec"];
        if *pod == self.pod {
            return;
        }
        if !self.pod.is_null() {
            world.terminate();
        }
        self.pod = pod.clone();
        if pod.is_null() {
            return;
        }
        // Where AWS is, and how fast its time passes, is this machine's; a pod has an address of its own to listen on.
        let endpoint = world.endpoint().to_owned();
        let here = [
            ("ECS_OPERATOR_ENDPOINT_URL", endpoint.as_str()),
            ("ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT", "true"),
            ("ECS_OPERATOR_LISTEN", "127.0.0.1:0"),
            ("ECS_OPERATOR_POLL_PERIOD", "200ms"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "secret-canary-of-the-operator"),
        ];
        start_pod(world, &here).await;
        say_that_it_runs(world, &deployments["items"][0]);
    }
}

/// What the Deployment's controller says of it once its Pods run.
fn say_that_it_runs(world: &World, deployment: &Value) {
    let (meta, replicas) = (&deployment["metadata"], &deployment["spec"]["replicas"]);
    let status = json!({"status": {
        "observedGeneration": meta["generation"], "replicas": replicas, "updatedReplicas": replicas,
        "readyReplicas": replicas, "availableReplicas": replicas,
    }});
    let name = meta["name"].as_str().expect("a name");
    let patch = ["patch", "deployment", name, "-n", "ecs-operator"];
    let patch = [&patch[..], &["--subresource=status", "--type=merge", "-p"]].concat();
    let status = status.to_string();
    world
        .plane()
        .kubectl(&[&patch[..], &[status.as_str()]].concat(), "");
}
