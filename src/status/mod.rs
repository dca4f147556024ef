//! What is said of an object: pure functions from an outcome and what was seen to a status.

mod applied;
pub mod cluster;
pub mod conditions;
pub mod service;
pub mod task_definition;

pub use applied::applied;
pub use conditions::Outcome;
