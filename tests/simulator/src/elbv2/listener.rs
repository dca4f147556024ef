//! Listeners and their default rules.

use serde_json::{Value, json};

use super::rule::Rule;
use super::tags::{self, Tags};
use super::{State, action, arn, input, invalid, not_found, paging};
use crate::{Answer, ApiError, Call};

/// A listener. Its default actions are also those of its default rule.
#[derive(Clone, Debug)]
pub struct Listener {
    pub arn: String,
    pub load_balancer: String,
    pub port: i64,
    pub protocol: String,
    pub actions: Vec<Value>,
    pub tags: Tags,
    certificates: Value,
    ssl_policy: Value,
}

impl Listener {
    pub fn show(&self) -> Value {
        let mut body = json!({
            "ListenerArn": self.arn,
            "LoadBalancerArn": self.load_balancer,
            "Port": self.port,
            "Protocol": self.protocol,
            "DefaultActions": self.actions,
        });
        if !self.certificates.is_null() {
            body["Certificates"] = self.certificates.clone();
        }
        if !self.ssl_policy.is_null() {
            body["SslPolicy"] = self.ssl_policy.clone();
        }
        body
    }

    /// Members other than the default actions, as Create and Modify set them.
    fn set(&mut self, request: &Value) -> Result<(), ApiError> {
        if let Some(port) = request["Port"].as_i64() {
            self.port = port;
        }
        if let Some(protocol) = request["Protocol"].as_str() {
            self.protocol = protocol.to_owned();
        }
        if input::has(request, "Certificates") {
            self.certificates = request["Certificates"].clone();
        }
        if input::has(request, "SslPolicy") {
            self.ssl_policy = request["SslPolicy"].clone();
        }
        let secure = matches!(&self.protocol[..], "HTTPS" | "TLS");
        if secure && self.certificates.as_array().is_none_or(Vec::is_empty) {
            let message = format!(
                "A certificate must be specified for {} listeners",
                self.protocol
            );
            return Err(ApiError::client("CertificateNotFound", message));
        }
        if secure && self.ssl_policy.is_null() {
            self.ssl_policy = json!("ELBSecurityPolicy-2016-08");
        }
        Ok(())
    }
}

impl State {
    pub(super) fn listener_at(&self, balancer: &str, port: i64) -> Option<&Listener> {
        self.listeners
            .values()
            .find(|l| l.load_balancer == balancer && l.port == port)
    }

    pub(super) fn create_listener(&mut self, call: &Call) -> Answer {
        let balancer = input::text(call.input, "LoadBalancerArn");
        let kind = &self
            .load_balancers
            .get(balancer)
            .ok_or_else(|| not_found("load balancer"))?
            .kind;
        let protocol = input::text(call.input, "Protocol");
        let application = matches!(protocol, "HTTP" | "HTTPS");
        if application != (kind == "application") {
            return Err(invalid(format!(
                "Protocol '{protocol}' is not supported by load balancers of type '{kind}'"
            )));
        }
        let port = call.input["Port"].as_i64().unwrap_or(80);
        if self.listener_at(balancer, port).is_some() {
            let message = "A listener already exists on this port for this load balancer";
            return Err(ApiError::client("DuplicateListener", message));
        }
        let time = self.use_of(&format!("listener {balancer} {port}"));
        let mut listener = Listener {
            arn: arn::listener(call, balancer, port, &time),
            load_balancer: balancer.to_owned(),
            port,
            protocol: protocol.to_owned(),
            actions: Vec::new(),
            tags: tags::parse(call.input)?,
            certificates: Value::Null,
            ssl_policy: Value::Null,
        };
        listener.set(call.input)?;
        listener.actions =
            self.checked_actions(&listener, input::list(call.input, "DefaultActions"))?;
        let default = Rule::default_of(arn::rule(call, &listener.arn, "default"), &listener.arn);
        self.rules.insert(default.arn.clone(), default);
        let shown = listener.show();
        self.listeners.insert(listener.arn.clone(), listener);
        self.trace_traffic();
        Ok(json!({ "Listeners": [shown] }))
    }

