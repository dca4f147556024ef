//! What the outside sees of the operator besides objects: logs, metrics, traces, health.

pub mod http;
pub mod logs;
pub mod metrics;
pub mod traces;
