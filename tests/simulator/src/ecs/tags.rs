//! Tags of clusters, services, task definitions, tasks and capacity providers. Rules: aws.md §B3 [M].

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::failure::{client, cluster_not_found, invalid};
use super::input::{list, text, texts};
use super::service::ServiceKey;
use super::task_definition::Status;
use super::{State, arn};
use crate::Call;
use crate::error::{Answer, ApiError};

/// Tags of one resource [M].
const MAX: usize = 50;

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// The tags of a create request, checked.
pub(super) fn read(input: &Value) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    add(&mut tags, list(input, "tags"))?;
    if tags.len() < list(input, "tags").len() {
        return Err(invalid(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ));
    }
    Ok(tags)
}

/// As AWS writes tags.
pub(super) fn write(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect()
}

fn add(tags: &mut Tags, more: &[Value]) -> Result<(), ApiError> {
    for tag in more {
        let key = text(tag, "key").unwrap_or_default();
        if key.is_empty() {
            return Err(invalid("Tag keys cannot be empty."));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(
                "Tag keys cannot start with aws: as it is reserved for AWS use.",
            ));
        }
        tags.insert(
            key.to_owned(),
            text(tag, "value").unwrap_or_default().to_owned(),
        );
    }
    if tags.len() > MAX {
        return Err(invalid("Too many tags on the resource: the maximum is 50."));
    }
    Ok(())
}

impl State {
    /// Adds tags, or gives existing ones new values; never takes one away.
    pub(super) fn tag_resource(&mut self, call: &Call) -> Answer {
        let tags = self.tags_mut(call)?;
        let mut wanted = tags.clone();
        add(&mut wanted, list(call.input, "tags"))?;
        *tags = wanted;
        Ok(json!({}))
    }

    /// Takes tags away; keys that are not there do not matter.
    pub(super) fn untag_resource(&mut self, call: &Call) -> Answer {
        let keys = texts(call.input, "tagKeys");
        if keys
            .iter()
            .any(|key| key.to_ascii_lowercase().starts_with("aws:"))
        {
            return Err(invalid(
                "Tag keys cannot start with aws: as it is reserved for AWS use.",
            ));
        }
        self.tags_mut(call)?
            .retain(|key, _| !keys.contains(&key.as_str()));
        Ok(json!({}))
    }

    /// The tags of one resource.
    pub(super) fn list_tags_for_resource(&mut self, call: &Call) -> Answer {
        Ok(json!({ "tags": write(self.tags_mut(call)?) }))
    }

    /// ARNs and tags of what a call that changes something names, for IAM.
    pub(crate) fn tags_about(&self, operation: &str, input: &Value) -> Vec<(String, Tags)> {
        let named = |member: &str| text(input, member).unwrap_or_default();
        match operation {
            "UpdateService" | "DeleteService" => {
                let service = named("service");
                let cluster = arn::cluster_of(service).or(text(input, "cluster"));
                let cluster = arn::name(cluster.unwrap_or("default"));
                let found = self
                    .services
                    .get(&ServiceKey::new(cluster, arn::name(service)));
                let path = format!("service/{cluster}/{}", arn::name(service));
                found
                    .map(|service| (path, service.tags.clone()))
                    .into_iter()
                    .collect()
            }
            // Asked about twice: the service, and its deployment, which has no tags.
            "ContinueServiceDeployment" => {
                let deployment = named("serviceDeploymentArn");
                let (service, _) = self.service_and_id(deployment);
                let Some(service) = service else {
                    return Vec::new();
                };
                let service = (service.arn.clone(), service.tags.clone());
                vec![service, (deployment.to_owned(), Tags::new())]
            }
            "UpdateCluster" | "PutClusterCapacityProviders" | "DeleteCluster" => {
                let name = arn::name(text(input, "cluster").unwrap_or("default"));
                let found = self.clusters.get(name);
                let path = format!("cluster/{name}");
                found
                    .map(|cluster| (path, cluster.tags.clone()))
                    .into_iter()
                    .collect()
            }
            "DeleteTaskDefinitions" => texts(input, "taskDefinitions")
                .into_iter()
                .filter_map(|full| Some((full.to_owned(), self.revision_tags(full)?)))
                .collect(),
            "TagResource" | "UntagResource" => {
                let full = named("resourceArn");
                let name = arn::name(full);
                let tags = match arn::resource(full).split('/').next() {
                    Some("cluster") => self.clusters.get(name).map(|found| found.tags.clone()),
                    Some("service") => arn::cluster_of(full)
                        .and_then(|cluster| self.services.get(&ServiceKey::new(cluster, name)))
                        .map(|found| found.tags.clone()),
                    Some("task-definition") => self.revision_tags(full),
                    _ => None,
                };
                tags.map(|tags| (full.to_owned(), tags))
                    .into_iter()
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn revision_tags(&self, full: &str) -> Option<Tags> {
        let (family, revision) = arn::family_and_revision(full);
        let found = self.families.get(family)?.revisions.get(&revision?)?;
        Some(found.tags.clone())
    }

    fn tags_mut(&mut self, call: &Call) -> Result<&mut Tags, ApiError> {
        let full = text(call.input, "resourceArn").unwrap_or_default();
        if arn::account(full) != call.account || arn::region(full) != call.region {
            return Err(invalid("Invalid resource ARN."));
        }
        let name = arn::name(full);
        match arn::resource(full).split('/').next() {
            Some("cluster") => self.cluster_tags(name),
            Some("service") => self.service_tags(full),
            Some("task") => match self.tasks.get_mut(name) {
                Some(task) => Ok(&mut task.tags),
                None => Err(invalid("The specified task was not found.")),
            },
            Some("task-definition") => self.task_definition_tags(full),
            Some("capacity-provider") => match self.capacity_providers.get_mut(name) {
                Some(provider) => Ok(&mut provider.tags),
                None => Err(invalid("The specified capacity provider was not found.")),
            },
            _ => Err(invalid("Invalid resource ARN.")),
        }
    }

    fn cluster_tags(&mut self, name: &str) -> Result<&mut Tags, ApiError> {
        match self.clusters.get_mut(name) {
            Some(cluster) if cluster.active => Ok(&mut cluster.tags),
            // [?] unverified: TAGS_OF_GONE_RESOURCE
            _ => Err(cluster_not_found()),
        }
    }

    fn service_tags(&mut self, full: &str) -> Result<&mut Tags, ApiError> {
        let cluster = arn::cluster_of(full).ok_or_else(|| invalid("Invalid resource ARN."))?;
        self.active_cluster(Some(cluster))?;
        match self
            .services
            .get_mut(&ServiceKey::new(cluster, arn::name(full)))
        {
            Some(service) if service.is_active() => Ok(&mut service.tags),
            // [?] unverified: TAGS_OF_GONE_RESOURCE
            _ => Err(invalid(
                "The specified service was not found. Specify a valid service and try again.",
            )),
        }
    }

    fn task_definition_tags(&mut self, full: &str) -> Result<&mut Tags, ApiError> {
        let (family, revision) = arn::family_and_revision(full);
        let found = revision
            .and_then(|revision| self.families.get_mut(family)?.revisions.get_mut(&revision))
            .ok_or_else(|| client("The specified task definition does not exist."))?;
        match found.status {
            Status::Active => Ok(&mut found.tags),
            // [?] unverified: TAGS_OF_GONE_RESOURCE
            _ => Err(invalid(
                "The specified task definition is inactive. Specify an active task definition and try again.",
            )),
        }
    }
}
