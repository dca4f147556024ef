//! What is said of an object: pure functions from an outcome and what was seen to a status.

pub mod cluster;
pub mod conditions;
pub mod service;
pub mod task_definition;

pub use conditions::Outcome;
