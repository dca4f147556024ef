//! What containers name is there: other containers, volumes, accelerators.

use kube::core::Rule;

use super::{
    rule,
    task_definition::{containers, containers_with},
};

/// See [`dependencies_come_true`].
pub const DEPENDS_ON: &str =
    "depends on itself or on no container of this task. Name another one of them in dependsOn.";

/// See [`dependencies_come_true`].
pub const DEPENDS_ON_ESSENTIAL: &str = "waits for the end (COMPLETE or SUCCESS) of an essential container, with which the task ends. Set essential: false there or wait for START or HEALTHY.";

/// See [`dependencies_come_true`].
pub const DEPENDS_ON_HEALTH: &str =
    "waits for HEALTHY of a container without healthCheck. Add one there or wait for START.";

/// See [`links_and_accelerators_are_there`].
pub const LINKS: &str = "links to no other container of this task. Name one of them in links.";

/// See [`volumes_are_there`].
pub const VOLUMES_FROM: &str =
    "takes volumes from no other container of this task. Name one of them in volumesFrom.";

/// See [`volumes_are_there`].
pub const MOUNTS: &str =
    "mounts a volume that spec.volumes does not have. Add it there or name another in mountPoints.";

/// See [`links_and_accelerators_are_there`].
pub const ACCELERATORS: &str = "needs an InferenceAccelerator that is no deviceName of spec.inferenceAccelerators. Add it there or name another.";

/// A dependency is on another container and can come true: when an essential container ends, so does the task, and health is
/// what a health check says.
pub fn dependencies_come_true() -> Rule {
    containers_with(
        "has(c.dependsOn)",
        "true",
        &[
            (
                "c.dependsOn.exists(d, d.containerName == c.name || !(d.containerName in self.containerDefinitions.map(o, o.name)))",
                DEPENDS_ON,
            ),
            (
                "c.dependsOn.exists(d, d.condition in ['COMPLETE', 'SUCCESS'] && self.containerDefinitions.exists(o, o.name == d.containerName && (!has(o.essential) || o.essential)))",
                DEPENDS_ON_ESSENTIAL,
            ),
            (
                "c.dependsOn.exists(d, d.condition == 'HEALTHY' && self.containerDefinitions.exists(o, o.name == d.containerName && !has(o.healthCheck)))",
                DEPENDS_ON_HEALTH,
            ),
        ],
    )
}

/// Links are to other containers, accelerators are the task's. Of links only the beginning is looked at: taking `name:alias`
/// apart is beyond what a rule may cost.
pub fn links_and_accelerators_are_there() -> Rule {
    containers(
        "true",
        &[
            (
                "has(c.links) && !c.links.all(l, self.containerDefinitions.exists(o, l.startsWith(o.name)))",
                LINKS,
            ),
            (
                "has(c.resourceRequirements) && c.resourceRequirements.exists(r, r.type == 'InferenceAccelerator' && !(has(r.value) && has(self.inferenceAccelerators) && self.inferenceAccelerators.exists(a, a.deviceName == r.value)))",
                ACCELERATORS,
            ),
        ],
    )
}

/// Volumes are of other containers, mounted ones are the task's.
pub fn volumes_are_there() -> Rule {
    containers(
        "true",
        &[
            (
                "has(c.volumesFrom) && !c.volumesFrom.all(v, has(v.sourceContainer) && v.sourceContainer != c.name && v.sourceContainer in self.containerDefinitions.map(o, o.name))",
                VOLUMES_FROM,
            ),
            (
                "has(c.mountPoints) && !c.mountPoints.all(m, has(m.sourceVolume) && has(self.volumes) && self.volumes.exists(v, v.name == m.sourceVolume))",
                MOUNTS,
            ),
        ],
    )
}

/// See [`proxy_is_a_container`].
pub const PROXY: &str =
    "'{proxyConfiguration.containerName}' is no container of this task. Name one of them.";

/// The proxy is one of the containers.
pub fn proxy_is_a_container() -> Rule {
    rule(
        "!has(self.proxyConfiguration) || self.containerDefinitions.exists(c, c.name == self.proxyConfiguration.containerName)",
        ".proxyConfiguration",
        PROXY,
    )
}
