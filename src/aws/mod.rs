//! The only room that names the AWS SDK: clients, limits, errors, reading and executing.

pub mod clients;
pub mod convert;
pub mod ecs;
pub mod elbv2;
pub mod error;
pub mod execute;
pub mod limits;
pub mod observe;
pub mod priorities;
pub mod reader;
pub mod recent;
mod request_ids;
pub mod unanswered;

pub use clients::{Aws, Clients};
pub use error::{AwsError, Kind};