    pub(super) fn describe_listeners(&self, request: &Value) -> Answer {
        let arns = input::texts(request, "ListenerArns");
        let balancer = input::text(request, "LoadBalancerArn");
        if arns.is_empty() && balancer.is_empty() {
            return Err(invalid(
                "You must specify either listener ARNs or a load balancer ARN",
            ));
        }
        if arns.iter().any(|arn| !self.listeners.contains_key(*arn)) {
            return Err(not_found("listener"));
        }
        if arns.is_empty() && !self.load_balancers.contains_key(balancer) {
            return Err(not_found("load balancer"));
        }
        let wanted = |l: &&Listener| match arns.is_empty() {
            true => l.load_balancer == balancer,
            false => arns.contains(&&l.arn[..]),
        };
        let shown = self
            .listeners
            .values()
            .filter(wanted)
            .map(Listener::show)
            .collect();
        paging::page(request, "Listeners", shown)
    }

    pub(super) fn modify_listener(&mut self, request: &Value) -> Answer {
        let arn = input::text(request, "ListenerArn");
        let mut listener = self
            .listeners
            .get(arn)
            .ok_or_else(|| not_found("listener"))?
            .clone();
        let taken = request["Port"]
            .as_i64()
            .and_then(|port| self.listener_at(&listener.load_balancer, port));
        if taken.is_some_and(|other| other.arn != arn) {
            let message = "A listener already exists on this port for this load balancer";
            return Err(ApiError::client("DuplicateListener", message));
        }
        listener.set(request)?;
        if input::has(request, "DefaultActions") {
            listener.actions =
                self.checked_actions(&listener, input::list(request, "DefaultActions"))?;
        }
        let shown = listener.show();
        self.listeners.insert(arn.to_owned(), listener);
        self.trace_traffic();
        Ok(json!({ "Listeners": [shown] }))
    }

    /// Takes its rules along [D].
    pub(super) fn delete_listener(&mut self, request: &Value) -> Answer {
        let arn = input::text(request, "ListenerArn");
        self.listeners
            .remove(arn)
            .ok_or_else(|| not_found("listener"))?;
        self.rules.retain(|_, rule| rule.listener != arn);
        self.trace_traffic();
        Ok(json!({}))
    }

    /// Actions as they will be read, once the listener's load balancer may send traffic where they point.
    pub(super) fn checked_actions(
        &self,
        listener: &Listener,
        actions: &[Value],
    ) -> Result<Vec<Value>, ApiError> {
        let actions = action::normalise(actions, &listener.protocol)?;
        let groups = action::target_groups(&actions);
        for arn in &groups {
            let group = self
                .target_groups
                .get(*arn)
                .ok_or_else(|| not_found("target group"))?;
            if !group.speaks(&listener.protocol) {
                let message =
                    "The protocol of the target group is incompatible with the listener's";
                return Err(ApiError::client("IncompatibleProtocols", message));
            }
            // Unverified: TG_IN_USE_ANOTHER_LB.
            let elsewhere = self
                .traffic
                .get(*arn)
                .is_some_and(|lbs| !lbs.contains(&listener.load_balancer));
            if elsewhere {
                let message = format!(
                    "The following target groups cannot be associated with more than one load balancer: {arn}"
                );
                return Err(ApiError::client("TargetGroupAssociationLimit", message));
            }
        }
        self.room_for(&listener.load_balancer, &groups)?;
        Ok(actions)
    }

    /// 100 target groups a load balancer, not adjustable [D].
    fn room_for(&self, balancer: &str, groups: &[&str]) -> Result<(), ApiError> {
        let used = self
            .traffic
            .iter()
            .filter(|(_, balancers)| balancers.contains(balancer));
        let fresh = groups
            .iter()
            .filter(|group| !self.traffic.contains_key(**group))
            .count();
        if used.count() + fresh > 100 {
            let code = "TooManyUniqueTargetGroupsPerLoadBalancer";
            return Err(ApiError::client(
                code,
                "You have reached the maximum number of unique target groups per load balancer",
            ));
        }
        Ok(())
    }
}
