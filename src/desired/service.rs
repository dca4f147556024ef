//! EcsService and what it refers to → the desired service, target groups and listener rules.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Identity, Invalid, declared_tags, known,
    load_balancer::{
        DesiredLoadBalancer, DesiredTargetGroup, TargetGroupRef, load_balancers,
        target_group_names, target_groups,
    },
    members, remove_lifecycle, schema, service_rules, tags,
};
use crate::{
    api::{EcsServiceSpec, rule_action::RuleAction, service::SchedulingStrategy},
    model::{
        Installation, Members, Tags, arn,
        declared::{self, Paths},
        hash,
        ownership::Owner,
        service::{ON_REVISION, STARTS_DEPLOYMENT},
    },
};

/// Tasks of a new service that declares no count.
const FIRST_DESIRED_COUNT: i32 = 1;

/// What the references of a service lead to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct References {
    /// Cluster: name or ARN.
    pub cluster: String,
    /// Task definition: ARN or `family:revision`.
    pub task_definition: String,
}

/// Which service it is, with everything that may belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Cluster: name or ARN.
    pub cluster: String,
    /// Name in AWS.
    pub name: String,
    /// Whose it must be.
    pub owner: Owner,
    /// Names of managed target groups: declared ones and those that the status knows.
    pub target_groups: BTreeSet<String>,
    /// ARNs of listeners that rules are on: declared ones and those that the status knows.
    pub listeners: BTreeSet<String>,
    /// ARNs of target groups and rules that the status knows.
    pub known_parts: BTreeSet<String>,
    /// ARNs of target groups of others that declared rules lead to: a rule that was made for one may be ours before the status knows it.
    pub foreign_target_groups: BTreeSet<String>,
    /// ARN of the service that the status knows.
    pub known_arn: Option<String>,
    /// ID of the deployment that the status knows.
    pub known_deployment: Option<String>,
}

/// A service as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredService {
    /// Which service.
    pub target: Target,
    /// The declared members of CreateService that AWS takes as they are; without cluster, name, tags and load balancers.
    pub members: Members,
    /// `desiredCount` of a new service.
    pub first_desired_count: Option<i32>,
    /// Load balancer entries.
    pub load_balancers: Option<Vec<DesiredLoadBalancer>>,
    /// Managed target groups with their rules.
    pub target_groups: Vec<DesiredTargetGroup>,
    /// The user's tags and the ownership tags; for the service, its target groups and its rules.
    pub tags: Tags,
    /// Hash of the declared members that start deployments.
    pub rollout_hash: String,
    /// The restart that is asked for: the value of the annotation `ecs-operator.dev/restarted-at`.
    pub restarted_at: Option<String>,
    /// The answer to a paused deployment: the value of the annotation `ecs-operator.dev/deployment-action`.
    pub deployment_action: Option<String>,
    /// What is declared, by path: of the service, `/tags/KEY`, `/targetGroups/NAME/…` and `/targetGroups/NAME/attributes/KEY`.
    pub declared: Paths,
    /// What was declared before, by path: whatever of it may be in AWS.
    pub before: Paths,
    /// What was declared before and is not any more.
    pub removed: Paths,
}

impl DesiredService {
    /// Names of the managed target groups whose attributes are, or were, declared.
    pub fn groups_with_attributes(&self) -> BTreeSet<String> {
        let groups = self.target_groups.iter().map(|group| &group.name);
        let has_attributes = |name: &&String| {
            let prefix = declared::below("/targetGroups", name) + "/attributes";
            [&self.declared, &self.removed]
                .iter()
                .any(|paths| declared::under(paths, &prefix).next().is_some())
        };
        groups.filter(has_attributes).cloned().collect()
    }

    /// Whether members are, or were, declared that only a service revision shows.
    pub fn is_on_revision(&self) -> bool {
        self.on_revision().next().is_some()
    }

    /// Members that are, or were, declared and that only a service revision shows.
    pub fn on_revision(&self) -> impl Iterator<Item = &'static str> {
        ON_REVISION.into_iter().filter(|member| {
            let path = declared::below("", member);
            [&self.declared, &self.removed].iter().any(|paths| {
                paths.contains(&path) || declared::under(paths, &path).next().is_some()
            })
        })
    }
}

/// What an earlier look left in the status.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// ARN of the service.
    pub arn: Option<String>,
    /// ID of the latest deployment.
    pub deployment: Option<String>,
    /// Names of target groups.
    pub target_groups: BTreeSet<String>,
    /// Listeners that have rules of ours, or may have some.
    pub listeners: BTreeSet<String>,
    /// ARNs of target groups and rules.
    pub parts: BTreeSet<String>,
    /// What was declared and may be in AWS, by path.
    pub declared: Paths,
}

/// The member that names it.
const NAME: &str = "spec.serviceName";

