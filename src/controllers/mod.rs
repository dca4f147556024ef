//! The line of every reconcile, once: resolve → desired → observe → plan → execute → status → requeue.
//!
//! `reconcile` is the line; each kind says in a file of its own what its steps are. No decision about AWS is made here.

pub mod adoption;
pub mod backoff;
pub mod cluster;
pub mod context;
pub mod converge;
pub mod delete;
pub mod failure;
pub mod kind;
pub mod memory;
mod outcomes;
pub mod publish;
pub mod reconcile;
pub mod record;
pub mod report;
pub mod rivals;
pub mod run;
mod schedule;
pub mod service;
mod shown;
pub mod tally;
pub mod task_definition;
mod wake;
