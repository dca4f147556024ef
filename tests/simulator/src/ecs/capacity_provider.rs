//! Capacity providers: Fargate's two, and those of Auto Scaling groups and Managed Instances. No instances are simulated.

use serde_json::{Value, json};

use super::failure::{client, invalid, missing};
use super::input::{Object, default, given, includes, integer, object, text, texts};
use super::tags::{self, Tags};
use super::{State, arn, paging};
use crate::Call;
use crate::error::{Answer, ApiError};

/// Fargate's providers exist in every account [D].
const BUILT_IN: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// A capacity provider of the customer.
#[derive(Clone)]
pub(super) struct CapacityProvider {
    arn: String,
    name: String,
    /// Managed Instances belong to one cluster.
    cluster: Option<String>,
    body: Object,
    update_status: &'static str,
    pub(super) tags: Tags,
}

impl State {
    /// Whether a cluster can use a provider of this name.
    pub(super) fn is_capacity_provider(&self, name: &str) -> bool {
        BUILT_IN.contains(&name) || self.capacity_providers.contains_key(name)
    }

    /// Whether a Managed Instances provider belongs to the cluster.
    pub(super) fn has_scoped_provider(&self, cluster: &str) -> bool {
        self.capacity_providers
            .values()
            .any(|p| p.cluster.as_deref() == Some(cluster))
    }

    /// Creates a provider; it is ACTIVE at once. [?] unverified: CAPACITY_PROVIDER_PROVISIONING
    pub(super) fn create_capacity_provider(&mut self, call: &Call) -> Answer {
        let name = text(call.input, "name").unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        if !super::cluster::is_name(name)
            || ["aws", "ecs", "fargate"]
                .iter()
                .any(|p| lower.starts_with(p))
        {
            return Err(client(
                "The specified capacity provider name is invalid. Up to 255 letters, numbers, underscores and hyphens are allowed, and the name cannot be prefixed with aws, ecs or fargate.",
            ));
        }
        if self.capacity_providers.contains_key(name) {
            return Err(client(
                "A capacity provider with the specified name already exists.",
            ));
        }
        let cluster = match text(call.input, "cluster") {
            Some(cluster) => Some(self.active_cluster(Some(cluster))?.name.clone()),
            None => None,
        };
        let provider = CapacityProvider {
            arn: arn::ecs(call, &format!("capacity-provider/{name}")),
            name: name.to_owned(),
            body: body(call.input, cluster.is_some())?,
            cluster,
            update_status: "CREATE_COMPLETE",
            tags: tags::read(call.input)?,
        };
        let view = provider.view(true);
        self.capacity_providers.insert(name.to_owned(), provider);
        Ok(json!({ "capacityProvider": view }))
    }

    /// Merges the given blocks into the provider's own.
    pub(super) fn update_capacity_provider(&mut self, call: &Call) -> Answer {
        let name = arn::name(text(call.input, "name").unwrap_or_default());
        let provider = self
            .capacity_providers
            .get_mut(name)
            .ok_or_else(not_found)?;
        for block in ["autoScalingGroupProvider", "managedInstancesProvider"] {
            if let (Some(change), Some(current)) =
                (given(call.input, block), provider.body.get_mut(block))
            {
                merge(current, change);
            }
        }
        provider.update_status = "UPDATE_COMPLETE";
        Ok(json!({ "capacityProvider": provider.view(true) }))
    }

    /// Deletes a provider that no cluster uses.
    pub(super) fn delete_capacity_provider(&mut self, call: &Call) -> Answer {
        let name = arn::name(text(call.input, "capacityProvider").unwrap_or_default());
        if BUILT_IN.contains(&name) {
            return Err(client(
                "The specified capacity provider is reserved and cannot be deleted.",
            ));
        }
        let provider = self.capacity_providers.get(name).ok_or_else(not_found)?;
        let uses = |c: &&super::Cluster| c.active && c.capacity_providers.iter().any(|p| p == name);
        if let Some(cluster) = self.clusters.values().find(uses) {
            return Err(client(format!(
                "The specified capacity provider is in use by cluster {} and cannot be deleted. Remove it from the cluster and try again.",
                cluster.name
            )));
        }
        let mut view = provider.view(true);
        view["status"] = json!("INACTIVE");
        view["updateStatus"] = json!("DELETE_COMPLETE");
        self.capacity_providers.remove(name);
        Ok(json!({ "capacityProvider": view }))
    }

