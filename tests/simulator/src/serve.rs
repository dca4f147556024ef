//! How a checked call is served: its fault, its waiting, its effect and its entry in the journal.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use tokio::time::Instant;

use crate::faults::Effect;
use crate::journal::Outcome;
use crate::protocol::{self, Common};
use crate::world::{Done, Request, World};
use crate::{Answer, ApiError, FaultId, Simulator, journal, receive};

impl Simulator {
    pub(crate) fn refuse(&self, refused: receive::Refused) -> Response<Bytes> {
        let receive::Refused { request, error } = refused;
        let service = request.service;
        let done = Done::nothing(Err(error));
        let id = self.change(|world| {
            let index = world.record(&request, &done, Outcome::of(&done.answer));
            world.journal[index].request_id.clone()
        });
        protocol::encode(service, &request.operation, &done.answer, &id)
    }

    /// Answers a checked call, as the faults will have it.
    pub(crate) async fn serve(&self, request: Request) -> Option<Response<Bytes>> {
        let struck = self.world().faults.strike(&request);
        let Some((fault, effect)) = struck else {
            self.wait_for_message(&request).await;
            return Some(self.perform(&request, World::execute));
        };
        match effect {
            Effect::Throttle => Some(self.fail(&request, Common::Throttled.error(request.service))),
            Effect::Deny => Some(self.fail(&request, Common::Denied.error(request.service))),
            Effect::Error {
                status,
                code,
                message,
            } => Some(self.fail(&request, ApiError::with_status(status, &code, message))),
            Effect::Reset => {
                self.lose(&request, Outcome::Reset, |_, _| {
                    Done::nothing(Ok(Value::Null))
                });
                None
            }
            Effect::LoseReply => {
                self.lose(&request, Outcome::Lost, World::execute);
                None
            }
            Effect::Truncate => Some(truncated(self.lose(
                &request,
                Outcome::Lost,
                World::execute,
            ))),
            Effect::Hang => Some(self.hang(&request, fault).await),
            Effect::HangAfter => Some(self.hang_after(&request, fault).await),
            Effect::Delay { millis } => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                Some(self.perform(&request, World::execute))
            }
            Effect::InvisibleFor { seconds } => Some(self.perform(&request, |world, request| {
                world.execute_hidden(request, seconds)
            })),
        }
    }

    /// Executes, records and answers, if the bucket has a token.
    fn perform(
        &self,
        request: &Request,
        execute: impl FnOnce(&mut World, &Request) -> Done,
    ) -> Response<Bytes> {
        let (answer, id) = self.change(|world| {
            let now = world.clock.now();
            let done = match world.admit(request, now) {
                true => execute(world, request),
                false => Done::nothing(Err(Common::Throttled.error(request.service))),
            };
            let index = world.record(request, &done, Outcome::of(&done.answer));
            (done.answer, world.journal[index].request_id.clone())
        });
        checked(request, &answer, &id)
    }

    fn fail(&self, request: &Request, error: ApiError) -> Response<Bytes> {
        self.refuse(receive::Refused {
            request: request.clone(),
            error,
        })
    }

    /// Executes and records with an outcome other than the answer's.
    fn lose(
        &self,
        request: &Request,
        outcome: Outcome,
        execute: impl FnOnce(&mut World, &Request) -> Done,
    ) -> Response<Bytes> {
        let (answer, id) = self.change(|world| {
            let done = execute(world, request);
            let index = world.record(request, &done, outcome);
            (done.answer, world.journal[index].request_id.clone())
        });
        checked(request, &answer, &id)
    }

    async fn hang(&self, request: &Request, fault: FaultId) -> Response<Bytes> {
        let nothing = Done::nothing(Ok(Value::Null));
        let index = self.change(|world| world.record(request, &nothing, Outcome::Held));
        let _held = Held(self, index);
        self.released(fault).await;
        let (answer, id) = self.change(|world| {
            let done = world.execute(request);
            world.complete(index, request, &done, Outcome::of(&done.answer));
            (done.answer, journal::request_id(index as u64 + 1))
        });
        checked(request, &answer, &id)
    }

    async fn hang_after(&self, request: &Request, fault: FaultId) -> Response<Bytes> {
        let (index, done) = self.change(|world| {
            let done = world.execute(request);
            (world.record(request, &done, Outcome::Held), done)
        });
        let _held = Held(self, index);
        self.released(fault).await;
        self.change(|world| world.complete(index, request, &done, Outcome::of(&done.answer)));
        checked(
            request,
            &done.answer,
            &journal::request_id(index as u64 + 1),
        )
    }

    async fn released(&self, fault: FaultId) {
        let mut changes = self.changes();
        while self.world().faults.contains(fault) {
            let _ = changes.changed().await;
        }
    }

    /// SQS long polling: returns when there is a message or the wait is over, in virtual time or, when that stands still, in real time.
    async fn wait_for_message(&self, request: &Request) {
        let seconds = request
            .input
            .get("WaitTimeSeconds")
            .and_then(Value::as_f64)
            .unwrap_or(0.0);
        if request.operation != "ReceiveMessage" || seconds <= 0.0 {
            return;
        }
        let mut changes = self.changes();
        let (virtual_end, real_end) = (
            self.now() + seconds,
            Instant::now() + Duration::from_secs_f64(seconds),
        );
        loop {
            let pause = {
                let mut world = self.world();
                let now = world.advance();
                let region = world.region(&request.account, &request.region);
                if now >= virtual_end || region.sqs.would_receive(&request.input, now) {
                    return;
                }
                let due = world
                    .next_event()
                    .unwrap_or(virtual_end)
                    .clamp(now, virtual_end);
                (world.clock.rate() > 0.0).then(|| (due - now) / world.clock.rate())
            };
            let pause = pause.map_or(seconds, |pause| pause.max(0.001));
            let until = real_end.min(Instant::now() + Duration::from_secs_f64(pause));
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(until) => {}
            }
            if Instant::now() >= real_end {
                return;
            }
        }
    }
}

/// An answer that breaks AWS's model is a bug of the simulator: loud in tests, a 500 in a release build.
fn checked(request: &Request, answer: &Answer, id: &str) -> Response<Bytes> {
    if let Err(error) = answer {
        debug_assert!(error.code != "SimulatorBug", "{}", error.message);
    }
    protocol::encode(request.service, &request.operation, answer, id)
}

/// The first half of the body, under the whole body's length.
fn truncated(response: Response<Bytes>) -> Response<Bytes> {
    response.map(|body| body.slice(..body.len() / 2))
}

/// A call that hangs. Its end without an answer is that of its connection.
struct Held<'a>(&'a Simulator, usize);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.change(|world| world.give_up(self.1));
    }
}
