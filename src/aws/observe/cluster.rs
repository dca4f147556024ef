//! Clusters.

use super::{Look, NotYetVisible, array, resource};
use crate::{
    aws::{Aws, AwsError, ecs::Operation, execute::scope, reader::Found},
    model::observed::Resource,
    plan::request,
};

impl Aws {
    pub(in crate::aws) async fn describe_clusters(
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
}
