//! Load balancers, as a platform team creates them. They are active at once.

use serde_json::{Value, json};

use super::tags::{self, Tags};
use super::{State, arn, input, invalid, not_found, paging};
use crate::clock::Time;
use crate::{Answer, ApiError, Call};

/// A load balancer.
#[derive(Clone, Debug)]
pub struct LoadBalancer {
    pub arn: String,
    pub name: String,
    /// `application`, `network` or `gateway`.
    pub kind: String,
    pub created: Time,
    pub tags: Tags,
    scheme: String,
    ip_address_type: String,
    subnets: Vec<String>,
    security_groups: Vec<String>,
    dns_name: String,
}

impl LoadBalancer {
    fn create(call: &Call, time: &str) -> Result<Self, ApiError> {
        let request = call.input;
        let or = |name: &str, default: &'static str| match input::text(request, name) {
            "" => default.to_owned(),
            value => value.to_owned(),
        };
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let name = input::text(request, "Name");
        let kind = or("Type", "application");
        let short = match &kind[..] {
            "network" => "net",
            "gateway" => "gwy",
            _ => "app",
        };
        let mut subnets = owned(input::texts(request, "Subnets"));
        let mappings = input::list(request, "SubnetMappings").iter();
        subnets.extend(mappings.map(|mapping| input::text(mapping, "SubnetId").to_owned()));
        if subnets.is_empty() || (kind == "application" && subnets.len() < 2) {
            return Err(invalid(
                "At least two subnets in two different Availability Zones must be specified",
            ));
        }
        let arn = arn::load_balancer(call, short, name, time);
        let id = arn.rsplit('/').next().unwrap_or_default();
        Ok(Self {
            dns_name: format!("{name}-{}.{}.elb.amazonaws.com", &id[..10], call.region),
            name: name.to_owned(),
            created: call.now,
            tags: tags::parse(request)?,
            scheme: or("Scheme", "internet-facing"),
            ip_address_type: or("IpAddressType", "ipv4"),
            security_groups: owned(input::texts(request, "SecurityGroups")),
            subnets,
            kind,
            arn,
        })
    }

    pub fn show(&self) -> Value {
        let zone = |(index, subnet): (usize, &String)| json!({ "SubnetId": subnet, "ZoneName": format!("zone-{}", (b'a' + index as u8) as char) });
        json!({
            "LoadBalancerArn": self.arn,
            "LoadBalancerName": self.name,
            "DNSName": self.dns_name,
            "CanonicalHostedZoneId": "Z35SXDOTRQ7X7K",
            "CreatedTime": self.created,
            "Scheme": self.scheme,
            "VpcId": "vpc-demo",
            "State": { "Code": "active" },
            "Type": self.kind,
            "AvailabilityZones": self.subnets.iter().enumerate().map(zone).collect::<Vec<_>>(),
            "SecurityGroups": self.security_groups,
            "IpAddressType": self.ip_address_type,
        })
    }
}

impl State {
    pub(super) fn balancer_named(&self, name: &str) -> Option<&LoadBalancer> {
        self.load_balancers
            .values()
            .find(|balancer| balancer.name == name)
    }

    /// Idempotent for a name that exists with the same type and scheme [D].
    pub(super) fn create_load_balancer(&mut self, call: &Call) -> Answer {
        let name = input::text(call.input, "Name");
        valid_name(name)?;
        if let Some(existing) = self.balancer_named(name) {
            let wanted = LoadBalancer::create(call, "1")?;
            if (&wanted.kind, &wanted.scheme) != (&existing.kind, &existing.scheme) {
                let message = format!(
                    "A load balancer with the same name '{name}' exists, but with different settings"
                );
                return Err(ApiError::client("DuplicateLoadBalancerName", message));
            }
            return Ok(json!({ "LoadBalancers": [existing.show()] }));
        }
        let time = self.use_of(&format!("load balancer {name}"));
        let balancer = LoadBalancer::create(call, &time)?;
        let shown = balancer.show();
        self.load_balancers.insert(balancer.arn.clone(), balancer);
        Ok(json!({ "LoadBalancers": [shown] }))
    }

    pub(super) fn describe_load_balancers(&self, request: &Value) -> Answer {
        let (arns, names) = (
            input::texts(request, "LoadBalancerArns"),
            input::texts(request, "Names"),
        );
        if let Some(arn) = arns
            .iter()
            .find(|arn| !self.load_balancers.contains_key(**arn))
        {
            let message = format!("Load balancer '{arn}' not found");
            return Err(ApiError::client("LoadBalancerNotFound", message));
        }
        if names.iter().any(|name| self.balancer_named(name).is_none()) {
            return Err(not_found("load balancer"));
        }
        let all = arns.is_empty() && names.is_empty();
        let wanted =
            |b: &&LoadBalancer| all || arns.contains(&&b.arn[..]) || names.contains(&&b.name[..]);
        let shown = self
            .load_balancers
            .values()
            .filter(wanted)
            .map(LoadBalancer::show);
        paging::page(request, "LoadBalancers", shown.collect())
    }

    /// Takes its listeners and their rules along; succeeds for one that does not exist [M].
    pub(super) fn delete_load_balancer(&mut self, request: &Value) -> Answer {
        let arn = input::text(request, "LoadBalancerArn");
        self.load_balancers.remove(arn);
        self.listeners
            .retain(|_, listener| listener.load_balancer != arn);
        let Self {
            rules, listeners, ..
        } = self;
        rules.retain(|_, rule| listeners.contains_key(&rule.listener));
        self.trace_traffic();
        Ok(json!({}))
    }
}

/// The rules for names of load balancers and target groups alike: 32 characters at most, alphanumeric or hyphens, none at the ends [M].
pub fn valid_name(name: &str) -> Result<(), ApiError> {
    if name.len() > 32 {
        return Err(invalid(format!(
            "The name '{name}' cannot be longer than '32' characters"
        )));
    }
    let allowed = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if name.is_empty() || !allowed || name.starts_with('-') || name.ends_with('-') {
        return Err(invalid(format!(
            "The name '{name}' can only contain characters that are alphanumeric characters or hyphens(-) and cannot begin or end with a hyphen"
        )));
    }
    Ok(())
}
