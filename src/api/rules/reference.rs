//! What containers name is there: other containers, volumes, accelerators.

use kube::core::Rule;

use super::{rule, task_definition::containers};

/// See [`depends_on_others`].
pub const DEPENDS_ON: &str =
    "depends on itself or on no container of this task. Name another one of them in dependsOn.";

/// A dependency is on another container.
pub fn depends_on_others() -> Rule {
    containers(
        "",
        "has(c.dependsOn) && c.dependsOn.exists(d, d.containerName == c.name || !(d.containerName in self.containerDefinitions.map(o, o.name)))",
        DEPENDS_ON,
    )
}

/// See [`waits_for_end_of_helpers`].
pub const DEPENDS_ON_ESSENTIAL: &str = "waits for the end (COMPLETE or SUCCESS) of an essential container, with which the task ends. Set essential: false there or wait for START or HEALTHY.";

/// When an essential container ends, so does the task.
pub fn waits_for_end_of_helpers() -> Rule {
    containers(
        "",
        "has(c.dependsOn) && c.dependsOn.exists(d, d.condition in ['COMPLETE', 'SUCCESS'] && self.containerDefinitions.exists(o, o.name == d.containerName && (!has(o.essential) || o.essential)))",
        DEPENDS_ON_ESSENTIAL,
    )
}

/// See [`waits_for_health_with_check`].
pub const DEPENDS_ON_HEALTH: &str =
    "waits for HEALTHY of a container without healthCheck. Add one there or wait for START.";

/// Health is what a health check says.
pub fn waits_for_health_with_check() -> Rule {
    containers(
        "",
        "has(c.dependsOn) && c.dependsOn.exists(d, d.condition == 'HEALTHY' && self.containerDefinitions.exists(o, o.name == d.containerName && !has(o.healthCheck)))",
        DEPENDS_ON_HEALTH,
    )
}

/// See [`links_to_others`].
pub const LINKS: &str = "links to no other container of this task. Name one of them in links.";

/// A link is to another container. Only its beginning is looked at: taking `name:alias` apart is beyond what a rule may cost.
pub fn links_to_others() -> Rule {
    containers(
        "",
        "has(c.links) && !c.links.all(l, self.containerDefinitions.exists(o, l.startsWith(o.name)))",
        LINKS,
    )
}

/// See [`volumes_from_others`].
pub const VOLUMES_FROM: &str =
    "takes volumes from no other container of this task. Name one of them in volumesFrom.";

/// Volumes are taken from another container.
pub fn volumes_from_others() -> Rule {
    containers(
        "",
        "has(c.volumesFrom) && !c.volumesFrom.all(v, has(v.sourceContainer) && v.sourceContainer != c.name && v.sourceContainer in self.containerDefinitions.map(o, o.name))",
        VOLUMES_FROM,
    )
}

/// See [`mounts_of_volumes`].
pub const MOUNTS: &str =
    "mounts a volume that spec.volumes does not have. Add it there or name another in mountPoints.";

/// What is mounted is there.
pub fn mounts_of_volumes() -> Rule {
    containers(
        "",
        "has(c.mountPoints) && !c.mountPoints.all(m, has(m.sourceVolume) && has(self.volumes) && self.volumes.exists(v, v.name == m.sourceVolume))",
        MOUNTS,
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

/// See [`accelerators_are_declared`].
pub const ACCELERATORS: &str = "needs an InferenceAccelerator that is no deviceName of spec.inferenceAccelerators. Add it there or name another.";

/// An accelerator is one of the task's.
pub fn accelerators_are_declared() -> Rule {
    containers(
        "",
        "has(c.resourceRequirements) && c.resourceRequirements.exists(r, r.type == 'InferenceAccelerator' && !(has(r.value) && has(self.inferenceAccelerators) && self.inferenceAccelerators.exists(a, a.deviceName == r.value)))",
        ACCELERATORS,
    )
}
