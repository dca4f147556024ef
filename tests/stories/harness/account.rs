//! The operator's ServiceAccount: its rights are the chart's, and the audit log tells what it wrote.

use std::{path::PathBuf, process::Command};

use k8s_openapi::{
    ByteString,
    api::{
        authentication::v1::{TokenRequest, TokenRequestSpec},
        core::v1::ServiceAccount,
    },
};
use kube::{Api, Client, api::PostParams};
use serde_json::{Value, json};

use super::{
    World, audit,
    control_plane::{ControlPlane, root, run, scratch, tool},
};

/// The chart's ServiceAccount with the chart's rights.
pub struct Account {
    user: String,
    /// With a token of it.
    pub kubeconfig: PathBuf,
}

impl Account {
    /// Renders the chart with helm, and applies account and rights.
    pub async fn install(
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

    fn config(&self) -> Value {
        let text = std::fs::read_to_string(&self.kubeconfig).expect("a kubeconfig");
        serde_json::from_str(&text).expect("JSON, as it was written")
    }

    /// Host and port of the API server.
    pub fn server(&self) -> (String, String) {
        let config = self.config();
        let server = config["clusters"][0]["cluster"]["server"].as_str();
        let address = server.and_then(|server| server.strip_prefix("https://"));
        let (host, port) = address
            .and_then(|at| at.rsplit_once(':'))
            .expect("https://host:port");
        (host.to_owned(), port.to_owned())
    }

    /// A folder with the files that a kubelet mounts into a Pod of the account.
    pub fn files(&self) -> PathBuf {
        let config = self.config();
        let authority = &config["clusters"][0]["cluster"]["certificate-authority-data"];
        let authority: ByteString = serde_json::from_value(authority.clone()).expect("base64");
        let token = config["users"][0]["user"]["token"]
            .as_str()
            .expect("a token");
        let namespace = self.user.split(':').nth(2).expect("a namespace");
        let folder = self.kubeconfig.with_extension("files");
        std::fs::create_dir_all(&folder).expect("writable");
        for (name, content) in [
            ("ca.crt", authority.0.as_slice()),
            ("token", token.as_bytes()),
            ("namespace", namespace.as_bytes()),
        ] {
            std::fs::write(folder.join(name), content).expect("writable");
        }
        folder
    }
}

impl World {
    /// Gives the operator a ServiceAccount that exists.
    pub async fn use_account(&mut self, namespace: &str, name: &str) {
        self.account = Account::of(self.plane(), &self.client, namespace, name).await;
    }

    /// Gives the operator the chart's cluster-wide rights, with an account in a namespace of its own.
    pub async fn use_cluster_wide_rights(&mut self) {
        let namespace = format!("{}-operator", self.namespace);
        self.plane()
            .kubectl(&["create", "namespace", &namespace], "");
        let release = format!("ecs-operator-{}", self.namespace);
        self.account =
            Account::install(self.plane(), &self.client, &release, &namespace, &[]).await;
    }

    /// The operator's user.
    pub fn user(&self) -> String {
        self.account.user.clone()
    }

    /// What the operator wrote to Kubernetes.
    pub fn writes(&self) -> Vec<String> {
        audit::writes(&self.plane().dir, &self.user())
    }
}
