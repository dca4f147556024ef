//! Events: what happened, on the object, from the closed list of reasons.
//!
//! By hand, not by kube's `Recorder`: that one keeps each event whole for six minutes (2 KiB an object, and all of them are walked
//! for each new one), and says a repeated reason again with the note of the first time.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::{
    api::{
        core::v1::ObjectReference,
        events::v1::{Event, EventSeries},
    },
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;

use super::in_time;
use crate::{api::condition::Reason, model::text::truncate};

/// Name under which the operator reports.
const REPORTER: &str = "ecs-operator";

/// Characters of a note (events.k8s.io/v1 Event, member note: 1 kB).
const NOTE_MAX: usize = 1000;

/// Characters of the object's name in an event's name, which has 253 at most.
const NAME_MAX: usize = 200;

/// How long the same said again is counted, not said anew (events.k8s.io/v1 EventSeries: clients end a series after 6 minutes).
const SERIES: SignedDuration = SignedDuration::from_mins(6);

/// Publishes events; a failure to is logged and hinders nothing.
pub struct Events {
    client: Client,
    instance: String,
    said: Mutex<HashMap<u64, Said>>,
}

/// When something was said first and last, and how often.
#[derive(Clone, Copy)]
struct Said {
    first: Timestamp,
    last: Timestamp,
    count: i32,
}

impl Events {
    /// Events in the name of the operator.
    pub fn new(client: Client) -> Self {
        let instance = std::env::var("HOSTNAME").unwrap_or_else(|_| REPORTER.into());
        let said = Mutex::default();
        Self {
            client,
            instance,
            said,
        }
    }

    /// Something went as it should.
    pub async fn normal(&self, object: &ObjectReference, reason: Reason, note: String) {
        self.publish("Normal", object, reason, note).await;
    }

    /// Somebody should look.
    pub async fn warning(&self, object: &ObjectReference, reason: Reason, note: String) {
        self.publish("Warning", object, reason, note).await;
    }

    async fn publish(
        &self,
        type_: &str,
        object: &ObjectReference,
        reason: Reason,
        mut note: String,
    ) {
        truncate(&mut note, NOTE_MAX);
        let key = digest(&(&object.uid, type_, reason.as_str(), &note));
        let said = self.say(key, Timestamp::now());
        let namespace = object.namespace.as_deref().unwrap_or("default");
        let api: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        let mut name = object.name.clone().unwrap_or_default();
        truncate(&mut name, NAME_MAX);
        // Of the time it was first said, so that what is said again later than a series lasts is an event of its own.
        let name = format!("{name}.{:016x}", key ^ digest(&said.first.as_nanosecond()));
        let result = if said.count == 1 {
            let event = Event {
                metadata: ObjectMeta {
                    name: Some(name),
                    namespace: Some(namespace.to_owned()),
                    ..Default::default()
                },
                action: Some("Reconcile".into()),
                reason: Some(reason.as_str().to_owned()),
                note: Some(note),
                type_: Some(type_.to_owned()),
                event_time: Some(MicroTime(said.first)),
                regarding: Some(object.clone()),
                reporting_controller: Some(REPORTER.into()),
                reporting_instance: Some(self.instance.clone()),
                ..Default::default()
            };
            in_time(|| async { api.create(&PostParams::default(), &event).await.map(drop) }).await
        } else {
            let series = EventSeries {
                count: said.count,
                last_observed_time: MicroTime(said.last),
            };
            let patch = Patch::Merge(json!({"series": series}));
            in_time(|| async {
                let params = PatchParams::default();
                api.patch(&name, &params, &patch).await.map(drop)
            })
            .await
        };
        if let Err(error) = result {
            tracing::warn!(%error, %reason, "an event could not be published");
        }
    }

    /// Counts that something is said at `now`.
    fn say(&self, key: u64, now: Timestamp) -> Said {
        let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let is_running = |said: &Said| now.duration_since(said.last) < SERIES;
        let begun = all.get(&key).copied().filter(is_running);
        if begun.is_none() && all.len() == all.capacity() {
            all.retain(|_, said| is_running(said));
        }
        let said = Said {
            first: begun.map_or(now, |begun| begun.first),
            last: now,
            count: begun.map_or(0, |begun| begun.count).saturating_add(1),
        };
        all.insert(key, said);
        said
    }
}

fn digest(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_said_again_is_counted_and_later_said_anew() {
        let config = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
        let events = Events::new(Client::try_from(config).unwrap());
        let at = |second| Timestamp::from_second(second).unwrap();
        let counts: Vec<_> = [0, 300, 600, 1000]
            .into_iter()
            .map(|second| {
                let said = events.say(1, at(second));
                (said.count, said.first.as_second())
            })
            .collect();
        assert_eq!(counts, [(1, 0), (2, 0), (3, 0), (1, 1000)]);
        assert_eq!(events.say(2, at(300)).count, 1);
    }
}
