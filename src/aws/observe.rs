//! Reading: what is in AWS of the things an object means. Reads only.

use std::collections::BTreeSet;

use futures::future::{try_join, try_join_all};
use serde_json::{Value, json};

use super::{
    Aws, AwsError, Kind,
    ecs::Operation,
    execute::scope,
    reader::{Found, ServiceKey},
};
use crate::{
    desired::{service, task_definition},
    model::{
        Members, Tags, arn,
        observed::{FailedDeployment, Family, Resource, Rule, Service, TargetGroup},
    },
    plan::{request, rollout},
};

/// Events of a service that are kept; ECS gives up to 100.
const EVENTS: usize = 3;

/// Stopped tasks that are looked at to explain a failure.
const STOPPED_TASKS: usize = 5;

/// What a look at a service is for, so that nothing is read that doesn't matter.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    /// The declared revision: when another one is current, the newest deployment's fate is read.
    pub task_definition: Option<String>,
    /// Target groups whose attributes are declared.
    pub attributes: BTreeSet<String>,
    /// Whether rollout and health matter.
    pub rollout: bool,
}

/// A look that found something unseen which was just created: look again before doing anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotYetVisible(pub String);

/// A complete look, or one that must be repeated.
pub type Look<T> = Result<T, NotYetVisible>;

fn resource(value: &Value) -> Resource {
    let mut members = value.as_object().cloned().unwrap_or_default();
    let tags = tags(members.remove("tags").as_ref());
    if let Some(events) = members.get_mut("events").and_then(Value::as_array_mut) {
        events.truncate(EVENTS);
    }
    Resource { members, tags }
}

fn tags(list: Option<&Value>) -> Tags {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|tag| (text(&tag["key"]), text(&tag["value"])))
        .collect()
}

fn array<'a>(answer: &'a Value, key: &str) -> &'a [Value] {
    answer[key].as_array().map_or(&[], Vec::as_slice)
}

