//! What users write: the custom resources of group `ecs-operator.dev`, with their schemas, validation rules and documentation.
//!
//! Field names are AWS's own in camelCase, so that the JSON which the AWS CLI prints can be pasted under `spec`.
//! No client, no AWS SDK and no default values here: an absent field means "AWS's default, not managed by us".

#![expect(
    clippy::duplicated_attributes,
    reason = "printcolumn(type_ = ...) repeats in kube's derive; the lint takes that for a mistake"
)]
#![warn(missing_docs)]

pub mod cluster;
pub mod condition;
pub mod container;
pub mod crd;
pub mod deployment;
pub mod lifecycle;
pub mod listener_rule;
pub mod load_balancer;
pub mod network;
pub mod rule_action;
pub mod service;
pub mod service_connect;
mod service_rules;
pub mod service_status;
pub mod service_volume;
pub mod strategy;
pub mod task_definition;
pub mod volume;

pub use cluster::{EcsCluster, EcsClusterSpec, EcsClusterStatus};
pub use lifecycle::{DeletionPolicy, Lifecycle, ManagementPolicy};
pub use service::{EcsService, EcsServiceSpec, EcsServiceStatus};
pub use task_definition::{EcsTaskDefinition, EcsTaskDefinitionSpec, EcsTaskDefinitionStatus};

/// API group of every kind of ours.
pub const GROUP: &str = "ecs-operator.dev";

/// The finalizer that keeps an object until its AWS resources are gone (or retained).
pub const FINALIZER: &str = "ecs-operator.dev/aws-resources";

/// Annotation: set it to any new value to reconcile now.
pub const RECONCILE_AT: &str = "ecs-operator.dev/reconcile-at";
