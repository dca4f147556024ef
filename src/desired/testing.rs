//! Inputs of tests in `desired` and `plan`.

use super::{
    Identity, Invalid,
    service::{DesiredService, Known, References, desired},
};
use crate::model::Installation;

/// The object `team/web`.
pub const WEB: Identity<'static> = Identity {
    namespace: "team",
    name: "web",
    uid: "u1",
};

/// An installation in us-east-1.
pub fn installation() -> Installation {
    Installation {
        cluster_id: "c1".into(),
        region: "us-east-1".into(),
    }
}

/// A spec from JSON.
pub fn spec<T: serde::de::DeserializeOwned>(json: serde_json::Value) -> T {
    serde_json::from_value(json).expect("a spec")
}

/// The service `team/web` in the cluster `main`, of which nothing is known, with a task definition.
pub fn service(json: serde_json::Value, task_definition: &str) -> Result<DesiredService, Invalid> {
    let references = References {
        cluster: "main".into(),
        task_definition: task_definition.into(),
    };
    desired(
        WEB,
        &spec(json),
        &references,
        &Known::default(),
        &installation(),
    )
}