impl Aws {
    pub(super) async fn describe_clusters(
        &self,
        names: Vec<String>,
    ) -> Result<Found<String, Option<Resource>>, AwsError> {
        let answer = self
            .ecs(
                Operation::DescribeClusters,
                &request! {"clusters": names, "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"]},
            )
            .await?;
        let mut found: Found<_, _> = names.into_iter().map(|name| (name, None)).collect();
        for cluster in array(&answer, "clusters") {
            if let Some(slot) = found.get_mut(cluster["clusterName"].as_str().unwrap_or_default()) {
                *slot = Some(resource(cluster));
            }
        }
        Ok(found)
    }

    pub(super) async fn describe_services(
        &self,
        keys: Vec<ServiceKey>,
    ) -> Result<Found<ServiceKey, Option<Resource>>, AwsError> {
        let clusters: BTreeSet<String> = keys.iter().map(|(cluster, _)| cluster.clone()).collect();
        let calls = clusters.into_iter().map(|cluster| {
            let names: Vec<String> = keys
                .iter()
                .filter(|(c, _)| *c == cluster)
                .map(|(_, name)| name.clone())
                .collect();
            async move {
                let answer = match self
                    .ecs(
                        Operation::DescribeServices,
                        &request! {"cluster": cluster, "services": names, "include": ["TAGS"]},
                    )
                    .await
                {
                    Err(error) if error.code == "ClusterNotFoundException" => Value::Null,
                    answer => answer?,
                };
                let service = |name: &str| {
                    array(&answer, "services")
                        .iter()
                        .find(|s| s["serviceName"] == name)
                        .map(resource)
                };
                Ok(names
                    .iter()
                    .map(|name| ((cluster.clone(), name.clone()), service(name)))
                    .collect::<Vec<_>>())
            }
        });
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }

    /// A cluster; none when AWS has none or an INACTIVE one.
    pub async fn cluster(&self, name: &str) -> Result<Look<Option<Resource>>, AwsError> {
        let cluster = self
            .readers
            .clusters
            .get(name.to_owned())
            .await?
            .filter(|cluster| cluster.text("status") != Some("INACTIVE"));
        let seen = cluster
            .as_ref()
            .and_then(|cluster| cluster.text("clusterArn"));
        match self.recent.unseen(&scope::cluster(name), seen) {
            Some(arn) if cluster.is_none() => Ok(Err(NotYetVisible(arn))),
            _ => Ok(Ok(cluster)),
        }
    }

    /// The newest revision of a family that may be ours.
    pub async fn family(&self, target: &task_definition::Target) -> Result<Look<Family>, AwsError> {
        let mut latest = self.task_definition(&target.family).await?;
        let seen = latest
            .as_ref()
            .and_then(|td| td.text("taskDefinitionArn"))
            .map(str::to_owned);
        if let Some(unseen) = self
            .recent
            .unseen(&scope::family(&target.family), seen.as_deref())
        {
            let newest = seen.as_deref().and_then(arn::revision).unwrap_or(0);
            if arn::revision(&unseen).is_some_and(|revision| revision > newest) {
                return Ok(Err(NotYetVisible(unseen)));
            }
        }
        // Somebody else registered on top of ours: ours still counts.
        if let (Some(newest), Some(known)) = (&latest, &target.known_arn)
            && target.owner.claim(&newest.tags) != crate::model::ownership::Claim::Ours
            && newest.text("taskDefinitionArn") != Some(known)
            && let Some(ours) = self.task_definition(known).await?
            && ours.text("status") == Some("ACTIVE")
        {
            latest = Some(ours);
        }
        Ok(Ok(Family {
            latest,
            active: Vec::new(),
        }))
    }

    /// Every ACTIVE revision of a family, with tags: for deletion.
    pub async fn revisions(&self, target: &task_definition::Target) -> Result<Family, AwsError> {
        let mut arns: Vec<String> = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut input = request! {"familyPrefix": target.family, "status": "ACTIVE"};
            if let Some(token) = &token {
                input.insert("nextToken".into(), token.as_str().into());
            }
            let answer = self.ecs(Operation::ListTaskDefinitions, &input).await?;
            let listed = array(&answer, "taskDefinitionArns")
                .iter()
                .filter_map(Value::as_str);
            arns.extend(
                listed
                    .filter(|arn| arn::family(arn) == target.family)
                    .map(str::to_owned),
            );
            token = answer["nextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        let active = try_join_all(arns.iter().map(|arn| self.task_definition(arn))).await?;
        Ok(Family {
            latest: None,
            active: active.into_iter().flatten().collect(),
        })
    }

    async fn task_definition(&self, name: &str) -> Result<Option<Resource>, AwsError> {
        match self
            .ecs(
                Operation::DescribeTaskDefinition,
                &request! {"taskDefinition": name, "include": ["TAGS"]},
            )
            .await
        {
            Ok(answer) => Ok(Some(registered(&answer))),
            // ECS has one code for "there is none" and for much else; the text tells them apart (aws.md 4.5).
            Err(error)
                if error.kind == Kind::Invalid
                    && error.message.contains("Unable to describe task definition") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
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
                Ok((_, Some(rules))) => observed.rules.extend(rules),
            }
        }
        if interest.rollout {
            self.rollout(target, interest, &mut observed).await?;
        }
        Ok(Ok(observed))
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

    /// A listener's rules; tags only of those that may be ours: known to the status, leading to a target group of ours, or leading to none.
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
                && (target.known_rules.contains(&rule.arn)
                    || observed
                        .target_groups
                        .values()
                        .any(|group| crate::plan::rule::forwards_to(rule, &group.arn))
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

    /// What only matters while a rollout is judged: health once it is complete, the fate of one that was given up, why tasks stopped.
    async fn rollout(
        &self,
        target: &service::Target,
        interest: &Interest,
        observed: &mut Service,
    ) -> Result<(), AwsError> {
        let Some(primary) = observed.service.as_ref().and_then(rollout::primary) else {
            return Ok(());
        };
        let state = primary["rolloutState"]
            .as_str()
            .unwrap_or("COMPLETED")
            .to_owned();
        let current = primary["taskDefinition"].as_str().unwrap_or_default();
        let is_declared = interest
            .task_definition
            .as_deref()
            .is_none_or(|declared| arn::same_task_definition(declared, current));
        let failed_tasks = primary["failedTasks"].as_i64().unwrap_or(0);
        if state == "COMPLETED" && is_declared {
            try_join_all(observed.target_groups.values_mut().map(|group| async {
                group.health = Some(self.target_health(&group.arn).await?);
                Ok::<_, AwsError>(())
            }))
            .await?;
        }
        if !is_declared {
            observed.failed_deployment = self.failed_deployment(target).await?;
        }
        if observed.failed_deployment.is_some() || state == "FAILED" || failed_tasks > 0 {
            observed.stopped_tasks = self.stopped_tasks(target).await?;
        }
        Ok(())
    }

    /// The newest service deployment, when ECS gave it up or was told to stop it.
    async fn failed_deployment(
        &self,
        target: &service::Target,
    ) -> Result<Option<FailedDeployment>, AwsError> {
        let answer = self
            .ecs(
                Operation::ListServiceDeployments,
                &request! {"cluster": target.cluster, "service": target.name, "maxResults": 20},
            )
            .await?;
        let newest = array(&answer, "serviceDeployments").iter().max_by(|a, b| {
            a["createdAt"]
                .as_f64()
                .unwrap_or(0.0)
                .total_cmp(&b["createdAt"].as_f64().unwrap_or(0.0))
        });
        let Some(newest) = newest else {
            return Ok(None);
        };
        let status = newest["status"].as_str().unwrap_or_default();
        if !status.starts_with("ROLLBACK_") && status != "STOPPED" {
            return Ok(None);
        }
        let revision = newest["targetServiceRevisionArn"]
            .as_str()
            .unwrap_or_default();
        let answer = self
            .ecs(
                Operation::DescribeServiceRevisions,
                &request! {"serviceRevisionArns": [revision]},
            )
            .await?;
        let task_definition = array(&answer, "serviceRevisions")
            .first()
            .and_then(|revision| revision["taskDefinition"].as_str());
        Ok(Some(FailedDeployment {
            id: format!("ecs-svc/{}", arn::last_segment(revision)),
            status: status.to_owned(),
            reason: newest["statusReason"].as_str().map(str::to_owned),
            task_definition: task_definition.map(str::to_owned),
        }))
    }

    /// Why the service's tasks stopped, newest first, those that failed to start before others.
    async fn stopped_tasks(&self, target: &service::Target) -> Result<Vec<String>, AwsError> {
        let input = request! {"cluster": target.cluster, "serviceName": target.name, "desiredStatus": "STOPPED", "maxResults": 50};
        let listed = self.ecs(Operation::ListTasks, &input).await?;
        if array(&listed, "taskArns").is_empty() {
            return Ok(Vec::new());
        }
        let input = Members::from_iter([
            ("cluster".to_owned(), json!(target.cluster)),
            ("tasks".to_owned(), listed["taskArns"].clone()),
        ]);
        let answer = self.ecs(Operation::DescribeTasks, &input).await?;
        let mut tasks: Vec<&Value> = array(&answer, "tasks")
            .iter()
            .filter(|task| {
                task["stopCode"] != "ServiceSchedulerInitiated"
                    && task["stopCode"] != "UserInitiated"
            })
            .collect();
        tasks.sort_by(|a, b| {
            b["stoppedAt"]
                .as_f64()
                .unwrap_or(f64::MAX)
                .total_cmp(&a["stoppedAt"].as_f64().unwrap_or(f64::MAX))
        });
        Ok(tasks.into_iter().take(STOPPED_TASKS).map(explain).collect())
    }
}

/// A revision, as RegisterTaskDefinition and DescribeTaskDefinition answer.
pub fn registered(answer: &Value) -> Resource {
    let mut task_definition = answer["taskDefinition"].clone();
    if let Some(members) = task_definition.as_object_mut() {
        members.insert("tags".into(), answer["tags"].clone());
        // Contents, environment values among them, never leave this room: what is compared is the hash.
        members.remove("containerDefinitions");
    }
    resource(&task_definition)
}

/// A stopped task's reason with its containers' reasons and exit codes.
fn explain(task: &Value) -> String {
    let mut why = task["stoppedReason"]
        .as_str()
        .unwrap_or("no reason given")
        .trim_end_matches('.')
        .to_owned();
    for container in array(task, "containers") {
        let name = container["name"].as_str().unwrap_or("?");
        if let Some(reason) = container["reason"]
            .as_str()
            .filter(|reason| !why.contains(reason.trim_end_matches('.')))
        {
            why.push_str(&format!("; container {name}: {reason}"));
        }
        if let Some(code) = container["exitCode"].as_i64().filter(|code| *code != 0) {
            why.push_str(&format!("; container {name} exited with code {code}"));
        }
    }
    why
}
