//! What the watches know: every object of ours in scope, one copy of each.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use kube::{
    Resource,
    core::DeserializeGuard,
    runtime::{
        reflector::{ObjectRef, Store, store::Writer},
        watcher::Event,
    },
};

use tokio::sync::mpsc;

use super::registered::{Key, Registered};
use crate::api::{EcsCluster, EcsService, EcsTaskDefinition};

/// An object that may not be readable as its kind: one bad object must not end a watch.
pub type Guarded<K> = DeserializeGuard<K>;

/// The stores of one scope (all namespaces, or one).
#[derive(Clone)]
pub struct Stores {
    /// Clusters.
    pub clusters: Store<Guarded<EcsCluster>>,
    /// Task definitions.
    pub task_definitions: Store<Guarded<EcsTaskDefinition>>,
    /// Services.
    pub services: Store<Guarded<EcsService>>,
    /// Revisions that the watch of task definitions is about to show.
    pub registered: Arc<Registered>,
    /// Kinds that are not listed yet.
    unlisted: Arc<AtomicUsize>,
}

/// Where the watches write.
pub struct Writers {
    /// Clusters.
    pub clusters: Writer<Guarded<EcsCluster>>,
    /// Task definitions.
    pub task_definitions: Writer<Guarded<EcsTaskDefinition>>,
    /// Services.
    pub services: Writer<Guarded<EcsService>>,
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
            unlisted: Arc::new(AtomicUsize::new(3)),
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
        self.unlisted.load(Ordering::Acquire) == 0
    }

    /// A kind was listed for the first time.
    pub fn listed(&self) {
        self.unlisted.fetch_sub(1, Ordering::Release);
    }

    /// The cluster of this name.
    pub fn cluster(&self, namespace: &str, name: &str) -> Option<EcsCluster> {
        self.clusters
            .get(&ObjectRef::new(name).within(namespace))?
            .0
            .as_ref()
            .ok()
            .cloned()
    }

    /// The task definition of this name.
    pub fn task_definition(&self, namespace: &str, name: &str) -> Option<EcsTaskDefinition> {
        self.task_definitions
            .get(&ObjectRef::new(name).within(namespace))?
            .0
            .as_ref()
            .ok()
            .cloned()
    }

    /// Names of the services that refer to the task definition.
    pub fn users_of_task_definition(&self, namespace: &str, name: &str) -> Vec<String> {
        self.services_that(namespace, |service| {
            let reference = service.spec.task_definition_ref.as_ref();
            reference.is_some_and(|reference| reference.name == name)
        })
    }

    /// Names of the namespace's services that refer to something in the given way.
    pub fn services_that(
        &self,
        namespace: &str,
        refers: impl Fn(&EcsService) -> bool,
    ) -> Vec<String> {
        let of_namespace =
            |service: &&EcsService| service.metadata.namespace.as_deref() == Some(namespace);
        self.services
            .state()
            .iter()
            .filter_map(|guarded| guarded.0.as_ref().ok())
            .filter(of_namespace)
            .filter(|service| refers(service))
            .filter_map(|service| service.metadata.name.clone())
            .collect()
    }
}

fn store<K>(objects: impl Iterator<Item = K>) -> Store<Guarded<K>>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    let mut writer = Writer::new(());
    for object in objects {
        writer.apply_watcher_event(&Event::Apply(DeserializeGuard(Ok(object))));
    }
    writer.as_reader()
}
