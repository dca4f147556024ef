//! Clusters.

use super::{Look, NotYetVisible, array, failure, resource};
use crate::{
    aws::{
        Aws, AwsError,
        ecs::Operation,
        execute::scope,
        reader::{Found, all},
    },
    model::{
        arn,
        observed::{Cluster, Resource},
    },
    plan::request,
};

impl Aws {
    pub(in crate::aws) async fn describe_clusters(
        &self,
        names: Vec<String>,
    ) -> Found<String, Option<Resource>> {
        let input = request! {"clusters": names, "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"]};
        let answer = match self.ecs(Operation::DescribeClusters, &input).await {
            Ok(answer) => answer,
            Err(error) => return all(names, &error),
        };
        let missing = |name: String| {
            let failure = failure(&answer, "DescribeClusters", &name);
            (name, failure.map_or(Ok(None), Err))
        };
        let mut found: Found<_, _> = names.into_iter().map(missing).collect();
        for cluster in array(&answer, "clusters") {
            if let Some(slot) = found.get_mut(cluster["clusterName"].as_str().unwrap_or_default()) {
                *slot = Ok(Some(resource(cluster)));
            }
        }
        found
    }

    /// A cluster with the names of the services that keep it from being deleted.
    pub async fn used_cluster(&self, name: &str) -> Result<Look<Cluster>, AwsError> {
        let cluster = match self.cluster(name).await? {
            Ok(Some(cluster)) => cluster,
            Ok(None) => return Ok(Ok(Cluster::default())),
            Err(unseen) => return Ok(Err(unseen)),
        };
        let mut services = Vec::new();
        if cluster.number("activeServicesCount").unwrap_or(0) > 0 {
            let input = request! {"cluster": name, "maxResults": 100};
            let answer = self.ecs(Operation::ListServices, &input).await?;
            let names = array(&answer, "serviceArns")
                .iter()
                .filter_map(|arn| arn.as_str());
            services.extend(names.map(|name| arn::last_segment(name).to_owned()));
            services.sort();
        }
        Ok(Ok(Cluster {
            cluster: Some(cluster),
            services,
        }))
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
