//! Load balancer entries of a service → desired target groups and listener rules.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Identity, Invalid, first, members, rule};
use crate::{
    api::{EcsServiceSpec, load_balancer::TargetGroup, rules},
    model::{Installation, Members, Tags, name, target_group},
};

/// A load balancer entry: container, port and where the traffic comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredLoadBalancer {
    /// The entry's members, without its target group.
    pub members: Members,
    /// Where the traffic comes from; none: a Classic Load Balancer, which the members name.
    pub target_group: Option<TargetGroupRef>,
}

/// A target group that exists, or one of ours by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TargetGroupRef {
    /// By ARN; not ours.
    Existing(String),
    /// By name; ours.
    Managed(String),
}

/// A managed target group.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredTargetGroup {
    /// Name in AWS.
    pub name: String,
    /// Declared settings.
    pub members: Members,
    /// Declared attributes.
    pub attributes: Tags,
    /// Its rules.
    pub rules: Vec<DesiredRule>,
    /// ARN of the group that takes turns with it: ECS moves weights between the two.
    pub alternate: Option<String>,
}

/// A managed listener rule.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredRule {
    /// ARN of the listener.
    pub listener_arn: String,
    /// Declared priority.
    pub priority: Option<i32>,
    /// Conditions in canonical form.
    pub conditions: Vec<Value>,
    /// Actions in order; a `forward` without a target group leads to the rule's own.
    pub actions: Vec<Value>,
    /// Transforms as declared.
    pub transforms: Vec<Value>,
    /// Check value of the client secrets in the actions; none: there are none.
    pub client_secret: Option<String>,
}

/// The load balancer entries of a service.
pub(super) fn load_balancers(
    id: Identity<'_>,
    spec: &EcsServiceSpec,
    installation: &Installation,
) -> Option<Vec<DesiredLoadBalancer>> {
    let names = target_group_names(id, spec, installation);
    let entries = spec.load_balancers.as_ref()?.iter().zip(names);
    let desired = entries.map(|(entry, name)| {
        let mut members = members(entry);
        members.remove("targetGroup");
        members.remove("targetGroupArn");
        let existing = entry.target_group_arn.clone();
        DesiredLoadBalancer {
            members,
            target_group: existing
                .map(TargetGroupRef::Existing)
                .or(name.map(TargetGroupRef::Managed)),
        }
    });
    Some(desired.collect())
}

/// The names in AWS of the entries' managed target groups, in their order; none for other entries.
///
/// What is immutable is part of a name that is made here: another protocol means another group, and both are there while
/// the service moves.
pub(super) fn target_group_names(
    id: Identity<'_>,
    spec: &EcsServiceSpec,
    installation: &Installation,
) -> Vec<Option<String>> {
    let mut made = BTreeSet::new();
    let entries = spec.load_balancers.iter().flatten();
    entries
        .map(|entry| {
            let group = entry.target_group.as_ref()?;
            if let Some(name) = &group.name {
                return Some(name.clone());
            }
            let settings = target_group::identity(&members(group));
            // Two entries may have the same container and port: the second has a group of its own.
            let name = (0..).map(|nth| {
                let place = format!("{}:{}:{nth}", entry.container_name, entry.container_port);
                let parts = [installation.cluster_id.as_str(), id.namespace, id.name];
                name::target_group(parts, &place, &settings)
            });
            name.into_iter().find(|name| made.insert(name.clone()))
        })
        .collect()
}

/// The managed target groups of a service.
pub(super) fn target_groups(
    id: Identity<'_>,
    spec: &EcsServiceSpec,
    installation: &Installation,
) -> Result<Vec<DesiredTargetGroup>, Invalid> {
    let mut seen = BTreeSet::new();
    let mut target_groups = Vec::new();
    let names = target_group_names(id, spec, installation);
    let entries = spec.load_balancers.iter().flatten().zip(names);
    for (index, (entry, name)) in entries.enumerate() {
        let (Some(group), Some(name)) = (&entry.target_group, name) else {
            continue;
        };
        let path = format!("spec.loadBalancers[{index}].targetGroup");
        if !seen.insert(name.clone()) {
            return Err(Invalid::new(
                format!("{path}.name"),
                format!(
                    "another entry has the target group \"{name}\" already. Choose another name, or leave it out."
                ),
            ));
        }
        check(group, &path)?;
        let mut members = members(group);
        for ours in ["name", "attributes", "rules"] {
            members.remove(ours);
        }
        let rules = group.rules.iter().flatten().enumerate();
        target_groups.push(DesiredTargetGroup {
            name,
            members,
            attributes: group.attributes.clone().unwrap_or_default(),
            rules: rules
                .map(|(i, declared)| rule::desired(declared, id, &format!("{path}.rules[{i}]")))
                .collect::<Result<_, _>>()?,
            alternate: entry
                .advanced_configuration
                .as_ref()
                .and_then(|advanced| advanced.alternate_target_group_arn.clone()),
        });
    }
    Ok(target_groups)
}

/// What AWS's prose states of a target group (CreateTargetGroup), in admission's words.
fn check(group: &TargetGroup, path: &str) -> Result<(), Invalid> {
    let mut attributes = group.attributes.iter().flatten();
    if let Some((key, _)) = attributes.find(|(_, value)| value.is_empty()) {
        return Err(Invalid::new(
            format!("{path}.attributes"),
            rules::said(rules::ATTRIBUTES_HAVE_VALUES, key),
        ));
    }
    let group = &json!(group);
    let text = |member: &str| group[member].as_str();
    let number = |member: &str| group[member].as_i64();
    let is_application = matches!(text("protocol"), Some("HTTP" | "HTTPS"));
    let check_protocol = text("healthCheckProtocol");
    let is_port =
        |port: &str| port == "traffic-port" || port.parse().is_ok_and(|port: u16| port > 0);
    let is_late = number("healthCheckTimeoutSeconds")
        .zip(number("healthCheckIntervalSeconds"))
        .is_some_and(|(timeout, interval)| timeout >= interval);
    let matcher = &group["matcher"];
    let rows = [
        (group["protocol"].is_null(), "protocol", rules::REQUIRED),
        (group["port"].is_null(), "port", rules::REQUIRED),
        (group["vpcId"].is_null(), "vpcId", rules::REQUIRED),
        (
            text("protocolVersion").is_some() && !is_application,
            "protocolVersion",
            rules::VERSION_OF_HTTP,
        ),
        (
            check_protocol.is_some_and(|it| !["HTTP", "HTTPS", "TCP"].contains(&it)),
            "healthCheckProtocol",
            rules::CHECK_PROTOCOL,
        ),
        (
            check_protocol == Some("TCP") && is_application,
            "healthCheckProtocol",
            rules::CHECK_HTTP_BY_HTTP,
        ),
        (
            group["healthCheckEnabled"] == false,
            "healthCheckEnabled",
            rules::CHECKS_ARE_ON,
        ),
        (
            is_late,
            "healthCheckTimeoutSeconds",
            rules::GROUP_CHECK_IN_TIME,
        ),
        (
            text("healthCheckPath").is_some_and(|path| !path.starts_with('/')),
            "healthCheckPath",
            rules::CHECK_PATH,
        ),
        (
            text("healthCheckPort").is_some_and(|port| !is_port(port)),
            "healthCheckPort",
            rules::CHECK_PORT,
        ),
        (
            matcher["httpCode"].is_string() && matcher["grpcCode"].is_string(),
            "matcher",
            rules::ONE_MATCHER,
        ),
    ];
    first(path, group, &rows)
}
