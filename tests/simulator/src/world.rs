//! Everything the simulator knows, and the one place where a call takes effect. Synchronous: waiting is `simulator`'s business.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::active_faults::ActiveFaults;
use crate::clock::{Clock, Time};
use crate::contract::{Violation, check_output};
use crate::faults::Script;
use crate::iam::Policy;
use crate::journal::{self, Entry, Outcome};
use crate::protocol::Common;
use crate::service::Service;
use crate::sts::Sessions;
use crate::throttle::Buckets;
use crate::{Answer, ApiError, Call, Options, Region, ecs};

/// A request that is decoded, checked and attributed.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub service: Service,
    pub access_key: String,
    pub account: String,
    pub region: String,
    pub operation: String,
    pub input: Value,
    pub violations: Vec<Violation>,
}

/// What a call did.
pub(crate) struct Done {
    pub answer: Answer,
    pub resource: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// A created resource that reads do not show yet.
struct Hidden {
    place: (String, String),
    service: Service,
    arn: String,
    until: Time,
    past: Region,
}

/// All state.
pub(crate) struct World {
    pub clock: Clock,
    pub script: Script,
    pub throttling: bool,
    pub sessions: Sessions,
    /// Policies of access keys; one without may do everything.
    pub policies: BTreeMap<String, Arc<Policy>>,
    pub journal: Vec<Entry>,
    pub faults: ActiveFaults,
    regions: BTreeMap<(String, String), Region>,
    buckets: Buckets,
    hidden: Vec<Hidden>,
}

impl World {
    pub fn new(options: &Options) -> Self {
        Self {
            clock: Clock::new(options.rate),
            script: Script::default(),
            throttling: options.throttling,
            sessions: Sessions::new(&options.accounts),
            policies: BTreeMap::new(),
            journal: Vec::new(),
            regions: BTreeMap::new(),
            buckets: Buckets::default(),
            faults: ActiveFaults::default(),
            hidden: Vec::new(),
        }
    }

    /// Runs every engine up to now, and says when that is.
    pub fn advance(&mut self) -> Time {
        let now = self.clock.now();
        for region in self.regions.values_mut() {
            region.advance(now, &self.script);
        }
        self.hidden.retain(|hidden| hidden.until > now);
        now
    }

    /// When the next event of any engine is due.
    pub fn next_event(&self) -> Option<Time> {
        let due = self
            .regions
            .values()
            .filter_map(|region| region.ecs.next_event());
        due.min_by(f64::total_cmp)
    }

    pub fn region(&mut self, account: &str, region: &str) -> &mut Region {
        let key = (account.to_owned(), region.to_owned());
        self.regions
            .entry(key)
            .or_insert_with(|| Region::new(account, region))
    }

    /// Takes a token for the call, if buckets are on.
    pub fn admit(&mut self, request: &Request, now: Time) -> bool {
        let place = (&request.account[..], &request.region[..]);
        !self.throttling
            || self
                .buckets
                .take(place, request.service, &request.operation, now)
    }

    /// The call itself.
    pub fn execute(&mut self, request: &Request) -> Done {
        let now = self.advance();
        if let Some(error) = self.denied(request) {
            return Done::nothing(Err(error));
        }
        let Request {
            service,
            operation,
            input,
            ..
        } = request;
        // Reads change nothing, and hashing what they show would cost more than they do.
        let mutating = service.mutating(operation);
        let named =
            |region: &Region| mutating.then(|| resource(region, *service, operation, input))?;
        let before = named(self.region(&request.account, &request.region));
        let mut answer = self.answer(request, now);
        if let Err(error) = &mut answer
            && error.code == NOT_SIMULATED
        {
            error.status = 501;
        }
        if let Ok(output) = &answer
            && let [first, ..] = &check_output(service.model(), operation, output)[..]
        {
            let message = format!("{operation} answered against AWS's model: {first}");
            answer = Err(ApiError::server("SimulatorBug", message));
        }
        let after = named(self.region(&request.account, &request.region));
        let key = after
            .as_ref()
            .or(before.as_ref())
            .map(|(key, _)| key.clone());
        let hash = |found: Option<(String, Value)>| found.map(|(_, value)| journal::hash(&value));
        Done {
            answer,
            resource: key,
            before: hash(before),
            after: hash(after),
        }
    }

    /// What IAM says to a call that it does not allow.
    fn denied(&mut self, request: &Request) -> Option<ApiError> {
        let policy = self.policies.get(&request.access_key)?.clone();
        let region = self.region(&request.account, &request.region);
        let why = policy.denied(request, region)?;
        let mut error = Common::Denied.error(request.service);
        error.message = format!("User: {} {why}", request.access_key);
        Some(error)
    }

