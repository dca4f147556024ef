//! Leader election by a Lease: whoever holds it acts, the others watch and wait.
//!
//! A Lease is only ever written over the version that was read (resourceVersion), so that of two who try one wins. Its times
//! are written for people: a holder counts as gone when its record has not changed for the time that it promised itself,
//! by the clock of the one who waits, and a holder stops acting well before that, by its own.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::time::{Instant, sleep, timeout};

use crate::leadership::Seat;

/// Longest time that giving the lease up may take: the process is ending, and others take over without it, later.
pub const RESIGN: Duration = Duration::from_secs(1);

/// Where and how the election is held.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How long a holder that is silent is left alone. Whole seconds, at least one.
    pub lease: Duration,
    /// How long a holder that can't renew goes on acting; shorter than `lease` by what a call under way may take.
    pub renew_deadline: Duration,
    /// Between attempts to win or to renew.
    pub retry: Duration,
}

/// A candidate of an election.
pub struct Candidate {
    api: Api<Lease>,
    rules: Rules,
    /// Who this process is in the record; never the same twice.
    identity: String,
    seat: Seat,
    /// What our last write was answered with: renewing needs no read.
    written: Option<Lease>,
    /// The record of another, and since when it is as it is.
    rival: Option<(LeaseSpec, Instant)>,
}

impl Candidate {
    /// A candidate who tells `seat` what becomes of it.
    pub fn new(client: Client, rules: Rules, seat: Seat) -> Self {
        // The name of the pod says where to look; two processes of one pod, one after the other, are still two.
        let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "ecs-operator".into());
        let chance = RandomState::new().build_hasher().finish();
        Self {
            api: Api::namespaced(client, &rules.namespace),
            rules,
            identity: format!("{host}_{chance:016x}"),
            seat,
            written: None,
            rival: None,
        }
    }

    /// Takes part until `resigned` ends, then gives the lease up if it is ours.
    pub async fn run(mut self, resigned: impl Future<Output = ()>) {
        {
            let election = async {
                loop {
                    self.attempt().await;
                    sleep(self.rules.retry).await;
                }
            };
            tokio::select! {
                () = resigned => {}
                () = election => {}
            }
        }
        if timeout(RESIGN, self.resign()).await.is_err() {
            tracing::warn!(
                "the lease could not be given up in time; another replica takes over when it ends"
            );
        }
    }

    /// One attempt to win or to renew.
    async fn attempt(&mut self) {
        // The term counts from before the request: whenever it arrived, it was not earlier.
        let until = Instant::now() + self.rules.renew_deadline;
        let led = self.seat.has_term();
        // Shorter than the deadline: an API server that hangs once must not cost the lease.
        match timeout(self.rules.renew_deadline / 2, self.stand()).await {
            Ok(Ok(true)) => {
                self.seat.hold(until);
                if !led {
                    tracing::info!(identity = self.identity, "this replica leads");
                }
            }
            Ok(Ok(false)) => {
                self.seat.give_up();
                if led {
                    tracing::warn!("another replica has taken the lease");
                }
            }
            Ok(Err(error)) => {
                self.written = None;
                tracing::warn!(%error, leads = led, "the lease could not be read or written; trying again");
            }
            Err(_) => {
                self.written = None;
                tracing::warn!(
                    leads = led,
                    "the API server did not answer about the lease in time; trying again"
                );
            }
        }
    }

    /// Whether the lease is ours, after having tried to make it so.
    async fn stand(&mut self) -> Result<bool, kube::Error> {
        let params = PostParams::default();
        let name = self.rules.name.clone();
        let mut is_again = false;
        loop {
            let known = match self.written.take() {
                Some(lease) => Some(lease),
                None => self.api.get_opt(&name).await?,
            };
            let written = match known {
                None => {
                    self.api
                        .create(&params, &self.renewed(Lease::default()))
                        .await
                }
                Some(lease) => {
                    if !self.may_take(lease.spec.as_ref(), Instant::now()) {
                        return Ok(false);
                    }
                    let renewed = self.renewed(lease);
                    self.api.replace(&name, &params, &renewed).await
                }
            };
            match written {
                Ok(lease) => {
                    self.written = Some(lease);
                    return Ok(true);
                }
                // Somebody wrote it since, or made it, or deleted it: look who.
                Err(kube::Error::Api(answer))
                    if !is_again && (answer.code == 409 || answer.is_not_found()) =>
                {
                    is_again = true;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether a record may be written over: nobody's, ours, or that of one who has been silent for as long as it promised
    /// to be heard of.
    fn may_take(&mut self, record: Option<&LeaseSpec>, now: Instant) -> bool {
        let Some(record) = record else { return true };
        let holder = record.holder_identity.as_deref().unwrap_or_default();
        if holder.is_empty() || holder == self.identity {
            self.rival = None;
            return true;
        }
        let promised = record
            .lease_duration_seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map_or(self.rules.lease, Duration::from_secs);
        match &self.rival {
            Some((seen, since)) if seen == record => now - *since >= promised,
            _ => {
                self.rival = Some((record.clone(), now));
                false
            }
        }
    }

    /// The record with us as its holder, now.
    fn renewed(&self, mut lease: Lease) -> Lease {
        let now = MicroTime(Timestamp::now());
        let old = lease.spec.unwrap_or_default();
        let is_ours = old.holder_identity.as_ref() == Some(&self.identity);
        lease.metadata = ObjectMeta {
            name: Some(self.rules.name.clone()),
            ..lease.metadata
        };
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.rules.lease.as_secs()).ok(),
            acquire_time: old.acquire_time.filter(|_| is_ours).or(Some(now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(old.lease_transitions.unwrap_or(0) + i32::from(!is_ours)),
            ..old
        });
        lease
    }

    /// Gives the lease up, so that whoever waits need not wait for its end. From here on nothing is changed any more.
    async fn resign(&mut self) {
        if !self.seat.has_term() {
            return;
        }
        self.seat.give_up();
        let lease = match self.written.take() {
            Some(lease) => Ok(Some(lease)),
            // A renewal was under way.
            None => self.api.get_opt(&self.rules.name).await,
        };
        let given_up = match lease {
            Ok(Some(mut lease)) => {
                let spec = lease.spec.get_or_insert_default();
                if spec.holder_identity.as_ref() != Some(&self.identity) {
                    return;
                }
                spec.holder_identity = None;
                let params = PostParams::default();
                let written = self.api.replace(&self.rules.name, &params, &lease);
                written.await.map(drop)
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match given_up {
            Ok(()) => tracing::info!("the lease is given up"),
            Err(error) => {
                tracing::warn!(%error, "the lease could not be given up; another replica takes over when it ends")
            }
        }
    }
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
