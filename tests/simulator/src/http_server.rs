//! The HTTP server. A handler that answers nothing cuts its connection; a client that goes away drops its handler.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::Simulator;

/// A listening server; dropping it ends it and all its connections.
pub struct Server {
    /// Where it listens, for example `http://127.0.0.1:4566`.
    pub url: String,
    /// Its port.
    pub port: u16,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(simulator: Simulator, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let port = listener.local_addr()?.port();
        let accepting = tokio::spawn(accept(listener, simulator));
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            port,
            accepting,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, simulator: Simulator) {
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        connections.spawn(serve(stream, simulator.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, simulator: Simulator) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(&simulator, request));
    // An error here is a connection that was cut, by the client or on purpose.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(simulator: &Simulator, request: Request<Incoming>) -> io::Result<Response<Raw>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let response = simulator.handle(Request::from_parts(head, body)).await;
    let cut = || io::Error::from(io::ErrorKind::ConnectionReset);
    response
        .map(|response| response.map(Raw::Whole))
        .ok_or_else(cut)
}

/// A body that does not tell its length, so that it can be shorter than the `content-length` above it.
enum Raw {
    /// All of it is to be sent.
    Whole(Bytes),
    /// All of it is in hyper's buffer, which hyper drops if the body ends too early at once: let it flush first.
    Sent,
    /// It ends.
    Over,
}

impl Body for Raw {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match std::mem::replace(&mut *self, Self::Over) {
            Self::Whole(body) if !body.is_empty() => {
                *self = Self::Sent;
                Poll::Ready(Some(Ok(Frame::data(body))))
            }
            Self::Sent => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Whole(_) | Self::Over => Poll::Ready(None),
        }
    }
}
