//! The watches and the controllers: one watch a kind and scope, feeding its own controller and waking those that depend on it.

use std::{
    future::{Future, ready},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Instant,
};

use futures::{Stream, StreamExt, future::join_all, stream};
use kube::{
    Api, Client, Resource,
    runtime::{
        WatchStreamExt,
        reflector::{ObjectRef, store::Writer},
        watcher,
    },
};
use tokio::sync::{mpsc, watch};

use super::{
    context::Context,
    kind::Kind,
    reconcile::reconcile,
    record,
    schedule::take_turns,
    shown::{is_changed, shown},
    tally::{self, Queues, Tally},
    wake::{
        on_change, published_cluster, published_task_definition, received, wake_all,
        wake_deleted_dependencies,
    },
};
use crate::{
    api::{
        DEPLOYMENT_ACTION, EcsCluster, EcsService, EcsTaskDefinition, RECONCILE_AT, RESTARTED_AT,
    },
    kubernetes::{
        kept::Kept,
        stores::{Stores, Writers},
    },
    telemetry::{census::Source, http::Readiness, queue::Queue},
};

/// The watches of one scope, before their controllers run.
pub struct Scope {
    namespace: Option<String>,
    /// What the watches know.
    pub stores: Stores,
    writers: Writers,
}

impl Scope {
    /// One namespace, or all.
    pub fn new(namespace: Option<String>) -> Self {
        let (stores, writers) = Stores::new();
        Self {
            namespace,
            stores,
            writers,
        }
    }

    /// Runs the three controllers until `stop` turns true and what is under way is done.
    /// `readiness` learns of each watch that has listed its objects.
    pub async fn run(
        self,
        context: Arc<Context>,
        concurrency: u16,
        readiness: Readiness,
        stop: watch::Receiver<bool>,
    ) {
        let work = &context.metrics.work;
        let queue = |controller| Arc::new(Queue::new(controller, concurrency, work.clone()));
        let queues = Queues {
            clusters: queue(EcsCluster::CONTROLLER),
            task_definitions: queue(EcsTaskDefinition::CONTROLLER),
            services: queue(EcsService::CONTROLLER),
        };
        // Asked as long as this scope runs.
        let tally: Arc<dyn Source> = Arc::new(Tally::new(&self.stores, &queues, work));
        context.metrics.ask(Arc::downgrade(&tally));
        let (wake_clusters, clusters) = mpsc::unbounded_channel();
        let (wake_task_definitions, task_definitions) = mpsc::unbounded_channel();
        let (wake_services, services) = mpsc::unbounded_channel();
        let client = &context.client;
        let namespace = self.namespace.as_deref();
        let stores = &self.stores;
        let of_clusters = objects(
            api(client, namespace),
            self.writers.clusters,
            listed::<EcsCluster>(stores, &readiness),
            queues.clusters.clone(),
            {
                let (stores, wake) = (stores.clone(), wake_services.clone());
                on_change(
                    stores.clusters.clone(),
                    published_cluster,
                    |_| false,
                    move |namespace, name| {
                        wake_all(&wake, namespace, stores.users_of_cluster(namespace, name));
                    },
                )
            },
        );
        let of_task_definitions = objects(
            api(client, namespace),
            self.writers.task_definitions,
            listed::<EcsTaskDefinition>(stores, &readiness),
            queues.task_definitions.clone(),
            {
                let (stores, told) = (stores.clone(), stores.registered.clone());
                on_change(
                    stores.task_definitions.clone(),
                    published_task_definition,
                    move |task_definition| told.shown(task_definition),
                    move |namespace, name| {
                        let users = stores.users_of_task_definition(namespace, name);
                        wake_all(&wake_services, namespace, users);
                    },
                )
            },
        );
        // Services of a revision that was registered this moment.
        let told = {
            let stores = stores.clone();
            let told = received(self.writers.registered);
            told.flat_map(move |(namespace, name)| {
                let users = stores.users_of_task_definition(&namespace, &name);
                let users = users
                    .into_iter()
                    .map(move |user| ObjectRef::new(&user).within(&namespace));
                stream::iter(users)
            })
        };
        let of_services = objects(
            api(client, namespace),
            self.writers.services,
            listed::<EcsService>(stores, &readiness),
            queues.services.clone(),
            {
                let stores = stores.clone();
                move |service: &Kept<EcsService>| {
                    wake_deleted_dependencies(
                        service,
                        &stores,
                        &wake_clusters,
                        &wake_task_definitions,
                    )
                }
            },
        );
        let controllers: [std::pin::Pin<Box<dyn Future<Output = ()> + Send>>; 3] = [
            Box::pin(control(
                of_clusters,
                stores.clone(),
                received(clusters),
                queues.clusters,
                context.clone(),
                concurrency,
                stop.clone(),
            )),
            Box::pin(control(
                of_task_definitions,
                stores.clone(),
                received(task_definitions),
                queues.task_definitions,
                context.clone(),
                concurrency,
                stop.clone(),
            )),
            Box::pin(control(
                of_services,
                stores.clone(),
                stream::select(received(services), told),
                queues.services,
                context.clone(),
                concurrency,
                stop,
            )),
        ];
        join_all(controllers).await;
    }
}

