//! The operator's rights as a platform team gives them: the CRDs and the chart's RBAC, rendered by helm.

use std::{path::Path, time::Duration};

use futures::future::try_join_all;
use k8s_openapi::api::{authentication::v1::TokenRequest, core::v1::ServiceAccount};
use kube::{
    Api, Client, ResourceExt,
    api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::GroupVersionKind,
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{Result, fleet::Kind};

/// Namespace of the operator, and name of the release.
const RELEASE: &str = "ecs-operator";

/// Kinds of the chart that are needed: nothing here runs a Deployment.
const KINDS: [&str; 4] = [
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
];

/// A client with all rights. Its requests pass the API server's priorities unhindered, and it has no limit of its own.
pub async fn client(kubeconfig: &Path) -> Result<Client> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", kubeconfig.display());
    let file = Kubeconfig::read_from(kubeconfig).map_err(|error| failed(&error))?;
    let mut config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .map_err(|error| failed(&error))?;
    config.proxy_url = None;
    Client::try_from(config).map_err(|error| failed(&error))
}

/// Installs the CRDs, the ServiceAccount and its cluster-wide rights; returns the name of the ServiceAccount as user.
pub async fn install(client: &Client) -> Result<String> {
    create_namespace(client, RELEASE).await?;
    let mut account = None;
    for manifest in documents(&rendered().await?)? {
        let kind = manifest["kind"].as_str().unwrap_or_default();
        if KINDS.contains(&kind) {
            if kind == "ServiceAccount" {
                account = manifest["metadata"]["name"].as_str().map(str::to_owned);
            }
            apply(client, &manifest).await?;
        }
    }
    let account = account.ok_or("the chart has no ServiceAccount")?;
    await_served(&Kind::ALL.map(|kind| kind.everywhere(client))).await?;
    Ok(account)
}

/// The name by which the API server knows a ServiceAccount of the release.
pub fn user(account: &str) -> String {
    format!("system:serviceaccount:{RELEASE}:{account}")
}

/// Writes a kubeconfig with a token of the ServiceAccount, and nothing else.
pub async fn kubeconfig(client: &Client, account: &str, admin: &Path, file: &Path) -> Result<()> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), RELEASE);
    let mut request = TokenRequest::default();
    request.spec.expiration_seconds = Some(6 * 3600);
    let token = accounts
        .create_token_request(account, &PostParams::default(), &request)
        .await
        .map_err(|error| format!("ServiceAccount {account} gets no token: {error}"))?;
    let token = token.status.ok_or("the token request has no answer")?.token;
    let admin = Kubeconfig::read_from(admin).map_err(|error| error.to_string())?;
    let cluster = admin
        .clusters
        .first()
        .and_then(|named| named.cluster.as_ref());
    // JSON is YAML.
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "bench",
        "clusters": [{"name": "bench", "cluster": cluster}],
        "users": [{"name": "operator", "user": {"token": token}}],
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "operator"}}],
    });
    std::fs::write(file, config.to_string())
        .map_err(|error| format!("{} can't be written: {error}", file.display()))
}

/// Creates a namespace.
pub async fn create_namespace(client: &Client, name: &str) -> Result<()> {
    let manifest = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    apply(client, &manifest).await
}

async fn rendered() -> Result<String> {
    let output = Command::new(".cache/bin/helm")
        .args(["template", RELEASE, "charts/ecs-operator"])
        .args(["--namespace", RELEASE])
        .output()
        .await
        .map_err(|error| format!(".cache/bin/helm does not start: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let error = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "helm template charts/ecs-operator: {}",
            error.trim()
        ))
    }
}

fn documents(yaml: &str) -> Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(yaml)
        .map_err(|error| format!("what helm rendered is no YAML: {error}"))?;
    Ok(documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect())
}

/// Applies an object, server-side.
pub async fn apply(client: &Client, manifest: &Value) -> Result<()> {
    let object: DynamicObject =
        serde_json::from_value(manifest.clone()).map_err(|error| error.to_string())?;
    let (kind, name) = (object.types.clone().unwrap_or_default(), object.name_any());
    let gvk = GroupVersionKind::try_from(&kind).map_err(|error| error.to_string())?;
    let resource = ApiResource::from_gvk(&gvk);
    let api: Api<DynamicObject> = match object.namespace() {
        Some(namespace) => Api::namespaced_with(client.clone(), &namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    api.patch(
        &name,
        &PatchParams::apply("bench").force(),
        &Patch::Apply(manifest),
    )
    .await
    .map(drop)
    .map_err(|error| format!("{} {name} can't be applied: {error}", gvk.kind))
}

/// Waits until the API server serves these kinds.
pub async fn await_served(apis: &[Api<DynamicObject>]) -> Result<()> {
    let params = ListParams::default().limit(1);
    let mut last = String::new();
    for _ in 0..200 {
        match try_join_all(apis.iter().map(|api| api.list(&params))).await {
            Ok(_) => return Ok(()),
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("the CRDs are not served: {last}"))
}
