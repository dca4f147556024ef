//! What the journal compares: the resource that a call names, as it is read.

use serde_json::{Value, json};

use super::State;
use super::arn;
use super::input::{text, texts};
use super::service::ServiceKey;
use super::tags;

impl State {
    /// The name and the content of the resource that a call is about; `None` if there is none.
    pub fn resource(&self, operation: &str, input: &Value) -> Option<(String, Value)> {
        let named = |member: &str| text(input, member).unwrap_or_default();
        match operation {
            "CreateService" => self.service_resource(input, named("serviceName")),
            "UpdateService" | "DeleteService" | "ListServiceDeployments" => {
                self.service_resource(input, named("service"))
            }
            "StopServiceDeployment" | "ContinueServiceDeployment" => {
                self.service_deployment_resource(named("serviceDeploymentArn"))
            }
            "RegisterTaskDefinition" => self.family_resource(named("family")),
            "DeregisterTaskDefinition" | "DescribeTaskDefinition" => {
                self.family_resource(arn::family_and_revision(named("taskDefinition")).0)
            }
            "DeleteTaskDefinitions" => self.families_resource(&texts(input, "taskDefinitions")),
            "CreateCluster" => self.cluster_resource(text(input, "clusterName")),
            "UpdateCluster"
            | "UpdateClusterSettings"
            | "PutClusterCapacityProviders"
            | "DeleteCluster" => self.cluster_resource(text(input, "cluster")),
            // Its tasks have no names before it; they are counted in the cluster.
            "RunTask" => self.cluster_resource(text(input, "cluster")),
            "CreateCapacityProvider" | "UpdateCapacityProvider" => {
                self.capacity_provider_resource(named("name"))
            }
            "DeleteCapacityProvider" => self.capacity_provider_resource(named("capacityProvider")),
            "PutAccountSetting" | "PutAccountSettingDefault" => {
                let value = self.settings.get(named("name"))?;
                Some((format!("account-setting/{}", named("name")), json!(value)))
            }
            "StopTask" => {
                let id = arn::name(named("task"));
                Some((format!("task/{id}"), self.task(id)?))
            }
            "TagResource" | "UntagResource" => self.tagged_resource(named("resourceArn")),
            _ => None,
        }
    }

    fn tagged_resource(&self, full: &str) -> Option<(String, Value)> {
        let name = arn::name(full);
        match arn::resource(full).split('/').next()? {
            "cluster" => self.cluster_resource(Some(name)),
            "service" => self.service_content(&ServiceKey::new(arn::cluster_of(full)?, name)),
            "task-definition" => self.family_resource(arn::family_and_revision(full).0),
            "task" => Some((format!("task/{name}"), self.task(name)?)),
            "capacity-provider" => self.capacity_provider_resource(name),
            _ => None,
        }
    }

    fn service_resource(&self, input: &Value, named: &str) -> Option<(String, Value)> {
        let cluster = arn::cluster_of(named)
            .or(text(input, "cluster"))
            .unwrap_or("default");
        self.service_content(&ServiceKey::new(arn::name(cluster), arn::name(named)))
    }

    fn service_content(&self, key: &ServiceKey) -> Option<(String, Value)> {
        let service = self.services.get(key)?;
        let view = self.view_service(service, true);
        Some((format!("service/{}/{}", key.cluster, key.name), view))
    }

    /// A service, and what its description does not show: how far one of its service deployments is.
    fn service_deployment_resource(&self, full: &str) -> Option<(String, Value)> {
        let (service, id) = self.service_and_id(full);
        let service = service?;
        let record = service.history.iter().find(|record| record.id == id)?;
        let (name, content) = self.service_content(&service.key)?;
        let deployment = self.view_service_deployment(service, record);
        Some((name, json!([content, deployment])))
    }

    fn capacity_provider_resource(&self, named: &str) -> Option<(String, Value)> {
        let name = arn::name(named);
        let provider = self.capacity_providers.get(name)?;
        Some((format!("capacity-provider/{name}"), provider.view(true)))
    }

    fn cluster_resource(&self, named: Option<&str>) -> Option<(String, Value)> {
        let cluster = self.clusters.get(arn::name(named.unwrap_or("default")))?;
        let view = self.view_cluster(cluster, &["TAGS", "SETTINGS", "CONFIGURATIONS"]);
        Some((format!("cluster/{}", cluster.name), view))
    }

    /// Several families under the name of the first.
    fn families_resource(&self, named: &[&str]) -> Option<(String, Value)> {
        let families = named
            .iter()
            .filter_map(|named| self.family_resource(arn::family_and_revision(named).0));
        let (names, contents): (Vec<_>, Vec<_>) = families.unzip();
        Some((names.into_iter().next()?, json!(contents)))
    }

    /// A family is its newest number and the state of each revision.
    fn family_resource(&self, name: &str) -> Option<(String, Value)> {
        let family = self.families.get(name)?;
        let revision = |(number, found): (&i64, &super::task_definition::TaskDefinition)| json!({ "revision": number, "status": found.status.name(), "tags": tags::write(&found.tags) });
        let revisions: Vec<Value> = family.revisions.iter().map(revision).collect();
        Some((
            format!("task-definition/{name}"),
            json!({ "newest": family.newest, "revisions": revisions }),
        ))
    }
}
