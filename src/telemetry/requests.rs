//! Requests to the Kubernetes API: client-go's metrics, and how long ago each watch was heard of.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::census::Census;

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Request {
    code: Code,
    method: &'static str,
    host: Arc<str>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Verb {
    verb: &'static str,
    host: Arc<str>,
}

/// HTTP status; none: no answer, which client-go writes as `<error>`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Code(Option<u16>);

impl EncodeLabelValue for Code {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> Result<(), std::fmt::Error> {
        match self.0 {
            Some(status) => status.encode(encoder),
            None => "<error>".encode(encoder),
        }
    }
}

/// Seconds until the API server's answer begins.
const BUCKETS: [f64; 5] = [0.01, 0.05, 0.25, 1.0, 10.0];

/// Counters of requests to the Kubernetes API.
#[derive(Debug)]
pub struct Requests {
    requests: Family<Request, Counter>,
    time: Family<Verb, Histogram>,
    start: Instant,
    watches: Mutex<HashMap<String, Watch>>,
}

#[derive(Debug)]
struct Watch {
    kind: &'static str,
    heard: Heard,
}

/// When a watch was last heard of.
#[derive(Clone, Debug)]
pub struct Heard {
    start: Instant,
    /// Milliseconds since `start`.
    at: Arc<AtomicU64>,
}

impl Heard {
    /// Something came: an answer, an event, a bookmark.
    pub fn now(&self) {
        let since = self.start.elapsed().as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.at.store(since, Ordering::Relaxed);
    }

    fn age(&self) -> Duration {
        let at = Duration::from_millis(self.at.load(Ordering::Relaxed));
        self.start.elapsed().saturating_sub(at)
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            time: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            start: Instant::now(),
            watches: Mutex::default(),
        }
    }
}

impl Requests {
    /// Registers everything but the ages, which a census tells.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "rest_client_requests",
            "Requests to the Kubernetes API by HTTP status (<error>: no answer), method and host",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "rest_client_request_duration",
            "Time until the API server's answer begins",
            Unit::Seconds,
            self.time.clone(),
        );
    }

    /// A request was answered with this HTTP status, or not at all.
    pub fn answered(
        &self,
        method: &'static str,
        host: &Arc<str>,
        status: Option<u16>,
        time: Duration,
    ) {
        let (code, host) = (Code(status), host.clone());
        let verb = Verb {
            verb: method,
            host: host.clone(),
        };
        self.time.get_or_create(&verb).observe(time.as_secs_f64());
        self.requests
            .get_or_create(&Request { code, method, host })
            .inc();
    }

    /// The watch of objects of `kind` at `path`, one a scope. One that is new counts as heard of now.
    pub fn watch(&self, kind: &'static str, path: &str) -> Heard {
        let mut watches = self.watches();
        if let Some(watch) = watches.get(path) {
            return watch.heard.clone();
        }
        let heard = Heard {
            start: self.start,
            at: Arc::default(),
        };
        heard.now();
        let watch = Watch {
            kind,
            heard: heard.clone(),
        };
        watches.insert(path.to_owned(), watch);
        heard
    }

    /// Adds to a census how long ago the watches were heard of.
    pub fn read(&self, census: &mut Census) {
        for Watch { kind, heard } in self.watches().values() {
            let oldest = census.watch_age.entry(kind).or_default();
            *oldest = oldest.max(heard.age().as_secs_f64());
        }
    }

    fn watches(&self) -> MutexGuard<'_, HashMap<String, Watch>> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
