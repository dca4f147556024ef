//! `ecs-operator run`: puts the parts together and keeps them running until SIGTERM.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, ResourceExt, client::ClientBuilder};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
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
    kubernetes::{counted::Counted, events::Events},
    model::Installation,
    telemetry::{
        http::{self, Readiness},
        logs,
        metrics::Metrics,
    },
};

/// How long calls under way may take to end after SIGTERM; Kubernetes kills after 30 s by default.
const GRACE: Duration = Duration::from_secs(9);

/// Runs the operator. The error is a sentence.
pub async fn run(flags: Run) -> Result<(), String> {
    flags.check()?;
    logs::start(flags.log_format == LogFormat::Json, &flags.log);
    let (stop, stopped) = watch::channel(false);
    let metrics = Arc::new(Metrics::default());
    let settings = Settings {
        endpoint_url: flags.endpoint_url.clone(),
        timeout: flags.aws_timeout,
        limits: !flags.no_rate_limits,
        ca_bundle: flags.ca_bundle.clone(),
        http_client: None,
    };
    let clients = Arc::new(
        Clients::new(
            flags.region.as_deref(),
            settings,
            stopped.clone(),
            metrics.clone(),
        )
        .await?,
    );
    let region = clients
        .default_region()
        .ok_or("no AWS Region: give --region, or set AWS_REGION")?
        .to_owned();
    let client = kubernetes(metrics.clone()).await?;
    let cluster_id = match flags.cluster_id.clone() {
        Some(id) => id,
        None => kube_system_uid(&client).await?,
    };
    let listener = TcpListener::bind(flags.listen)
        .await
        .map_err(|error| format!("--listen {}: {error}. Choose a free address.", flags.listen))?;
    let scopes: Vec<Scope> = match flags.watch_namespaces.as_slice() {
        [] => vec![Scope::new(None)],
        namespaces => namespaces
            .iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|namespace| Scope::new(Some(namespace.clone())))
            .collect(),
    };
    let kinds = [
        EcsCluster::CONTROLLER,
        EcsTaskDefinition::CONTROLLER,
        EcsService::CONTROLLER,
    ];
    let readiness = Readiness::of(&kinds, scopes.len());
    let server = tokio::spawn(http::serve(listener, metrics.clone(), readiness.clone()));
    tracing::info!(version = env!("CARGO_PKG_VERSION"), region, cluster_id, namespaces = ?flags.watch_namespaces, "starting");

    let backoff = Arc::new(Backoff::new(flags.retry_min, flags.retry_max));
    let memory = Arc::new(Memory::default());
    let start = Instant::now();
    let controllers = join_all(scopes.into_iter().map(|scope| {
        let context = Context {
            client: client.clone(),
            clients: clients.clone(),
            installation: Installation {
                cluster_id: cluster_id.clone(),
                region: region.clone(),
            },
            periods: Periods {
                drift: flags.drift_period,
                poll: flags.poll_period,
                stalled: flags.retry_max,
            },
            backoff: backoff.clone(),
            memory: memory.clone(),
            metrics: metrics.clone(),
            events: Events::new(client.clone()),
            stores: scope.stores.clone(),
            start,
        };
        scope.run(
            Arc::new(context),
            flags.concurrency,
            readiness.clone(),
            stopped.clone(),
        )
    }));
    tokio::pin!(controllers);
    tokio::select! {
        _ = &mut controllers => return Err("the controllers ended by themselves: a defect of the operator".into()),
        signal = stop_signal() => tracing::info!(signal = signal?, "stopping: calls under way end, no new ones are made"),
    }
    let _ = stop.send(true);
    if tokio::time::timeout(GRACE, controllers).await.is_err() {
        tracing::warn!(
            "calls are still under way; what they were about is looked at again after the next start"
        );
    }
    server.abort();
    Ok(())
}

/// A client that answers soon or not at all: the work queue owns the retries.
async fn kubernetes(metrics: Arc<Metrics>) -> Result<Client, String> {
    let hint = "Run in a pod with a service account, or set KUBECONFIG";
    let mut config = kube::Config::infer()
        .await
        .map_err(|error| format!("no way to Kubernetes: {error}. {hint}."))?;
    config.default_retry = false;
    let counted = Counted::new(&config, metrics);
    ClientBuilder::try_from(config)
        .map(|client| client.with_layer(&counted).build())
        .map_err(|error| format!("no way to Kubernetes: {error}. {hint}."))
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
