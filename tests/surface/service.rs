//! EcsService: CreateService and UpdateService; its managed target groups: CreateTargetGroup and ModifyTargetGroup; their
//! rules: CreateRule, ModifyRule and SetRulePriorities.

use crate::compare::{Comparison, Exception, ecs, elbv2, exception};

const SERVICE: &[Exception] = &[
    exception("spec.clusterRef", "ours: a cluster by its object"),
    exception("spec.taskDefinitionRef", "ours: a revision by its object"),
    exception("spec.service", "updates name the service of serviceName"),
    exception("spec.clientToken", "the operator makes it"),
    exception(
        "spec.forceNewDeployment",
        "the operator says when a deployment must be forced",
    ),
    exception("spec.tags", "tags are a map in every kind"),
    exception("spec.region", "ours: which Region the service is in"),
    exception("spec.suspend", "ours: whether the operator acts"),
    exception("spec.managementPolicy", "ours: what the operator may do"),
    exception("spec.deletionPolicy", "ours: what deleting the object does"),
    exception(
        "spec.loadBalancers[].targetGroup",
        "ours: a managed target group",
    ),
    exception(
        "spec.serviceConnectConfiguration.logConfiguration.logDriver",
        "open: a driver is only handed on",
    ),
];

const TARGET_GROUP: &[Exception] = &[
    exception(
        "spec.loadBalancers[].targetGroup.protocol=GENEVE",
        "ECS registers no tasks behind Gateway Load Balancers",
    ),
    exception(
        "spec.loadBalancers[].targetGroup.healthCheckProtocol=GENEVE",
        "no health check speaks it",
    ),
    exception(
        "spec.loadBalancers[].targetGroup.targetType=lambda",
        "targets of a service are tasks: addresses or instances",
    ),
    exception(
        "spec.loadBalancers[].targetGroup.targetType=alb",
        "targets of a service are tasks: addresses or instances",
    ),
    exception(
        "spec.loadBalancers[].targetGroup.targetGroupArn",
        "updates name the group of name",
    ),
    exception(
        "spec.loadBalancers[].targetGroup.tags",
        "the service's tags are its target groups'",
    ),
    exception(
        "spec.loadBalancers[].targetGroup.attributes",
        "ModifyTargetGroupAttributes, as a map",
    ),
    exception(
        "spec.loadBalancers[].targetGroup.rules",
        "ours: the rules that lead to the group",
    ),
];

const RULE: &[Exception] = &[
    exception(
        "spec.loadBalancers[].targetGroup.rules[].ruleArn",
        "updates name the rule that the status knows",
    ),
    exception(
        "spec.loadBalancers[].targetGroup.rules[].tags",
        "the service's tags are its rules'",
    ),
    exception(
        "spec.loadBalancers[].targetGroup.rules[].resetTransforms",
        "the operator says when transforms were removed",
    ),
];

#[test]
fn service_has_every_member_of_awss_model() {
    let model = ecs();
    Comparison::new("EcsService", &model, SERVICE)
        .operations("spec", &["CreateService", "UpdateService"])
        .finish();
}

#[test]
fn managed_target_group_has_every_member_of_awss_model() {
    let model = elbv2();
    Comparison::new("EcsService", &model, TARGET_GROUP)
        .operations(
            "spec.loadBalancers[].targetGroup",
            &["CreateTargetGroup", "ModifyTargetGroup"],
        )
        .finish();
}

#[test]
fn listener_rule_has_every_member_of_awss_model() {
    let model = elbv2();
    Comparison::new("EcsService", &model, RULE)
        .operations(
            "spec.loadBalancers[].targetGroup.rules[]",
            &["CreateRule", "ModifyRule"],
        )
        .finish();
}