/// Which service an object means: that which the status knows, if it knows one. `cluster` is where the reference leads, or what
/// the status knows.
pub fn target(
    id: Identity<'_>,
    spec: &EcsServiceSpec,
    cluster: &str,
    known: &Known,
    installation: &Installation,
) -> Result<Target, Invalid> {
    let managed = spec
        .load_balancers
        .iter()
        .flatten()
        .filter_map(|lb| lb.target_group.as_ref());
    let rules: Vec<_> = managed.flat_map(|tg| tg.rules.iter().flatten()).collect();
    let declared_listeners = rules.iter().map(|rule| rule.listener_arn.clone());
    let led_to = rules
        .iter()
        .flat_map(|rule| rule.actions.iter().flatten())
        .flat_map(RuleAction::target_group_arns);
    Ok(Target {
        cluster: cluster.to_owned(),
        name: known::name(known.arn.as_deref(), id, spec.service_name.as_deref(), NAME)?,
        owner: id.owner(installation),
        target_groups: target_group_names(id, spec, installation)
            .into_iter()
            .flatten()
            .chain(known.target_groups.iter().cloned())
            .collect(),
        listeners: declared_listeners
            .chain(known.listeners.iter().cloned())
            .collect(),
        known_parts: known.parts.clone(),
        foreign_target_groups: led_to.map(str::to_owned).collect(),
        known_arn: known.arn.clone(),
        known_deployment: known.deployment.clone(),
    })
}

/// The desired service of an object.
pub fn desired(
    id: Identity<'_>,
    spec: &EcsServiceSpec,
    references: &References,
    known: &Known,
    installation: &Installation,
) -> Result<DesiredService, Invalid> {
    let mut members = members(spec);
    schema::SERVICE.check(&members)?;
    service_rules::check(spec)?;
    if let Some(arn) = &known.arn {
        known::keeps_name(arn, id, spec.service_name.as_deref(), NAME)?;
        let cluster = match spec.cluster {
            Some(_) => "spec.cluster",
            None => "spec.clusterRef",
        };
        let declared = arn::last_segment(&references.cluster);
        known::stays(cluster, declared, arn::cluster_of_service(arn), arn)?;
        known::stays_in_region(&spec.lifecycle, arn, installation)?;
    }
    let target = target(id, spec, &references.cluster, known, installation)?;
    let tags = tags(&spec.lifecycle, &target.owner)?;
    remove_lifecycle(&mut members);
    for ours in [
        "clusterRef",
        "cluster",
        "serviceName",
        "taskDefinitionRef",
        "taskDefinition",
        "loadBalancers",
    ] {
        members.remove(ours);
    }
    members.insert(
        "taskDefinition".into(),
        Value::from(references.task_definition.as_str()),
    );
    let load_balancers = load_balancers(id, spec, installation);
    let target_groups = target_groups(id, spec, installation)?;
    let rollout_hash = rollout_hash(&members, load_balancers.as_deref().unwrap_or_default());
    let declared = declared(
        &members,
        load_balancers.as_deref().unwrap_or_default(),
        &target_groups,
        &tags,
    );
    let is_daemon = spec.scheduling_strategy == Some(SchedulingStrategy::Daemon);
    let first_desired_count =
        (!is_daemon).then(|| spec.desired_count.unwrap_or(FIRST_DESIRED_COUNT));
    Ok(DesiredService {
        target,
        members,
        first_desired_count,
        load_balancers,
        target_groups,
        tags,
        rollout_hash,
        restarted_at: None,
        deployment_action: None,
        before: known.declared.clone(),
        removed: &known.declared - &declared,
        declared,
    })
}

/// What is declared, by path. The task definition is always declared, by reference or by name.
fn declared(
    members: &Members,
    load_balancers: &[DesiredLoadBalancer],
    target_groups: &[DesiredTargetGroup],
    tags: &Tags,
) -> Paths {
    let mut paths = declared::paths("", members);
    paths.remove("/taskDefinition");
    if !load_balancers.is_empty() {
        let entries: Vec<_> = load_balancers.iter().map(|entry| &entry.members).collect();
        let entries = Members::from_iter([("loadBalancers".to_owned(), json!(entries))]);
        paths.extend(declared::paths("", &entries));
    }
    for group in target_groups {
        let prefix = declared::below("/targetGroups", &group.name);
        paths.extend(declared::paths(&prefix, &group.members));
        let keys = group.attributes.keys();
        paths.extend(keys.map(|key| declared::below(&format!("{prefix}/attributes"), key)));
    }
    paths.extend(declared_tags(tags));
    paths
}

/// Hash of the declared members that start deployments.
fn rollout_hash(members: &Members, load_balancers: &[DesiredLoadBalancer]) -> String {
    let declared = STARTS_DEPLOYMENT
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), members.get(key)?.clone())));
    let entries: Vec<Value> = load_balancers
        .iter()
        .map(|entry| {
            let group = match &entry.target_group {
                Some(TargetGroupRef::Existing(arn)) => Value::from(arn.as_str()),
                Some(TargetGroupRef::Managed(name)) => Value::from(name.as_str()),
                None => Value::Null,
            };
            json!([entry.members, group])
        })
        .collect();
    hash::content(&Members::from_iter(
        declared.chain([("loadBalancers".to_owned(), json!(entries))]),
    ))
}
