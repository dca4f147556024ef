//! What the watches know: every object of ours in scope, one copy of each.

use std::sync::Arc;

use kube::runtime::{
    reflector::{ObjectRef, Store, store::Writer},
    watcher::Event,
};

use tokio::sync::{mpsc, watch};

use super::{
    kept::Kept,
    outline::{Managed, Outline},
    registered::{Key, Registered},
};
use crate::api::{EcsCluster, EcsService, EcsTaskDefinition};

/// The stores of one scope (all namespaces, or one).
#[derive(Clone)]
pub struct Stores {
    /// Clusters.
    pub clusters: Store<Kept<EcsCluster>>,
    /// Task definitions.
    pub task_definitions: Store<Kept<EcsTaskDefinition>>,
    /// Services.
    pub services: Store<Kept<EcsService>>,
    /// Revisions that the watch of task definitions is about to show.
    pub registered: Arc<Registered>,
    /// Kinds that are not listed yet.
    unlisted: Arc<watch::Sender<usize>>,
}

/// Where the watches write.
pub struct Writers {
    /// Clusters.
    pub clusters: Writer<Kept<EcsCluster>>,
    /// Task definitions.
    pub task_definitions: Writer<Kept<EcsTaskDefinition>>,
    /// Services.
    pub services: Writer<Kept<EcsService>>,
    /// Task definitions of which a revision was registered.
    pub registered: mpsc::UnboundedReceiver<Key>,
}

impl Stores {
    /// Empty ones, of which no kind was listed, and what fills them.
    pub fn new() -> (Self, Writers) {
        let (registered, hears) = Registered::new();
        let writers = Writers {
            clusters: Writer::new(()),
            task_definitions: Writer::new(()),
            services: Writer::new(()),
            registered: hears,
        };
        let stores = Self {
            clusters: writers.clusters.as_reader(),
            task_definitions: writers.task_definitions.as_reader(),
            services: writers.services.as_reader(),
            registered: Arc::new(registered),
            unlisted: Arc::new(watch::Sender::new(3)),
        };
        (stores, writers)
    }

    /// What watches would know of these objects.
    pub fn of(
        clusters: impl Iterator<Item = EcsCluster>,
        task_definitions: impl Iterator<Item = EcsTaskDefinition>,
        services: impl Iterator<Item = EcsService>,
    ) -> Self {
        Self {
            clusters: store(clusters),
            task_definitions: store(task_definitions),
            services: store(services),
            registered: Arc::new(Registered::new().0),
            unlisted: Arc::default(),
        }
    }

    /// Whether every kind was listed: before, what a store lacks may well exist.
    pub fn are_complete(&self) -> bool {
        *self.unlisted.borrow() == 0
    }

    /// Waits until every kind was listed.
    pub async fn complete(&self) {
        // The sender is here: an error can't be.
        let _ = self
            .unlisted
            .subscribe()
            .wait_for(|unlisted| *unlisted == 0)
            .await;
    }

    /// A kind was listed for the first time.
    pub fn listed(&self) {
        self.unlisted.send_modify(|unlisted| *unlisted -= 1);
    }

    /// The cluster of this name.
    pub fn cluster(&self, namespace: &str, name: &str) -> Option<Arc<Kept<EcsCluster>>> {
        readable(&self.clusters, namespace, name)
    }

    /// The task definition of this name.
    pub fn task_definition(
        &self,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Kept<EcsTaskDefinition>>> {
        readable(&self.task_definitions, namespace, name)
    }

    /// Names of the services that refer to the cluster.
    pub fn users_of_cluster(&self, namespace: &str, name: &str) -> Vec<String> {
        self.services_that(namespace, |service| service.refers_to_cluster(name))
    }

    /// Names of the services that refer to the task definition.
    pub fn users_of_task_definition(&self, namespace: &str, name: &str) -> Vec<String> {
        self.services_that(namespace, |service| service.refers_to_task_definition(name))
    }

    fn services_that(&self, namespace: &str, refers: impl Fn(&Outline) -> bool) -> Vec<String> {
        let services = self.services.state();
        let of_namespace = services
            .iter()
            .filter(|service| service.metadata.namespace.as_deref() == Some(namespace));
        of_namespace
            .filter(|service| refers(&service.outline))
            .filter_map(|service| service.metadata.name.clone())
            .collect()
    }
}

fn readable<K: Managed>(
    store: &Store<Kept<K>>,
    namespace: &str,
    name: &str,
) -> Option<Arc<Kept<K>>> {
    let found = store.get(&ObjectRef::new(name).within(namespace));
    found.filter(|kept| kept.is_readable())
}

fn store<K: Managed>(objects: impl Iterator<Item = K>) -> Store<Kept<K>> {
    let mut writer = Writer::new(());
    for object in objects {
        writer.apply_watcher_event(&Event::Apply(Kept::of(&object)));
    }
    writer.as_reader()
}
