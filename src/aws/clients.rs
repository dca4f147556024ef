//! SDK clients: one set per Region, made once, sharing the HTTP client, the credentials and the limits of that Region.

use std::{
    cell::Cell,
    collections::HashMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, identity::IdentityCache, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{Builder, Connector, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::sync::watch;
use tracing::{Instrument, field::Empty};

use super::{
    AwsError, Kind,
    limits::{Bucket, Limits},
    observe::Usage,
    priorities::Priorities,
    reader::Readers,
    recent::Recent,
    request_ids::RequestIds,
    unanswered::Unanswered,
};
use crate::{
    leadership::Leadership,
    telemetry::{calls, metrics::Metrics, traces},
};

/// How clients are made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Another endpoint than AWS's, for every service.
    pub endpoint_url: Option<String>,
    /// Longest time for one call.
    pub timeout: Duration,
    /// Whether calls wait for tokens of the published buckets.
    pub limits: bool,
    /// PEM file with the only certificates to trust; absent: the system's.
    pub ca_bundle: Option<std::path::PathBuf>,
    /// Another way to send requests, with the SDK's test credentials: tests send them into the simulator without sockets.
    pub http_client: Option<SharedHttpClient>,
}

/// Clients of every Region in use.
#[derive(Debug)]
pub struct Clients {
    config: SdkConfig,
    limits: bool,
    stop: watch::Receiver<bool>,
    leadership: Leadership,
    metrics: Arc<Metrics>,
    regions: Mutex<HashMap<String, Arc<Aws>>>,
}

impl Clients {
    /// Finds credentials by the SDK's default chain. Fails when the certificates can't be read.
    pub async fn new(
        region: Option<&str>,
        settings: Settings,
        stop: watch::Receiver<bool>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, String> {
        let http_client = match settings.http_client.clone() {
            Some(client) => client,
            None => http_client(settings.ca_bundle.as_deref())?,
        };
        // One attempt: the work queue owns the waiting, so that waits are seen, capped and never stack.
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(3).min(settings.timeout))
                    .operation_attempt_timeout(settings.timeout)
                    .operation_timeout(settings.timeout)
                    .build(),
            )
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .identity_cache(
                IdentityCache::lazy()
                    .load_timeout(Duration::from_secs(10))
                    .build(),
            );
        if settings.http_client.is_some() {
            loader = loader.test_credentials();
        }
        if let Some(endpoint) = &settings.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        Ok(Self {
            config: loader.load().await,
            limits: settings.limits,
            stop,
            leadership: Leadership::uncontested(),
            metrics,
            regions: Mutex::default(),
        })
    }

    /// Makes calls only while `leadership` is held. For clients that have made none yet.
    pub fn led(self, leadership: Leadership) -> Self {
        Self { leadership, ..self }
    }

    /// The Region that was given or that the SDK found.
    pub fn default_region(&self) -> Option<&str> {
        self.config.region().map(AsRef::as_ref)
    }

    /// The clients of a Region.
    pub fn region(&self, region: &str) -> Arc<Aws> {
        let mut regions = self
            .regions
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(aws) = regions.get(region) {
            return aws.clone();
        }
        let config = self
            .config
            .to_builder()
            .region(Region::new(region.to_owned()))
            .build();
        let aws = Arc::new_cyclic(|aws| Aws {
            ecs: aws_sdk_ecs::Client::from_conf(
                aws_sdk_ecs::config::Builder::from(&config)
                    .interceptor(RequestIds)
                    .build(),
            ),
            elbv2: aws_sdk_elasticloadbalancingv2::Client::from_conf(
                aws_sdk_elasticloadbalancingv2::config::Builder::from(&config)
                    .interceptor(RequestIds)
                    .build(),
            ),
            limits: Limits::new(self.limits, self.stop.clone()),
            recent: Recent::default(),
            unanswered: Unanswered::default(),
            usage: Usage::default(),
            priorities: Priorities::default(),
            readers: Readers::new(aws.clone()),
            leadership: self.leadership.clone(),
            metrics: self.metrics.clone(),
        });
        regions.insert(region.to_owned(), aws.clone());
        aws
    }
}

/// The certificates of a bundle, all of which can be trusted: the SDK panics over those that can't, and trusts nobody when there
/// are none.
fn certificates(bundle: &std::path::Path) -> Result<Vec<u8>, String> {
    let path = bundle.display();
    let pem = std::fs::read(bundle).map_err(|error| {
        format!("AWS_CA_BUNDLE: {path} can't be read: {error}. Give the path of a PEM file.")
    })?;
    let refused = |what: &dyn fmt::Display| {
        format!("AWS_CA_BUNDLE: {path}: {what}. Give a PEM file with the certificates to trust.")
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| refused(&error))?;
        store.add(certificate).map_err(|error| refused(&error))?;
    }
    if store.is_empty() {
        return Err(refused(&"there is no certificate in it"));
    }
    Ok(pem)
}

