//! What is known of a cluster.

use crate::{
    api::EcsClusterStatus,
    model::{
        observed::Resource,
        ownership::{Claim, Owner},
    },
};

/// Updates the facts of `status` from what was seen, if it is ours or may become so.
pub fn facts(status: &mut EcsClusterStatus, cluster: &Resource, owner: &Owner) {
    if matches!(owner.claim(&cluster.tags), Claim::Foreign(_)) {
        return;
    }
    status.arn = cluster.text("clusterArn").map(str::to_owned);
    status.cluster_name = cluster.text("clusterName").map(str::to_owned);
    status.active_services_count = cluster.number("activeServicesCount");
    status.running_tasks_count = cluster.number("runningTasksCount");
}
