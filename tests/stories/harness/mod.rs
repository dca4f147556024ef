//! What every story stands on: the real control plane, the simulator, the real binary under the chart's own rights.

pub mod account;
pub mod audit;
pub mod aws;
pub mod command;
pub mod control_plane;
pub mod every_call;
pub mod gate;
pub mod held;
pub mod invariants;
pub mod kubernetes;
pub mod lifecycle;
pub mod objects;
pub mod operator;
pub mod passing;
pub mod recording;
pub mod replicas;
pub mod rights;
pub mod scraping;
pub mod waiting;
pub mod watching;
pub mod world;

pub use world::World;
