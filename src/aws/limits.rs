//! Client-side token buckets as AWS publishes its own: a call waits for its token before it is signed.
//!
//! One set per account and Region, shared by every reconcile. Sources: "Request throttling for the Amazon ECS API" and
//! "Request throttling for the Elastic Load Balancing API". Priorities between calls enter in [`Limits::acquire`].

use std::{sync::Mutex, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit, watch},
    time::Instant,
};

/// Calls of a bucket under way at once: at 30 ms a call that is five hundred a second, above every refill that AWS grants,
/// and it bounds the memory of calls that wait. A bucket whose endpoint hangs holds up no other.
const IN_FLIGHT: usize = 16;

/// A bucket that AWS publishes; every call of a row shares it. Calls that AWS's table for ECS does not list are taken to
/// share one as small as its smallest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "AWS's own rows")]
pub enum Bucket {
    EcsClusterModify,
    EcsClusterRead,
    EcsTaskDefinitionModify,
    EcsTaskDefinitionDelete,
    EcsTaskDefinitionRead,
    EcsTagModify,
    EcsServiceModify,
    EcsServiceRead,
    EcsServiceDeploymentRead,
    EcsServiceRevisionRead,
    EcsClusterResourceRead,
    EcsUnlisted,
    Elbv2Modify,
    Elbv2Read,
}

impl Bucket {
    const COUNT: usize = 14;

    /// Burst and refill per second.
    const fn rate(self) -> (f64, f64) {
        match self {
            Self::EcsClusterModify | Self::EcsTaskDefinitionModify => (20.0, 1.0),
            Self::EcsTaskDefinitionDelete | Self::EcsUnlisted => (5.0, 1.0),
            Self::EcsClusterRead
            | Self::EcsTaskDefinitionRead
            | Self::EcsServiceDeploymentRead
            | Self::EcsServiceRevisionRead => (50.0, 20.0),
            Self::EcsTagModify => (20.0, 10.0),
            Self::EcsServiceModify => (50.0, 5.0),
            Self::EcsServiceRead | Self::EcsClusterResourceRead => (100.0, 20.0),
            Self::Elbv2Modify => (20.0, 3.0),
            Self::Elbv2Read => (40.0, 10.0),
        }
    }
}

/// Tokens at a moment; below zero when calls wait.
#[derive(Debug)]
struct Tokens {
    level: f64,
    at: Instant,
}

/// The buckets of one account and Region.
#[derive(Debug)]
pub struct Limits {
    buckets: [Mutex<Tokens>; Bucket::COUNT],
    gates: [Semaphore; Bucket::COUNT],
    enabled: bool,
    stop: watch::Receiver<bool>,
}

/// The operator is stopping: no further call is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stopping;

impl Limits {
    /// Full buckets. Disabled ones never wait: for tests and for endpoints that are not AWS. `stop` turning true ends every wait.
    pub fn new(enabled: bool, stop: watch::Receiver<bool>) -> Self {
        let at = Instant::now();
        Self {
            buckets: std::array::from_fn(|_| {
                Mutex::new(Tokens {
                    level: f64::INFINITY,
                    at,
                })
            }),
            gates: std::array::from_fn(|_| Semaphore::new(IN_FLIGHT)),
            enabled,
            stop,
        }
    }

    /// Takes a place and a token, in the order of asking. The place is free again when what is returned is dropped.
    pub async fn acquire(&self, bucket: Bucket) -> Result<SemaphorePermit<'_>, Stopping> {
        let mut stop = self.stop.clone();
        if *stop.borrow() {
            return Err(Stopping);
        }
        let turn = async {
            let place = self.gates[bucket as usize].acquire().await;
            if self.enabled {
                let wait = self.take(bucket, Instant::now());
                // Not even a yield on an idle operator.
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
            }
            place.map_err(|_| Stopping)
        };
        tokio::select! {
            biased;
            place = turn => place,
            Ok(_) = stop.wait_for(|stop| *stop) => Err(Stopping),
        }
    }

    /// Whether more than half of a bucket's tokens are there: what can wait for ever asks before it takes any.
    pub fn is_idle(&self, bucket: Bucket) -> bool {
        let (burst, refill) = bucket.rate();
        let Ok(tokens) = self.buckets[bucket as usize].lock() else {
            return false;
        };
        let level = tokens.level + tokens.at.elapsed().as_secs_f64() * refill;
        !self.enabled || level > burst / 2.0
    }

    /// AWS answered "slow down" all the same (other tools share the account): the bucket is empty.
    pub fn drained(&self, bucket: Bucket) {
        if let Ok(mut tokens) = self.buckets[bucket as usize].lock() {
            tokens.level = tokens.level.min(0.0);
        }
    }

    fn take(&self, bucket: Bucket, now: Instant) -> Duration {
        let (burst, refill) = bucket.rate();
        // One token less than AWS allows: two calls on their way may arrive closer together than they left.
        let burst = burst - 1.0;
        let Ok(mut tokens) = self.buckets[bucket as usize].lock() else {
            return Duration::ZERO;
        };
        let elapsed = now.saturating_duration_since(tokens.at).as_secs_f64();
        tokens.level = (tokens.level + elapsed * refill).min(burst) - 1.0;
        tokens.at = now;
        if tokens.level >= 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(-tokens.level / refill)
        }
    }
}

