//! `ecs-operator run`: puts the parts together and keeps them running until SIGTERM.

use std::{
    collections::BTreeSet,
    fmt::Display,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::join_all};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, ResourceExt};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{oneshot, watch},
};

use crate::{
    api::{EcsCluster, EcsService, EcsTaskDefinition},
    aws::{Clients, clients::Settings},
    config::{LogFormat, Run},
    controllers::{
        backoff::Backoff,
        context::{Context, Periods},
        kind::Kind,
        memory::Memory,
        run::Scope,
    },
    kubernetes::{
        events::Events,
        lease::{Candidate, RESIGN, Rules},
        led,
    },
    leadership::{self, Leadership},
    model::Installation,
    telemetry::{
        http::{self, Readiness},
        logs,
        metrics::Metrics,
        traces::{LAST, Traces},
    },
};

/// How long calls under way may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(6);

/// All of an end takes less than 10 s, as Docker and systems with short patience give; Kubernetes kills after 30 s by default.
const _: () = assert!(GRACE.as_secs() + RESIGN.as_secs() + LAST.as_secs() < 10);

/// What outlives a term of leadership.
struct Process {
    flags: Run,
    client: Client,
    cluster_id: String,
    region: String,
    leadership: Leadership,
    metrics: Arc<Metrics>,
    readiness: Readiness,
    stopped: watch::Receiver<bool>,
}

/// Runs the operator. The error is a sentence.
pub async fn run(flags: Run) -> Result<(), String> {
    flags.check()?;
    let endpoint = flags.otlp_endpoint.as_deref();
    let endpoint = endpoint.filter(|endpoint| !endpoint.is_empty());
    let traces = endpoint.map(Traces::to).transpose()?;
    let is_json = flags.log_format == LogFormat::Json;
    logs::start(is_json, &flags.log, traces.as_ref());
    let result = operate(flags).await;
    if let Some(traces) = traces {
        traces.end().await;
    }
    result
}

async fn operate(flags: Run) -> Result<(), String> {
    let (stop, stopped) = watch::channel(false);
    let metrics = Arc::new(Metrics::default());
    // First of all: what is wrong with certificates and Region is said before Kubernetes is asked.
    let clients = clients(&flags, stopped.clone(), metrics.clone()).await?;
    let region = clients
        .default_region()
        .ok_or("no AWS Region: give --region, or set AWS_REGION")?
        .to_owned();
    let config = kubernetes().await?;
    let (leadership, candidate) = candidate(&flags, &config)?;
    let client = led::client(config, leadership.clone(), metrics.clone()).map_err(no_way)?;
    let cluster_id = match flags.cluster_id.clone() {
        Some(id) => id,
        None => kube_system_uid(&client).await?,
    };
    let listener = TcpListener::bind(flags.listen)
        .await
        .map_err(|error| format!("--listen {}: {error}. Choose a free address.", flags.listen))?;
    let kinds = [
        EcsCluster::CONTROLLER,
        EcsTaskDefinition::CONTROLLER,
        EcsService::CONTROLLER,
    ];
    let readiness = Readiness::of(&kinds, namespaces(&flags).len());
    let server = tokio::spawn(http::serve(listener, metrics.clone(), readiness.clone()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), region, cluster_id, namespaces = ?flags.watch_namespaces, "starting");
    let (resign, resigned) = oneshot::channel::<()>();
    let election = tokio::spawn(async move {
        if let Some(candidate) = candidate {
            candidate.run(resigned.map(drop)).await;
        }
    });
    let process = Process {
        flags,
        client,
        cluster_id,
        region,
        leadership,
        metrics,
        readiness,
        stopped,
    };
    lead_and_follow(&process, clients, &stop).await?;
    // After the last call, so that no two replicas ever act at once.
    drop(resign);
    if election.await.is_err() {
        return Err("the election panicked: a defect of the operator".into());
    }
    server.abort();
    Ok(())
}

/// Works until SIGTERM. A term of leadership that is lost ends whatever is under way, and what this process knew with it:
/// another replica may have changed everything since. It is as if the process had been started anew, without a restart that
/// Kubernetes would count against it.
async fn lead_and_follow(
    process: &Process,
    mut clients: Clients,
    stop: &watch::Sender<bool>,
) -> Result<(), String> {
    let mut signal = pin!(stop_signal());
    let leadership = &process.leadership;
    loop {
        // What is under way ends with this block.
        {
            let mut controllers = pin!(control(process, clients));
            let term = async {
                leadership.held().await;
                process.tell_leads(true);
                leadership.lost().await;
            };
            process.tell_leads(false);
            tokio::select! {
                () = &mut controllers => return Err("the controllers ended by themselves: a defect of the operator".into()),
                () = term => tracing::warn!("the lease is lost: everything under way is dropped; waiting to lead again"),
                signal = &mut signal => {
                    tracing::info!(signal = signal?, "stopping: calls under way end, no new ones are made");
                    let _ = stop.send(true);
                    if tokio::time::timeout(GRACE, controllers).await.is_err() {
                        tracing::warn!("calls are still under way; what they were about is looked at again after the next start");
                    }
                    return Ok(());
                }
            }
        }
        let anew = self::clients(
            &process.flags,
            process.stopped.clone(),
            process.metrics.clone(),
        );
        clients = anew.await?;
    }
}

