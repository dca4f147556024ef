//! The commands.

pub mod crds;
pub mod files;
pub mod iam_policy;
pub mod import;
pub mod plan;
pub mod run;
