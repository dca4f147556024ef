//! A second operator beside the story's own, and signals.

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, runtime::wait::await_condition};
use serde_json::Value;
use simulator::Entry;

use super::scraping::{free_port, get};
use super::{
    World,
    control_plane::{self, scratch},
    operator::Operator,
    waiting::DEADLINE,
    world::SECOND,
};

/// Name of the Lease.
const LEASE: &str = "ecs-operator";

/// The second operator.
pub struct Second {
    operator: Operator,
    port: u16,
}

impl World {
    /// Starts it, with the story's own flags. No gate stands before it.
    pub fn start_second(&self) -> Second {
        let port = free_port();
        let mut flags = self.all_flags();
        let mut set = |flag: &str, value: String| {
            let at = flags.iter().position(|have| have == flag);
            flags[at.expect("every operator has it") + 1] = value;
        };
        set("--endpoint-url", self.endpoint().to_owned());
        set("--listen", format!("127.0.0.1:{port}"));
        let log = scratch().join(format!("{}-second.log", self.namespace));
        let env = [("AWS_ACCESS_KEY_ID".to_owned(), SECOND.to_owned())];
        let operator = Operator::start(&self.account.kubeconfig, log, &flags, &env);
        Second { operator, port }
    }

    /// Calls of the second operator.
    pub fn calls_of_second(&self) -> Vec<Entry> {
        let mut journal = self.journal();
        journal.retain(|entry| entry.access_key == SECOND);
        journal
    }

    /// Sends the story's operator a signal.
    pub fn signal(&self, signal: &str) {
        let pid = self.operator.as_ref().expect("an operator runs").pid();
        control_plane::signal(signal, pid).expect("it runs");
    }

    /// The holder of the Lease; none: nobody.
    pub async fn holder(&self) -> Option<String> {
        let lease = self.leases().get(LEASE).await.expect("a Lease");
        lease.spec?.holder_identity
    }

    /// When the Lease was last renewed, by its holder's clock.
    pub async fn renewed(&self) -> Timestamp {
        let lease = self.leases().get(LEASE).await.expect("a Lease");
        let renewed = lease.spec.and_then(|spec| spec.renew_time);
        renewed.expect("it is held").0
    }

    /// Waits until somebody else than `before` holds the Lease.
    pub async fn until_held_by_another_than(&self, before: Option<&str>) -> String {
        let holder = |lease: Option<&Lease>| lease?.spec.as_ref()?.holder_identity.clone();
        let is_another = move |lease: Option<&Lease>| {
            holder(lease).is_some_and(|holder| Some(holder.as_str()) != before)
        };
        let held = await_condition(self.leases(), LEASE, is_another);
        let held = tokio::time::timeout(DEADLINE, held).await;
        let Ok(Ok(Some(lease))) = held else {
            panic!("nobody but {before:?} holds the Lease\n{}", self.tail());
        };
        lease
            .spec
            .expect("it is held")
            .holder_identity
            .expect("it is held")
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}

impl Second {
    /// Waits until it is ready.
    pub async fn until_ready(&self) {
        let ready = async {
            while get(self.port, "/readyz").0 != 200 {
                tokio::task::yield_now().await;
            }
        };
        let ready = tokio::time::timeout(DEADLINE, ready).await;
        ready.unwrap_or_else(|_| panic!("the second is not ready\n{}", self.operator.logs()));
    }

    /// Whether it leads, as its metrics say.
    pub fn leads(&self) -> Value {
        let metrics = get(self.port, "/metrics").1;
        let name = format!("leader_election_master_status{{name=\"{LEASE}\"}} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
        value.map_or(Value::Null, |value| value.into())
    }

    /// SIGTERM, until it is gone; its exit code.
    pub fn terminate(self) -> Option<i32> {
        self.operator.terminate()
    }
}
