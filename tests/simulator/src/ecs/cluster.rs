//! Clusters and their lives. Services and tasks are only counted here.

use serde_json::{Value, json};

use super::failure::{cluster_not_found, invalid, missing};
use super::input::{default, given, includes, list, object, text, texts};
use super::tags::{self, Tags};
use super::{State, arn, paging, strategy};
use crate::Call;
use crate::error::{Answer, ApiError};

/// Most clusters in one DescribeClusters [M].
const DESCRIBE_MAX: usize = 100;

/// One cluster, ACTIVE or lingering as INACTIVE.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) active: bool,
    settings: Option<Value>,
    configuration: Option<Value>,
    pub(super) capacity_providers: Vec<String>,
    pub(super) default_strategy: Vec<Value>,
    service_connect_defaults: Option<Value>,
    pub(super) tags: Tags,
}

impl State {
    /// The ACTIVE cluster that a request names; absent is `default` [M].
    pub(super) fn active_cluster(&self, named: Option<&str>) -> Result<&Cluster, ApiError> {
        let cluster = self.clusters.get(arn::name(named.unwrap_or("default")));
        match cluster.filter(|cluster| same(cluster, named)) {
            Some(cluster) if cluster.active => Ok(cluster),
            // [?] unverified: CALLS_ON_INACTIVE_CLUSTER
            Some(_) | None => Err(cluster_not_found()),
        }
    }

    fn active_cluster_mut(&mut self, named: Option<&str>) -> Result<&mut Cluster, ApiError> {
        let name = self.active_cluster(named)?.name.clone();
        self.clusters.get_mut(&name).ok_or_else(cluster_not_found)
    }

    /// Creates a cluster; one that is ACTIVE already is answered as it is [I]. [?] unverified: CREATE_CLUSTER_REPEAT
    pub(super) fn create_cluster(&mut self, call: &Call) -> Answer {
        let input = call.input;
        let name = text(input, "clusterName").unwrap_or("default");
        if !is_name(name) {
            return Err(invalid(
                "The specified cluster name is invalid. Cluster names can contain letters, numbers, underscores and hyphens, up to 255.",
            ));
        }
        if let Some(cluster) = self.clusters.get(name).filter(|cluster| cluster.active) {
            return Ok(
                json!({ "cluster": self.view_cluster(cluster, &["TAGS", "SETTINGS", "CONFIGURATIONS"]) }),
            );
        }
        let mut cluster = Cluster {
            arn: arn::ecs(call, &format!("cluster/{name}")),
            name: name.to_owned(),
            active: true,
            settings: None,
            configuration: None,
            capacity_providers: Vec::new(),
            default_strategy: Vec::new(),
            service_connect_defaults: None,
            tags: tags::read(input)?,
        };
        let providers = texts(input, "capacityProviders");
        let strategy = list(input, "defaultCapacityProviderStrategy");
        self.set_capacity_providers(&mut cluster, &providers, strategy)?;
        cluster.update(call);
        let view = self.view_cluster(&cluster, &["TAGS", "SETTINGS", "CONFIGURATIONS"]);
        self.clusters.insert(name.to_owned(), cluster);
        Ok(json!({ "cluster": view }))
    }

    /// UpdateCluster and UpdateClusterSettings: members that are absent stay as they are.
    pub(super) fn update_cluster(&mut self, call: &Call) -> Answer {
        let cluster = self.active_cluster_mut(text(call.input, "cluster"))?;
        cluster.update(call);
        let name = cluster.name.clone();
        Ok(
            json!({ "cluster": self.view_cluster(&self.clusters[&name], &["TAGS", "SETTINGS", "CONFIGURATIONS"]) }),
        )
    }

    /// Replaces capacity providers and default strategy as a whole [M].
    pub(super) fn put_cluster_capacity_providers(&mut self, call: &Call) -> Answer {
        let mut cluster = self.active_cluster(text(call.input, "cluster"))?.clone();
        let providers = texts(call.input, "capacityProviders");
        let strategy = list(call.input, "defaultCapacityProviderStrategy");
        if let Some(used) = self.provider_in_use(&cluster, &providers) {
            return Err(ApiError::client(
                "ResourceInUseException",
                format!("The specified capacity provider is in use and cannot be removed: {used}."),
            ));
        }
        self.set_capacity_providers(&mut cluster, &providers, strategy)?;
        let view = self.view_cluster(&cluster, &["TAGS", "SETTINGS", "CONFIGURATIONS"]);
        self.clusters.insert(cluster.name.clone(), cluster);
        Ok(json!({ "cluster": view }))
    }