/// Runs the controllers of every scope until the process stops.
async fn control(process: &Process, clients: Clients) {
    let flags = &process.flags;
    let clients = Arc::new(clients.led(process.leadership.clone()));
    let backoff = Arc::new(Backoff::new(flags.retry_min, flags.retry_max));
    let memory = Arc::new(Memory::default());
    let start = Instant::now();
    join_all(namespaces(flags).into_iter().map(|namespace| {
        let scope = Scope::new(namespace);
        let context = Context {
            client: process.client.clone(),
            leadership: process.leadership.clone(),
            clients: clients.clone(),
            installation: Installation {
                cluster_id: process.cluster_id.clone(),
                region: process.region.clone(),
            },
            periods: Periods {
                drift: flags.drift_period,
                poll: flags.poll_period,
                stalled: flags.retry_max,
            },
            backoff: backoff.clone(),
            memory: memory.clone(),
            metrics: process.metrics.clone(),
            events: Events::new(process.client.clone()),
            stores: scope.stores.clone(),
            start,
        };
        scope.run(
            Arc::new(context),
            flags.concurrency,
            process.readiness.clone(),
            process.stopped.clone(),
        )
    }))
    .await;
}

impl Process {
    fn tell_leads(&self, leads: bool) {
        let lease = &self.flags.leader_election.leader_elect_resource_name;
        self.metrics.leads(lease, leads);
    }
}

/// AWS, of which nothing is known yet.
async fn clients(
    flags: &Run,
    stopped: watch::Receiver<bool>,
    metrics: Arc<Metrics>,
) -> Result<Clients, String> {
    let settings = Settings {
        endpoint_url: flags.endpoint_url.clone(),
        timeout: flags.aws_timeout,
        limits: !flags.no_rate_limits,
        ca_bundle: flags.ca_bundle.clone(),
        http_client: None,
    };
    Clients::new(flags.region.as_deref(), settings, stopped, metrics).await
}

/// What is watched, a scope each: these namespaces, or all as one.
fn namespaces(flags: &Run) -> BTreeSet<Option<String>> {
    match flags.watch_namespaces.as_slice() {
        [] => [None].into(),
        namespaces => namespaces.iter().cloned().map(Some).collect(),
    }
}

/// The election, if there is one. It has connections of its own: nothing that the controllers do holds a renewal up.
fn candidate(
    flags: &Run,
    config: &kube::Config,
) -> Result<(Leadership, Option<Candidate>), String> {
    let flags = &flags.leader_election;
    let Some(namespace) = flags.namespace()? else {
        return Ok((Leadership::uncontested(), None));
    };
    let rules = Rules {
        namespace,
        name: flags.leader_elect_resource_name.clone(),
        lease: flags.leader_elect_lease_duration,
        renew_deadline: flags.leader_elect_renew_deadline,
        retry: flags.leader_elect_retry_period,
    };
    let (seat, leadership) = leadership::contested();
    let client = Client::try_from(config.clone()).map_err(no_way)?;
    Ok((leadership, Some(Candidate::new(client, rules, seat))))
}

/// An API server that answers soon or not at all: the work queue owns the retries.
async fn kubernetes() -> Result<kube::Config, String> {
    let mut config = kube::Config::infer().await.map_err(no_way)?;
    config.default_retry = false;
    Ok(config)
}

fn no_way(error: impl Display) -> String {
    format!(
        "no way to Kubernetes: {error}. Run in a pod with a service account, or set KUBECONFIG."
    )
}

/// The identity of the Kubernetes cluster. The error is a sentence.
pub async fn kube_system_uid(client: &Client) -> Result<String, String> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace = namespaces.get_metadata("kube-system").await;
    let namespace = namespace.map_err(|error| format!("the UID of the namespace kube-system, which is this cluster's identity in ownership tags, can't be read: {error}. Give --cluster-id, or the right to get that namespace."))?;
    namespace
        .uid()
        .ok_or_else(|| "the namespace kube-system has no UID. Give --cluster-id.".to_owned())
}

async fn stop_signal() -> Result<&'static str, String> {
    let mut terminate = signal(SignalKind::terminate())
        .map_err(|error| format!("SIGTERM can't be caught: {error}"))?;
    let mut interrupt = signal(SignalKind::interrupt())
        .map_err(|error| format!("SIGINT can't be caught: {error}"))?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}
