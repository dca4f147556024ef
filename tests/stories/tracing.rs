//! Traces: what a collector of OpenTelemetry is told.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value as Any,
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;
use serde_json::Value;
use simulator::{Effect, Fault};
use tokio::net::TcpListener;

use crate::harness::{objects::*, world::story};

/// What was sent to a collector.
type Sent = Arc<Mutex<Vec<Bytes>>>;

/// Listens as a collector does.
async fn collector() -> (String, Sent) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let sent = Sent::default();
    let store = sent.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let store = store.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let store = store.clone();
                async move {
                    assert_eq!(request.uri().path(), "/v1/traces");
                    let kind = request.headers().get("content-type").cloned();
                    assert_eq!(kind.expect("a kind"), "application/x-protobuf");
                    let body = request.into_body().collect().await?.to_bytes();
                    store.lock().expect("nobody panics with it").push(body);
                    Ok::<_, hyper::Error>(Response::new(Empty::<Bytes>::new()))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (url, sent)
}

fn spans(sent: &Sent) -> Vec<Span> {
    let sent = sent.lock().expect("nobody panics with it");
    let batches = sent
        .iter()
        .map(|body| ExportTraceServiceRequest::decode(body.clone()).expect("OTLP"));
    let resources = batches.flat_map(|batch| batch.resource_spans);
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

fn attribute<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    let found = span.attributes.iter().find(|found| found.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text),
        _ => None,
    }
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn reconciles_and_their_aws_calls_are_traced_with_request_ids() {
    story("traced", |mut world| async move {
        let (url, sent) = collector().await;
        let flags = ["--otlp-endpoint", &url, "--log-format", "json"];
        world.flags = flags.map(str::to_owned).to_vec();
        // Refused once it is looked at: the first trace says why, and the object names it.
        let fault = Fault::new(Effect::Deny).operation("CreateCluster");
        let fault = world.simulator.fault(fault);
        world.start();
        world.apply(&[cluster()]);
        let stalled = world
            .until_stalled("EcsCluster", "main", "AccessDenied")
            .await;
        world.simulator.release(fault);
        world.reconcile_now("ecscluster", "main", "now");
        world.apply(&[task_definition("web", "nginx:1"), service("web")]);
        world.until_ready("EcsService", "web").await;
        let log = world.logs();
        // What was not sent yet is sent at the end.
        assert_eq!(world.terminate(), Some(0));
        let spans = spans(&sent);
        let parent = |span: &Span| spans.iter().find(|one| one.span_id == span.parent_span_id);

        // Each call once, with the request that AWS knows it by, below a reconcile.
        let calls: Vec<_> = spans
            .iter()
            .filter(|span| attribute(span, "rpc.system") == Some("aws-api"))
            .collect();
        let mut traced: Vec<_> = calls
            .iter()
            .filter_map(|span| attribute(span, "aws.request_id"))
            .collect();
        let journal = world.journal();
        let mut made: Vec<_> = journal
            .iter()
            .map(|entry| entry.request_id.as_str())
            .collect();
        traced.sort_unstable();
        made.sort_unstable();
        assert_eq!(traced, made);
        for call in &calls {
            let above = std::iter::successors(parent(call), |span| parent(span));
            let root = above.last().expect("a call is made for somebody");
            assert_eq!(
                (root.name.as_str(), &root.trace_id),
                ("reconcile", &call.trace_id)
            );
        }
        let creation = calls
            .iter()
            .find(|span| span.name == "ecs.CreateService")
            .expect("it was created");
        let reconcile = parent(creation).expect("a reconcile");
        assert_eq!(
            (
                attribute(reconcile, "controller"),
                attribute(reconcile, "name")
            ),
            (Some("ecsservice"), Some("web"))
        );

        // The refusal: in the object, in its trace and in the log.
        let error = &stalled["status"]["lastError"];
        let refused = calls
            .iter()
            .find(|span| attribute(span, "aws.request_id") == error["requestId"].as_str())
            .expect("it is traced");
        let trace = hex(&refused.trace_id);
        assert_eq!(error["traceId"], Value::from(trace.as_str()));
        let status = refused.status.as_ref().expect("a status");
        assert_eq!(status.code(), StatusCode::Error);
        assert_eq!(
            attribute(refused, "error.type"),
            Some("AccessDeniedException")
        );
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let said: BTreeSet<_> = lines
            .filter(|line| line["span"]["trace_id"] == trace.as_str())
            .filter_map(|line| line["level"].as_str().map(str::to_owned))
            .collect();
        assert!(said.contains("WARN"), "{said:?}\n{log}");

        for body in sent.lock().expect("nobody panics with it").iter() {
            let text = String::from_utf8_lossy(body);
            assert!(!text.contains("-canary"), "a secret is in a trace");
        }
        world.check();
    });
}

#[test]
fn collector_that_is_away_is_said_once_and_hinders_nothing() {
    story("untraced", |mut world| async move {
        let flags = ["--otlp-endpoint", "http://127.0.0.1:1"];
        world.flags = flags.map(str::to_owned).to_vec();
        world
            .env
            .push(("OTEL_BSP_SCHEDULE_DELAY".to_owned(), "50".to_owned()));
        world.bring_up(service("web")).await;
        world
            .until_logged("the collector does not take spans")
            .await;
        world.reconcile_now("ecscluster", "main", "now");
        world.apply(&[task_definition("web", "nginx:2")]);
        world.until_runs("web", 2).await;
        let log = world.logs();
        assert_eq!(world.terminate(), Some(0));
        assert_eq!(log.matches("the collector does not take spans").count(), 1);
        world.check();
    });
}
