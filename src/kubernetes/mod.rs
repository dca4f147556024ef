//! Writing to Kubernetes: status, finalizer and events. Nothing else of an object is ever written.

pub mod events;
pub mod finalizer;
pub mod status;
pub mod stores;

/// Name under which the operator writes fields.
pub const FIELD_MANAGER: &str = "ecs-operator";
