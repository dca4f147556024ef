//! A gate between the operator and both worlds that it changes: every request passes it, AWS's and Kubernetes' alike, so
//! that a test can stop the world exactly before an effect, after it and before its answer, or after the answer.
//!
//! What passes to Kubernetes is signed with the story's ServiceAccount, so that rights and audit log are the operator's own.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http_body_util::BodyExt;
use hyper::{Request, Response, StatusCode, body::Bytes};
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use simulator::Simulator;
use tokio::{net::TcpListener, sync::watch};

use super::{
    passing::{Edge, about, accept, operation, refusal},
    waiting::DEADLINE,
    watching::{Out, Views},
};

/// A request that changes something, and the how manyth of its kind it is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Effect {
    /// `UpdateService`, or `patch ecsservices/status web`.
    pub what: String,
    /// Counts from 1.
    pub nth: usize,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.what, self.nth)
    }
}

/// Where in an effect the world stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Position {
    /// The request left the operator and arrived nowhere.
    Before,
    /// It took effect, and the answer never arrives.
    Unanswered,
    /// It was answered, and nothing after it arrives.
    Answered,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before the effect of",
            Self::Unanswered => "after the effect, before the answer of",
            Self::Answered => "after the answer of",
        })
    }
}

/// A write to Kubernetes, for those who judge what it claims.
pub struct Write<'a> {
    /// What it is about, for example `ecsservices/status web`.
    pub about: &'a str,
    /// Its body.
    pub body: &'a Value,
}

