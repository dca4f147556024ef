//! Candidates against an API server in memory that keeps resourceVersion as the real one does, in a time that jumps.

use std::sync::{Arc, Mutex};

use futures::future::{Either, pending};
use http_body_util::BodyExt;
use hyper::{Method, Request, Response};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};

use super::*;
use crate::leadership::{Leadership, contested};

const NAME: &str = "ecs-operator";

/// What the API server has, and whether it answers.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    lease: Option<Value>,
    version: u64,
    is_down: bool,
    hangs: bool,
    /// The next write takes effect and its answer is lost.
    loses_answer: bool,
    writes: usize,
}

impl Server {
    fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await?.to_bytes();
                if server.state().hangs {
                    return pending().await;
                }
                server.state().answer(&head.method, &body)
            }
        });
        Client::new(service, "default")
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn record(&self) -> LeaseSpec {
        let lease = self.state().lease.clone().unwrap_or_default();
        serde_json::from_value(lease["spec"].clone()).unwrap_or_default()
    }

    /// Somebody else writes the record.
    fn edit(&self, edit: impl FnOnce(&mut Value)) {
        let mut state = self.state();
        let mut lease = state.lease.take().expect("a lease");
        edit(&mut lease);
        state.put(lease);
    }
}

impl State {
    fn answer(&mut self, method: &Method, body: &[u8]) -> Result<Response<Body>, tower::BoxError> {
        if self.is_down {
            return Err("connection refused".into());
        }
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let known = self
            .lease
            .as_ref()
            .map(|lease| &lease["metadata"]["resourceVersion"]);
        let refusal = |code: u16, reason: &str| {
            let status = json!({"kind": "Status", "status": "Failure", "message": reason, "reason": reason, "code": code});
            Ok(answer(code, &status))
        };
        match (method, known) {
            (&Method::GET, None) => refusal(404, "NotFound"),
            (&Method::GET, Some(_)) => Ok(answer(200, self.lease.as_ref().unwrap())),
            (&Method::POST, Some(_)) => refusal(409, "AlreadyExists"),
            (&Method::PUT, None) => refusal(404, "NotFound"),
            (&Method::PUT, Some(version)) if *version != sent["metadata"]["resourceVersion"] => {
                refusal(409, "Conflict")
            }
            (&Method::PUT | &Method::POST, _) => {
                self.put(sent);
                if std::mem::take(&mut self.loses_answer) {
                    return Err("connection reset".into());
                }
                Ok(answer(200, self.lease.as_ref().unwrap()))
            }
            (method, _) => panic!("{method} is not among the rights"),
        }
    }

    fn put(&mut self, mut lease: Value) {
        self.version += 1;
        self.writes += 1;
        lease["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.lease = Some(lease);
    }
}

fn answer(code: u16, body: &Value) -> Response<Body> {
    let body = Body::from(body.to_string().into_bytes());
    Response::builder().status(code).body(body).unwrap()
}

/// A candidate that takes part.
struct Replica {
    leadership: Leadership,
    resign: Option<oneshot::Sender<()>>,
    election: JoinHandle<()>,
}

impl Replica {
    fn start(server: &Server) -> Self {
        let (seat, leadership) = contested();
        let rules = Rules {
            namespace: "default".into(),
            name: NAME.into(),
            lease: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        };
        let candidate = Candidate::new(server.client(), rules, seat);
        let (resign, resigned) = oneshot::channel();
        let election = tokio::spawn(candidate.run(async { drop(resigned.await) }));
        Self {
            leadership,
            resign: Some(resign),
            election,
        }
    }

    /// As SIGKILL does.
    fn kill(self) {
        self.election.abort();
    }

    /// As SIGTERM does.
    async fn end(mut self) {
        drop(self.resign.take());
        self.election.await.unwrap();
        assert!(!self.leadership.is_held());
    }

