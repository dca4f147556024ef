//! Batched reads: what is asked for while a call is under way goes into the next one together, so that an idle operator
//! never waits and a busy one makes few calls.

use std::{
    cell::Cell,
    collections::HashMap,
    fmt,
    future::Future,
    hash::Hash,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};

use tracing::{Instrument, Span};

use super::{Aws, AwsError, clients::CALLS};
use crate::{
    model::{
        Tags,
        observed::{Resource, Rule, TargetGroup},
    },
    telemetry::traces,
};

/// Full batches of one reader under way at once. One that is not full goes only when none is.
const IN_FLIGHT: usize = 4;

/// Time between batches that are not full when many follow each other: 20 a second, as fast as AWS refills its read
/// buckets (ECS API request throttling).
const PACE: Duration = Duration::from_millis(50);

/// Batches that need not be full go at once when this much of their time was left unused: the looks of a single object.
const SPARE: Duration = Duration::from_millis(400);

/// What a batch found, by key: one key's error is not another's.
pub type Found<K, V> = HashMap<K, Result<V, AwsError>>;

/// The same answer for every key of a call.
pub fn all<K: Eq + Hash, V>(keys: impl IntoIterator<Item = K>, error: &AwsError) -> Found<K, V> {
    keys.into_iter()
        .map(|key| (key, Err(error.clone())))
        .collect()
}

struct Ask<K, V> {
    key: K,
    /// Who waits for it.
    span: Span,
    answer: oneshot::Sender<Result<V, AwsError>>,
}

/// A span in the trace of the first who asked, with links from those of the others.
fn shared_span<K, V>(operation: &'static str, asks: &[Ask<K, V>]) -> Span {
    let mut asking = asks.iter().map(|ask| &ask.span);
    let parent = asking.next().and_then(Span::id);
    let span = tracing::debug_span!(
        target: traces::AWS_CALL, parent: parent, "read",
        otel.name = format_args!("read {operation}"), keys = asks.len(),
    );
    for other in asking {
        span.follows_from(other);
    }
    span
}

/// Gathers keys and reads them together.
pub struct Reader<K, V> {
    operation: &'static str,
    queue: mpsc::UnboundedSender<Ask<K, V>>,
}

impl<K, V> fmt::Debug for Reader<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

impl<K, V> Reader<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Reads at most `max` keys with one call of `fetch`, which must answer for each of them.
    pub fn new<F, Fut>(aws: Weak<Aws>, operation: &'static str, max: usize, fetch: F) -> Self
    where
        F: Fn(Arc<Aws>, Vec<K>) -> Fut + Send + Sync + Copy + 'static,
        Fut: Future<Output = Found<K, V>> + Send + 'static,
    {
        let (queue, mut asked) = mpsc::unbounded_channel::<Ask<K, V>>();
        tokio::spawn(async move {
            let mut calls = JoinSet::new();
            let mut batch = Vec::with_capacity(max);
            // When the next batch that is not full would go if all kept their pace.
            let mut due = Instant::now();
            while asked.recv_many(&mut batch, max).await > 0 {
                loop {
                    let room = max - batch.len();
                    let is_free = calls.is_empty() || (room == 0 && calls.len() < IN_FLIGHT);
                    let at = due.checked_sub(SPARE).unwrap_or(due);
                    let is_time = room == 0 || at <= Instant::now();
                    if is_free && is_time {
                        break;
                    }
                    tokio::select! {
                        // A call that panicked has dropped its askers, who are told.
                        _ = calls.join_next(), if !calls.is_empty() => {}
                        () = tokio::time::sleep_until(at), if !is_time => {}
                        more = asked.recv_many(&mut batch, room), if room > 0 => {
                            if more == 0 {
                                break;
                            }
                        }
                    }
                }
                let Some(aws) = aws.upgrade() else { break };
                due = due.max(Instant::now()) + PACE;
                let asks = std::mem::take(&mut batch);
                let span = shared_span(operation, &asks);
                let call = async move {
                    let mut keys: Vec<K> = Vec::with_capacity(asks.len());
                    for ask in &asks {
                        if !keys.contains(&ask.key) {
                            keys.push(ask.key.clone());
                        }
                    }
                    let metrics = aws.metrics.clone();
                    let (found, made) = CALLS
                        .scope(Cell::new(0), async {
                            let found = fetch(aws, keys).await;
                            (found, CALLS.with(Cell::get))
                        })
                        .await;
                    let saved = (asks.len() as u64).saturating_sub(made);
                    metrics.calls.saved(operation, saved);
                    for ask in asks {
                        let answer = found.get(&ask.key).cloned().unwrap_or_else(|| {
                            let what = "AWS's answer leaves out what was asked for";
                            Err(AwsError::unreadable(operation, what))
                        });
                        // Nobody waits any more when the reconcile was dropped.
                        let _ = ask.answer.send(answer);
                    }
                };
                calls.spawn(call.instrument(span));
            }
        });
        Self { operation, queue }
    }

    /// Reads one key.
    pub async fn get(&self, key: K) -> Result<V, AwsError> {
        let (answer, answered) = oneshot::channel();
        let ended = || AwsError::unreadable(self.operation, "the reader ended");
        let span = Span::current();
        self.queue
            .send(Ask { key, span, answer })
            .map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

/// A service of a cluster.
pub type ServiceKey = (String, String);

/// The readers of one Region.
#[derive(Debug)]
pub struct Readers {
    /// Services by cluster and name; none: AWS has none of the name.
    pub services: Reader<ServiceKey, Option<Resource>>,
    /// Clusters by name.
    pub clusters: Reader<String, Option<Resource>>,
    /// Target groups by name, without tags, attributes and health.
    pub target_groups: Reader<String, Option<TargetGroup>>,
    /// Rules by listener ARN, without tags; none: AWS has no such listener.
    pub rules: Reader<String, Option<Vec<Rule>>>,
    /// Tags of ELBv2 resources by ARN; none: gone.
    pub tags: Reader<String, Option<Tags>>,
}

impl Readers {
    /// Readers that live as long as `aws`. Batch sizes: the APIs' own limits (DescribeServices 10, DescribeClusters 100,
    /// DescribeTags 20); target groups and rules come by page, so that their batches are bounded by fairness only.
    pub fn new(aws: Weak<Aws>) -> Self {
        Self {
            services: Reader::new(
                aws.clone(),
                "DescribeServices",
                10,
                |aws, keys| async move { aws.describe_services(keys).await },
            ),
            clusters: Reader::new(
                aws.clone(),
                "DescribeClusters",
                100,
                |aws, keys| async move { aws.describe_clusters(keys).await },
            ),
            target_groups: Reader::new(
                aws.clone(),
                "DescribeTargetGroups",
                400,
                |aws, keys| async move { aws.describe_target_groups(keys).await },
            ),
            rules: Reader::new(aws.clone(), "DescribeRules", 400, |aws, keys| async move {
                aws.describe_rules(keys).await
            }),
            tags: Reader::new(aws, "DescribeTags", 20, |aws, keys| async move {
                aws.describe_tags(keys).await
            }),
        }
    }
}
