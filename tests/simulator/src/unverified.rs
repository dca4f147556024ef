//! What the simulator assumes about AWS without proof. One table, so that it can be corrected in one place the day an account exists.

/// An assumption.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unverified {
    /// The name that the code refers to it by.
    pub id: &'static str,
    /// What is assumed.
    pub what: &'static str,
    /// The module that assumes it.
    pub place: &'static str,
}

const fn row(id: &'static str, what: &'static str, place: &'static str) -> Unverified {
    Unverified { id, what, place }
}

/// All assumptions of the simulator.
pub const UNVERIFIED: &[Unverified] = &[
    row(
        "UNLISTED_BUCKET",
        "ECS operations that the published table does not list share a bucket of 5 tokens and 1 a second",
        "throttle",
    ),
    row(
        "VIOLATION_CODES",
        "The code and sentence with which each service refuses what its model forbids; unknown members, which AWS may ignore, are refused too",
        "contract::answer",
    ),
    row(
        "AUTH_STATUS",
        "awsJson services answer authentication errors with 400, awsQuery services with 403",
        "protocol",
    ),
    row(
        "TARGET_INITIAL",
        "A target that fails its health check is `initial` for interval x unhealthy threshold, then `unhealthy`",
        "elbv2::target",
    ),
    row(
        "TG_IDEMPOTENT",
        "CreateTargetGroup with identical settings returns the existing group and leaves its tags alone",
        "elbv2::target_group",
    ),
    row(
        "TG_IN_USE_ANOTHER_LB",
        "A target group in a forward action of another load balancer is refused with TargetGroupAssociationLimit",
        "elbv2::listener",
    ),
    row(
        "DELETE_MISSING_TG",
        "DeleteTargetGroup of a group that does not exist succeeds",
        "elbv2::target_group_calls",
    ),
    row(
        "ACTION_ORDER",
        "Reads show Order 1 on an action that was sent without",
        "elbv2::action",
    ),
    row(
        "FORWARD_LIMIT",
        "More than 5 target groups in a forward action are refused with TooManyTargetGroups",
        "elbv2::action_config",
    ),
    row(
        "RULE_ORDER_ON_READ",
        "path-pattern, source-ip and http-header values come back sorted",
        "elbv2::condition",
    ),
    row(
        "UNUSED_AT_ONCE",
        "Removing the last rule of a target group makes its targets `unused` at once",
        "elbv2::target_calls",
    ),
    row(
        "SAME_PRIORITY_TWICE",
        "SetRulePriorities with one priority twice is PriorityInUse",
        "elbv2::rule_calls",
    ),
    row(
        "SOURCE_OF_EVERY_BALANCER",
        "A source-ip condition by address range or by version is taken on a load balancer of any type",
        "elbv2::condition",
    ),
    row(
        "TAG_DUPLICATE",
        "A tag key twice in one request is DuplicateTagKeys",
        "elbv2::tags",
    ),
    row(
        "INVISIBLE",
        "While a created resource is not yet visible, reads that would show it are answered as if it did not exist; writes see it",
        "world",
    ),
    row(
        "FAMILY_BUSY",
        "RegisterTaskDefinition is refused as too many at once only as often as the script says, and then before the request is looked at",
        "world",
    ),
    row(
        "AAS_CLAMP",
        "RegisterScalableTarget clamps the desired count at once",
        "autoscaling",
    ),
    row(
        "AAS_POLICY_TYPE",
        "PolicyType of an existing policy cannot change: ValidationException",
        "autoscaling",
    ),
    row(
        "AAS_TAGS",
        "Tags of RegisterScalableTarget on an existing target are refused with ValidationException",
        "autoscaling",
    ),
    row(
        "SQS_EVENTS",
        "Every queue whose name begins with `ecs-events` gets every ECS event of its account and Region, as if a rule and its policy existed",
        "sqs",
    ),
    row(
        "ASSUMED_EXPIRATION",
        "Credentials of AssumeRole expire by the real clock, because clients compare them with theirs",
        "sts",
    ),
    row(
        "ABSENT_IN_UPDATE",
        "UpdateService leaves absent healthCheckGracePeriodSeconds and propagateTags as they are, like all members [L]; the model's text says 0 and NONE [M]",
        "ecs::update_service",
    ),
    row(
        "ASSIGN_PUBLIC_IP",
        "assignPublicIp ENABLED is accepted with the ECS deployment controller, against the model's text",
        "ecs::create_service",
    ),
    row(
        "BLUE_GREEN_SIMPLIFIED",
        "BLUE_GREEN, LINEAR and CANARY start all new tasks in the declared target group, wait bakeTimeInMinutes, then stop the old ones; no traffic is shifted in steps",
        "ecs::scheduler",
    ),
    row(
        "CALLS_ON_INACTIVE_CLUSTER",
        "Calls that name an INACTIVE cluster are refused with ClusterNotFoundException",
        "ecs::cluster",
    ),
    row(
        "CAPACITY_PROVIDER_PROVISIONING",
        "A capacity provider is ACTIVE at once, and attaching it leaves no update in progress",
        "ecs::capacity_provider",
    ),
    row(
        "CLEARED_BY_UPDATE",
        "UpdateService turns Service Connect off with enabled false, which leaves nothing else in its block, and clears volumeConfigurations, vpcLatticeConfigurations, gatewayConnectors and monitoring with what is empty",
        "ecs::update_service",
    ),
    row(
        "COMPLETION_DELAY",
        "A deployment completes 3 s after all is in place",
        "ecs::scheduler",
    ),
    row(
        "CREATE_CLUSTER_REPEAT",
        "CreateCluster on an ACTIVE cluster answers it unchanged, whatever the request says",
        "ecs::cluster",
    ),
    row(
        "DAEMON_INSTANCES",
        "A DAEMON service runs one task, as on one container instance",
        "ecs::create_service",
    ),
    row(
        "DELETE_TASK_DEFINITION_PACE",
        "ECS looks every 60 s whether a task definition in deletion is still used",
        "ecs::task_definition",
    ),
    row(
        "DELETE_WHILE_DRAINING",
        "DeleteService of a DRAINING service answers it again",
        "ecs::delete_service",
    ),
    row(
        "EARLY_EXIT_COUNTS",
        "A task that exits before it was healthy (without checks: 2 s after RUNNING) is a failed task of its deployment",
        "ecs::task_life",
    ),
    row(
        "EARLY_SUCCESS_OFF",
        "earlySuccessCriteria with enable false is taken with every strategy, and replaces what was there",
        "ecs::deployment_configuration",
    ),
    row(
        "ENDLESS_CAPACITY",
        "Every launch type and capacity provider has room for every task",
        "ecs::placement",
    ),
    row(
        "EXIT_CODE_ON_STOP",
        "Containers that are told to stop exit with 0",
        "ecs::task_life",
    ),
    row(
        "FAILED_KEEPS_OLD",
        "Behind a FAILED deployment that is not rolled back the completed one keeps the service's count",
        "ecs::scheduler",
    ),
    row(
        "HEALTHY_FOR_EVER",
        "A task that was healthy once is not checked again; only its exit or a stop ends it",
        "ecs::task_life",
    ),
    row(
        "HOOKS_NOT_CALLED",
        "Lifecycle hooks that call a function are kept and read back, but neither called nor waited for",
        "ecs::pause_hook",
    ),
    row(
        "LATE_ANSWERS",
        "ContinueServiceDeployment for a hook that waits no more is InvalidParameterException",
        "ecs::pause_hook",
    ),
    row(
        "MANAGED_TAGS_ALONE",
        "enableECSManagedTags is accepted without propagateTags",
        "ecs::create_service",
    ),
    row(
        "OTHER_CONTROLLERS",
        "Services with the CODE_DEPLOY or EXTERNAL controller get their first deployment as with ECS",
        "ecs::scheduler",
    ),
    row(
        "REGISTER_REFUSALS",
        "Sentences, and the code ClientException, of most semantic refusals of RegisterTaskDefinition",
        "ecs::task_definition_rules",
    ),
    row(
        "REORDERING",
        "containerDefinitions, and portMappings, volumesFrom, links, environment and secrets of a container, come back in an order that depends on their content alone",
        "ecs::normalise",
    ),
    row(
        "REQUIRES_ATTRIBUTES",
        "requiresAttributes holds a part of what AWS derives",
        "ecs::normalise",
    ),
    row(
        "REVISION_ONLY_MEMBERS_ROLL",
        "A change of gatewayConnectors or monitoring begins a deployment: they are read on service revisions only",
        "ecs::update_service",
    ),
    row(
        "ROLLBACK_DEPLOYMENT_ID",
        "A rollback is a new entry of deployments[] with a new id and revision, in the same service deployment; its tasks are new ones",
        "ecs::rollback",
    ),
    row(
        "ROLLBACK_OF_FIRST_DEPLOYMENT",
        "StopServiceDeployment with ROLLBACK is refused if nothing completed before",
        "ecs::stop_service_deployment",
    ),
    row(
        "SERVICE_CONNECT_NAMESPACE_ARN",
        "A Service Connect namespace given by name exists and is read as an ARN",
        "ecs::cluster",
    ),
    row(
        "SERVICE_DEPLOYMENT_REASONS",
        "The sentences of statusReason and rollback.reason, and STOPPED for a failure without rollback",
        "ecs::rollback",
    ),
    row(
        "START_BACKOFF",
        "After 3 failed attempts in a row tasks are started again after 10 s, 20 s, 40 s, … up to 27 min",
        "ecs::scheduler",
    ),
    row(
        "STEPS_GO_WITH_STRATEGY",
        "Another deployment strategy drops linearConfiguration and canaryConfiguration of the one before",
        "ecs::deployment_configuration",
    ),
    row(
        "STRATEGY_SPLIT",
        "All tasks of a capacity provider strategy go to its heaviest provider",
        "ecs::placement",
    ),
    row(
        "SUPERSEDED_SERVICE_DEPLOYMENT",
        "A service deployment in progress is STOPPED when a newer one begins",
        "ecs::engine",
    ),
    row(
        "TAGS_OF_GONE_RESOURCE",
        "Codes and sentences with which tags of INACTIVE or missing resources are refused",
        "ecs::tags",
    ),
    row(
        "TASK_TIMINGS",
        "PROVISIONING takes 1 s; a task without health checks is healthy 2 s after RUNNING",
        "ecs::task_life",
    ),
    row(
        "THRESHOLD_ROUNDING",
        "The circuit breaker's percentage is rounded up",
        "ecs::circuit_breaker",
    ),
    row(
        "TRAFFIC_STAGES_AT_ONCE",
        "Pauses of the stages in which traffic moves come one after the other, when the new tasks are healthy",
        "ecs::pause_hook",
    ),
    row(
        "WHERE_PAUSES_ACT",
        "Pauses act in deployments that are not rolling, from a service's second on",
        "ecs::pause_hook",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use regex::Regex;

    use super::UNVERIFIED;

    fn sources(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
        {
            match entry.is_dir() {
                true => sources(&entry, text),
                false => *text += &fs::read_to_string(entry).expect("UTF-8"),
            }
        }
    }

    #[test]
    fn every_reference_stands_in_the_table_and_every_row_is_referred_to() {
        let mut text = String::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut text,
        );
        let reference = Regex::new("[Uu]nverified: `?([A-Z][A-Z_]+)").expect("a pattern");
        let cited: BTreeSet<_> = reference
            .captures_iter(&text)
            .map(|c| c[1].to_owned())
            .collect();
        let rows: BTreeSet<_> = UNVERIFIED.iter().map(|row| row.id.to_owned()).collect();
        assert_eq!(
            cited.difference(&rows).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "not in the table"
        );
        assert_eq!(
            rows.difference(&cited).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "not in the code"
        );
        assert_eq!(rows.len(), UNVERIFIED.len(), "an id twice");
    }
}
