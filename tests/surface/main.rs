//! Every input member of AWS's pinned model is in our schemas, in AWS's name, place and type, and nothing else is.
//!
//! Where a schema differs on purpose, the kind's file names the member and the reason; an entry that excuses nothing fails as well.

#[path = "../common/block_on.rs"]
mod block_on;
mod cluster;
mod compare;
#[path = "../common/declaring.rs"]
mod declaring;
#[path = "../common/edits.rs"]
mod edits;
#[path = "../common/every_member/mod.rs"]
mod every_member;
#[path = "../common/in_memory.rs"]
mod in_memory;
#[path = "../common/looking.rs"]
mod looking;
mod members;
mod random;
mod rejecting;
#[path = "../common/rejections.rs"]
mod rejections;
mod rig;
#[path = "../common/said.rs"]
mod said;
mod service;
mod subject;
mod task_definition;
