//! EcsCluster: CreateCluster, UpdateCluster and PutClusterCapacityProviders.

use crate::compare::{Comparison, Exception, OPEN, ecs, exception};

const EXCEPTIONS: &[Exception] = &[
    exception("spec.cluster", "updates name the cluster of clusterName"),
    exception("spec.tags", "tags are a map in every kind"),
    exception("spec.region", "ours: which Region the cluster is in"),
    exception("spec.suspend", "ours: whether the operator acts"),
    exception("spec.managementPolicy", "ours: what the operator may do"),
    exception("spec.deletionPolicy", "ours: what deleting the object does"),
    exception("spec.settings[].name", OPEN),
];

#[test]
fn cluster_has_every_member_of_awss_model() {
    let model = ecs();
    Comparison::new("EcsCluster", &model, EXCEPTIONS)
        .operations(
            "spec",
            &[
                "CreateCluster",
                "UpdateCluster",
                "PutClusterCapacityProviders",
            ],
        )
        .finish();
}
