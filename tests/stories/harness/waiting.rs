//! What a story waits for: an object that is as it should be, a call, a line of the log.

use std::time::Duration;

use futures::TryStreamExt;
use kube::{
    api::DynamicObject,
    runtime::{WatchStreamExt, watcher},
};
use serde_json::Value;
use simulator::{Entry, Outcome};

use super::{
    World,
    aws::looks,
    objects::{self, APPLICATION},
    recording,
};

/// Real time until what must happen counts as not happening; machines under load are slow.
pub const DEADLINE: Duration = Duration::from_secs(90);

impl World {
    /// Waits until an object is as `wanted`; after the deadline, panics with what it was last and what was logged.
    pub async fn until(
        &self,
        kind: &str,
        name: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
        let mut changes = std::pin::pin!(
            watcher(self.api(kind), config)
                .default_backoff()
                .applied_objects()
        );
        let mut last = Value::Null;
        let found = tokio::time::timeout(DEADLINE, async {
            while let Ok(Some(object)) = changes.try_next().await {
                last = serde_json::to_value(&object).expect("JSON");
                recording::record(&last);
                if wanted(&last) {
                    return true;
                }
            }
            false
        })
        .await;
        assert!(
            found == Ok(true),
            "{kind} {name} is not {what}; it is {last:#}\n{}\n{}",
            self.calls(),
            self.tail()
        );
        last
    }

    /// Waits until the object is Ready for its current generation.
    pub async fn until_ready(&self, kind: &str, name: &str) -> Value {
        self.until(kind, name, "Ready", objects::is_ready).await
    }

    /// Waits until the service is Ready and runs this revision of its task definition.
    pub async fn until_runs(&self, name: &str, revision: i64) -> Value {
        let what = format!("Ready with revision {revision}");
        self.until("EcsService", name, &what, |object| {
            objects::is_ready(object) && object["status"]["taskDefinition"]["revision"] == revision
        })
        .await
    }

    /// Waits until the service is Ready with so many running tasks.
    pub async fn until_scaled(&self, name: &str, tasks: i64) -> Value {
        let what = format!("Ready with {tasks} tasks");
        self.until("EcsService", name, &what, |object| {
            objects::is_ready(object) && object["status"]["runningCount"] == tasks
        })
        .await
    }

    /// Waits until the object is Stalled for a reason.
    pub async fn until_stalled(&self, kind: &str, name: &str, reason: &str) -> Value {
        self.until(kind, name, &format!("Stalled/{reason}"), |object| {
            objects::is_stalled(object, reason)
        })
        .await
    }

    /// Waits until an object is gone.
    pub async fn until_gone(&self, kind: &str, name: &str) {
        let api = self.api(kind);
        let gone =
            kube::runtime::wait::await_condition(api, name, |object: Option<&DynamicObject>| {
                object.is_none()
            });
        let result = tokio::time::timeout(DEADLINE, gone).await;
        if !matches!(result, Ok(Ok(_))) {
            panic!(
                "{kind} {name} is not gone; it is {:#}\n{}\n{}",
                self.get(kind, name).await.unwrap_or_default(),
                self.calls(),
                self.tail()
            );
        }
    }

    /// Waits until the whole application is gone.
    pub async fn until_application_gone(&self) {
        for (kind, name) in APPLICATION.into_iter().rev() {
            self.until_gone(kind, name).await;
        }
    }

    /// Waits until AWS was called as `wanted`.
    pub async fn until_called(&self, what: &str, wanted: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
        match self.simulator.journal_until(DEADLINE, wanted).await {
            Ok(journal) => journal,
            Err(calls) => panic!("AWS was not called: {what}; {calls}\n{}", self.tail()),
        }
    }

    /// Waits until the operator has read services so often in all.
    pub async fn until_looks(&self, times: usize) {
        self.until_called(&format!("{times} looks at services"), |entries| {
            looks(entries) >= times
        })
        .await;
    }

    /// Waits until a call of the operator hangs.
    pub async fn until_hanging(&self, operation: &str) {
        self.until_called(&format!("{operation} hangs"), |entries| {
            entries
                .iter()
                .any(|entry| entry.operation == operation && entry.outcome == Outcome::Held)
        })
        .await;
    }

    /// Waits until the story's operator has logged this.
    pub async fn until_logged(&self, text: &str) {
        let logged = async {
            while !self.logs().contains(text) {
                tokio::task::yield_now().await;
            }
        };
        let logged = tokio::time::timeout(DEADLINE, logged).await;
        logged.unwrap_or_else(|_| panic!("{text:?} is not logged\n{}", self.tail()));
    }
}
