//! The simulator seen from outside: requests as an SDK sends them, and the levers of tests.

mod auth;
mod autoscaling;
mod client;
mod contract;
mod control;
mod elbv2_groups;
mod elbv2_rules;
mod faults;
mod query;
mod queues;
mod server;
mod throttle;
mod world;
