//! What exists in a cluster, for whoever wants to import it.

use serde_json::Value;

use super::array;
use crate::{
    aws::{Aws, AwsError, ecs::Operation},
    model::{arn, observed::Resource},
    plan::request,
};

/// Services of a page; the most that ECS gives (ListServices, parameter maxResults).
const PAGE: i64 = 100;

/// Members that AWS shows on service revisions only (aws.md 4.4).
const ON_REVISIONS: [&str; 2] = ["gatewayConnectors", "monitoring"];

impl Aws {
    /// Names of the services of a cluster.
    pub async fn service_names(&self, cluster: &str) -> Result<Vec<String>, AwsError> {
        let mut names = Vec::new();
        let mut token = Value::Null;
        loop {
            let mut input = request! {"cluster": cluster, "maxResults": PAGE};
            if !token.is_null() {
                input.insert("nextToken".into(), token);
            }
            let answer = self.ecs(Operation::ListServices, &input).await?;
            let page = array(&answer, "serviceArns").iter();
            names.extend(
                page.filter_map(Value::as_str)
                    .map(|arn| arn::last_segment(arn).to_owned()),
            );
            token = answer["nextToken"].clone();
            if token.is_null() {
                names.sort();
                return Ok(names);
            }
        }
    }

    /// A service with all that AWS shows of it in other places; none when there is none that is ACTIVE.
    pub async fn whole_service(
        &self,
        cluster: &str,
        name: &str,
    ) -> Result<Option<Resource>, AwsError> {
        let key = (cluster.to_owned(), name.to_owned());
        let service = self.readers.services.get(key).await?;
        let Some(mut service) = service.filter(|found| found.text("status") == Some("ACTIVE"))
        else {
            return Ok(None);
        };
        let revisions = service.members.get("currentServiceRevisions");
        let Some(revision) = revisions.and_then(|revisions| revisions[0]["arn"].as_str()) else {
            return Ok(Some(service));
        };
        let input = request! {"serviceRevisionArns": [revision]};
        let answer = self
            .ecs(Operation::DescribeServiceRevisions, &input)
            .await?;
        for member in ON_REVISIONS {
            let value = &answer["serviceRevisions"][0][member];
            if !value.is_null() {
                service.members.insert(member.to_owned(), value.clone());
            }
        }
        Ok(Some(service))
    }
}
