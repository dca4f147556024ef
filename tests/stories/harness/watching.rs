//! What the operator is shown of Kubernetes' objects: the truth, late, with gaps, or the past.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use http_body_util::BodyExt;
use hyper::{
    Response,
    body::{Body, Bytes, Frame},
};
use serde_json::json;
use tokio::sync::{mpsc, watch};

use super::gate::Never;

/// What a watch does with the events that come.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum View {
    /// They pass.
    #[default]
    Live,
    /// They wait until the view is live again.
    Frozen,
    /// They are lost.
    Lossy,
    /// Those of objects that come and go are lost, and changes pass.
    Unborn,
}

/// How a watch is told that its past is gone (410).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Gone {
    /// As the answer of the next watch that begins.
    Refused,
    /// In the stream of the watch that runs.
    InStream,
}

#[derive(Default)]
struct State {
    views: BTreeMap<String, View>,
    past: BTreeMap<String, Bytes>,
    refusals: BTreeMap<String, usize>,
    /// How often each resource's streams were to end with "gone".
    ends: BTreeMap<String, usize>,
}

/// What is shown of each resource; clones are the same views.
#[derive(Clone, Default)]
pub struct Views {
    state: Arc<Mutex<State>>,
    changed: Arc<watch::Sender<()>>,
}

impl Views {
    /// From now on, watches of the resource do this with events.
    pub fn set(&self, resource: &str, view: View) {
        self.change(|state| {
            state.views.insert(resource.to_owned(), view);
        });
    }

    /// From now on, lists of the resource answer this; none: what is.
    pub fn set_past(&self, resource: &str, list: Option<String>) {
        self.change(|state| match list {
            Some(list) => drop(state.past.insert(resource.to_owned(), list.into())),
            None => drop(state.past.remove(resource)),
        });
    }

    /// The API server has forgotten what the watch of the resource would need, once.
    pub fn forget(&self, resource: &str, how: Gone) {
        self.change(|state| {
            let counts = match how {
                Gone::Refused => &mut state.refusals,
                Gone::InStream => &mut state.ends,
            };
            *counts.entry(resource.to_owned()).or_default() += 1;
        });
    }

    /// What is answered without asking the API server.
    pub(super) fn answer(&self, verb: &str, resource: &str) -> Option<Response<Out>> {
        let mut state = self.state();
        let (status, body) = match verb {
            "list" => (200, state.past.get(resource)?.clone()),
            "watch" => {
                let left = state.refusals.get_mut(resource).filter(|left| **left > 0)?;
                *left -= 1;
                (410, gone().to_string().into())
            }
            _ => return None,
        };
        let response = Response::builder()
            .status(status)
            .header("content-type", "application/json");
        Some(response.body(Out::whole(body)).expect("a valid response"))
    }

    /// A watch of the resource as the operator sees it.
    pub(super) fn stream(&self, resource: &str, upstream: kube::client::Body) -> Out {
        let (to, out) = mpsc::channel(16);
        tokio::spawn(pump(self.clone(), resource.to_owned(), upstream, to));
        Out::Stream(out)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.send_replace(());
    }
}

/// What the API server says of a past that it does not have any more.
fn gone() -> serde_json::Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "too old resource version", "reason": "Expired", "code": 410})
}

/// Carries events from the API server to the operator, one a line.
async fn pump(
    views: Views,
    resource: String,
    mut upstream: kube::client::Body,
    to: mpsc::Sender<Bytes>,
) {
    let mut changes = views.changed.subscribe();
    let ends = |state: &State| state.ends.get(&resource).copied().unwrap_or(0);
    let ended_before = ends(&views.state());
    let mut buffer: Vec<u8> = Vec::new();
    let mut events: Vec<Bytes> = Vec::new();
    loop {
        tokio::select! {
            frame = upstream.frame() => match frame {
                Some(Ok(frame)) => buffer.extend(frame.into_data().unwrap_or_default()),
                _ => return,
            },
            _ = changes.changed() => {}
            () = to.closed() => return,
        }
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            events.push(buffer.drain(..=end).collect());
        }
        let (view, is_over) = {
            let state = views.state();
            let view = state.views.get(&resource).copied().unwrap_or_default();
            (view, ends(&state) > ended_before)
        };
        if is_over {
            let event = format!("{}\n", json!({"type": "ERROR", "object": gone()}));
            // The operator is gone as well: nobody needs telling.
            let _ = to.send(event.into()).await;
            return;
        }
        match view {
            View::Live | View::Unborn => {
                let passes = |event: &Bytes| {
                    view == View::Live || event.starts_with(br#"{"type":"MODIFIED""#)
                };
                for event in events.drain(..).filter(passes) {
                    if to.send(event).await.is_err() {
                        return;
                    }
                }
            }
            View::Frozen => {}
            View::Lossy => events.clear(),
        }
    }
}

/// A body that is sent to the operator.
pub enum Out {
    /// At once; none: sent.
    Whole(Option<Bytes>),
    /// As it comes.
    Stream(mpsc::Receiver<Bytes>),
}

impl Out {
    /// At once.
    pub fn whole(body: Bytes) -> Self {
        Self::Whole((!body.is_empty()).then_some(body))
    }
}

impl Body for Out {
    type Data = Bytes;
    type Error = Never;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Never>>> {
        match &mut *self {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Stream(events) => events
                .poll_recv(context)
                .map(|event| event.map(|event| Ok(Frame::data(event)))),
        }
    }
}
