//! The steps of EcsCluster.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::reflector::Store;

use super::kind::{Common, Kind, Pending};
use crate::{
    api::{
        EcsCluster, EcsClusterStatus, Lifecycle,
        lifecycle::{LastError, PlannedStep},
    },
    aws::{Aws, AwsError, observe::Look},
    desired::{
        Identity, Invalid,
        cluster::{self, DesiredCluster, Target},
    },
    kubernetes::{kept::Kept, stores::Stores},
    model::{Installation, Tags, declared::Paths, observed::Cluster},
    plan::{self, Plan, Step, filter},
    status,
};

impl Kind for EcsCluster {
    type References = ();
    type Target = Target;
    type Desired = DesiredCluster;
    type Observed = Cluster;

    const CONTROLLER: &'static str = "ecscluster";

    fn lifecycle(&self) -> &Lifecycle {
        &self.spec.lifecycle
    }

    fn conditions(status: &EcsClusterStatus) -> &[Condition] {
        &status.conditions
    }

    fn known_arn(status: &EcsClusterStatus) -> Option<&str> {
        status.arn.as_deref()
    }

    fn last_error(status: &EcsClusterStatus) -> Option<&LastError> {
        status.last_error.as_ref()
    }

    fn applied(status: &mut EcsClusterStatus) -> &mut Vec<String> {
        &mut status.applied
    }

    fn planned(status: &EcsClusterStatus) -> &[PlannedStep] {
        &status.plan
    }

    fn set_common(status: &mut EcsClusterStatus, common: Common) {
        status.observed_generation = Some(common.observed_generation);
        status.conditions = common.conditions;
        status.last_error = common.last_error;
        status.plan = common.plan;
        status.drift = common.drift;
    }

    fn resolve(&self, _: &Stores) -> Result<(), Pending> {
        Ok(())
    }

    fn desired(
        &self,
        id: Identity<'_>,
        (): &(),
        installation: &Installation,
    ) -> Result<DesiredCluster, Invalid> {
        cluster::desired(id, &self.spec, self.arn(), installation)
    }

    fn declared(desired: &DesiredCluster) -> Paths {
        desired.declared()
    }

    async fn observe(aws: &Aws, desired: &DesiredCluster) -> Result<Look<Cluster>, AwsError> {
        let seen = aws.cluster(&desired.target.name).await?;
        Ok(seen.map(|cluster| Cluster {
            cluster,
            ..Default::default()
        }))
    }

    fn plan(&self, desired: &DesiredCluster, observed: &Cluster) -> Plan {
        let applied = self.status.iter().flat_map(|status| &status.applied);
        let applied = applied.cloned().collect();
        plan::cluster::plan(desired, observed.cluster.as_ref(), self.arn(), &applied)
    }

    fn foresee(observed: &mut Cluster, step: &Step) {
        plan::foresee::cluster(&mut observed.cluster, step);
    }

    fn tags(observed: &Cluster) -> Option<&Tags> {
        observed.cluster.as_ref().map(|cluster| &cluster.tags)
    }

    fn facts(
        status: &mut EcsClusterStatus,
        desired: &DesiredCluster,
        observed: &Cluster,
        plan: &Plan,
    ) {
        if let Some(cluster) = &observed.cluster {
            status::cluster::facts(status, cluster, &desired.target.owner);
        }
        status.applied = status::applied(&status.applied, &desired.declared(), plan);
    }

    fn settled(desired: &DesiredCluster, _: &Cluster) -> String {
        format!("the cluster \"{}\" is as declared", desired.target.name)
    }

    fn users(&self, stores: &Stores) -> Vec<String> {
        let (Some(namespace), Some(name)) = (&self.metadata.namespace, &self.metadata.name) else {
            return Vec::new();
        };
        stores.users_of_cluster(namespace, name)
    }

    fn store(stores: &Stores) -> &Store<Kept<Self>> {
        &stores.clusters
    }

    fn target(&self, id: Identity<'_>, _: &Stores, installation: &Installation) -> Option<Target> {
        cluster::target(id, &self.spec, self.arn(), installation).ok()
    }

    async fn observe_deletion(aws: &Aws, target: &Target) -> Result<Look<Cluster>, AwsError> {
        aws.used_cluster(&target.name).await
    }

    fn is_seen(&self, observed: &Cluster) -> bool {
        observed.cluster.is_some()
    }

    fn plan_deletion(&self, target: &Target, observed: &Cluster) -> Plan {
        let retains = filter::retains(
            self.lifecycle(),
            observed.cluster.as_ref().map(|cluster| &cluster.tags),
        );
        plan::delete::cluster(target, observed, retains)
    }
}
