//! Traces by OTLP: a span a reconcile, and in it one an AWS call, with AWS's request id. Only when an endpoint is given;
//! without one no layer listens, and the spans of calls are never made.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, body::Bytes};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry::trace::{Status, TraceContextExt, TracerProvider};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

/// Target of the spans of AWS calls: they are for traces, and no line of the log repeats them.
pub const AWS_CALL: &str = "aws_call";

/// Longest time for sending a batch of spans.
const SEND: Duration = Duration::from_secs(10);

/// Longest time for sending what is left when the process ends: Kubernetes waits for it.
pub const LAST: Duration = Duration::from_secs(2);

/// Bytes of a collector's answer that are read.
const ANSWER_MAX: usize = 64 * 1024;

/// Where spans go.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends spans to an OTLP endpoint (HTTP, protobuf), whose path is completed as OpenTelemetry has it. The error is a
    /// sentence. Needs a runtime, on which spans are sent.
    pub fn to(endpoint: &str) -> Result<Self, String> {
        let failed = |error: &dyn fmt::Display| {
            format!(
                "--otlp-endpoint {endpoint:?}: {error}. Write http://host:4318 or https://host."
            )
        };
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| failed(&error))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Sender {
            client: Client::builder(TokioExecutor::new()).build(connector),
            runtime: Handle::current(),
            fails: AtomicBool::new(false),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(SEND)
            .build()
            .map_err(|error| failed(&error))?;
        let resource = Resource::builder()
            .with_service_name("ecs-operator")
            .with_attribute(opentelemetry::KeyValue::new(
                "service.version",
                env!("CARGO_PKG_VERSION"),
            ))
            .build();
        Ok(Self(
            SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_resource(resource)
                .build(),
        ))
    }

    /// Listens to our own spans, and to what is said in them.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let ours = Targets::new()
            .with_target("ecs_operator", Level::INFO)
            .with_target(AWS_CALL, Level::DEBUG);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("ecs-operator"))
            .with_location(false)
            .with_threads(false)
            .with_filter(ours)
    }

    /// Sends what is left.
    pub async fn end(self) {
        // It blocks on a thread of its own, which needs this runtime for sending.
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST));
        if !matches!(ended.await, Ok(Ok(()))) {
            tracing::warn!("the last spans could not be sent");
        }
    }
}

/// The id of the trace that a span belongs to, in hexadecimal; none: nobody traces it.
pub fn trace_id(span: &Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let context = span.span_context();
    context.is_valid().then(|| context.trace_id().to_string())
}

/// Marks the current span as one that failed.
pub fn failed(why: &str) {
    Span::current().set_status(Status::error(why.to_owned()));
}

/// Sends batches on our runtime: the exporter waits on a thread that has none.
struct Sender {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Handle,
    /// Said once an outage.
    fails: AtomicBool,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl Sender {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let asked = self.client.request(request.map(Full::new));
        let answered = self.runtime.spawn(async move {
            tokio::time::timeout(SEND, async {
                let (head, body) = asked.await?.into_parts();
                let body = Limited::new(body, ANSWER_MAX).collect().await?.to_bytes();
                Ok::<_, HttpError>(Response::from_parts(head, body))
            })
            .await?
        });
        let result = answered.await?;
        let problem = match &result {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answered {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        match (
            &problem,
            self.fails.swap(problem.is_some(), Ordering::Relaxed),
        ) {
            (Some(problem), false) => {
                tracing::warn!(problem, "the collector does not take spans; they are lost");
            }
            (None, true) => tracing::info!("the collector takes spans again"),
            _ => {}
        }
        result
    }
}

impl HttpClient for Sender {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.send(request))
    }
}
