//! Services with their target groups and rules.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join, try_join_all};
use serde_json::Value;

use super::{Look, NotYetVisible, array, failure, resource};
use crate::{
    aws::{
        Aws, AwsError,
        ecs::Operation,
        execute::scope,
        reader::{Found, ServiceKey, all},
    },
    desired::service,
    model::{
        arn::last_segment,
        observed::{Resource, Rule, Service, TargetGroup},
        ownership::UID,
        service::ON_REVISION,
    },
    plan::{request, rollout::primary, rule::forwards_to},
};

/// What a look at a service is for, so that nothing is read that doesn't matter.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    /// The declared revision.
    pub task_definition: Option<String>,
    /// Target groups whose attributes are declared.
    pub attributes: BTreeSet<String>,
    /// Whether members are declared that only a service revision shows.
    pub revision: bool,
    /// Whether rollout and health matter.
    pub rollout: bool,
    /// Rules that are declared on a listener, by its ARN: priorities are reserved for those that are missing.
    pub rules: BTreeMap<String, usize>,
    /// The deployment that the status records: when another one is current, ECS may have gone back, and the newest one's fate is read.
    pub recorded_deployment: Option<String>,
}

/// A service as CreateService answers it; none when the answer leaves out the tags that prove whose it is.
pub fn created(answer: &Value) -> Option<Resource> {
    let service = resource(&answer["service"]);
    service.tags.contains_key(UID).then_some(service)
}

/// A service as UpdateService answers it: without tags, which it cannot change.
pub fn updated(answer: &Value, before: Option<&Resource>) -> Option<Resource> {
    let mut service = resource(&answer["service"]);
    service.tags = before?.tags.clone();
    service
        .members
        .contains_key("serviceArn")
        .then_some(service)
}

impl Interest {
    /// Whether the PRIMARY deployment is not the one that was recorded: then others were tried since. With none on record,
    /// whether it is another than declared.
    pub(super) fn is_other_than_recorded(&self, primary: &Value, is_declared: bool) -> bool {
        match self.recorded_deployment.as_deref() {
            Some(recorded) => primary["id"] != recorded,
            None => !is_declared,
        }
    }
}

impl Aws {
    /// One call a cluster: what is wrong with one cluster is not told of services in others.
    pub(in crate::aws) async fn describe_services(
        &self,
        keys: Vec<ServiceKey>,
    ) -> Found<ServiceKey, Option<Resource>> {
        let clusters: BTreeSet<&String> = keys.iter().map(|(cluster, _)| cluster).collect();
        let calls = clusters.into_iter().map(|cluster| {
            let of_cluster = keys.iter().filter(move |(c, _)| c == cluster);
            let names: Vec<&String> = of_cluster.clone().map(|(_, name)| name).collect();
            let input = request! {"cluster": cluster, "services": names, "include": ["TAGS"]};
            async move {
                let answer = match self.ecs(Operation::DescribeServices, &input).await {
                    Err(error) if error.code == "ClusterNotFoundException" => Value::Null,
                    Err(error) => return all(of_cluster.cloned(), &error),
                    Ok(answer) => answer,
                };
                let service = |name: &str| {
                    let services = array(&answer, "services");
                    services
                        .iter()
                        .find(|s| s["serviceName"] == name)
                        .map(resource)
                };
                of_cluster
                    .map(|key| {
                        let failure = failure(&answer, "DescribeServices", &key.1);
                        let found = failure.map_or_else(|| Ok(service(&key.1)), Err);
                        (key.clone(), found)
                    })
                    .collect()
            }
        });
        join_all(calls).await.into_iter().flatten().collect()
    }

