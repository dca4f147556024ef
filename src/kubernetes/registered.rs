//! Revisions that this process has registered and no watch shows yet: a service that refers to the task definition goes on with
//! them at once, while the status is still being written.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tokio::sync::mpsc;

use super::kept::Kept;
use crate::api::EcsTaskDefinition;

/// Namespace and name of an EcsTaskDefinition.
pub type Key = (String, String);

/// What was registered for one generation of one object.
#[derive(Clone)]
pub struct Revision {
    uid: String,
    generation: Option<i64>,
    arn: String,
}

/// Task definitions of which this process knows more than their status says.
pub struct Registered {
    revisions: Mutex<HashMap<Key, Revision>>,
    told: mpsc::UnboundedSender<Key>,
}

impl Registered {
    /// Nothing yet. What comes is told to the receiver.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Key>) {
        let (told, hears) = mpsc::unbounded_channel();
        let revisions = Mutex::default();
        (Self { revisions, told }, hears)
    }

    /// This spec of the task definition is registered under `arn`.
    pub fn tell(&self, object: &EcsTaskDefinition, arn: &str) {
        let status = object.status.as_ref();
        let is_known = status.is_some_and(|status| {
            status.arn.as_deref() == Some(arn)
                && status.observed_generation == object.metadata.generation
        });
        if is_known {
            return;
        }
        let revision = Revision {
            uid: object.metadata.uid.clone().unwrap_or_default(),
            generation: object.metadata.generation,
            arn: arn.to_owned(),
        };
        let key = key(&object.metadata);
        self.lock().insert(key.clone(), revision);
        // Without a receiver nobody waits.
        let _ = self.told.send(key);
    }

    /// What was registered last, when the status does not say it yet. To be asked before the watch's store is: what the store
    /// does not show then is known here, or will be told.
    pub fn latest(&self, namespace: &str, name: &str) -> Option<Revision> {
        let revisions = self.lock();
        revisions
            .get(&(namespace.to_owned(), name.to_owned()))
            .cloned()
    }

    /// A watch shows the task definition. Says whether it shows no more than was told.
    pub fn shown(&self, object: &Kept<EcsTaskDefinition>) -> bool {
        let mut revisions = self.lock();
        let Some(revision) = revisions.get(&key(&object.metadata)) else {
            return false;
        };
        let status = object.status.as_ref();
        let has_status = status.is_some_and(|status| {
            status.observed_generation == object.metadata.generation && status.arn.is_some()
        });
        if revision.is_of(&object.metadata) && object.metadata.deletion_timestamp.is_none() {
            let says_it = status.and_then(|status| status.arn.as_ref()) == Some(&revision.arn);
            if has_status {
                revisions.remove(&key(&object.metadata));
            }
            return !has_status || says_it;
        }
        revisions.remove(&key(&object.metadata));
        false
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Revision>> {
        self.revisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Revision {
    /// Its ARN, if it is of this very spec.
    pub fn arn(&self, object: &ObjectMeta) -> Option<&str> {
        self.is_of(object).then_some(self.arn.as_str())
    }

    fn is_of(&self, object: &ObjectMeta) -> bool {
        object.uid.as_deref() == Some(self.uid.as_str()) && object.generation == self.generation
    }
}

fn key(meta: &ObjectMeta) -> Key {
    let [namespace, name] = [&meta.namespace, &meta.name].map(|it| it.clone().unwrap_or_default());
    (namespace, name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(generation: i64, status: serde_json::Value) -> EcsTaskDefinition {
        serde_json::from_value(json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsTaskDefinition",
            "metadata": {"namespace": "team", "name": "web", "uid": "u", "generation": generation},
            "spec": {"containerDefinitions": [{"name": "app", "image": "a", "memory": 128}]},
            "status": status,
        }))
        .unwrap()
    }

    fn new() -> EcsTaskDefinition {
        object(1, json!({"observedGeneration": -1}))
    }

    fn ready(arn: &str) -> EcsTaskDefinition {
        object(1, json!({"observedGeneration": 1, "arn": arn}))
    }

    fn arn(registered: &Registered, object: &EcsTaskDefinition) -> Option<String> {
        let latest = registered.latest("team", "web")?;
        latest.arn(&object.metadata).map(str::to_owned)
    }

    #[test]
    fn revision_that_the_watch_shows_in_the_moment_between_two_looks_is_known() {
        let (registered, _hears) = Registered::new();
        registered.tell(&new(), "web:1");
        let (latest, old) = (registered.latest("team", "web"), new());
        assert!(
            registered.shown(&Kept::of(&ready("web:1"))),
            "nobody is woken"
        );
        assert_eq!(latest.unwrap().arn(&old.metadata), Some("web:1"));
    }

    #[test]
    fn revision_is_told_once_and_known_until_the_watch_shows_it() {
        let (registered, mut hears) = Registered::new();
        registered.tell(&new(), "web:1");
        assert_eq!(hears.try_recv().unwrap(), ("team".into(), "web".into()));
        assert_eq!(arn(&registered, &new()).as_deref(), Some("web:1"));
        assert!(
            registered.shown(&Kept::of(&new())),
            "the finalizer, for example"
        );
        assert!(registered.shown(&Kept::of(&ready("web:1"))));
        assert_eq!(arn(&registered, &new()), None);
        assert!(!registered.shown(&Kept::of(&ready("web:1"))));
        registered.tell(&ready("web:1"), "web:1");
        assert!(hears.try_recv().is_err());
    }

    #[test]
    fn revision_is_of_one_spec_only() {
        let (registered, _hears) = Registered::new();
        registered.tell(&new(), "web:1");
        let edited = object(2, json!({"observedGeneration": -1}));
        assert_eq!(arn(&registered, &edited), None);
        assert!(!registered.shown(&Kept::of(&edited)));
        assert_eq!(arn(&registered, &new()), None);
    }

    #[test]
    fn status_that_says_otherwise_is_news() {
        let (registered, _hears) = Registered::new();
        registered.tell(&new(), "web:1");
        assert!(!registered.shown(&Kept::of(&ready("web:2"))));
        assert_eq!(arn(&registered, &new()), None);
    }
}
