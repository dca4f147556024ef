//! The finalizer: put on before the first AWS call, taken off when AWS has nothing of ours left.

use k8s_openapi::NamespaceResourceScope;
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{Patch, PatchParams},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::in_time;
use crate::api::FINALIZER;

/// Whether the object carries our finalizer.
pub fn is_on<K: Resource>(object: &K) -> bool {
    object
        .finalizers()
        .iter()
        .any(|finalizer| finalizer == FINALIZER)
}

/// Puts the finalizer on and returns the new resourceVersion. The object's resourceVersion guards against other writers: a conflict is retried with a fresh look.
pub async fn put_on<K>(client: &Client, object: &K) -> Result<Option<String>, kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned,
{
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(FINALIZER.to_owned());
    write(client, object, &finalizers).await
}

/// Takes the finalizer off. An object that is gone already is fine.
pub async fn take_off<K>(client: &Client, object: &K) -> Result<(), kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned,
{
    let finalizers: Vec<_> = object
        .finalizers()
        .iter()
        .filter(|finalizer| *finalizer != FINALIZER)
        .cloned()
        .collect();
    match write(client, object, &finalizers).await {
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(()),
        result => result.map(drop),
    }
}

async fn write<K>(
    client: &Client,
    object: &K,
    finalizers: &[String],
) -> Result<Option<String>, kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), &object.namespace().unwrap_or_default());
    // Only metadata is read back: an object that we cannot read in full must still lose its finalizer.
    let patch = json!({"metadata": {"resourceVersion": object.resource_version(), "finalizers": finalizers}});
    let (name, params) = (object.name_any(), PatchParams::default());
    in_time(api.patch_metadata(&name, &params, &Patch::Merge(patch)))
        .await
        .map(|written| written.resource_version())
}
