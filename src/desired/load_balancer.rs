//! Load balancer entries of a service → desired target groups and listener rules.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Identity, Invalid, members, rule};
use crate::{
    api::{EcsServiceSpec, load_balancer::TargetGroup},
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
                .map(|(i, declared)| rule::desired(declared, &format!("{path}.rules[{i}]")))
                .collect::<Result<_, _>>()?,
            alternate: entry
                .advanced_configuration
                .as_ref()
                .and_then(|advanced| advanced.alternate_target_group_arn.clone()),
        });
    }
    Ok(target_groups)
}

/// What AWS's prose states of a target group (CreateTargetGroup) and admission checks too.
fn check(group: &TargetGroup, path: &str) -> Result<(), Invalid> {
    for (member, missing) in [
        ("protocol", group.protocol.is_none()),
        ("port", group.port.is_none()),
        ("vpcId", group.vpc_id.is_none()),
    ] {
        if missing {
            return Err(Invalid::new(
                format!("{path}.{member}"),
                "is required by AWS for target types ip and instance. Set it.",
            ));
        }
    }
    let group = json!(group);
    let is_application = ["HTTP", "HTTPS"]
        .map(Value::from)
        .contains(&group["protocol"]);
    let refused = [
        (
            "protocolVersion",
            !group["protocolVersion"].is_null() && !is_application,
            "is for protocols HTTP and HTTPS. Remove it.",
        ),
        (
            "healthCheckProtocol",
            group["healthCheckProtocol"]
                .as_str()
                .is_some_and(|protocol| !["HTTP", "HTTPS", "TCP"].contains(&protocol)),
            "is HTTP, HTTPS or TCP. Set one of them.",
        ),
        (
            "healthCheckProtocol",
            group["healthCheckProtocol"] == "TCP" && is_application,
            "TCP does not go with protocols HTTP and HTTPS. Use HTTP or HTTPS.",
        ),
        (
            "healthCheckEnabled",
            group["healthCheckEnabled"] == false,
            "false is only possible for Lambda targets. Remove it.",
        ),
        (
            "healthCheckTimeoutSeconds",
            group["healthCheckTimeoutSeconds"]
                .as_i64()
                .zip(group["healthCheckIntervalSeconds"].as_i64())
                .is_some_and(|(timeout, interval)| timeout >= interval),
            "is not below healthCheckIntervalSeconds. Lower it.",
        ),
        (
            "healthCheckPath",
            group["healthCheckPath"]
                .as_str()
                .is_some_and(|path| !path.starts_with('/')),
            "begins with a slash. Put it there.",
        ),
        (
            "healthCheckPort",
            group["healthCheckPort"].as_str().is_some_and(|port| {
                port != "traffic-port" && !port.parse().is_ok_and(|port: u16| port > 0)
            }),
            "is traffic-port or a number from 1 to 65535, as a string. Set one of them.",
        ),
        (
            "matcher",
            group["matcher"]["httpCode"].is_string() && group["matcher"]["grpcCode"].is_string(),
            "takes httpCode or grpcCode, not both. Remove one.",
        ),
    ];
    match refused.into_iter().find(|(_, is_wrong, _)| *is_wrong) {
        Some((member, _, message)) => Err(Invalid::new(format!("{path}.{member}"), message)),
        None => attributes(&group["attributes"], path),
    }
}

fn attributes(declared: &Value, path: &str) -> Result<(), Invalid> {
    let empty = declared
        .as_object()
        .into_iter()
        .flatten()
        .find(|(_, value)| value.as_str().is_none_or(str::is_empty));
    match empty {
        Some((key, _)) => Err(Invalid::new(
            format!("{path}.attributes[{key:?}]"),
            "is empty, which AWS refuses. Remove it to go back to AWS's default.",
        )),
        None => Ok(()),
    }
}
