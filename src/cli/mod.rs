//! The commands.

pub mod crds;
pub mod run;
