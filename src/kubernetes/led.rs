//! A client that writes only while this process leads: what was decided under a lease that is lost since never arrives.

use std::{
    sync::Arc,
    task::{self, Poll},
};

use futures::future::{Either, Ready, ready};
use hyper::{Method, Request};
use kube::{
    Client, Config,
    client::{Body, ClientBuilder},
};
use tower::{BoxError, Layer, Service};

use super::counted::Counted;
use crate::{leadership::Leadership, telemetry::metrics::Metrics};

/// A write that was not made.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this replica does not lead any more; the write was not made")]
pub struct NotLeading;

/// A client that reads always and writes only while `leadership` is held. What it sends is counted.
pub fn client(
    config: Config,
    leadership: Leadership,
    metrics: Arc<Metrics>,
) -> Result<Client, kube::Error> {
    let counted = Counted::new(&config, metrics);
    Ok(ClientBuilder::try_from(config)?
        .with_layer(&counted)
        .with_layer(&Led(leadership))
        .build())
}

struct Led(Leadership);

impl<S> Layer<S> for Led {
    type Service = LedService<S>;

    fn layer(&self, inner: S) -> LedService<S> {
        LedService {
            leadership: self.0.clone(),
            inner,
        }
    }
}

struct LedService<S> {
    leadership: Leadership,
    inner: S,
}

impl<S: Service<Request<Body>, Error = BoxError>> Service<Request<Body>> for LedService<S> {
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<S::Future, Ready<Result<S::Response, BoxError>>>;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.method() == Method::GET || self.leadership.is_held() {
            Either::Left(self.inner.call(request))
        } else {
            Either::Right(ready(Err(NotLeading.into())))
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::leadership::contested;

    #[tokio::test]
    async fn only_a_leader_writes_and_everybody_reads() {
        let (seat, leadership) = contested();
        let (inner, mut requests) = tokio::sync::mpsc::unbounded_channel();
        let server = tower::service_fn(move |request: Request<Body>| {
            let _ = inner.send(request.method().clone());
            ready(Ok::<_, BoxError>(()))
        });
        let mut service = Led(leadership).layer(server);
        let mut send = |method: Method| {
            let request = Request::builder().method(method).body(Body::empty());
            service.call(request.expect("a request"))
        };
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(send(method).await.unwrap_err().is::<NotLeading>());
        }
        assert!(send(Method::GET).await.is_ok());
        seat.hold(Instant::now() + std::time::Duration::from_secs(60));
        assert!(send(Method::PATCH).await.is_ok());
        seat.give_up();
        assert!(send(Method::PATCH).await.is_err());
        let arrived = [requests.try_recv(), requests.try_recv()];
        assert_eq!(arrived, [Ok(Method::GET), Ok(Method::PATCH)]);
        assert!(requests.try_recv().is_err());
    }
}
