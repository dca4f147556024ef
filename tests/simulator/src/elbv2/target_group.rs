//! Target groups.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::health_check::{Context, HealthCheck};
use super::tags::Tags;
use super::target::Target;
use super::{attributes, input, invalid};
use crate::ApiError;
use crate::clock::Time;

/// A target group.
#[derive(Clone, Debug, Default)]
pub struct TargetGroup {
    /// ARN.
    pub arn: String,
    /// Name, unique in the account and Region.
    pub name: String,
    /// Protocol; none for `lambda`.
    pub protocol: Option<String>,
    /// `HTTP1`, `HTTP2` or `GRPC`, for HTTP and HTTPS.
    pub protocol_version: Option<String>,
    /// Port; none for `lambda`.
    pub port: Option<i64>,
    /// Port on which targets talk with the load balancer of their load.
    pub target_control_port: Option<i64>,
    /// VPC; none for `lambda`.
    pub vpc_id: Option<String>,
    /// `instance`, `ip`, `lambda` or `alb`.
    pub target_type: String,
    /// `ipv4` or `ipv6`.
    pub ip_address_type: String,
    /// Health check.
    pub health_check: HealthCheck,
    /// Attributes, defaults filled in.
    pub attributes: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    targets: BTreeMap<(String, i64), Target>,
}

impl TargetGroup {
    /// A group as a request describes it, checked.
    pub(super) fn parse(request: &Value, arn: String, tags: Tags) -> Result<Self, ApiError> {
        let text = |name: &str| request[name].as_str().map(str::to_owned);
        let target_type = text("TargetType").unwrap_or_else(|| "instance".to_owned());
        let mut group = Self {
            arn,
            name: input::text(request, "Name").to_owned(),
            protocol: text("Protocol"),
            protocol_version: text("ProtocolVersion"),
            port: request["Port"].as_i64(),
            target_control_port: request["TargetControlPort"].as_i64(),
            vpc_id: text("VpcId"),
            ip_address_type: text("IpAddressType").unwrap_or_else(|| "ipv4".to_owned()),
            tags,
            target_type,
            ..Self::default()
        };
        group.check_shape()?;
        if group.is_application() {
            group.protocol_version.get_or_insert("HTTP1".to_owned());
        }
        let context = group.context();
        group.health_check = HealthCheck::default_for(context).with(request, context)?;
        group.attributes = attributes::defaults(&group);
        Ok(group)
    }

    fn check_shape(&self) -> Result<(), ApiError> {
        let lambda = self.target_type == "lambda";
        let network = self.protocol.is_some() || self.port.is_some() || self.vpc_id.is_some();
        if lambda && network {
            return Err(invalid(
                "Protocol, port and VPC cannot be specified for target groups with target type 'lambda'",
            ));
        }
        let needed = [
            ("A protocol", self.protocol.is_some()),
            ("A port", self.port.is_some()),
            ("A VPC ID", self.vpc_id.is_some()),
        ];
        if let Some((what, _)) = needed.iter().find(|(_, there)| !lambda && !there) {
            return Err(invalid(format!("{what} must be specified")));
        }
        if self.target_type == "alb" && self.protocol.as_deref() != Some("TCP") {
            return Err(invalid(
                "Target groups with target type 'alb' must have protocol TCP",
            ));
        }
        match self.protocol_version.as_deref() {
            None => Ok(()),
            Some("HTTP1" | "HTTP2" | "GRPC") if self.is_application() => Ok(()),
            Some(version) => Err(invalid(format!(
                "Protocol version '{version}' is not supported for this target group"
            ))),
        }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            protocol: self.protocol.as_deref(),
            version: self.protocol_version.as_deref(),
            target_type: &self.target_type,
        }
    }

    /// Whether it is for application load balancers.
    pub fn is_application(&self) -> bool {
        matches!(self.protocol.as_deref(), Some("HTTP" | "HTTPS"))
    }

    /// Whether a listener of this protocol can forward to it.
    pub(super) fn speaks(&self, listener: &str) -> bool {
        match listener {
            "HTTP" | "HTTPS" => self.is_application() || self.target_type == "lambda",
            "TLS" => matches!(self.protocol.as_deref(), Some("TCP" | "TLS")),
            other => {
                self.protocol.as_deref() == Some(other)
                    || self.protocol.as_deref() == Some("TCP_UDP")
            }
        }
    }

    /// Whether a CreateTargetGroup for `other` finds this group as it wants it: idempotent [M]. Tags don't count (unverified: `TG_IDEMPOTENT`).
    pub(super) fn same_settings(&self, other: &Self) -> bool {
        let key = |group: &Self| {
            let Self {
                protocol,
                protocol_version,
                port,
                vpc_id,
                ..
            } = group.clone();
            let Self {
                target_control_port,
                target_type,
                ip_address_type,
                health_check,
                ..
            } = group.clone();
            (
                protocol,
                protocol_version,
                port,
                vpc_id,
                target_control_port,
                target_type,
                ip_address_type,
                health_check,
            )
        };
        key(self) == key(other)
    }

    /// Seconds of `deregistration_delay.timeout_seconds`.
    pub fn deregistration_delay(&self) -> f64 {
        let value = self.attributes.get("deregistration_delay.timeout_seconds");
        value.and_then(|value| value.parse().ok()).unwrap_or(300.0)
    }

    pub(super) fn register(&mut self, id: &str, port: i64, target: Target) {
        self.targets.insert((id.to_owned(), port), target);
    }

    pub(super) fn deregister(&mut self, id: &str, port: i64, gone_at: Time) {
        self.targets
            .entry((id.to_owned(), port))
            .and_modify(|target| target.drain(gone_at));
    }

    pub(super) fn target(&self, id: &str, port: i64, now: Time) -> Option<&Target> {
        self.targets
            .get(&(id.to_owned(), port))
            .filter(|target| !target.is_gone(now))
    }

    pub(super) fn targets(&self, now: Time) -> impl Iterator<Item = (&str, i64, &Target)> {
        let there = self
            .targets
            .iter()
            .filter(move |(_, target)| !target.is_gone(now));
        there.map(|((id, port), target)| (&id[..], *port, target))
    }

    pub(super) fn forget_drained(&mut self, now: Time) {
        self.targets.retain(|_, target| !target.is_gone(now));
    }

    pub(super) fn heal(&mut self, at: Option<Time>) {
        self.targets.values_mut().for_each(|target| target.heal(at));
    }

    pub(super) fn target_names(&self) -> Value {
        self.targets
            .keys()
            .map(|(id, port)| json!(format!("{id}:{port}")))
            .collect()
    }

    /// The group as DescribeTargetGroups shows it.
    pub(super) fn show(&self, load_balancers: &[&str]) -> Value {
        let mut body = json!({
            "TargetGroupArn": self.arn,
            "TargetGroupName": self.name,
            "TargetType": self.target_type,
            "IpAddressType": self.ip_address_type,
            "LoadBalancerArns": load_balancers,
        });
        let optional = [
            ("Protocol", json!(self.protocol)),
            ("ProtocolVersion", json!(self.protocol_version)),
            ("Port", json!(self.port)),
            ("TargetControlPort", json!(self.target_control_port)),
            ("VpcId", json!(self.vpc_id)),
        ];
        for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_null()) {
            body[name] = value;
        }
        self.health_check.show(&mut body);
        body
    }
}