#[cfg(test)]
mod tests {
    use simulator::{service::Service, throttle::bucket_of};

    use super::*;
    use crate::aws::{ecs::Operation, elbv2};

    fn limits(enabled: bool) -> Limits {
        Limits::new(enabled, watch::channel(false).1)
    }

    #[test]
    fn every_call_waits_for_the_bucket_that_the_simulator_counts_it_in() {
        let ecs = Operation::ALL
            .iter()
            .map(|call| (Service::Ecs, call.name(), call.bucket()));
        let elbv2 = elbv2::OPERATIONS
            .iter()
            .map(|call| (Service::Elbv2, *call, elbv2::bucket(call)));
        let mut seen = Vec::new();
        for (service, call, ours) in ecs.chain(elbv2) {
            let theirs = bucket_of(service, call).expect(call);
            assert_eq!(ours.rate(), (theirs.burst, theirs.refill), "{call}");
            // Calls share a bucket here just where they share one there.
            let theirs = (service, theirs.name);
            for (other, mine, its) in &seen {
                assert_eq!(*mine == ours, *its == theirs, "{call} and {other}");
            }
            seen.push((call, ours, theirs));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_end_when_the_operator_stops() {
        let (stop, stopped) = watch::channel(false);
        let limits = Limits::new(true, stopped);
        limits.drained(Bucket::EcsTaskDefinitionModify);
        let waiting = limits.acquire(Bucket::EcsTaskDefinitionModify);
        let (waited, sent) = tokio::join!(waiting, async { stop.send(true) });
        assert!(waited.is_err() && sent.is_ok());
        assert!(limits.acquire(Bucket::EcsServiceModify).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn twenty_six_registers_take_as_long_as_aws_lets_them() {
        let limits = limits(true);
        let start = Instant::now();
        for _ in 0..26 {
            drop(
                limits
                    .acquire(Bucket::EcsTaskDefinitionModify)
                    .await
                    .unwrap(),
            );
        }
        let seconds = start.elapsed().as_secs_f64();
        assert!((6.9..7.1).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_do_not_share() {
        let limits = limits(true);
        limits.drained(Bucket::EcsTaskDefinitionModify);
        let start = Instant::now();
        drop(limits.acquire(Bucket::EcsServiceModify).await.unwrap());
        assert!(start.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn bucket_is_idle_again_when_it_is_half_full() {
        let limits = limits(true);
        let bucket = Bucket::EcsTaskDefinitionModify;
        assert!(limits.is_idle(bucket));
        limits.drained(bucket);
        assert!(!limits.is_idle(bucket));
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(limits.is_idle(bucket));
    }

    #[tokio::test(start_paused = true)]
    async fn disabled_limits_never_wait_for_tokens() {
        let limits = limits(false);
        let start = Instant::now();
        for _ in 0..100 {
            drop(
                limits
                    .acquire(Bucket::EcsTaskDefinitionModify)
                    .await
                    .unwrap(),
            );
        }
        assert!(start.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn bucket_that_hangs_holds_up_itself_only() {
        let limits = limits(false);
        let mut hanging = Vec::new();
        for _ in 0..IN_FLIGHT {
            hanging.push(limits.acquire(Bucket::Elbv2Read).await.unwrap());
        }
        assert!(limits.acquire(Bucket::EcsServiceRead).await.is_ok());
        let more = limits.acquire(Bucket::Elbv2Read);
        assert!(
            tokio::time::timeout(Duration::from_secs(1), more)
                .await
                .is_err()
        );
        hanging.pop();
        assert!(limits.acquire(Bucket::Elbv2Read).await.is_ok());
    }
}