fn api<K: Kind>(client: &Client, namespace: Option<&str>) -> Api<Kept<K>> {
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// What to do when a kind was listed for the first time.
fn listed<K: Kind>(stores: &Stores, readiness: &Readiness) -> impl FnMut() + Send + 'static {
    let (stores, readiness) = (stores.clone(), readiness.clone());
    move || {
        stores.listed();
        readiness.listed(K::CONTROLLER);
    }
}

/// The watch of one kind: keeps the store, tells `touched` of every object that came, changed or went, and names those
/// whose spec, annotations or deletion changed. Our own status writes pass without a reconcile.
fn objects<K: Kind>(
    api: Api<Kept<K>>,
    writer: Writer<Kept<K>>,
    mut listed: impl FnMut() + Send + 'static,
    queue: Arc<Queue>,
    mut touched: impl FnMut(&Kept<K>) + Send + 'static,
) -> impl Stream<Item = ObjectRef<Kept<K>>> + Send {
    let mut is_listed = false;
    let store = writer.as_reader();
    let mut is_changed = is_changed(store.clone(), to_reconcile::<Kept<K>>);
    relisting(api)
        .default_backoff()
        .inspect(|event| {
            if let Err(error) = event {
                complain::<K>(error);
            }
        })
        .modify(record::forget)
        .reflect(writer)
        .inspect(move |event| {
            if !is_listed && matches!(event, Ok(watcher::Event::InitDone)) {
                is_listed = true;
                // Not by Store::wait_until_ready: of several waiters on a store, kube wakes only one.
                listed();
            }
        })
        // What failed was said above.
        .flat_map(move |event| {
            stream::iter(event.map_or_else(|_| Vec::new(), |event| shown(&store, event)))
        })
        .filter_map(move |object| {
            touched(&object);
            let is_changed = is_changed(&object);
            if is_changed {
                tally::came(&queue, &object);
            }
            ready(is_changed.then(|| ObjectRef::from_obj(&*object)))
        })
}

/// kube's watcher, begun anew when a watch is answered with 410: kube lists again only when a running stream says so, and
/// would ask for the same lost past for ever.
fn relisting<K: Kind>(
    api: Api<Kept<K>>,
) -> impl Stream<Item = watcher::Result<watcher::Event<Kept<K>>>> + Send {
    stream::unfold(None, move |running| {
        let api = api.clone();
        async move {
            // Small pages: a whole list in memory at once is what a restart would peak with.
            let pages = watcher::Config::default().page_size(25);
            let mut running = running.unwrap_or_else(|| watcher(api, pages).boxed());
            let event = running.next().await?;
            let is_gone = matches!(&event, Err(watcher::Error::WatchStartFailed(kube::Error::Api(status))) if status.code == 410);
            Some((event, (!is_gone).then_some(running)))
        }
    })
}

/// What makes an object worth a reconcile.
fn to_reconcile<K: Resource>(object: &K) -> u64 {
    let meta = object.meta();
    let mut hasher = DefaultHasher::new();
    (
        &meta.uid,
        meta.generation,
        meta.deletion_timestamp.is_some(),
        [RECONCILE_AT, RESTARTED_AT, DEPLOYMENT_ACTION]
            .map(|key| meta.annotations.as_ref()?.get(key)),
    )
        .hash(&mut hasher);
    hasher.finish()
}

fn complain<K: Kind>(error: &watcher::Error) {
    let kind = K::kind(&());
    let missing = |status: &kube::core::Status| status.code == 404;
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
            if missing(status) =>
        {
            tracing::warn!(%kind, "the CustomResourceDefinition is not installed; waiting for it (ecs-operator crds | kubectl apply --server-side -f -)");
        }
        error => tracing::warn!(%kind, %error, "the watch failed; trying again"),
    }
}

/// Runs one controller: a turn for each object that its watch or another one names, and for all of them when it begins.
async fn control<K: Kind>(
    objects: impl Stream<Item = ObjectRef<Kept<K>>> + Send + 'static,
    stores: Stores,
    wakes: impl Stream<Item = ObjectRef<Kept<K>>> + Send + 'static,
    queue: Arc<Queue>,
    context: Arc<Context>,
    concurrency: u16,
    mut stop: watch::Receiver<bool>,
) {
    let wakes = wakes.inspect(|object| queue.added(tally::key(object), Instant::now()));
    // A standby has every object in its store and has looked at none, as has a process that has not listed them all.
    let all = stream::once(async {
        stores.complete().await;
        context.leadership.held().await;
        let all = K::store(&stores).state();
        stream::iter(all).map(|object| ObjectRef::from_obj(&*object))
    });
    let named = stream::select(stream::select(objects, wakes), all.flatten());
    let turn = |name: ObjectRef<Kept<K>>| {
        let (queue, context, stores) = (&queue, &context, &stores);
        async move {
            let key = tally::key(&name);
            // None: the object went before its turn came.
            let object = K::store(stores).get(&name);
            let is_ours = context.leadership.is_held() && stores.are_complete();
            let Some(object) = object.filter(|_| is_ours) else {
                queue.gone(key);
                return None;
            };
            let running = queue.begins(key, Instant::now());
            let turn = reconcile(object, context.clone()).await;
            running.ends(turn, Instant::now());
            turn.wait
        }
    };
    let stop = async move {
        // An error means that nobody can stop us any more: stop.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    take_turns(named, turn, concurrency.into(), stop).await;
}
