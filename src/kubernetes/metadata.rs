//! An object's metadata, without what nobody here reads: `managedFields` are longer than most objects, and kube makes a tree of them.

use std::collections::BTreeMap;

use hyper::header::{ACCEPT, HeaderValue};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::{
    Client, ResourceExt,
    api::{GetParams, Patch, PatchParams},
    core::{Request, request::Error},
};
use serde::{Deserialize, Serialize};

use super::{Object, in_time};
use crate::api::GROUP;

/// What the API server is asked for: metadata, not the whole object (Kubernetes API concepts, PartialObjectMetadata).
const METADATA: HeaderValue =
    HeaderValue::from_static("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");

/// The metadata that something here reads: of annotations only those of ours.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    annotations: Option<BTreeMap<String, String>>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    finalizers: Option<Vec<String>>,
    generation: Option<i64>,
    name: Option<String>,
    namespace: Option<String>,
    resource_version: Option<String>,
    uid: Option<String>,
}

impl From<Metadata> for ObjectMeta {
    fn from(meta: Metadata) -> Self {
        let is_ours = |key: &str| key.split('/').next() == Some(GROUP);
        let mut annotations = meta.annotations.unwrap_or_default();
        annotations.retain(|key, _| is_ours(key));
        Self {
            annotations: Some(annotations).filter(|annotations| !annotations.is_empty()),
            creation_timestamp: meta.creation_timestamp,
            deletion_timestamp: meta.deletion_timestamp,
            finalizers: meta.finalizers,
            generation: meta.generation,
            name: meta.name,
            namespace: meta.namespace,
            resource_version: meta.resource_version,
            uid: meta.uid,
            ..Self::default()
        }
    }
}

/// An answer of the API server, whatever else is in it: an object that we cannot read in full must still lose its finalizer.
#[derive(Deserialize)]
struct Answer {
    metadata: Metadata,
}

/// The metadata of what the API server has under the object's name; none: nothing.
pub async fn get<K: Object>(
    client: &Client,
    object: &K,
) -> Result<Option<ObjectMeta>, kube::Error> {
    let get = || async {
        ask(
            client,
            requests(object).get_metadata(&object.name_any(), &GetParams::default()),
        )
        .await
    };
    match in_time(get).await {
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(None),
        result => result.map(Some),
    }
}

/// Patches the object, or a subresource of it, and reads only metadata back.
pub async fn patch<K: Object, P: Serialize>(
    client: &Client,
    object: &K,
    subresource: Option<&str>,
    params: &PatchParams,
    patch: &Patch<P>,
) -> Result<ObjectMeta, kube::Error> {
    let (requests, name) = (requests(object), object.name_any());
    let request = || match subresource {
        Some(subresource) => requests.patch_subresource(subresource, &name, params, patch),
        None => requests.patch(&name, params, patch),
    };
    in_time(|| async { ask(client, request()).await }).await
}

fn requests<K: Object>(object: &K) -> Request {
    Request::new(K::url_path(&(), object.namespace().as_deref()))
}

async fn ask(
    client: &Client,
    request: Result<hyper::Request<Vec<u8>>, Error>,
) -> Result<ObjectMeta, kube::Error> {
    let mut request = request.map_err(kube::Error::BuildRequest)?;
    request.headers_mut().insert(ACCEPT, METADATA);
    let answer: Answer = client.request(request).await?;
    Ok(answer.metadata.into())
}
