//! What the journal compares: the resource that a call names, as it is read.

use serde_json::{Value, json};

use super::State;
use super::arn;
use super::input::text;
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
            "StopServiceDeployment" => {
                let (service, _) = self.service_and_id(named("serviceDeploymentArn"));
                let key = service?.key.clone();
                self.service_content(&key)
            }
            "RegisterTaskDefinition" => self.family_resource(named("family")),
            "DeregisterTaskDefinition" | "DescribeTaskDefinition" => {
                self.family_resource(arn::family_and_revision(named("taskDefinition")).0)
            }
            "CreateCluster" => self.cluster_resource(text(input, "clusterName")),
            "UpdateCluster"
            | "UpdateClusterSettings"
            | "PutClusterCapacityProviders"
            | "DeleteCluster" => self.cluster_resource(text(input, "cluster")),
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

    fn cluster_resource(&self, named: Option<&str>) -> Option<(String, Value)> {
        let cluster = self.clusters.get(arn::name(named.unwrap_or("default")))?;
        let view = self.view_cluster(cluster, &["TAGS", "SETTINGS", "CONFIGURATIONS"]);
        Some((format!("cluster/{}", cluster.name), view))
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
