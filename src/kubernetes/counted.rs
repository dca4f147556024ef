//! A client that counts its requests and hears its watches.

use std::{
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::Instant,
};

use futures::future::Future;
use http_body_util::{BodyExt, combinators::MapFrame};
use hyper::{
    Method, Request, Response,
    body::{self, Bytes, Frame},
};
use kube::{Config, Resource, client::Body};
use tower::{BoxError, Layer, Service};

use crate::{
    api::{EcsCluster, EcsService, EcsTaskDefinition},
    telemetry::{
        metrics::Metrics,
        requests::{Heard, Requests},
    },
};

/// Puts the counting around a client.
pub struct Counted {
    metrics: Arc<Metrics>,
    host: Arc<str>,
}

impl Counted {
    /// For a client of this configuration.
    pub fn new(config: &Config, metrics: Arc<Metrics>) -> Self {
        let host = config.cluster_url.authority();
        Self {
            metrics,
            host: host.map_or("", |host| host.as_str()).into(),
        }
    }
}

impl<S> Layer<S> for Counted {
    type Service = CountedService<S>;

    fn layer(&self, inner: S) -> CountedService<S> {
        CountedService {
            metrics: self.metrics.clone(),
            host: self.host.clone(),
            inner,
        }
    }
}

/// A client's service, counted.
pub struct CountedService<S> {
    metrics: Arc<Metrics>,
    host: Arc<str>,
    inner: S,
}

/// Hears every piece of a watch.
type Ear = Box<dyn FnMut(Frame<Bytes>) -> Frame<Bytes> + Send + Sync>;

impl<S, B> Service<Request<Body>> for CountedService<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
    B: body::Body<Data = Bytes>,
{
    type Response = Response<MapFrame<B, Ear>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (metrics, host) = (self.metrics.clone(), self.host.clone());
        let method = verb(request.method());
        let heard = watch(&request, &metrics.requests);
        let start = Instant::now();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
            metrics
                .requests
                .answered(method, &host, status, start.elapsed());
            let heard = heard.filter(|_| status.is_some_and(|status| status < 300));
            if let Some(heard) = &heard {
                heard.now();
            }
            let ear: Ear = Box::new(move |frame| {
                if let Some(heard) = &heard {
                    heard.now();
                }
                frame
            });
            Ok(answer?.map(|body| body.map_frame(ear)))
        })
    }
}

/// A watch of our kinds, or the list that it begins with.
fn watch(request: &Request<Body>, requests: &Requests) -> Option<Heard> {
    let query = request.uri().query()?;
    let is_watch = ["watch=", "limit="]
        .iter()
        .any(|parameter| query.contains(parameter));
    let path = request.uri().path();
    let plural = path.rsplit('/').next()?;
    let kind = [
        ("EcsCluster", EcsCluster::plural(&())),
        ("EcsTaskDefinition", EcsTaskDefinition::plural(&())),
        ("EcsService", EcsService::plural(&())),
    ]
    .into_iter()
    .find(|(_, of_kind)| *of_kind == plural);
    let (kind, _) = kind.filter(|_| is_watch && request.method() == Method::GET)?;
    Some(requests.watch(kind, path))
}

/// A method of a closed list.
fn verb(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::ready};

    use super::*;

    fn get(uri: &str) -> Request<Body> {
        Request::get(uri).body(Body::empty()).expect("a request")
    }

    #[test]
    fn lists_and_watches_of_our_kinds_are_heard_and_nothing_else() {
        let requests = Requests::default();
        let heard = |uri: &str| watch(&get(uri), &requests).is_some();
        let base = "/apis/ecs-operator.dev/v1alpha1";
        assert!(heard(&format!(
            "{base}/ecsservices?watch=true&timeoutSeconds=290"
        )));
        assert!(heard(&format!("{base}/namespaces/a/ecsclusters?limit=100")));
        assert!(!heard(&format!("{base}/namespaces/a/ecsservices/web")));
        assert!(!heard("/api/v1/namespaces?watch=true"));
    }

    #[tokio::test]
    async fn requests_are_counted_with_or_without_an_answer() {
        let metrics = Arc::new(Metrics::default());
        let config = Config::new("https://10.0.0.1:6443/base".parse().expect("a URL"));
        let server = tower::service_fn(|request: Request<Body>| {
            let body = http_body_util::Full::new(Bytes::from("x"));
            ready(match request.uri().path() {
                "/lost" => Err(BoxError::from("no answer")),
                _ => Ok::<_, BoxError>(Response::new(body)),
            })
        });
        let mut client = Counted::new(&config, metrics.clone()).layer(server);
        let answer = client.call(get("/a")).await.expect("an answer");
        let body: Result<_, Infallible> = answer.into_body().collect().await;
        assert_eq!(body.expect("a body").to_bytes(), "x");
        assert!(client.call(get("/lost")).await.is_err());
        let text = metrics.text();
        for line in [
            r#"rest_client_requests_total{code="200",method="GET",host="10.0.0.1:6443"} 1"#,
            r#"rest_client_requests_total{code="<error>",method="GET",host="10.0.0.1:6443"} 1"#,
            r#"rest_client_request_duration_seconds_count{verb="GET",host="10.0.0.1:6443"} 2"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