    fn answer(&mut self, request: &Request, now: Time) -> Answer {
        let Request {
            service,
            account,
            region,
            operation,
            input,
            ..
        } = request;
        let call = Call {
            account,
            region,
            operation,
            input,
            now,
        };
        if *service == Service::Sts {
            return self.sessions.call(&call, &request.access_key);
        }
        // Calls take no time here, so no two of them meet: only the script has others register. Unverified: FAMILY_BUSY.
        let family = input["family"].as_str().unwrap_or_default();
        if operation == "RegisterTaskDefinition" && self.script.take_busy(family) {
            return Err(ecs::family_is_busy());
        }
        let script = self.script.clone();
        let answer = dispatch(self.region(account, region), *service, &call, &script);
        if service.mutating(operation) || answer.is_err() || self.hidden.is_empty() {
            return answer;
        }
        let text = answer.as_ref().map(Value::to_string).unwrap_or_default();
        let shows = |hidden: &&mut Hidden| {
            let here = hidden.place.0 == *account && hidden.place.1 == *region;
            here && hidden.service == *service && text.contains(&format!("\"{}\"", hidden.arn))
        };
        // Unverified: INVISIBLE. The world without the resource, at the time before the earliest such call.
        match self.hidden.iter_mut().find(shows) {
            Some(hidden) => {
                hidden.past.advance(now, &script);
                dispatch(&mut hidden.past.clone(), *service, &call, &script)
            }
            None => answer,
        }
    }

    /// Hides what the call is about to create.
    pub fn execute_hidden(&mut self, request: &Request, seconds: f64) -> Done {
        let now = self.advance();
        let past = self.region(&request.account, &request.region).clone();
        let done = self.execute(request);
        let arn = done
            .answer
            .as_ref()
            .ok()
            .and_then(|output| created(&request.operation, output));
        if let Some(arn) = arn {
            let place = (request.account.clone(), request.region.clone());
            let until = now + seconds;
            self.hidden.push(Hidden {
                place,
                service: request.service,
                arn,
                until,
                past,
            });
        }
        done
    }

    /// Appends to the journal; the index finds the entry again.
    pub fn record(&mut self, request: &Request, done: &Done, outcome: Outcome) -> usize {
        let seq = self.journal.len() as u64 + 1;
        self.journal.push(Entry {
            seq,
            time: self.clock.now(),
            access_key: request.access_key.clone(),
            account: request.account.clone(),
            region: request.region.clone(),
            service: request.service.signing_name().to_owned(),
            operation: request.operation.clone(),
            mutating: request.service.mutating(&request.operation),
            request: request.input.clone(),
            violations: request
                .violations
                .iter()
                .map(Violation::to_string)
                .collect(),
            outcome,
            response: kept(request, done),
            request_id: journal::request_id(seq),
            resource: done.resource.clone(),
            before: done.before.clone(),
            after: done.after.clone(),
        });
        self.journal.len() - 1
    }

    /// A call is no longer waited for; if it was held, that was its end.
    pub fn give_up(&mut self, index: usize) {
        if let Some(entry) = self.journal.get_mut(index)
            && entry.outcome == Outcome::Held
        {
            entry.outcome = Outcome::GivenUp;
        }
    }

    /// Writes the end of a call that was held.
    pub fn complete(&mut self, index: usize, request: &Request, done: &Done, outcome: Outcome) {
        let Some(entry) = self.journal.get_mut(index) else {
            return;
        };
        entry.outcome = outcome;
        entry.response = kept(request, done);
        (entry.resource, entry.before, entry.after) = (
            done.resource.clone(),
            done.before.clone(),
            done.after.clone(),
        );
    }
}

/// The code of operations that AWS has and the simulator does not.
pub(crate) const NOT_SIMULATED: &str = "NotSimulated";

impl Done {
    /// A call that had no effect.
    pub fn nothing(answer: Answer) -> Self {
        Self {
            answer,
            resource: None,
            before: None,
            after: None,
        }
    }
}

/// What the journal keeps of an output: nothing of reads, which are many and large.
fn kept(request: &Request, done: &Done) -> Value {
    let output = done
        .answer
        .as_ref()
        .ok()
        .filter(|_| request.service.mutating(&request.operation));
    output.cloned().unwrap_or_default()
}

fn dispatch(region: &mut Region, service: Service, call: &Call, script: &Script) -> Answer {
    let Region {
        ecs,
        elbv2,
        autoscaling,
        sqs,
        ids,
    } = region;
    match service {
        Service::Ecs => ecs.call(call, elbv2, ids, script),
        Service::Elbv2 => elbv2.call(call),
        Service::Autoscaling => autoscaling.call(call, ecs, elbv2, ids, script),
        Service::Sqs => sqs.call(call, ids),
        Service::Sts => unreachable!("STS has no Region"),
    }
}

fn resource(
    region: &Region,
    service: Service,
    operation: &str,
    input: &Value,
) -> Option<(String, Value)> {
    match service {
        Service::Ecs => region.ecs.resource(operation, input),
        Service::Elbv2 => region.elbv2.resource(operation, input),
        Service::Autoscaling => region.autoscaling.resource(input),
        Service::Sqs | Service::Sts => None,
    }
}

/// The ARN of what an operation made.
fn created(operation: &str, output: &Value) -> Option<String> {
    let path = match operation {
        "CreateCluster" => "/cluster/clusterArn",
        "CreateService" => "/service/serviceArn",
        "RegisterTaskDefinition" => "/taskDefinition/taskDefinitionArn",
        "CreateCapacityProvider" => "/capacityProvider/capacityProviderArn",
        "RunTask" => "/tasks/0/taskArn",
        "CreateTargetGroup" => "/TargetGroups/0/TargetGroupArn",
        "CreateRule" => "/Rules/0/RuleArn",
        "CreateListener" => "/Listeners/0/ListenerArn",
        "CreateLoadBalancer" => "/LoadBalancers/0/LoadBalancerArn",
        _ => return None,
    };
    output.pointer(path)?.as_str().map(str::to_owned)
}
