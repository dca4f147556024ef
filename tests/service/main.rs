//! EcsService on its whole surface: random declarations with every member of AWS's model, edited and taken out value by value.
//! The real code against the simulator.

#[path = "../common/block_on.rs"]
mod block_on;
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
#[path = "../common/said.rs"]
mod said;

mod declarations;
mod members;
mod others;
mod random;
mod rig;
mod sorts;
