//! What a user who watches sees: which objects are Ready, with which revision, and since when.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use futures::StreamExt;
use kube::{
    Client, ResourceExt,
    api::DynamicObject,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{Result, fleet::Kind};

/// An object as it was last seen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    ready: bool,
    revision: i64,
    since: Instant,
}

type Objects = HashMap<(Kind, String, String), Seen>;

/// The watches. Dropping it ends them.
pub struct Board {
    objects: Arc<Mutex<Objects>>,
    _watches: JoinSet<()>,
}

impl Board {
    /// Watches all kinds in all namespaces.
    pub fn watch(client: &Client) -> Self {
        let objects = Arc::<Mutex<Objects>>::default();
        let mut watches = JoinSet::new();
        for kind in Kind::ALL {
            let stream = watcher(kind.everywhere(client), watcher::Config::default());
            let mut stream = Box::pin(stream.default_backoff());
            let objects = objects.clone();
            watches.spawn(async move {
                while let Some(event) = stream.next().await {
                    // The watch comes back by itself; a wait that sees nothing says so.
                    if let Ok(event) = event {
                        take(kind, event, &mut lock(&objects));
                    }
                }
            });
        }
        Self {
            objects,
            _watches: watches,
        }
    }

    /// Waits until `count` objects are Ready at this revision (0: any); returns when the last one became so.
    pub async fn ready(
        &self,
        (kind, namespace): (Kind, &str),
        revision: i64,
        count: usize,
        patience: Duration,
    ) -> Result<Instant> {
        let start = Instant::now();
        loop {
            let ready: Vec<Instant> = {
                let objects = lock(&self.objects);
                let fits =
                    |seen: &&Seen| seen.ready && (revision == 0 || seen.revision == revision);
                let of = objects
                    .iter()
                    .filter(|((k, ns, _), _)| *k == kind && ns == namespace);
                of.map(|(_, seen)| seen)
                    .filter(fits)
                    .map(|seen| seen.since)
                    .collect()
            };
            if ready.len() >= count {
                return ready
                    .into_iter()
                    .max()
                    .ok_or_else(|| "nothing to wait for".into());
            }
            if start.elapsed() > patience {
                return Err(format!(
                    "{} of {count} {kind:?} objects are Ready after {patience:?}",
                    ready.len()
                ));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a namespace has no object left.
    pub async fn gone(&self, namespace: &str, patience: Duration) -> Result<Instant> {
        let start = Instant::now();
        loop {
            let left = lock(&self.objects)
                .keys()
                .filter(|(_, ns, _)| ns == namespace)
                .count();
            if left == 0 {
                return Ok(Instant::now());
            }
            if start.elapsed() > patience {
                return Err(format!("{left} objects are still there after {patience:?}"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A panic elsewhere leaves a map that is still whole.
fn lock(objects: &Mutex<Objects>) -> MutexGuard<'_, Objects> {
    objects
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn take(kind: Kind, event: Event<DynamicObject>, objects: &mut Objects) {
    let key = |object: &DynamicObject| {
        (
            kind,
            object.namespace().unwrap_or_default(),
            object.name_any(),
        )
    };
    match event {
        Event::Apply(object) | Event::InitApply(object) => {
            let (ready, revision) = state(&object);
            let seen = Seen {
                ready,
                revision,
                since: Instant::now(),
            };
            let known = objects.entry(key(&object)).or_insert(seen);
            if (known.ready, known.revision) != (ready, revision) {
                *known = seen;
            }
        }
        Event::Delete(object) => drop(objects.remove(&key(&object))),
        Event::Init | Event::InitDone => {}
    }
}

/// Whether it is Ready for its current generation, and the revision of a task definition that it tells.
fn state(object: &DynamicObject) -> (bool, i64) {
    let status = &object.data["status"];
    let conditions = status["conditions"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let ready = conditions.iter().any(|condition| {
        condition["type"] == "Ready"
            && condition["status"] == "True"
            && condition["observedGeneration"].as_i64() == object.metadata.generation
    });
    let revision = match &status["taskDefinition"]["revision"] {
        Value::Null => &status["revision"],
        revision => revision,
    };
    (ready, revision.as_i64().unwrap_or_default())
}
