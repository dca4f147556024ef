//! The simulator as its users hold it: requests in, answers out, and the levers of tests. How a call is served is in `serve`; all state is in `world`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::{Request as HttpRequest, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use crate::clock::Time;
use crate::contract::{check_input, refuse};
use crate::faults::{Fault, Script};
use crate::http_server::Server;
use crate::iam::Policy;
use crate::journal::{Entry, Outcome};
use crate::protocol::Common;
use crate::service::Service;
use crate::world::{Done, NOT_SIMULATED, Request, World};
use crate::{ACCOUNT, Answer, ApiError, control, receive, snapshot};

/// An AWS account with its permanent access key.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Access key id.
    pub access_key: String,
}

/// How a simulator starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Virtual seconds a real second; 0: only by hand.
    pub rate: f64,
    /// Whether AWS's published token buckets apply.
    pub throttling: bool,
    /// Accounts; every other access key is unknown.
    pub accounts: Vec<Account>,
}

impl Default for Options {
    fn default() -> Self {
        let account = Account {
            id: ACCOUNT.to_owned(),
            access_key: "test".to_owned(),
        };
        Self {
            rate: 0.0,
            throttling: false,
            accounts: vec![account],
        }
    }
}

/// Names a fault that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(pub u64);

/// AWS. Clones share one world.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

struct Inner {
    options: Options,
    world: Mutex<World>,
    changed: watch::Sender<()>,
}

/// Says only that it is one: SDK connectors that hold it must be `Debug`.
impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").finish_non_exhaustive()
    }
}

impl Simulator {
    /// An empty AWS.
    pub fn new(options: Options) -> Self {
        let world = Mutex::new(World::new(&options));
        Self(Arc::new(Inner {
            options,
            world,
            changed: watch::Sender::new(()),
        }))
    }

    /// Answers one HTTP request. None: the connection is cut. Dropping the future is the client going away.
    pub async fn handle(&self, request: HttpRequest<Bytes>) -> Option<Response<Bytes>> {
        if request.uri().path().starts_with("/_control") {
            return Some(control::handle(self, &request));
        }
        let received = receive::receive(&self.world(), &request);
        match received {
            Ok(request) => self.serve(request).await,
            Err(refused) => Some(self.refuse(*refused)),
        }
    }

    /// Serves HTTP on 127.0.0.1 until the server is dropped. Port 0: any free port.
    pub async fn listen(&self, port: u16) -> std::io::Result<Server> {
        Server::start(self.clone(), port).await
    }

    /// All calls so far.
    pub fn journal(&self) -> Vec<Entry> {
        self.world().journal.clone()
    }

    /// Waits until the journal satisfies `pred`; after `deadline` (real time) the calls so far are told in the error.
    pub async fn journal_until(
        &self,
        deadline: Duration,
        pred: impl Fn(&[Entry]) -> bool,
    ) -> Result<Vec<Entry>, String> {
        let mut changes = self.0.changed.subscribe();
        let waiting = async {
            while !pred(&self.world().journal) {
                // The sender lives in self, so it cannot be closed.
                let _ = changes.changed().await;
            }
        };
        match tokio::time::timeout(deadline, waiting).await {
            Ok(()) => Ok(self.journal()),
            Err(_) => Err(format!("not within {deadline:?}; {}", self.summary())),
        }
    }

    /// Moves virtual time ahead and lets everything that is due happen.
    pub fn advance(&self, seconds: f64) {
        self.change(|world| {
            world.clock.advance(seconds);
            world.advance();
        });
    }

    /// Jumps to the next thing that is due, if anything is; returns its time.
    pub fn advance_to_next_event(&self) -> Option<Time> {
        self.change(|world| {
            let due = world.next_event()?;
            let ahead = due - world.clock.now();
            world.clock.advance(ahead);
            world.advance();
            Some(due)
        })
    }

    /// Virtual time.
    pub fn now(&self) -> Time {
        self.world().clock.now()
    }

    /// Virtual seconds a real second; 0: only by hand.
    pub fn set_rate(&self, rate: f64) {
        self.change(|world| world.clock.set_rate(rate));
    }

    /// Whether AWS's published token buckets apply.
    pub fn set_throttling(&self, throttling: bool) {
        self.change(|world| world.throttling = throttling);
    }

    /// What an access key may do from now on; without a policy everything.
    pub fn set_policy(&self, access_key: &str, policy: Option<Policy>) {
        self.change(|world| match policy {
            Some(policy) => drop(
                world
                    .policies
                    .insert(access_key.to_owned(), Arc::new(policy)),
            ),
            None => drop(world.policies.remove(access_key)),
        });
    }

    /// Makes calls go wrong from now on.
    pub fn fault(&self, fault: Fault) -> FaultId {
        self.change(|world| world.faults.add(fault))
    }

    /// Ends a fault; the calls that it holds go on.
    pub fn release(&self, fault: FaultId) {
        self.change(|world| world.faults.remove(fault));
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.change(|world| world.faults.clear());
    }

    /// How many calls a fault has hit; none once it has ended.
    pub fn fault_hits(&self, fault: FaultId) -> Option<u32> {
        self.world()
            .faults
            .iter()
            .find(|(id, ..)| *id == fault)
            .map(|(_, _, hits)| hits)
    }

    /// Changes how the world behaves.
    pub fn script(&self, change: impl FnOnce(&mut Script)) {
        self.change(|world| {
            change(&mut world.script);
            world.advance();
        });
    }

    /// A call as a person with all rights makes it: no HTTP, no faults, no throttling; checked and journalled with the access key `console`. `service` is a signing name.
    pub fn api(
        &self,
        account: &str,
        region: &str,
        service: &str,
        operation: &str,
        input: Value,
    ) -> Answer {
        let unknown = || ApiError::with_status(501, NOT_SIMULATED, format!("no service {service}"));
        let service = Service::from_signing_name(service).ok_or_else(unknown)?;
        let mut request = Request {
            service,
            access_key: "console".to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            operation: operation.to_owned(),
            input,
            violations: Vec::new(),
        };
        request.violations = check_input(service.model(), operation, &request.input);
        let known = service.model().operations.contains_key(operation);
        self.change(|world| {
            let done = match &request.violations[..] {
                _ if !known => Done::nothing(Err(Common::UnknownOperation.error(service))),
                [] => world.execute(&request),
                violations => Done::nothing(Err(refuse(service, violations))),
            };
            world.record(&request, &done, Outcome::of(&done.answer));
            done.answer
        })
    }

    /// The whole state of an account in a Region for comparisons: stable order, no times, no random parts of ids.
    pub fn snapshot(&self, account: &str, region: &str) -> Value {
        let mut world = self.world();
        let now = world.advance();
        let script = world.script.clone();
        snapshot::snapshot(
            world.region(account, region).clone(),
            account,
            region,
            now,
            &script,
        )
    }

    /// Forgets everything: state, journal, faults, script and time.
    pub fn reset(&self) {
        self.change(|world| *world = World::new(&self.0.options));
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A panic while the world was held is a bug that the test it happened in reports; the others go on.
        self.0
            .world
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.world());
        self.0.changed.send_replace(());
        result
    }

    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    fn summary(&self) -> String {
        let line = |e: &Entry| format!("{} {} {:?}", e.seq, e.operation, e.outcome);
        let journal = self.journal();
        let last: Vec<_> = journal.iter().rev().take(20).rev().map(line).collect();
        format!("{} calls, the last:\n{}", journal.len(), last.join("\n"))
    }
}
