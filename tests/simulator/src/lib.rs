//! An AWS for tests and the demo: ECS, ELBv2, Application Auto Scaling, STS and SQS with state, time and rules, checked against AWS's own model.
//!
//! A request passes `auth` (signature), `protocol` (decoding) and `contract` (AWS's model) in `receive`, then `faults` and `throttle`, and takes effect in `world`; everything is in the `journal`.
//! Facts about AWS carry their source in a comment: \[M\] its service model, \[D\] its documentation, \[L\] measured on live AWS by third parties, \[I\] issue threads, \[?\] unverified and listed in `unverified`.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod active_faults;
mod auth;
pub mod autoscaling;
pub mod clock;
pub mod console;
pub mod contract;
pub mod control;
pub mod ecs;
pub mod elbv2;
pub mod error;
pub mod faults;
mod http_server;
pub mod iam;
pub mod ids;
pub mod journal;
mod protocol;
mod receive;
mod serve;
pub mod service;
mod simulator;
mod snapshot;
pub mod sqs;
mod sts;
pub mod throttle;
pub mod unverified;
mod world;

pub use clock::Time;
pub use console::{ACCOUNT, REGION};
pub use error::{Answer, ApiError};
pub use faults::{Effect, Fate, Fault, Script};
pub use http_server::Server;
pub use iam::Policy;
pub use ids::Ids;
pub use journal::{Entry, Outcome};
pub use simulator::{Account, FaultId, Options, Simulator};

/// What a handler sees of a request. `input` has been checked against AWS's model and is in the model's own member names.
pub struct Call<'a> {
    /// Twelve digits.
    pub account: &'a str,
    /// For example `us-east-1`.
    pub region: &'a str,
    /// For example `CreateService`.
    pub operation: &'a str,
    /// The request.
    pub input: &'a serde_json::Value,
    /// Virtual time of the call.
    pub now: Time,
}

/// The state of one account in one Region.
#[derive(Clone)]
pub struct Region {
    /// Elastic Container Service.
    pub ecs: ecs::State,
    /// Elastic Load Balancing v2.
    pub elbv2: elbv2::State,
    /// Application Auto Scaling.
    pub autoscaling: autoscaling::State,
    /// Simple Queue Service.
    pub sqs: sqs::State,
    /// Ids of this account and Region.
    pub ids: Ids,
}

impl Region {
    /// An empty Region of an account.
    pub fn new(account: &str, region: &str) -> Self {
        Self {
            ecs: ecs::State::default(),
            elbv2: elbv2::State::default(),
            autoscaling: autoscaling::State::default(),
            sqs: sqs::State::default(),
            ids: Ids::new(&format!("{account}/{region}")),
        }
    }

    /// Lets everything that is due by `now` happen, and puts ECS's events into the queues for them.
    pub fn advance(&mut self, now: Time, script: &Script) {
        self.elbv2.follow(script, now);
        let Self {
            ecs,
            elbv2,
            autoscaling,
            sqs,
            ids,
        } = self;
        for event in ecs.advance(now, elbv2, autoscaling, ids, script) {
            sqs.publish(&event, now, ids);
        }
    }
}
