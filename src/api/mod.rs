//! What users write: the custom resources of group `ecs-operator.dev`, with their schemas, validation rules and documentation.
//!
//! Field names are AWS's own in camelCase, so that the JSON which the AWS CLI takes can be pasted under `spec`.
//! No client, no AWS SDK and no default values here: an absent field means "AWS's default, not managed by us".
//!
//! Words. A member with a closed set of words is an enum where we decide by the word, or where the set cannot grow: network modes,
//! protocols, ENABLED and DISABLED, getrlimit(2)'s names. A word that we don't know could not be decided by, so admission says that it is
//! unknown. It is a string with a pattern where the word names something that AWS offers and we only hand it on: log drivers, operating
//! systems, architectures, accelerators, isolation modes, sources of environment files, log routers, cluster settings. What AWS adds there
//! works on the day it is added, and a mistyped word is refused by AWS itself. Words that are read from AWS are always text:
//! shown as they are, acted on only if they are among those that we know (`plan/status.rs`, `plan/rollout.rs`).

#![expect(
    clippy::duplicated_attributes,
    reason = "printcolumn(type_ = ...) repeats in kube's derive; the lint takes that for a mistake"
)]
#![warn(missing_docs)]

pub mod accelerator;
pub mod cluster;
pub mod condition;
pub mod container;
pub mod crd;
pub mod deployment;
pub mod environment;
pub mod lifecycle;
pub mod linux;
pub mod listener_rule;
pub mod load_balancer;
pub mod logging;
pub mod network;
pub mod port;
pub mod rule_action;
pub mod rules;
pub mod service;
pub mod service_connect;
pub mod service_status;
pub mod service_volume;
pub mod size;
pub mod strategy;
pub mod task;
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

/// Annotation: what a new object declared when it got the finalizer. The operator's own; the status takes its place.
pub const DECLARED: &str = "ecs-operator.dev/declared";

/// Annotation: set it to any new value to reconcile now.
pub const RECONCILE_AT: &str = "ecs-operator.dev/reconcile-at";

/// Annotation of an EcsService: any new value starts one forced deployment.
pub const RESTARTED_AT: &str = "ecs-operator.dev/restarted-at";

/// Annotation of an EcsService: `<deployment id>=Continue` or `<deployment id>=Rollback` answers the pause of that deployment.
pub const DEPLOYMENT_ACTION: &str = "ecs-operator.dev/deployment-action";