fn http_client(ca_bundle: Option<&std::path::Path>) -> Result<SharedHttpClient, String> {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let mut context = tls::TlsContext::builder();
    if let Some(bundle) = ca_bundle {
        let pem = certificates(bundle)?;
        context = context.with_trust_store(tls::TrustStore::empty().with_pem_certificate(pem));
    }
    let context = context
        .build()
        .map_err(|error| format!("no TLS for AWS: {error}"))?;
    Ok(
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder();
            connector.set_connector_settings(settings.cloned());
            if let Some(components) = components {
                connector.set_sleep_impl(components.sleep_impl());
            }
            // HTTPS_PROXY and NO_PROXY are honoured only when asked for.
            connector
                .proxy_config(ProxyConfig::from_env())
                .tls_provider(provider.clone())
                .tls_context(context.clone())
                .build()
        }),
    )
}

/// AWS in one Region.
#[derive(Debug)]
pub struct Aws {
    pub(super) ecs: aws_sdk_ecs::Client,
    pub(super) elbv2: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) limits: Limits,
    pub(super) recent: Recent,
    pub(super) unanswered: Unanswered,
    pub(super) usage: Usage,
    pub(super) priorities: Priorities,
    pub(super) readers: Readers,
    leadership: Leadership,
    pub(super) metrics: Arc<Metrics>,
}

tokio::task_local! {
    /// Calls that the reading of a batch has made.
    pub(super) static CALLS: Cell<u64>;
}

impl Aws {
    /// Whether something that was created for the object of this UID may still show up. `is_known`: its status tells of
    /// what it has in AWS.
    pub fn may_show_up(&self, uid: &str, is_known: bool) -> bool {
        self.unanswered.may_show_up(uid, is_known)
    }

    /// What is created last for the object of this UID was seen.
    pub fn showed_up(&self, uid: &str) {
        self.unanswered.showed_up(uid);
    }

    /// The object of this UID is gone.
    pub fn forget(&self, uid: &str) {
        self.unanswered.forget(uid);
    }

    /// Runs a call after its token, and counts it. It is made when its turn has come: the SDK's futures are large, and
    /// hundreds may wait.
    pub(super) async fn measured<T, F: Future<Output = Result<T, AwsError>>>(
        &self,
        service: &'static str,
        operation: &'static str,
        bucket: Bucket,
        call: impl FnOnce() -> F,
    ) -> Result<T, AwsError> {
        let asked = Instant::now();
        // Held until the call has ended.
        let not_made = |why: &str| AwsError {
            operation,
            kind: Kind::Stopping,
            code: "Stopping".into(),
            message: format!("{why}; the call was not made"),
            request_id: None,
            status: None,
        };
        let Ok(_place) = self.limits.acquire(bucket).await else {
            return Err(not_made("the operator is stopping"));
        };
        // Waiting for a token can outlast a lease.
        if !self.leadership.is_held() {
            return Err(not_made("this replica does not lead any more"));
        }
        let start = Instant::now();
        let waited = start - asked;
        let span = tracing::debug_span!(
            target: traces::AWS_CALL, "aws",
            otel.name = format_args!("{service}.{operation}"), otel.kind = "client",
            rpc.system = "aws-api", rpc.service = service, rpc.method = operation,
            aws.request_id = Empty, otel.status_code = Empty, "error.type" = Empty,
        );
        let result = Box::pin(call()).instrument(span.clone()).await;
        let error = result.as_ref().err();
        if let Some(error) = error {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", &error.code);
        }
        if error.is_some_and(|error| error.kind == Kind::Throttled) {
            self.limits.drained(bucket);
        }
        self.metrics.calls.ended(calls::Ended {
            service,
            operation,
            status: error.map_or(Some(200), |error| error.status),
            error_code: error.map(|error| error.code.as_str()),
            failure: error.and_then(|error| error.kind.failure()),
            is_retried: error.is_some_and(|error| error.kind.is_retried()),
            time: start.elapsed(),
            waited,
        });
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
        match error {
            Some(error) => tracing::debug!(
                service,
                operation,
                code = error.code,
                request_id = error.request_id,
                "AWS call failed"
            ),
            None => tracing::debug!(service, operation, "AWS call"),
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundle_without_a_good_certificate_is_refused_with_a_sentence() {
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let file = std::env::temp_dir().join(format!("bundle-{}.pem", std::process::id()));
        for content in [&b""[..], b"garbage", broken] {
            std::fs::write(&file, content).expect("writable");
            let said = http_client(Some(&file))
                .map(drop)
                .expect_err("no certificate");
            for words in ["AWS_CA_BUNDLE", ".pem: ", "Give a PEM file"] {
                assert!(said.contains(words), "{said}");
            }
        }
        std::fs::remove_file(file).expect("it is there");
    }
}