    fn set_capacity_providers(
        &self,
        cluster: &mut Cluster,
        providers: &[&str],
        default_strategy: &[Value],
    ) -> Result<(), ApiError> {
        let names: Vec<String> = providers.iter().map(|p| arn::name(p).to_owned()).collect();
        if names.iter().any(|name| !self.is_capacity_provider(name)) {
            return Err(invalid(
                "The specified capacity provider does not exist. Specify a valid name or ARN and try again.",
            ));
        }
        strategy::check(default_strategy, &names)?;
        cluster.capacity_providers = names;
        cluster.default_strategy = strategy::normalise(default_strategy);
        Ok(())
    }

    fn provider_in_use(&self, cluster: &Cluster, kept: &[&str]) -> Option<String> {
        let kept: Vec<&str> = kept.iter().map(|provider| arn::name(provider)).collect();
        let gone = |name: &&String| !kept.contains(&name.as_str());
        let removed: Vec<&String> = cluster.capacity_providers.iter().filter(gone).collect();
        let services = self
            .services_of(&cluster.name)
            .filter(|service| service.is_active());
        services
            .flat_map(|service| service.strategy_providers())
            .find(|provider| removed.contains(&provider))
    }

    /// Deletes an empty cluster; it lingers as INACTIVE. Texts: [I].
    pub(super) fn delete_cluster(&mut self, call: &Call) -> Answer {
        let cluster = self.active_cluster(text(call.input, "cluster"))?;
        let name = cluster.name.clone();
        if self.services_of(&name).any(|service| !service.is_gone()) {
            return Err(ApiError::client(
                "ClusterContainsServicesException",
                "The Cluster cannot be deleted while Services are active.",
            ));
        }
        if self
            .tasks
            .values()
            .any(|task| task.cluster == name && !task.is_stopped())
        {
            return Err(ApiError::client(
                "ClusterContainsTasksException",
                "The Cluster cannot be deleted while Tasks are active.",
            ));
        }
        if self.has_scoped_provider(&name) {
            return Err(ApiError::client(
                "ClusterContainsCapacityProviderException",
                "The Cluster cannot be deleted while Cluster Scoped Capacity Providers are attached to the cluster.",
            ));
        }
        let cluster = self.active_cluster_mut(Some(&name))?;
        cluster.active = false;
        cluster.capacity_providers.clear();
        cluster.default_strategy.clear();
        Ok(json!({ "cluster": self.view_cluster(&self.clusters[&name], &["TAGS", "SETTINGS"]) }))
    }

    /// Describes clusters, INACTIVE ones too; those never heard of are `failures`.
    pub(super) fn describe_clusters(&self, call: &Call) -> Answer {
        let mut named = texts(call.input, "clusters");
        if named.is_empty() {
            named.push("default");
        }
        if named.len() > DESCRIBE_MAX {
            return Err(invalid("Clusters cannot have more than 100 elements."));
        }
        let include: Vec<&str> = [
            "ATTACHMENTS",
            "CONFIGURATIONS",
            "SETTINGS",
            "STATISTICS",
            "TAGS",
        ]
        .into_iter()
        .filter(|what| includes(call.input, what))
        .collect();
        let (mut clusters, mut failures) = (Vec::new(), Vec::new());
        for name in named {
            match self
                .clusters
                .get(arn::name(name))
                .filter(|found| same(found, Some(name)))
            {
                Some(cluster) => clusters.push(self.view_cluster(cluster, &include)),
                None if name.starts_with("arn:") => failures.push(missing(name)),
                None => failures.push(missing(&arn::ecs(call, &format!("cluster/{name}")))),
            }
        }
        Ok(json!({ "clusters": clusters, "failures": failures }))
    }

    /// The ARNs of ACTIVE clusters.
    pub(super) fn list_clusters(&self, call: &Call) -> Answer {
        let active = self.clusters.values().filter(|cluster| cluster.active);
        paging::page(
            call.input,
            "clusterArns",
            active.map(|c| c.arn.clone()).collect(),
            100,
        )
    }

