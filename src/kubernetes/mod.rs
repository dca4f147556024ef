//! Writing to Kubernetes: status, finalizer with the annotation that goes with it, and events, and nothing else of an object; besides, the Lease of the election.

pub mod counted;
pub mod events;
pub mod finalizer;
pub mod fresh;
pub mod kept;
pub mod lease;
pub mod led;
pub mod metadata;
pub mod outline;
pub mod registered;
pub mod status;
pub mod stores;

use std::{fmt::Debug, future::Future, time::Duration};

use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

/// An object of ours.
pub trait Object:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{
}

impl<K> Object for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
{
}

/// Name under which the operator writes fields.
pub const FIELD_MANAGER: &str = "ecs-operator";

/// Longest time for one write: an API server that hangs must not hold a reconcile. The API server itself gives up after 60 s.
const DEADLINE: Duration = Duration::from_secs(30);

/// Writes under way at once: more would only queue in the API server, and cost memory here.
static PLACES: Semaphore = Semaphore::const_new(16);

/// A request that ends in time, one way or the other. It is made only when its turn comes, and apart: what kube holds for a
/// request is larger than all else that a waiting reconcile does.
async fn in_time<T, R>(request: impl FnOnce() -> R) -> Result<T, kube::Error>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    // Closed never: an error would only mean that nothing bounds the writes.
    let _place = PLACES.acquire().await;
    let late = |_| {
        kube::Error::Service(format!("the API server did not answer within {DEADLINE:?}").into())
    };
    tokio::time::timeout(DEADLINE, Box::pin(request()))
        .await
        .unwrap_or_else(|elapsed| Err(late(elapsed)))
}
