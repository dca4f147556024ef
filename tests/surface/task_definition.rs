//! EcsTaskDefinition: RegisterTaskDefinition.

use crate::compare::{Comparison, Exception, OPEN, ecs, exception};

const EXCEPTIONS: &[Exception] = &[
    exception("spec.family", "absent is <namespace>-<name>"),
    exception("spec.tags", "tags are a map in every kind"),
    exception("spec.region", "ours: which Region the family is in"),
    exception("spec.suspend", "ours: whether the operator acts"),
    exception("spec.managementPolicy", "ours: what the operator may do"),
    exception("spec.deletionPolicy", "ours: what deleting the object does"),
    exception(
        "spec.revisionHistoryLimit",
        "ours: how many older revisions stay",
    ),
    exception(
        "spec.deleteOldRevisions",
        "ours: whether they are deleted for good",
    ),
    exception("spec.containerDefinitions[].environmentFiles[].type", OPEN),
    exception(
        "spec.containerDefinitions[].firelensConfiguration.type",
        OPEN,
    ),
    exception(
        "spec.containerDefinitions[].logConfiguration.logDriver",
        OPEN,
    ),
    exception(
        "spec.containerDefinitions[].resourceRequirements[].type",
        OPEN,
    ),
    exception("spec.runtimePlatform.cpuArchitecture", OPEN),
    exception("spec.runtimePlatform.operatingSystemFamily", OPEN),
    exception("spec.trustedExecutionConfiguration.isolationMode", OPEN),
];

#[test]
fn task_definition_has_every_member_of_awss_model() {
    let model = ecs();
    Comparison::new("EcsTaskDefinition", &model, EXCEPTIONS)
        .operations("spec", &["RegisterTaskDefinition"])
        .finish();
}
