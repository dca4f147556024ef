//! The finalizer: put on before the first AWS call, taken off when AWS has nothing of ours left.

use kube::{
    Api, Client, Resource, ResourceExt,
    api::{PartialObjectMeta, Patch, PatchParams},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{FIELD_MANAGER, Object, in_time};
use crate::api::FINALIZER;

/// Whether the object carries our finalizer.
pub fn is_on<K: Resource>(object: &K) -> bool {
    object
        .finalizers()
        .iter()
        .any(|finalizer| finalizer == FINALIZER)
}

/// Puts the finalizer on and returns the object's metadata as they are then. Server-side apply: it adds ours to those of others whatever
/// they did meanwhile, so that an object that somebody else writes at the same time is no conflict.
pub async fn put_on<K: Object>(
    client: &Client,
    object: &K,
) -> Result<PartialObjectMeta<K>, kube::Error> {
    apply(client, object, json!([FINALIZER])).await
}

/// Takes the finalizer off. An object that is gone already is fine.
pub async fn take_off<K: Object>(client: &Client, object: &K) -> Result<(), kube::Error> {
    let left = match apply(client, object, json!([])).await {
        Err(kube::Error::Api(answer)) if answer.is_not_found() => return Ok(()),
        result => result?,
    };
    if !is_on(&left) {
        return Ok(());
    }
    // Somebody else's too, such as a backup that restored the object: taken off by name.
    let others: Vec<_> = left
        .finalizers()
        .iter()
        .filter(|finalizer| *finalizer != FINALIZER)
        .collect();
    let patch =
        json!({"metadata": {"resourceVersion": left.resource_version(), "finalizers": others}});
    match patch_metadata(
        client,
        object,
        &PatchParams::default(),
        &Patch::Merge(patch),
    )
    .await
    {
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(()),
        result => result.map(drop),
    }
}

/// Says which finalizers are ours. The UID keeps it from an object of the same name that came later, and from making one.
async fn apply<K: Object>(
    client: &Client,
    object: &K,
    finalizers: Value,
) -> Result<PartialObjectMeta<K>, kube::Error> {
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"uid": object.uid(), "finalizers": finalizers},
    });
    let params = PatchParams::apply(FIELD_MANAGER);
    patch_metadata(client, object, &params, &Patch::Apply(patch)).await
}

/// Only metadata is read back: an object that we cannot read in full must still lose its finalizer.
async fn patch_metadata<K: Object, P: Serialize + std::fmt::Debug>(
    client: &Client,
    object: &K,
    params: &PatchParams,
    patch: &Patch<P>,
) -> Result<PartialObjectMeta<K>, kube::Error> {
    let api: Api<K> = Api::namespaced(client.clone(), &object.namespace().unwrap_or_default());
    in_time(|| async { api.patch_metadata(&object.name_any(), params, patch).await }).await
}
