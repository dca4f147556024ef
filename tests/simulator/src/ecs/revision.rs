//! Service revisions: the part of a service's configuration that a deployment rolls out. They never change.

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::{Object, list, text};
use super::service::ServiceKey;
use super::{arn, task_life};
use crate::clock::Time;

/// Members of a revision that are on the service too; the others are only on `deployments[]` or the revision [D].
const ON_SERVICE: [&str; 8] = [
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "launchType",
    "capacityProviderStrategy",
];

/// Members of a revision that are on `deployments[]` [M].
const ON_DEPLOYMENT: [&str; 9] = [
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "platformFamily",
    "launchType",
    "capacityProviderStrategy",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

/// One revision of one service.
#[derive(Debug)]
pub(super) struct Revision {
    /// Nineteen digits; also the tail of the deployment's id.
    pub(super) id: String,
    pub(super) service: ServiceKey,
    pub(super) service_arn: String,
    pub(super) cluster_arn: String,
    /// As read. A change of most of them starts a deployment: aws.md §B2 [M].
    pub(super) members: Object,
    /// The body of its task definition.
    pub(super) body: Arc<Value>,
    pub(super) created_at: Time,
}

impl Revision {
    /// `arn:…:service-revision/<cluster>/<service>/<id>`.
    pub(super) fn arn(&self) -> String {
        let (account, region) = (
            arn::account(&self.service_arn),
            arn::region(&self.service_arn),
        );
        let resource = format!(
            "service-revision/{}/{}/{}",
            self.service.cluster, self.service.name, self.id
        );
        arn::arn(account, region, "ecs", &resource)
    }

    /// The ARN of its task definition.
    pub(super) fn task_definition(&self) -> &str {
        self.members
            .get("taskDefinition")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Its load balancer entries.
    pub(super) fn load_balancers(&self) -> &[Value] {
        self.members
            .get("loadBalancers")
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// The members that DescribeServices has on the service.
    pub(super) fn on_service(&self) -> Object {
        self.some(&ON_SERVICE)
    }

    /// The members that DescribeServices has on a deployment.
    pub(super) fn on_deployment(&self) -> Object {
        self.some(&ON_DEPLOYMENT)
    }

    fn some(&self, names: &[&str]) -> Object {
        let wanted = |name: &&str| Some(((*name).to_owned(), self.members.get(*name)?.clone()));
        names.iter().filter_map(wanted).collect()
    }

    /// As DescribeServiceRevisions has it.
    pub(super) fn view(&self) -> Value {
        let mut view = self.members.clone();
        let images: Vec<Value> = list(&self.body, "containerDefinitions")
            .iter()
            .map(image)
            .collect();
        let groups: Vec<Value> = self.load_balancers().iter().filter_map(resolved).collect();
        for (member, value) in [
            ("serviceRevisionArn", json!(self.arn())),
            ("serviceArn", json!(self.service_arn)),
            ("clusterArn", json!(self.cluster_arn)),
            ("containerImages", json!(images)),
            ("guardDutyEnabled", json!(false)),
            ("createdAt", json!(self.created_at)),
        ] {
            view.insert(member.to_owned(), value);
        }
        if !groups.is_empty() {
            view.insert(
                "resolvedConfiguration".into(),
                json!({ "loadBalancers": groups }),
            );
        }
        Value::Object(view)
    }
}

fn image(container: &Value) -> Value {
    let image = text(container, "image").unwrap_or_default();
    json!({
        "containerName": text(container, "name"),
        "image": image,
        "imageDigest": task_life::digest(image),
    })
}

/// Which target group serves: with the simplified blue/green it is always the declared one. [?] unverified: BLUE_GREEN_SIMPLIFIED
fn resolved(load_balancer: &Value) -> Option<Value> {
    let mut resolved = Object::new();
    resolved.insert(
        "targetGroupArn".into(),
        json!(text(load_balancer, "targetGroupArn")?),
    );
    let rule = text(
        &load_balancer["advancedConfiguration"],
        "productionListenerRule",
    );
    resolved.extend(rule.map(|rule| ("productionListenerRule".to_owned(), json!(rule))));
    Some(Value::Object(resolved))
}