/// Says what is wrong with a write at the moment when it is made.
pub type Judge = fn(&Simulator, &Write<'_>) -> Vec<String>;

/// How long an operator that has nothing more to say is waited for after an answer.
const SILENCE: Duration = Duration::from_millis(100);

#[derive(Default)]
struct State {
    seen: BTreeMap<String, usize>,
    effects: Vec<Effect>,
    reads: BTreeMap<String, usize>,
    trap: Option<(Effect, Position)>,
    /// Its answer is lost, and the world goes on.
    lost: Option<Effect>,
    /// What the API server answers to these requests with this status.
    refused: Option<(String, u16)>,
    /// Requests that were answered.
    answers: usize,
    closed: bool,
    /// Requests that came after the gate closed.
    knocks: usize,
    complaints: Vec<String>,
}

/// The gate of one story; clones are the same gate.
#[derive(Clone)]
pub struct Gate {
    /// Where AWS is for the operator.
    pub aws: String,
    /// The operator's kubeconfig.
    pub kubeconfig: PathBuf,
    /// What the watches of Kubernetes show.
    pub views: Views,
    inner: Arc<Inner>,
}

struct Inner {
    simulator: Simulator,
    kubernetes: Client,
    judge: Judge,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl Gate {
    /// Opens a gate to the simulator and to the API server of a kubeconfig.
    pub async fn open(simulator: &Simulator, kubeconfig: &Path, judge: Judge) -> Self {
        let behind = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        let mut config = Config::from_custom_kubeconfig(behind, &KubeConfigOptions::default())
            .await
            .expect("a configuration");
        // What the API server answers is for the operator to judge.
        config.default_retry = false;
        let bind = || async { TcpListener::bind("127.0.0.1:0").await.expect("a free port") };
        let (aws, kubernetes) = (bind().await, bind().await);
        let url = |listener: &TcpListener| {
            format!("http://{}", listener.local_addr().expect("it is bound"))
        };
        let path = kubeconfig.with_extension("gate.kubeconfig");
        let named = |key: &str, value: Value| json!([{"name": "gate", key: value}]);
        let config_of_operator = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "gate",
            "clusters": named("cluster", json!({"server": url(&kubernetes)})),
            "users": named("user", json!({})),
            "contexts": named("context", json!({"cluster": "gate", "user": "gate"})),
        });
        std::fs::write(&path, config_of_operator.to_string()).expect("writable");
        let gate = Self {
            aws: url(&aws),
            kubeconfig: path,
            views: Views::default(),
            inner: Arc::new(Inner {
                simulator: simulator.clone(),
                kubernetes: Client::try_from(config).expect("a client"),
                judge,
                state: Mutex::default(),
                changed: watch::Sender::new(()),
            }),
        };
        // They end with the story's runtime.
        tokio::spawn(accept(aws, gate.clone(), Edge::Aws));
        tokio::spawn(accept(kubernetes, gate.clone(), Edge::Kubernetes));
        gate
    }

    /// Counts effects anew from here.
    pub fn recount(&self) {
        self.change(|state| {
            state.seen.clear();
            state.effects.clear();
        });
    }

    /// The world will stop at this effect.
    pub fn set_trap(&self, effect: Effect, position: Position) {
        self.change(|state| state.trap = Some((effect, position)));
    }

    /// The answer of this effect will be lost on its way, and the world goes on.
    pub fn lose_answer(&self, effect: Effect) {
        self.change(|state| state.lost = Some(effect));
    }

    /// From now on the API server answers such a request, for example `patch ecsservices/status web`, with this status, and
    /// does nothing; none: it does what it is asked.
    pub fn refuse(&self, request: &str, status: Option<u16>) {
        self.change(|state| state.refused = status.map(|status| (request.to_owned(), status)));
    }

    /// Whether the world has stopped.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// After the world has stopped: waits until what came before has reached the operator.
    pub async fn until_silent(&self, position: Position) {
        if position == Position::Answered {
            // The operator's next request says that it has the answer; one that has nothing more to say says nothing.
            let knocked = self.until(|state| state.knocks > 0);
            let _ = tokio::time::timeout(SILENCE, knocked).await;
        }
    }

    /// Lets the world go on. What was held stays held: its client is gone.
    pub fn reopen(&self) {
        self.change(|state| {
            state.closed = false;
            state.trap = None;
            state.knocks = 0;
        });
    }

    /// Effects since the last count began, in order.
    pub fn effects(&self) -> Vec<Effect> {
        self.state().effects.clone()
    }

    /// How many effects there were since the last count began.
    pub fn effect_count(&self) -> usize {
        self.state().effects.len()
    }

    /// How often the operator tried to change something in this way since the last count began.
    pub fn tries(&self, what: &str) -> usize {
        self.state().seen.get(what).copied().unwrap_or(0)
    }

    /// How often the operator read in this way, for example `DescribeServices`, or `list ecsservices`.
    pub fn reads(&self, what: &str) -> usize {
        self.state().reads.get(what).copied().unwrap_or(0)
    }

    /// How many requests were answered.
    pub fn answers(&self) -> usize {
        self.state().answers
    }

    /// What was wrong with writes when they were made.
    pub fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    /// Tells of everything that passes.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.inner.changed.subscribe()
    }

    /// Waits until what passed is as `wanted`; panics after the deadline.
    pub async fn until_passed(&self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let mut changes = self.changes();
        let passed = async {
            while !wanted(self) {
                // The sender lives in self.
                let _ = changes.changed().await;
            }
        };
        let passed = tokio::time::timeout(DEADLINE, passed).await;
        assert!(
            passed.is_ok(),
            "{what} did not happen; effects: {:?}",
            self.effects()
        );
    }

    async fn until(&self, wanted: impl Fn(&State) -> bool) {
        let mut changes = self.changes();
        while !wanted(&self.state()) {
            // The sender lives in self.
            let _ = changes.changed().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.inner.changed.send_replace(());
        result
    }

    /// A request arrives: passes, or waits for ever.
    async fn enter(&self, what: &str, changes: bool) -> Option<Effect> {
        let passed = self.change(|state| {
            if state.closed {
                state.knocks += 1;
                return None;
            }
            if !changes {
                *state.reads.entry(what.to_owned()).or_default() += 1;
                return Some(None);
            }
            let count = state.seen.entry(what.to_owned()).or_default();
            *count += 1;
            let effect = Effect {
                what: what.to_owned(),
                nth: *count,
            };
            if state.trap == Some((effect.clone(), Position::Before)) {
                state.closed = true;
                return None;
            }
            state.effects.push(effect.clone());
            Some(Some(effect))
        });
        match passed {
            Some(effect) => effect,
            None => std::future::pending().await,
        }
    }

    /// An answer leaves: passes, or waits for ever.
    async fn leave(&self, effect: Option<&Effect>) {
        let passes = self.change(|state| {
            if state.closed {
                return false;
            }
            state.answers += 1;
            let trap = state.trap.as_ref().filter(|(at, _)| Some(at) == effect);
            let position = trap.map(|(_, position)| *position);
            state.closed = position.is_some();
            position != Some(Position::Unanswered)
        });
        if !passes {
            std::future::pending::<()>().await;
        }
    }

    /// None: the connection is cut.
    pub(super) async fn aws(&self, request: Request<Bytes>) -> Option<Response<Out>> {
        let operation = operation(&request);
        let changes = !["Describe", "List", "Get"]
            .iter()
            .any(|read| operation.starts_with(read));
        let effect = self.enter(&operation, changes).await;
        let response = self.inner.simulator.handle(request).await;
        self.leave(effect.as_ref()).await;
        let is_lost = effect.is_some() && self.state().lost == effect;
        response
            .filter(|_| !is_lost)
            .map(|response| response.map(Out::whole))
    }

    pub(super) async fn kubernetes(&self, request: Request<Bytes>) -> Option<Response<Out>> {
        let (verb, about) = about(&request);
        if let Some(answer) = self.views.answer(&verb, &about) {
            self.enter(&format!("{verb} {about}"), false).await;
            return Some(answer);
        }
        let changes = !matches!(verb.as_str(), "get" | "list" | "watch");
        let what = format!("{verb} {about}");
        let effect = self.enter(&what, changes).await;
        let refused = self.state().refused.clone();
        if let Some((_, status)) = refused.filter(|(refused, _)| *refused == what) {
            return Some(refusal(status));
        }
        if changes && let Ok(body) = serde_json::from_slice(request.body()) {
            let write = Write {
                about: &about,
                body: &body,
            };
            let wrong = (self.inner.judge)(&self.inner.simulator, &write);
            self.change(|state| state.complaints.extend(wrong));
        }
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut onward = Request::builder().method(head.method).uri(path);
        for header in ["accept", "content-type", "user-agent"] {
            if let Some(value) = head.headers.get(header) {
                onward = onward.header(header, value);
            }
        }
        let onward = onward.body(body.into()).expect("it was a request before");
        // Cut: the API server is not there.
        let (head, body) = self.inner.kubernetes.send(onward).await.ok()?.into_parts();
        let body = if verb == "watch" && head.status == StatusCode::OK {
            self.views.stream(&about, body)
        } else {
            Out::whole(body.collect().await.ok()?.to_bytes())
        };
        self.leave(effect.as_ref()).await;
        let mut response = Response::builder().status(head.status);
        if let Some(value) = head.headers.get("content-type") {
            response = response.header("content-type", value);
        }
        Some(response.body(body).expect("it was a response before"))
    }
}

/// A body never fails here; hyper wants to be told so.
pub type Never = Infallible;