    /// How long it takes until it leads; panics after a minute.
    async fn leads_after(&self) -> Duration {
        let start = Instant::now();
        let held = timeout(Duration::from_secs(60), self.leadership.held());
        held.await.expect("it leads within a minute");
        start.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn first_replica_leads_at_once_and_stays_leader_with_one_write_a_period() {
    let server = Server::default();
    let (first, second) = (Replica::start(&server), Replica::start(&server));
    let won = futures::future::select(
        Box::pin(first.leadership.held()),
        Box::pin(second.leadership.held()),
    );
    let (leader, standby) = match won.await {
        Either::Left(_) => (&first, &second),
        Either::Right(_) => (&second, &first),
    };
    let writes = server.state().writes;
    for _ in 0..60 {
        sleep(Duration::from_secs(1)).await;
        assert!(leader.leadership.is_held() && !standby.leadership.is_held());
    }
    let writes = server.state().writes - writes;
    assert!((29..=30).contains(&writes), "{writes}");
    assert_eq!(server.record().lease_transitions, Some(1));
}

#[tokio::test(start_paused = true)]
async fn killed_leader_is_replaced_when_its_promise_has_ended_and_not_before() {
    let server = Server::default();
    let first = Replica::start(&server);
    first.leads_after().await;
    let second = Replica::start(&server);
    sleep(Duration::from_secs(7)).await;
    first.kill();
    let waited = second.leads_after().await;
    assert!((13..=19).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(server.record().lease_transitions, Some(2));
}

#[tokio::test(start_paused = true)]
async fn leader_that_ends_hands_over_within_a_period() {
    let server = Server::default();
    let first = Replica::start(&server);
    first.leads_after().await;
    let second = Replica::start(&server);
    sleep(Duration::from_secs(7)).await;
    first.end().await;
    assert!(second.leads_after().await <= Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn standby_that_ends_leaves_the_leader_alone() {
    let server = Server::default();
    let first = Replica::start(&server);
    first.leads_after().await;
    Replica::start(&server).end().await;
    sleep(Duration::from_secs(30)).await;
    assert!(first.leadership.is_held());
}

#[tokio::test(start_paused = true)]
async fn leader_that_cannot_renew_stops_before_another_may_begin() {
    for hangs in [false, true] {
        let server = Server::default();
        let (leader, standby) = {
            let first = Replica::start(&server);
            first.leads_after().await;
            (first, Replica::start(&server))
        };
        sleep(Duration::from_secs(5)).await;
        let cut = |is_cut: bool| {
            let mut state = server.state();
            (state.is_down, state.hangs) = (is_cut && !hangs, is_cut && hangs);
        };
        cut(true);
        let start = Instant::now();
        leader.leadership.lost().await;
        let acted = start.elapsed();
        assert!((8..=10).contains(&acted.as_secs()), "{acted:?}");
        assert!(!standby.leadership.is_held());
        // Nobody else wrote the record: when the API server is back, the leader goes on.
        sleep(Duration::from_secs(60)).await;
        assert!(!leader.leadership.is_held() && !standby.leadership.is_held());
        cut(false);
        assert!(leader.leads_after().await <= Duration::from_secs(7));
        sleep(Duration::from_secs(30)).await;
        assert!(leader.leadership.is_held() != standby.leadership.is_held());
    }
}

#[tokio::test(start_paused = true)]
async fn short_outage_costs_no_lease() {
    let server = Server::default();
    let leader = Replica::start(&server);
    leader.leads_after().await;
    server.state().is_down = true;
    sleep(Duration::from_secs(5)).await;
    server.state().is_down = false;
    let lost = timeout(Duration::from_secs(60), leader.leadership.lost());
    assert!(lost.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn lease_won_by_a_write_whose_answer_was_lost_is_ours() {
    let server = Server::default();
    server.state().loses_answer = true;
    let replica = Replica::start(&server);
    assert!(replica.leads_after().await <= Duration::from_secs(2));
    assert_eq!(server.record().lease_transitions, Some(1));
}

#[tokio::test(start_paused = true)]
async fn leader_whose_lease_was_given_to_another_stops_at_its_next_renewal() {
    let server = Server::default();
    let leader = Replica::start(&server);
    leader.leads_after().await;
    let other = json!("somebody-else");
    server.edit(|lease| lease["spec"]["holderIdentity"] = other);
    let lost = timeout(Duration::from_secs(3), leader.leadership.lost());
    lost.await.expect("lost at the next attempt");
    // A record that no process renews ends as every other does.
    assert!(leader.leads_after().await >= Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn edits_of_others_and_a_deleted_lease_are_survived() {
    let server = Server::default();
    let leader = Replica::start(&server);
    leader.leads_after().await;
    server.edit(|lease| lease["metadata"]["labels"] = json!({"team": "a"}));
    let lost = timeout(Duration::from_secs(30), leader.leadership.lost());
    assert!(lost.await.is_err());
    let lease = server.state().lease.take().expect("a lease");
    assert_eq!(lease["metadata"]["labels"], json!({"team": "a"}));
    let lost = timeout(Duration::from_secs(30), leader.leadership.lost());
    assert!(lost.await.is_err());
    assert!(server.record().holder_identity.is_some());
}

#[tokio::test(start_paused = true)]
async fn clocks_of_others_do_not_count() {
    let server = Server::default();
    let leader = Replica::start(&server);
    leader.leads_after().await;
    let standby = Replica::start(&server);
    // The times in the record are of a clock that is hours behind, at each renewal.
    for _ in 0..60 {
        sleep(Duration::from_secs(1)).await;
        let mut state = server.state();
        state.lease.as_mut().expect("a lease")["spec"]["renewTime"] =
            json!("2001-01-01T00:00:00.000000Z");
        assert!(!standby.leadership.is_held());
    }
    assert!(leader.leadership.is_held());
}
