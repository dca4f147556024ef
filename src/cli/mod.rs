//! The commands.

pub mod crds;
pub mod files;
pub mod import;
pub mod run;
