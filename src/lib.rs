//! ecs-operator: custom resources → Amazon ECS clusters, task definitions, services and target groups, kept so.
//!
//! Every reconcile is one straight line, the same for each kind (`controllers`):
//! resolve → desired → observe → plan → execute → status → requeue.

pub mod api;
pub mod aws;
pub mod cli;
pub mod config;
pub mod controllers;
pub mod desired;
pub mod import;
pub mod kubernetes;
pub mod leadership;
pub mod model;
pub mod plan;
pub mod status;
pub mod telemetry;
