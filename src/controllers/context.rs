//! What every reconcile is given.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kube::Client;

use super::{backoff::Backoff, memory::Memory};
use crate::{
    aws::{Aws, Clients},
    kubernetes::{events::Events, stores::Stores},
    model::Installation,
    telemetry::metrics::Metrics,
};

/// Waits that are not failures.
#[derive(Clone, Copy, Debug)]
pub struct Periods {
    /// Between looks at a steady object.
    pub drift: Duration,
    /// Between looks at an object on its way.
    pub poll: Duration,
    /// Until an object that needs somebody is looked at again.
    pub stalled: Duration,
}

/// What every reconcile is given.
pub struct Context {
    /// Kubernetes.
    pub client: Client,
    /// AWS.
    pub clients: Arc<Clients>,
    /// This installation.
    pub installation: Installation,
    /// Waits.
    pub periods: Periods,
    /// Waits after failures.
    pub backoff: Arc<Backoff>,
    /// What was done a moment ago.
    pub memory: Arc<Memory>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Events.
    pub events: Events,
    /// Objects of the scope.
    pub stores: Stores,
}

impl Context {
    /// AWS in the object's Region.
    pub fn aws(&self, region: Option<&str>) -> Arc<Aws> {
        self.clients
            .region(region.unwrap_or(&self.installation.region))
    }

    /// The time, for transition times in status.
    pub fn now(&self) -> Timestamp {
        // Kubernetes writes seconds; a finer time would differ from what comes back.
        Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default()
    }
}