    /// A service with its target groups and rules.
    pub async fn service(
        &self,
        target: &service::Target,
        interest: &Interest,
    ) -> Result<Look<Service>, AwsError> {
        let service = self
            .readers
            .services
            .get((target.cluster.clone(), target.name.clone()));
        let groups = try_join_all(
            target
                .target_groups
                .iter()
                .map(|name| self.target_group(name, interest)),
        );
        let (service, groups) = try_join(service, groups).await?;
        let mut observed = Service::default();
        for (name, group) in target.target_groups.iter().zip(groups) {
            match group {
                Err(unseen) => return Ok(Err(unseen)),
                Ok(Some(group)) => drop(observed.target_groups.insert(name.clone(), group)),
                Ok(None) => {}
            }
        }
        match service {
            Some(service) if service.text("status") == Some("INACTIVE") => {
                observed.ghost = Some(
                    service
                        .members
                        .get("createdAt")
                        .unwrap_or(&Value::Null)
                        .to_string(),
                )
            }
            service => observed.service = service,
        }
        let seen = observed
            .service
            .as_ref()
            .and_then(|service| service.text("serviceArn"));
        if let Some(arn) = self
            .recent
            .unseen(&scope::service(&target.cluster, &target.name), seen)
            && observed.service.is_none()
        {
            return Ok(Err(NotYetVisible(arn)));
        }
        for rules in try_join_all(
            target
                .listeners
                .iter()
                .map(|listener| self.rules(listener, target, &observed)),
        )
        .await?
        {
            match rules {
                Err(unseen) => return Ok(Err(unseen)),
                Ok((listener, None)) => drop(observed.missing_listeners.insert(listener)),
                Ok((listener, Some(rules))) => {
                    let is_ours = |rule: &&Rule| {
                        let tags = rule.tags.as_ref();
                        tags.and_then(|tags| tags.get(UID)) == Some(&target.owner.uid)
                    };
                    let wanted = interest.rules.get(&listener).copied().unwrap_or(0);
                    let missing = wanted.saturating_sub(rules.iter().filter(is_ours).count());
                    if missing > 0 {
                        let used: Vec<_> = rules.iter().filter_map(|rule| rule.priority).collect();
                        let uid = &target.owner.uid;
                        let own = self.priorities.reserve(&listener, uid, missing, &used);
                        observed.priorities.insert(listener, own);
                    }
                    observed.rules.extend(rules);
                }
            }
        }
        if interest.revision {
            self.revision(&mut observed).await?;
        }
        if interest.rollout {
            self.rollout(target, interest, &mut observed).await?;
        }
        Ok(Ok(observed))
    }

    /// Reads what only the revision of the PRIMARY deployment has: null where it has nothing.
    async fn revision(&self, observed: &mut Service) -> Result<(), AwsError> {
        let Some(service) = &mut observed.service else {
            return Ok(());
        };
        let deployment = primary(service).and_then(|primary| primary["id"].as_str());
        let current = service
            .members
            .get("currentServiceRevisions")
            .and_then(Value::as_array);
        let arn = current
            .into_iter()
            .flatten()
            .filter_map(|revision| revision["arn"].as_str())
            .find(|arn| deployment.is_some_and(|id| last_segment(id) == last_segment(arn)));
        let Some(arn) = arn else {
            return Ok(());
        };
        let input = request! {"serviceRevisionArns": [arn]};
        let answer = self
            .ecs(Operation::DescribeServiceRevisions, &input)
            .await?;
        if let Some(revision) = array(&answer, "serviceRevisions").first() {
            for member in ON_REVISION {
                service
                    .members
                    .insert(member.to_owned(), revision[member].clone());
            }
        }
        Ok(())
    }

    async fn target_group(
        &self,
        name: &str,
        interest: &Interest,
    ) -> Result<Look<Option<TargetGroup>>, AwsError> {
        let group = self.readers.target_groups.get(name.to_owned()).await?;
        let unseen = self.recent.unseen(
            &scope::target_group(name),
            group.as_ref().map(|group| group.arn.as_str()),
        );
        let Some(mut group) = group else {
            return Ok(unseen.map_or(Ok(None), |arn| Err(NotYetVisible(arn))));
        };
        let Some(tags) = self.readers.tags.get(group.arn.clone()).await? else {
            return Ok(Ok(None));
        };
        group.tags = tags;
        if interest.attributes.contains(name) {
            group.attributes = self.target_group_attributes(&group.arn).await?;
        }
        Ok(Ok(Some(group)))
    }

    /// A listener's rules; tags only of those that may be ours: known to the status, leading to a target group of ours or to one that is declared, or leading to none.
    async fn rules(
        &self,
        listener: &str,
        target: &service::Target,
        observed: &Service,
    ) -> Result<Look<(String, Option<Vec<Rule>>)>, AwsError> {
        let Some(mut rules) = self.readers.rules.get(listener.to_owned()).await? else {
            return Ok(Ok((listener.to_owned(), None)));
        };
        if let Some(arn) = self.recent.unseen(
            &scope::rules(listener, &target.owner.uid),
            rules.iter().map(|rule| rule.arn.as_str()),
        ) {
            return Ok(Err(NotYetVisible(arn)));
        }
        let may_be_ours = |rule: &Rule| {
            rule.priority.is_some()
                && (target.known_parts.contains(&rule.arn)
                    || observed
                        .target_groups
                        .values()
                        .any(|group| forwards_to(rule, &group.arn))
                    || target
                        .foreign_target_groups
                        .iter()
                        .any(|arn| forwards_to(rule, arn))
                    || !rule
                        .actions
                        .iter()
                        .any(|action| action["type"] == "forward"))
        };
        try_join_all(
            rules
                .iter_mut()
                .filter(|rule| may_be_ours(rule))
                .map(|rule| async {
                    rule.tags = self.readers.tags.get(rule.arn.clone()).await?;
                    Ok::<_, AwsError>(())
                }),
        )
        .await?;
        Ok(Ok((listener.to_owned(), Some(rules))))
    }
}
