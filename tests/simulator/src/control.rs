//! The levers of `Simulator` over HTTP, under `/_control`.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock::iso8601;
use crate::faults::{Fault, Script};
use crate::iam::Policy;
use crate::protocol::query::form;
use crate::simulator::FaultId;
use crate::unverified::UNVERIFIED;
use crate::{ACCOUNT, ApiError, REGION, Simulator};

const HELP: &str = "\
The simulator's levers (JSON in, JSON out). S is this server's URL.

curl S/_control/journal                 every call so far, a JSON object a line; ?from=N: from sequence number N
curl S/_control/clock                   virtual time, its rate, when something is next due
curl S/_control/state                   all state; ?account=000000000000&region=us-east-1
curl S/_control/faults                  faults that are set, with their hits
curl S/_control/script                  how the world behaves
curl S/_control/unverified              what is assumed about AWS without proof
curl S/_control/advance -d '{\"seconds\": 300}'        move the clock; {\"to\": \"next-event\"}: to what is next due
curl S/_control/rate -d '{\"rate\": 10}'               virtual seconds a real second; 0: only by hand
curl S/_control/throttling -d '{\"on\": true}'         AWS's published token buckets
curl S/_control/script -d '{\"images\": {\"web:2\": {\"fate\": \"pull-fails\"}}}'
curl S/_control/script -d '{\"images\": {\"web:3\": {\"fate\": \"exits\", \"code\": 137, \"after_seconds\": 3}, \"web:2\": null}}'
curl S/_control/script -d '{\"unhealthy_target_groups\": [\"my-target-group\"]}'
curl S/_control/script -d '{\"busy_families\": {\"my-family\": 2}}'   the next two registrations in the family are refused: others register too
curl S/_control/policy -d '{\"access_key\": \"test\", \"policy\": {...}}'   what an access key may do (ecs-operator iam-policy prints one); null: everything
curl S/_control/faults -d '{\"operation\": \"CreateService\", \"times\": 1, \"effect\": \"lose-reply\"}'
curl S/_control/faults -d '{\"service\": \"ecs\", \"mutating\": true, \"skip\": 2, \"effect\": \"error\", \"status\": 500, \"code\": \"ServerException\"}'
     effects: throttle, deny, error, reset, lose-reply, hang, hang-after, delay (millis), invisible-for (seconds), truncate
     filters: service, operation, mutating, access_key, contains, skip, times
curl S/_control/release -d '{\"id\": 1}'               end a fault and let go of what it holds; {}: all
curl S/_control/api -d '{\"service\": \"ecs\", \"operation\": \"ListClusters\", \"input\": {}}'   a call by a person with all rights; account, region
curl S/_control/reset -d '{}'                        forget everything
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum Advance {
    Seconds { seconds: f64 },
    To { to: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    rate: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Throttling {
    on: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allow {
    access_key: String,
    policy: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    id: Option<FaultId>,
}

/// A call by a person with all rights; also a line of a seed file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiCall {
    #[serde(default = "default_account")]
    account: String,
    #[serde(default = "default_region")]
    region: String,
    service: String,
    operation: String,
    #[serde(default = "empty")]
    input: Value,
}

impl ApiCall {
    /// Makes the call.
    pub fn run(self, simulator: &Simulator) -> crate::Answer {
        let Self {
            account,
            region,
            service,
            operation,
            input,
        } = self;
        simulator.api(&account, &region, &service, &operation, input)
    }
}

fn default_account() -> String {
    ACCOUNT.to_owned()
}

fn default_region() -> String {
    REGION.to_owned()
}

fn empty() -> Value {
    json!({})
}

/// Answers a request under `/_control`.
pub(crate) fn handle(simulator: &Simulator, request: &Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path().trim_end_matches('/');
    let verb = path
        .strip_prefix("/_control")
        .unwrap_or(path)
        .trim_start_matches('/');
    let query = form(request.uri().query().unwrap_or_default().as_bytes());
    if request.method() == Method::GET && verb.is_empty() {
        return text("text/plain", HELP.to_owned());
    }
    if request.method() == Method::GET && verb == "journal" {
        let from = query
            .get("from")
            .and_then(|from| from.parse().ok())
            .unwrap_or(0);
        return text("application/x-ndjson", lines(simulator, from));
    }
    let result = match *request.method() {
        Method::GET => get(simulator, verb, &query),
        Method::POST => post(simulator, verb, request.body()),
        _ => Err(ApiError::with_status(
            405,
            "MethodNotAllowed",
            "GET or POST",
        )),
    };
    match result {
        Ok(value) => text("application/json", format!("{value}\n")),
        Err(error) => {
            let body = json!({ "code": error.code, "message": error.message });
            let mut response = text("application/json", format!("{body}\n"));
            *response.status_mut() =
                StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
            response
        }
    }
}

fn lines(simulator: &Simulator, from: u64) -> String {
    let journal = simulator.journal();
    let wanted = journal.iter().filter(|entry| entry.seq >= from);
    wanted
        .map(|entry| serde_json::to_string(entry).expect("entries are JSON") + "\n")
        .collect()
}

fn get(
    simulator: &Simulator,
    verb: &str,
    query: &std::collections::BTreeMap<String, String>,
) -> Result<Value, ApiError> {
    match verb {
        "clock" => Ok(clock(simulator)),
        "state" => {
            let account = query
                .get("account")
                .cloned()
                .unwrap_or_else(default_account);
            let region = query.get("region").cloned().unwrap_or_else(default_region);
            Ok(simulator.snapshot(&account, &region))
        }
        "faults" => {
            let world = simulator.world();
            let faults = world
                .faults
                .iter()
                .map(|(id, fault, hits)| json!({ "id": id, "fault": fault, "hits": hits }));
            Ok(faults.collect())
        }
        "script" => Ok(json!(simulator.world().script)),
        "unverified" => {
            let row = |row: &crate::unverified::Unverified| json!({ "id": row.id, "what": row.what, "place": row.place });
            Ok(UNVERIFIED.iter().map(row).collect())
        }
        other => Err(unknown(other)),
    }
}

fn post(simulator: &Simulator, verb: &str, body: &[u8]) -> Result<Value, ApiError> {
    match verb {
        "advance" => {
            match read(body)? {
                Advance::Seconds { seconds } => simulator.advance(seconds),
                Advance::To { to } if to == "next-event" => {
                    simulator.advance_to_next_event();
                }
                Advance::To { to } => return Err(bad(format!("'{to}' is not 'next-event'"))),
            }
            Ok(clock(simulator))
        }
        "rate" => {
            simulator.set_rate(read::<Rate>(body)?.rate);
            Ok(clock(simulator))
        }
        "throttling" => {
            simulator.set_throttling(read::<Throttling>(body)?.on);
            Ok(json!({}))
        }
        "script" => {
            let script = patched(&simulator.world().script, read(body)?)?;
            simulator.script(|current| *current = script.clone());
            Ok(json!(script))
        }
        "policy" => {
            let Allow { access_key, policy } = read(body)?;
            let policy = policy.map(Policy::new).transpose().map_err(bad)?;
            simulator.set_policy(&access_key, policy);
            Ok(json!({}))
        }
        "faults" => Ok(json!({ "id": simulator.fault(fault(read(body)?)?) })),
        "release" => {
            match read::<Release>(body)?.id {
                Some(id) => simulator.release(id),
                None => simulator.clear_faults(),
            }
            Ok(json!({}))
        }
        "api" => read::<ApiCall>(body)?.run(simulator),
        "reset" => {
            simulator.reset();
            Ok(json!({}))
        }
        other => Err(unknown(other)),
    }
}

fn clock(simulator: &Simulator) -> Value {
    let world = simulator.world();
    let now = world.clock.now();
    let next = world.next_event();
    json!({ "now": now, "iso": iso8601(now), "rate": world.clock.rate(), "next_event": next })
}

/// Unknown members of a fault are refused here, because a flattened effect would swallow them.
fn fault(value: Value) -> Result<Fault, ApiError> {
    let fault: Fault = serde_json::from_value(value.clone()).map_err(|e| bad(e.to_string()))?;
    let known = json!(fault);
    let members = value.as_object().into_iter().flatten();
    match members
        .map(|(name, _)| name)
        .find(|name| known.get(name.as_str()).is_none())
    {
        Some(name) => Err(bad(format!("a fault has no member '{name}'"))),
        None => Ok(fault),
    }
}

/// The script under a JSON merge patch: null removes.
fn patched(script: &Script, patch: Value) -> Result<Script, ApiError> {
    let mut merged = json!(script);
    merge(&mut merged, patch);
    serde_json::from_value(merged).map_err(|e| bad(e.to_string()))
}

fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) if !target.contains_key("fate") => {
            for (name, value) in patch {
                match value {
                    Value::Null => drop(target.remove(&name)),
                    value => merge(target.entry(name).or_insert(Value::Null), value),
                }
            }
        }
        (target, patch) => *target = patch,
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| bad(error.to_string()))
}

fn bad(message: String) -> ApiError {
    ApiError::client("BadRequest", message)
}

fn unknown(verb: &str) -> ApiError {
    ApiError::with_status(
        404,
        "NotFound",
        format!("no '{verb}' here; GET /_control tells what there is"),
    )
}

fn text(kind: &str, body: String) -> Response<Bytes> {
    Response::builder()
        .header("content-type", kind)
        .header("content-length", body.len())
        .body(Bytes::from(body))
        .expect("content types are header values")
}
