//! Which objects are woken by a change of another one: services by what they refer to, and what is being deleted by the services
//! that it waits for.

use std::hash::{DefaultHasher, Hash, Hasher};

use futures::Stream;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{
    Resource, ResourceExt,
    runtime::reflector::{ObjectRef, Store},
};
use tokio::sync::mpsc;

use super::{kind::Kind, shown::is_changed};
use crate::{
    api::{
        EcsCluster, EcsService, EcsTaskDefinition,
        condition::{self, READY, Reason, STALLED, is_true},
    },
    kubernetes::{kept::Kept, stores::Stores},
};

/// Wakes objects of one kind by name.
pub type Wake<K> = mpsc::UnboundedSender<ObjectRef<Kept<K>>>;

/// Calls `changed` with namespace and name when what `published` says of an object changes and is not `known_already` to
/// whom it concerns, and when the object is gone from the store.
pub fn on_change<K: Kind>(
    store: Store<Kept<K>>,
    published: fn(&Kept<K>) -> u64,
    known_already: impl Fn(&Kept<K>) -> bool + Send + 'static,
    mut changed: impl FnMut(&str, &str) + Send + 'static,
) -> impl FnMut(&Kept<K>) + Send + 'static {
    let mut is_published_anew = is_changed(store.clone(), published);
    move |kept| {
        let is_gone = store.get(&ObjectRef::from_obj(kept)).is_none();
        // Asked of every object: it remembers.
        let is_anew = is_published_anew(kept);
        if is_gone || (is_anew && !known_already(kept)) {
            let meta = &kept.metadata;
            let [namespace, name] = [&meta.namespace, &meta.name].map(|it| it.as_deref());
            changed(namespace.unwrap_or_default(), name.unwrap_or_default());
        }
    }
}

/// What services go by in a cluster.
pub fn published_cluster(cluster: &Kept<EcsCluster>) -> u64 {
    let status = cluster.status.as_ref();
    let published = status.map(|status| (&status.cluster_name, runs_services(&status.conditions)));
    digest(cluster, &published)
}

/// What services go by in a task definition.
pub fn published_task_definition(task_definition: &Kept<EcsTaskDefinition>) -> u64 {
    let status = task_definition.status.as_ref();
    let published = status.map(|status| {
        let is_current = status.observed_generation == task_definition.metadata.generation;
        (&status.arn, is_ready(&status.conditions), is_current)
    });
    digest(task_definition, &published)
}

/// Whether a cluster that AWS has takes services: one whose edit can't be done runs on as it is, and its services with it.
pub fn runs_services(conditions: &[Condition]) -> bool {
    let stalled = condition::find(conditions, STALLED).filter(|stalled| stalled.status == "True");
    let is_refused = stalled.is_some_and(|stalled| stalled.reason == Reason::InvalidSpec.as_str());
    is_refused || is_ready(conditions)
}

fn is_ready(conditions: &[Condition]) -> bool {
    is_true(conditions, READY)
}

fn digest<K: Resource>(object: &K, published: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (
        &object.meta().uid,
        object.meta().deletion_timestamp.is_some(),
        published,
    )
        .hash(&mut hasher);
    hasher.finish()
}

/// Wakes the objects of these names.
pub fn wake_all<K: Kind>(wake: &Wake<K>, namespace: &str, names: Vec<String>) {
    for name in names {
        // The receiver lives as long as its controller; after that nobody needs waking.
        let _ = wake.send(ObjectRef::new(&name).within(namespace));
    }
}

/// A cluster or task definition that is being deleted goes on when a service of it is gone.
pub fn wake_deleted_dependencies(
    service: &Kept<EcsService>,
    stores: &Stores,
    clusters: &Wake<EcsCluster>,
    task_definitions: &Wake<EcsTaskDefinition>,
) {
    let namespace = service.namespace().unwrap_or_default();
    if stores.services.get(&ObjectRef::from_obj(service)).is_some() {
        return;
    }
    if let Some(name) = &service.outline.cluster_ref
        && stores
            .cluster(&namespace, name)
            .is_some_and(|cluster| cluster.metadata.deletion_timestamp.is_some())
    {
        wake_all(clusters, &namespace, vec![name.clone()]);
    }
    if let Some(reference) = &service.outline.task_definition_ref
        && stores
            .task_definition(&namespace, &reference.name)
            .is_some_and(|found| found.metadata.deletion_timestamp.is_some())
    {
        wake_all(task_definitions, &namespace, vec![reference.name.clone()]);
    }
}

/// What comes out of a channel, as a stream.
pub fn received<T>(channel: mpsc::UnboundedReceiver<T>) -> impl Stream<Item = T> {
    futures::stream::unfold(channel, |mut channel| async move {
        channel.recv().await.map(|message| (message, channel))
    })
}

#[cfg(test)]
mod tests {
    use kube::runtime::watcher::Event;
    use serde_json::{Value, json};

    use super::*;
    use crate::controllers::shown::shown;

    fn cluster(status: &Value) -> Kept<EcsCluster> {
        let object = json!({"apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsCluster", "spec": {}, "status": status,
            "metadata": {"namespace": "team", "name": "main", "uid": "u1"}});
        serde_json::from_value(object).expect("a cluster")
    }

    #[test]
    fn what_was_listed_is_news_again_only_when_it_changes_or_goes() {
        let (stores, mut writers) = Stores::new();
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut touched = on_change(
            stores.clusters.clone(),
            published_cluster,
            |_| false,
            move |_, name| tell.send(name.to_owned()).expect("somebody hears"),
        );
        let mut is_news = |event: &Event<Kept<EcsCluster>>| {
            writers.clusters.apply_watcher_event(event);
            for object in shown(&stores.clusters, event.clone()) {
                touched(&object);
            }
            told.try_recv().is_ok()
        };
        let made = json!({"clusterName": "team-main", "observedGeneration": 1});
        let seen_again = json!({"clusterName": "team-main", "observedGeneration": 2});
        let other = cluster(&json!({"clusterName": "other"}));
        for (event, expected) in [
            (Event::Init, false),
            (Event::InitApply(cluster(&made)), false),
            (Event::InitDone, true),
            (Event::Init, false),
            (Event::InitApply(cluster(&made)), false),
            (Event::InitDone, false),
            (Event::Apply(cluster(&made)), false),
            (Event::Apply(cluster(&seen_again)), false),
            (Event::Apply(other.clone()), true),
            (Event::Delete(other), true),
        ] {
            assert_eq!(is_news(&event), expected, "{event:?}");
        }
    }
}
