//! Which task definition revisions anybody in the Region uses: read only when older revisions of a family may go.
//!
//! ECS has no question for it. What it does tell without fail is what each service of each cluster has in its deployments
//! and task sets (a service keeps using its revision with no task running), and which tasks of a family there are.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::future::try_join_all;
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use super::array;
use crate::{
    aws::{Aws, AwsError, ecs::Operation, limits::Bucket},
    desired::task_definition::{History, Target},
    model::{Members, observed::Family},
    plan::request,
};

/// How long what services use is good for: families that are due at the same time share one reading. A revision that is
/// deregistered all the same goes on running where it runs (DeregisterTaskDefinition).
const FRESH: Duration = Duration::from_secs(15);

/// Names in one DescribeServices.
const SERVICES: usize = 10;

/// What the services of the Region used a moment ago.
#[derive(Debug, Default)]
pub(in crate::aws) struct Usage(Mutex<Option<(Instant, Arc<ByServices>)>>);

#[derive(Debug)]
struct ByServices {
    clusters: Vec<String>,
    revisions: BTreeSet<String>,
}

impl Aws {
    /// Reads what of a family may go. Nothing is read, and nothing may go, while others need the calls more; an error is
    /// told in the log only, for the object is as declared without it.
    pub async fn outdated(&self, target: &Target, history: &History, family: &mut Family) {
        let buckets = [
            Bucket::EcsTaskDefinitionModify,
            Bucket::EcsTaskDefinitionRead,
            Bucket::EcsServiceRead,
            Bucket::EcsClusterResourceRead,
        ];
        if !buckets
            .into_iter()
            .all(|bucket| self.limits.is_idle(bucket))
        {
            return;
        }
        match self.history(target, history, family).await {
            Ok(used) => family.used = Some(used),
            Err(error) => {
                tracing::warn!(%error, family = target.family, "which revisions are in use can't be read; none is deregistered");
            }
        }
    }

    async fn history(
        &self,
        target: &Target,
        history: &History,
        family: &mut Family,
    ) -> Result<BTreeSet<String>, AwsError> {
        family.active = self.revisions_that_are(target, "ACTIVE").await?;
        if history.deletes {
            family.inactive = self.revisions_that_are(target, "INACTIVE").await?;
        }
        let services = self.used_by_services().await?;
        let mut used = services.revisions.clone();
        let tasks = services
            .clusters
            .iter()
            .map(|cluster| self.used_by_tasks(cluster, &target.family));
        used.extend(try_join_all(tasks).await?.into_iter().flatten());
        Ok(used)
    }

    async fn used_by_services(&self) -> Result<Arc<ByServices>, AwsError> {
        // Held over the reading: who comes meanwhile waits for it and shares it.
        let mut known = self.usage.0.lock().await;
        if let Some((at, services)) = &*known
            && at.elapsed() < FRESH
        {
            return Ok(services.clone());
        }
        let clusters = self
            .pages(Operation::ListClusters, request! {}, "clusterArns")
            .await?;
        let of_cluster = clusters.iter().map(|cluster| self.used_in_cluster(cluster));
        let revisions = try_join_all(of_cluster).await?;
        let services = Arc::new(ByServices {
            revisions: revisions.into_iter().flatten().collect(),
            clusters,
        });
        *known = Some((Instant::now(), services.clone()));
        Ok(services)
    }

    async fn used_in_cluster(&self, cluster: &str) -> Result<BTreeSet<String>, AwsError> {
        let input = request! {"cluster": cluster, "maxResults": 100};
        let services = self
            .pages(Operation::ListServices, input, "serviceArns")
            .await?;
        let mut used = BTreeSet::new();
        for services in services.chunks(SERVICES) {
            let input = request! {"cluster": cluster, "services": services};
            let answer = self.ecs(Operation::DescribeServices, &input).await?;
            for service in array(&answer, "services") {
                let parts = array(service, "deployments")
                    .iter()
                    .chain(array(service, "taskSets"));
                let all = parts.chain([service]);
                used.extend(
                    all.filter_map(|part| part["taskDefinition"].as_str().map(str::to_owned)),
                );
            }
        }
        Ok(used)
    }

    async fn used_by_tasks(&self, cluster: &str, family: &str) -> Result<Vec<String>, AwsError> {
        let input = request! {"cluster": cluster, "family": family, "maxResults": 100};
        let tasks = self.pages(Operation::ListTasks, input, "taskArns").await?;
        let mut used = Vec::new();
        for tasks in tasks.chunks(100) {
            let input = request! {"cluster": cluster, "tasks": tasks};
            let answer = self.ecs(Operation::DescribeTasks, &input).await?;
            let revisions = array(&answer, "tasks").iter();
            used.extend(
                revisions.filter_map(|task| task["taskDefinitionArn"].as_str().map(str::to_owned)),
            );
        }
        Ok(used)
    }

    /// All pages of a list of ARNs.
    pub(super) async fn pages(
        &self,
        operation: Operation,
        mut input: Members,
        key: &str,
    ) -> Result<Vec<String>, AwsError> {
        let mut all = Vec::new();
        loop {
            let answer = self.ecs(operation, &input).await?;
            let page = array(&answer, key).iter();
            all.extend(page.filter_map(Value::as_str).map(str::to_owned));
            match answer["nextToken"].as_str() {
                Some(token) => input.insert("nextToken".into(), token.into()),
                None => return Ok(all),
            };
        }
    }
}
