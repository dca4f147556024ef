//! A last look at an object before it is written: whether the operator could reconcile it.

use serde_json::Value;

use super::{Object, recognise::Kind};
use crate::{
    api::{EcsCluster, EcsService, EcsTaskDefinition},
    desired::{self, Identity, Invalid, service::References},
    model::{Installation, text::without_values},
};

/// Whether the object is one that the operator could reconcile.
pub fn check(object: &Object) -> Result<(), Invalid> {
    let id = Identity {
        namespace: "default",
        name: &object.name,
        uid: "",
    };
    let installation = Installation {
        cluster_id: String::new(),
        region: String::new(),
    };
    let manifest = object.manifest(None);
    match object.kind {
        Kind::Cluster => {
            let cluster: EcsCluster = typed(manifest)?;
            desired::cluster::desired(id, &cluster.spec, None, &installation).map(drop)
        }
        Kind::TaskDefinition => {
            let task_definition: EcsTaskDefinition = typed(manifest)?;
            desired::task_definition::desired(id, &task_definition.spec, None, &installation)
                .map(drop)
        }
        Kind::Service => {
            let service: EcsService = typed(manifest)?;
            desired::service::desired(
                id,
                &service.spec,
                &References::default(),
                &Default::default(),
                &installation,
            )
            .map(drop)
        }
    }
}

fn typed<K: serde::de::DeserializeOwned>(manifest: Value) -> Result<K, Invalid> {
    serde_json::from_value(manifest).map_err(|error| Invalid {
        path: String::new(),
        message: without_values(&error.to_string()),
    })
}