    /// Describes the named providers, or a page of all.
    pub(super) fn describe_capacity_providers(&self, call: &Call) -> Answer {
        let tags = includes(call.input, "TAGS");
        let named = texts(call.input, "capacityProviders");
        if !named.is_empty() {
            let (mut found, mut failures) = (Vec::new(), Vec::new());
            for name in named {
                match self.view_capacity_provider(call, arn::name(name), tags) {
                    Some(view) => found.push(view),
                    None => failures.push(missing(name)),
                }
            }
            return Ok(json!({ "capacityProviders": found, "failures": failures }));
        }
        let cluster = text(call.input, "cluster").map(arn::name);
        let own = self.capacity_providers.values();
        let own = own.filter(|p| cluster.is_none() || p.cluster.as_deref() == cluster);
        let built_in = BUILT_IN
            .iter()
            .filter(|_| cluster.is_none())
            .map(|name| (*name).to_owned());
        let all: Vec<String> = built_in
            .chain(own.map(|provider| provider.name.clone()))
            .collect();
        // Pages of 10 at most [M].
        let size = integer(call.input, "maxResults").unwrap_or(10).min(10);
        let mut page = paging::page(call.input, "capacityProviders", all, size)?;
        let views: Vec<Value> = texts(&page, "capacityProviders")
            .iter()
            .filter_map(|name| self.view_capacity_provider(call, name, tags))
            .collect();
        page["capacityProviders"] = json!(views);
        page["failures"] = json!([]);
        Ok(page)
    }

    fn view_capacity_provider(&self, call: &Call, name: &str, tags: bool) -> Option<Value> {
        if BUILT_IN.contains(&name) {
            let arn = arn::ecs(call, &format!("capacity-provider/{name}"));
            return Some(json!({
                "capacityProviderArn": arn, "name": name, "status": "ACTIVE", "type": name, "tags": [],
            }));
        }
        self.capacity_providers
            .get(name)
            .map(|provider| provider.view(tags))
    }
}

impl CapacityProvider {
    pub(super) fn view(&self, tags: bool) -> Value {
        let mut view = self.body.clone();
        view.insert("capacityProviderArn".into(), json!(self.arn));
        view.insert("name".into(), json!(self.name));
        view.insert("status".into(), json!("ACTIVE"));
        view.insert("updateStatus".into(), json!(self.update_status));
        view.extend(
            self.cluster
                .as_ref()
                .map(|cluster| ("cluster".to_owned(), json!(cluster))),
        );
        let kind = if self.cluster.is_some() {
            "MANAGED_INSTANCES"
        } else {
            "EC2_AUTOSCALING"
        };
        view.insert("type".into(), json!(kind));
        view.insert(
            "tags".into(),
            if tags {
                tags::write(&self.tags)
            } else {
                json!([])
            },
        );
        Value::Object(view)
    }
}

fn not_found() -> ApiError {
    invalid(
        "The specified capacity provider was not found. Specify a valid name or ARN and try again.",
    )
}

fn body(input: &Value, scoped: bool) -> Result<Object, ApiError> {
    let group = given(input, "autoScalingGroupProvider").map(object);
    let managed = given(input, "managedInstancesProvider").map(object);
    let mut body = Object::new();
    match (group, managed) {
        (Some(mut group), None) if !scoped => {
            default(&mut group, "managedTerminationProtection", "DISABLED");
            default(&mut group, "managedDraining", "ENABLED");
            let mut scaling = group.get("managedScaling").map(object).unwrap_or_default();
            default(&mut scaling, "status", "DISABLED");
            default(&mut scaling, "targetCapacity", 100);
            default(&mut scaling, "minimumScalingStepSize", 1);
            default(&mut scaling, "maximumScalingStepSize", 10000);
            default(&mut scaling, "instanceWarmupPeriod", 300);
            group.insert("managedScaling".into(), Value::Object(scaling));
            body.insert("autoScalingGroupProvider".into(), Value::Object(group));
        }
        (None, Some(managed)) if scoped => {
            body.insert("managedInstancesProvider".into(), Value::Object(managed));
        }
        _ => {
            return Err(invalid(
                "Specify either autoScalingGroupProvider, or managedInstancesProvider together with cluster.",
            ));
        }
    }
    Ok(body)
}

/// Structures are merged member by member, everything else is replaced.
fn merge(current: &mut Value, change: &Value) {
    match (current, change) {
        (Value::Object(current), Value::Object(change)) => {
            for (member, value) in change {
                merge(current.entry(member.clone()).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (current, change) => *current = change.clone(),
    }
}
