//! The sockets of a gate, and the words for what passes it.

use http_body_util::BodyExt;
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{gate::Gate, watching::Out};

/// Which world a listener leads to.
#[derive(Clone, Copy)]
pub(super) enum Edge {
    Aws,
    Kubernetes,
}

/// AWS's name of a call.
pub(super) fn operation(request: &Request<Bytes>) -> String {
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .and_then(|target| target.rsplit('.').next());
    let body = String::from_utf8_lossy(request.body());
    let action = || {
        body.split('&')
            .find_map(|pair| pair.strip_prefix("Action="))
    };
    target.or_else(action).unwrap_or("?").to_owned()
}

/// Verb and object of a Kubernetes request: `patch`, `ecsservices/status web`.
pub(super) fn about(request: &Request<Bytes>) -> (String, String) {
    let path = request.uri().path();
    // /apis/<group>/<version>/namespaces/<namespace>/<resource>[/<name>[/<subresource>]]
    let mut parts = path.split('/').skip(4);
    let mut next = || parts.next().unwrap_or_default();
    let mut resource = next();
    if resource == "namespaces" {
        next();
        resource = next();
    }
    let (name, subresource) = (next(), next());
    let is_watch = request
        .uri()
        .query()
        .is_some_and(|query| query.contains("watch=true"));
    let verb = match *request.method() {
        Method::GET if is_watch => "watch",
        Method::GET if name.is_empty() => "list",
        Method::GET => "get",
        Method::POST => "create",
        Method::PATCH => "patch",
        Method::PUT => "update",
        _ => "delete",
    };
    // Events have random names.
    let name = if resource == "events" { "" } else { name };
    let about = match (subresource, name) {
        ("", "") => resource.to_owned(),
        ("", name) => format!("{resource} {name}"),
        (subresource, name) => format!("{resource}/{subresource} {name}"),
    };
    (verb.to_owned(), about)
}

/// What an API server says that can't or won't answer now.
pub(super) fn refusal(status: u16) -> Response<Out> {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "not now", "code": status});
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Out::whole(body.to_string().into()))
        .expect("a valid response")
}

/// Serves a gate's listener until the task ends.
pub(super) async fn accept(listener: TcpListener, gate: Gate, edge: Edge) {
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        connections.spawn(serve(stream, gate.clone(), edge));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, gate: Gate, edge: Edge) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(&gate, edge, request));
    // An error here is a connection that was cut, by the client or on purpose.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    gate: &Gate,
    edge: Edge,
    request: Request<Incoming>,
) -> std::io::Result<Response<Out>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?;
    let request = Request::from_parts(head, body.to_bytes());
    match edge {
        Edge::Aws => gate.aws(request).await,
        Edge::Kubernetes => gate.kubernetes(request).await,
    }
    .ok_or_else(|| std::io::ErrorKind::ConnectionReset.into())
}