    /// A cluster as AWS describes it; tags, settings and the like only if `include` names them [D].
    pub(super) fn view_cluster(&self, cluster: &Cluster, include: &[&str]) -> Value {
        let (mut running, mut pending) = (0, 0);
        for task in self
            .tasks
            .values()
            .filter(|task| task.cluster == cluster.name)
        {
            running += i64::from(task.is_running());
            pending += i64::from(task.is_pending());
        }
        let services = self
            .services_of(&cluster.name)
            .filter(|s| s.is_active())
            .count();
        let mut view = object(&json!({
            "clusterArn": cluster.arn,
            "clusterName": cluster.name,
            "status": if cluster.active { "ACTIVE" } else { "INACTIVE" },
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": running,
            "pendingTasksCount": pending,
            "activeServicesCount": services,
            "capacityProviders": cluster.capacity_providers,
            "defaultCapacityProviderStrategy": cluster.default_strategy,
            "statistics": [],
            "tags": [],
            "settings": [],
        }));
        for what in include {
            let (member, value) = match *what {
                "TAGS" => ("tags", Some(tags::write(&cluster.tags))),
                "SETTINGS" => (
                    "settings",
                    Some(cluster.settings(self.container_insights())),
                ),
                "STATISTICS" => ("statistics", Some(statistics(running, pending, services))),
                "CONFIGURATIONS" => ("configuration", cluster.configuration.clone()),
                _ => ("attachments", Some(json!([]))),
            };
            view.extend(value.map(|value| (member.to_owned(), value)));
        }
        let defaults = cluster.service_connect_defaults.clone();
        view.extend(defaults.map(|defaults| ("serviceConnectDefaults".to_owned(), defaults)));
        Value::Object(view)
    }
}

impl Cluster {
    /// Takes over the members that are given.
    fn update(&mut self, call: &Call) {
        if let Some(settings) = given(call.input, "settings") {
            self.settings = Some(settings.clone());
        }
        if let Some(configuration) = given(call.input, "configuration") {
            self.configuration = Some(configured(configuration));
        }
        if let Some(defaults) = given(call.input, "serviceConnectDefaults") {
            self.service_connect_defaults = service_connect_defaults(call, defaults);
        }
    }

    /// Container Insights is always there on read [L].
    fn settings(&self, container_insights: &str) -> Value {
        match self
            .settings
            .as_ref()
            .filter(|settings| settings != &&json!([]))
        {
            Some(settings) => settings.clone(),
            None => json!([{ "name": "containerInsights", "value": container_insights }]),
        }
    }
}

/// Whether a name or ARN means this cluster, of this account and Region.
fn same(cluster: &Cluster, named: Option<&str>) -> bool {
    named.is_none_or(|named| !named.starts_with("arn:") || named == cluster.arn)
}

/// 1–255 letters, digits, hyphens and underscores [M].
pub(super) fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Logging of ECS Exec is DEFAULT unless it is said [M].
fn configured(configuration: &Value) -> Value {
    let mut members = object(configuration);
    if let Some(Value::Object(exec)) = members.get_mut("executeCommandConfiguration") {
        default(exec, "logging", "DEFAULT");
    }
    Value::Object(members)
}

/// The namespace is read as an ARN. [?] unverified: SERVICE_CONNECT_NAMESPACE_ARN
fn service_connect_defaults(call: &Call, defaults: &Value) -> Option<Value> {
    let namespace = text(defaults, "namespace").filter(|namespace| !namespace.is_empty())?;
    if namespace.starts_with("arn:") {
        return Some(json!({ "namespace": namespace }));
    }
    let id = crate::ids::named(&[call.account, call.region, namespace], 16);
    let resource = format!("namespace/ns-{id}");
    Some(json!({ "namespace": arn::arn(call.account, call.region, "servicediscovery", &resource) }))
}

/// Everything runs on Fargate as far as statistics go; the simulator has no container instances.
fn statistics(running: i64, pending: i64, services: usize) -> Value {
    [
        ("runningEC2TasksCount", 0),
        ("runningFargateTasksCount", running),
        ("pendingEC2TasksCount", 0),
        ("pendingFargateTasksCount", pending),
        ("activeEC2ServiceCount", 0),
        (
            "activeFargateServiceCount",
            i64::try_from(services).unwrap_or(i64::MAX),
        ),
    ]
    .into_iter()
    .map(|(name, count)| json!({ "name": name, "value": count.to_string() }))
    .collect()
}
