//! From an HTTP request to a checked, attributed call, or to the refusal that AWS would send before anything happens.

use bytes::Bytes;
use http::Request as HttpRequest;
use serde_json::Value;

use crate::ApiError;
use crate::auth::{self, Refusal, Scope};
use crate::contract::{check_input, refuse};
use crate::protocol::{self, Common, json, query};
use crate::service::{Protocol, Service};
use crate::world::{NOT_SIMULATED, Request, World};

/// A request that is refused, as far as it was understood.
#[derive(Debug)]
pub(crate) struct Refused {
    pub request: Request,
    pub error: ApiError,
}

/// Signature, access key, operation and model, in this order.
pub(crate) fn receive(world: &World, http: &HttpRequest<Bytes>) -> Result<Request, Box<Refused>> {
    let scope = match auth::scope(http.headers()) {
        Ok(scope) => scope,
        Err(refusal) => unsigned(http, refusal)?,
    };
    let Some(service) = Service::from_signing_name(&scope.service) else {
        let text = format!("the service '{}' is not simulated", scope.service);
        let error = ApiError::with_status(501, NOT_SIMULATED, text);
        return Err(refused(guess(http), &scope, error));
    };
    let fail = |common: Common| refused(service, &scope, common.error(service));
    let signed = !scope.access_key.is_empty();
    let account = world.sessions.account(&scope.access_key);
    if signed && account.is_none() {
        return Err(fail(Common::UnknownKey));
    }
    if world.script.expired_keys.contains(&scope.access_key) {
        return Err(fail(Common::Expired));
    }
    let decoded = match service.protocol() {
        Protocol::Json => json::decode(service, http.headers(), http.body()),
        Protocol::Query => query::decode(service, http.body()),
    };
    let protocol::Request {
        operation,
        input,
        mut violations,
    } = decoded.ok_or_else(|| fail(Common::UnknownOperation))?;
    let known = service.model().operations.contains_key(&operation);
    if known && violations.is_empty() {
        violations = check_input(service.model(), &operation, &input);
    }
    let account = account.unwrap_or_default().to_owned();
    let Scope {
        access_key, region, ..
    } = scope;
    let request = Request {
        service,
        access_key,
        account,
        region,
        operation,
        input,
        violations,
    };
    if !known {
        let error = Common::UnknownOperation.error(service);
        return Err(Box::new(Refused { request, error }));
    }
    if !request.violations.is_empty() {
        let error = refuse(service, &request.violations);
        return Err(Box::new(Refused { request, error }));
    }
    Ok(request)
}

/// The only calls without a signature are those that the model lets be, such as AssumeRoleWithWebIdentity.
fn unsigned(http: &HttpRequest<Bytes>, refusal: Refusal) -> Result<Scope, Box<Refused>> {
    let action = query::form(http.body())
        .remove("Action")
        .unwrap_or_default();
    let model = Service::Sts.model();
    let nobody = Scope {
        access_key: String::new(),
        region: "us-east-1".to_owned(),
        service: Service::Sts.signing_name().to_owned(),
    };
    if refusal == Refusal::Missing && model.operations.get(&action).is_some_and(|op| op.unsigned) {
        return Ok(nobody);
    }
    let common = match refusal {
        Refusal::Missing => Common::Unsigned,
        Refusal::Malformed => Common::Malformed,
    };
    let service = guess(http);
    Err(refused(service, &nobody, common.error(service)))
}

/// The service of a request whose signature does not say it, for the error's format.
fn guess(http: &HttpRequest<Bytes>) -> Service {
    match http.headers().contains_key("x-amz-target") {
        true => Service::Ecs,
        false => Service::Elbv2,
    }
}

fn refused(service: Service, scope: &Scope, error: ApiError) -> Box<Refused> {
    let request = Request {
        service,
        access_key: scope.access_key.clone(),
        account: String::new(),
        region: scope.region.clone(),
        operation: "?".to_owned(),
        input: Value::Null,
        violations: Vec::new(),
    };
    Box::new(Refused { request, error })
}
