//! What the outside sees of the operator besides objects: logs, metrics, traces, health.

pub mod calls;
pub mod census;
pub mod http;
mod labels;
pub mod logs;
pub mod metrics;
mod process;
pub mod queue;
mod repeats;
pub mod requests;
pub mod traces;
pub mod work;
