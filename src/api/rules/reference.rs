//! What containers name is there: other containers, volumes, accelerators.

use kube::core::Rule;

use super::{
    Items, fargate,
    mistake::{CONTAINERS, Mistakes, containers},
    rule,
    task_definition::{NAMES, NETWORK_MODE, NO_LINKS, PORTS},
};

/// See [`others_are_there`].
pub const DEPENDS_ON: &str =
    "depends on itself or on no container of this task. Name another one of them in dependsOn.";

/// See [`others_are_there`].
pub const DEPENDS_ON_ESSENTIAL: &str = "waits for the end (COMPLETE or SUCCESS) of an essential container, with which the task ends. Set essential: false there or wait for START or HEALTHY.";

/// See [`others_are_there`].
pub const DEPENDS_ON_HEALTH: &str =
    "waits for HEALTHY of a container without healthCheck. Add one there or wait for START.";

/// See [`containers_fit`].
pub const LINKS: &str = "links to no other container of this task. Name one of them in links.";

/// See [`others_are_there`].
pub const VOLUMES_FROM: &str =
    "takes volumes from no other container of this task. Name one of them in volumesFrom.";

/// See [`containers_fit`].
pub const MOUNTS: &str =
    "mounts a volume that spec.volumes does not have. Add it there or name another in mountPoints.";

/// See [`containers_fit`].
pub const ACCELERATORS: &str = "needs an InferenceAccelerator that is no deviceName of spec.inferenceAccelerators. Add it there or name another.";

/// A dependency is on another container and can come true: when an essential container ends, so does the task, and health is
/// what a health check says.
const DEPENDENCIES: Mistakes = (
    "has(c.dependsOn)",
    &[
        (
            "c.dependsOn.exists(d, d.containerName == c.name || !(d.containerName in self.map(o, o.name)))",
            DEPENDS_ON,
        ),
        (
            "c.dependsOn.exists(d, d.condition in ['COMPLETE', 'SUCCESS'] && self.exists(o, o.name == d.containerName && (!has(o.essential) || o.essential)))",
            DEPENDS_ON_ESSENTIAL,
        ),
        (
            "c.dependsOn.exists(d, d.condition == 'HEALTHY' && self.exists(o, o.name == d.containerName && !has(o.healthCheck)))",
            DEPENDS_ON_HEALTH,
        ),
    ],
);

/// Links are Docker's bridge's, and to other containers. Only their beginning is looked at: taking `name:alias` apart is beyond
/// what a rule may cost.
const LINKED: Mistakes = (
    "has(c.links)",
    &[
        ("n != 'bridge' && c.links.size() > 0", NO_LINKS),
        (
            "!c.links.all(l, self.containerDefinitions.exists(o, l.startsWith(o.name)))",
            LINKS,
        ),
    ],
);

/// Accelerators are the task's.
const ACCELERATED: Mistakes = (
    "has(c.resourceRequirements)",
    &[(
        "c.resourceRequirements.exists(r, r.type == 'InferenceAccelerator' && !(has(r.value) && has(self.inferenceAccelerators) && self.inferenceAccelerators.exists(a, a.deviceName == r.value)))",
        ACCELERATORS,
    )],
);

/// Volumes are of other containers.
const TAKEN: Mistakes = (
    "has(c.volumesFrom)",
    &[(
        "!c.volumesFrom.all(v, has(v.sourceContainer) && v.sourceContainer != c.name && v.sourceContainer in self.map(o, o.name))",
        VOLUMES_FROM,
    )],
);

/// Mounted volumes are the task's.
const MOUNTED: Mistakes = (
    "has(c.mountPoints)",
    &[(
        "!c.mountPoints.all(m, has(m.sourceVolume) && has(self.volumes) && self.volumes.exists(v, v.name == m.sourceVolume))",
        MOUNTS,
    )],
);

/// Containers fit to the task.
pub fn containers_fit() -> Rule {
    containers(
        CONTAINERS,
        "",
        &[("n", NETWORK_MODE), ("g", fargate::ON_FARGATE)],
        &[
            PORTS,
            NAMES,
            fargate::CONTAINERS,
            LINKED,
            ACCELERATED,
            MOUNTED,
        ],
    )
}

/// Containers fit to each other. A rule of the list itself.
pub fn others_are_there() -> Rule {
    let items = Items { of: "", item: "c" };
    containers(items, "", &[], &[DEPENDENCIES, TAKEN])
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
