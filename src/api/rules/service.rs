//! Rules of services, their target groups and listener rules (CreateService, UpdateService, CreateTargetGroup, CreateRule).

use kube::core::Rule;

use super::{
    Items, first_of,
    mistake::{no_item, none_of},
    rule, rule_at,
    strategy::FARGATE,
};

/// A rule a row: its function, its words, the member that they are about, what must hold.
macro_rules! rules {
    ($($(#[doc = $doc:literal])* $rule:ident, $WORDS:ident: $path:literal, $holds:expr, $message:literal;)*) => {$(
        #[doc = concat!("See [`", stringify!($rule), "`].")]
        pub const $WORDS: &str = $message;

        $(#[doc = $doc])*
        pub fn $rule() -> Rule {
            rule($holds, $path, $WORDS)
        }
    )*};
}

/// Tasks run on Fargate, as far as the spec says.
fn on_fargate() -> String {
    format!(
        "(has(self.launchType) && self.launchType == 'FARGATE' || has(self.capacityProviderStrategy) && self.capacityProviderStrategy.exists(i, {FARGATE}))"
    )
}

const STRATEGY: &str = "has(self.deploymentConfiguration) && has(self.deploymentConfiguration.strategy) && self.deploymentConfiguration.strategy";
const BALANCED: &str = "has(self.loadBalancers) && size(self.loadBalancers) > 0";

rules! {
    /// One way to name the cluster.
    one_cluster, ONE_CLUSTER: ".clusterRef",
        "has(self.clusterRef) != has(self.cluster)",
        "give exactly one of clusterRef (an EcsCluster of this namespace; it is {clusterRef.name?}) and cluster (name or ARN of a cluster that exists; it is {cluster?}).";
    /// One way to name the task definition.
    one_task_definition, ONE_TASK_DEFINITION: ".taskDefinitionRef",
        "has(self.taskDefinitionRef) != has(self.taskDefinition)",
        "give exactly one of taskDefinitionRef (an EcsTaskDefinition of this namespace; it is {taskDefinitionRef.name?}) and taskDefinition (family:revision or ARN; it is {taskDefinition?}).";
    /// Launch type or strategy.
    launch_type_or_strategy, LAUNCH_TYPE_OR_STRATEGY: ".launchType",
        "!(has(self.capacityProviderStrategy) && size(self.capacityProviderStrategy) > 0 && has(self.launchType))",
        "'{launchType}' excludes capacityProviderStrategy. Remove one.";
    /// Only Fargate has platform versions.
    platform_on_fargate, PLATFORM_ON_FARGATE: ".platformVersion",
        "!(has(self.platformVersion) && self.platformVersion != 'LATEST' && has(self.launchType) && self.launchType != 'FARGATE')",
        "'{platformVersion}' with launchType {launchType}: only Fargate has platform versions. Remove it, or set launchType: FARGATE.";
    /// Fargate has no instances.
    constraints_on_instances, CONSTRAINTS_ON_INSTANCES: ".placementConstraints",
        &format!("!(has(self.placementConstraints) && size(self.placementConstraints) > 0 && {})", on_fargate()),
        "Fargate has no instances to place tasks on. Remove it.";
    /// Fargate has no instances.
    strategy_on_instances, STRATEGY_ON_INSTANCES: ".placementStrategy",
        &format!("!(has(self.placementStrategy) && size(self.placementStrategy) > 0 && {})", on_fargate()),
        "Fargate has no instances to place tasks on. Remove it.";
    /// A task starts elsewhere before it stops here.
    room_to_rebalance, ROOM_TO_REBALANCE: ".availabilityZoneRebalancing",
        "!(has(self.availabilityZoneRebalancing) && self.availabilityZoneRebalancing == 'ENABLED' && has(self.deploymentConfiguration) && has(self.deploymentConfiguration.maximumPercent) && self.deploymentConfiguration.maximumPercent <= 100)",
        "ENABLED needs room to start a task elsewhere first, and deploymentConfiguration.maximumPercent is {deploymentConfiguration.maximumPercent}. Raise it above 100, or set DISABLED.";
    /// The role is for load balancers with instances.
    role_with_load_balancer, ROLE_WITH_LOAD_BALANCER: ".role",
        &format!("!has(self.role) || ({BALANCED} && !has(self.networkConfiguration))"),
        "'{role}' is only for services with loadBalancers whose tasks do not use network mode awsvpc. Remove it: ECS then uses its service-linked role.";
    /// Steps of what.
    steps_of_traffic, STEPS_OF_TRAFFIC: ".deploymentConfiguration.strategy",
        &format!("!({STRATEGY} in ['LINEAR', 'CANARY']) || ({BALANCED}) || (has(self.serviceConnectConfiguration) && self.serviceConnectConfiguration.enabled) || (has(self.vpcLatticeConfigurations) && size(self.vpcLatticeConfigurations) > 0)"),
        "{deploymentConfiguration.strategy} moves traffic in steps, and there is none. Add loadBalancers with advancedConfiguration or serviceConnectConfiguration, or use ROLLING.";
    /// Two groups take turns.
    shift_needs_advanced, SHIFT_NEEDS_ADVANCED: ".loadBalancers",
        &format!("!({STRATEGY} != 'ROLLING') || !has(self.loadBalancers) || self.loadBalancers.all(l, has(l.advancedConfiguration))"),
        "strategy {deploymentConfiguration.strategy} needs advancedConfiguration (the other target group and the production listener rule) in every entry. Add it, or use ROLLING.";
    /// Steps have their strategy.
    linear_with_strategy, LINEAR_WITH_STRATEGY: ".linearConfiguration",
        "!has(self.linearConfiguration) || (has(self.strategy) && self.strategy == 'LINEAR')",
        "is only for strategy LINEAR, and strategy is {strategy?}. Remove it, or set strategy: LINEAR.";
    /// Steps have their strategy.
    canary_with_strategy, CANARY_WITH_STRATEGY: ".canaryConfiguration",
        "!has(self.canaryConfiguration) || (has(self.strategy) && self.strategy == 'CANARY')",
        "is only for strategy CANARY, and strategy is {strategy?}. Remove it, or set strategy: CANARY.";
    /// AWS asks for it.
    blue_green_bakes, BLUE_GREEN_BAKES: ".bakeTimeInMinutes",
        "!has(self.strategy) || self.strategy != 'BLUE_GREEN' || has(self.bakeTimeInMinutes)",
        "is required by strategy BLUE_GREEN, 0-1440. Set it.";
    /// Early success is of rolling deployments.
    early_success_rolls, EARLY_SUCCESS_ROLLS: ".earlySuccessCriteria",
        "!has(self.earlySuccessCriteria) || !has(self.strategy) || self.strategy == 'ROLLING'",
        "is only for strategy ROLLING, and strategy is {strategy}. Remove it.";
    /// One task more, or one less.
    room_to_replace, ROOM_TO_REPLACE: ".maximumPercent",
        "!(has(self.maximumPercent) && has(self.minimumHealthyPercent) && self.maximumPercent == 100 && self.minimumHealthyPercent == 100)",
        "100 with minimumHealthyPercent 100 leaves no room to replace a task. Raise the first or lower the second.";
    /// Early is not before enough.
    early_but_enough, EARLY_BUT_ENOUGH: ".earlySuccessCriteria.healthyPercent",
        "!has(self.earlySuccessCriteria) || !has(self.earlySuccessCriteria.healthyPercent) || !has(self.minimumHealthyPercent) || self.earlySuccessCriteria.healthyPercent >= self.minimumHealthyPercent",
        "{earlySuccessCriteria.healthyPercent} is below minimumHealthyPercent {minimumHealthyPercent}. Raise the first or lower the second.";
    /// Both or off.
    early_success_is_whole, EARLY_SUCCESS_IS_WHOLE: ".enable",
        "!self.enable || (has(self.healthyPercent) && has(self.sourceServiceRevisionCleanup))",
        "true needs healthyPercent and sourceServiceRevisionCleanup. Set both.";
    /// A function and the right to call it.
    hook_has_target, HOOK_HAS_TARGET: ".hookTargetArn",
        "(has(self.targetType) && self.targetType == 'PAUSE') || (has(self.hookTargetArn) && has(self.roleArn))",
        "is {hookTargetArn?} and roleArn {roleArn?}; both are required by hooks of type AWS_LAMBDA, the default. Set both, or set targetType: PAUSE.";
    /// Nobody pauses a shift.
    pause_beside_shifts, PAUSE_BESIDE_SHIFTS: ".lifecycleStages",
        "!(has(self.targetType) && self.targetType == 'PAUSE') || !self.lifecycleStages.exists(s, s == 'TEST_TRAFFIC_SHIFT' || s == 'PRODUCTION_TRAFFIC_SHIFT')",
        "a PAUSE hook cannot stand at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT. Choose the stage before or after.";
    /// A pause calls nothing.
    pause_calls_nothing, PAUSE_CALLS_NOTHING: ".hookTargetArn",
        "!(has(self.targetType) && self.targetType == 'PAUSE') || !has(self.hookTargetArn)",
        "'{hookTargetArn}': a PAUSE hook calls nothing. Remove it.";

    /// The block has one member.
    network_is_awsvpc, NETWORK_IS_AWSVPC: ".awsvpcConfiguration",
        "has(self.awsvpcConfiguration)",
        "is absent, and it is what a networkConfiguration holds. Set it, or remove networkConfiguration.";
    /// A container's port has a container.
    registry_is_whole, REGISTRY_IS_WHOLE: ".containerName",
        "has(self.containerName) == has(self.containerPort)",
        "is {containerName?} and containerPort {containerPort?}, which go together. Give both or neither.";
    /// One port.
    registry_has_one_port, REGISTRY_HAS_ONE_PORT: ".port",
        "!(has(self.port) && has(self.containerName))",
        "{port} excludes containerName '{containerName}' and containerPort. Remove one or the others.";
    /// An expression of what.
    member_of_expression, MEMBER_OF_EXPRESSION: ".expression",
        "!has(self.type) || (self.type == 'memberOf') == has(self.expression)",
        "is {expression?}, which memberOf needs and distinctInstance does not take; type is {type}. Add or remove it.";
    /// Off is off.
    connect_services_enabled, CONNECT_SERVICES_ENABLED: ".services",
        "self.enabled || !(has(self.services) && size(self.services) > 0)",
        "go with enabled: true, and enabled is false. Remove them, or enable Service Connect.";
    /// A check ends before the next.
    connector_check_in_time, CHECK_IN_TIME: ".healthCheckTimeoutSeconds",
        "!has(self.healthCheckTimeoutSeconds) || !has(self.healthCheckIntervalSeconds) || self.healthCheckTimeoutSeconds < self.healthCheckIntervalSeconds",
        "{healthCheckTimeoutSeconds} is not below healthCheckIntervalSeconds {healthCheckIntervalSeconds}. Lower it.";

    /// A volume has a size.
    volume_has_size, VOLUME_HAS_SIZE: ".sizeInGiB",
        "has(self.sizeInGiB) || has(self.snapshotId)",
        "and snapshotId are absent. One is required, both for a larger volume than the snapshot's. Set one.";
    /// Provisioned volumes say how much.
    volume_needs_iops, NEEDS_IOPS: ".volumeType",
        "!(has(self.volumeType) && self.volumeType in ['io1', 'io2']) || has(self.iops)",
        "'{volumeType}' needs iops. Set it.";
    /// Disks take what they give.
    volume_takes_no_iops, TAKES_NO_IOPS: ".volumeType",
        "!(has(self.iops) && has(self.volumeType) && self.volumeType in ['st1', 'sc1', 'standard'])",
        "'{volumeType}' takes no iops. Remove it.";
    /// Only gp3 takes throughput.
    throughput_of_gp3, TAKES_NO_THROUGHPUT: ".volumeType",
        "!(has(self.throughput) && has(self.volumeType) && self.volumeType != 'gp3')",
        "'{volumeType}' takes no throughput, only gp3 does. Remove it.";
    /// A rate of what.
    rate_of_snapshot, RATE_OF_SNAPSHOT: ".volumeInitializationRate",
        "!has(self.volumeInitializationRate) || has(self.snapshotId)",
        "{volumeInitializationRate} is the rate at which a snapshot is read. Set snapshotId, or remove it.";

    /// One source of traffic.
    one_target, ONE_TARGET: "",
        "[has(self.targetGroupArn), has(self.targetGroup), has(self.loadBalancerName)].filter(x, x).size() == 1",
        "give exactly one of targetGroupArn (a target group that exists; it is {targetGroupArn?}), targetGroup (one that the operator manages) and loadBalancerName (a Classic Load Balancer; it is {loadBalancerName?}).";
    /// A Classic Load Balancer has no groups to take turns.
    classic_is_plain, CLASSIC_IS_PLAIN: ".advancedConfiguration",
        "!has(self.advancedConfiguration) || !has(self.loadBalancerName)",
        "the Classic Load Balancer '{loadBalancerName}' has none. Remove it, or use a target group.";
    /// AWS asks for all three, for target types ip and instance.
    group_has_port, REQUIRED: "",
        "has(self.protocol) && has(self.port) && has(self.vpcId)",
        "protocol is {protocol?}, port {port?} and vpcId {vpcId?}: all three are required by AWS. Set what is absent.";
    /// A version of HTTP.
    version_of_http, VERSION_OF_HTTP: ".protocolVersion",
        "!has(self.protocolVersion) || !has(self.protocol) || self.protocol in ['HTTP', 'HTTPS']",
        "'{protocolVersion}' is for protocols HTTP and HTTPS, and protocol is {protocol}. Remove it.";
    /// What health checks speak.
    check_protocol, CHECK_PROTOCOL: ".healthCheckProtocol",
        "!has(self.healthCheckProtocol) || self.healthCheckProtocol in ['HTTP', 'HTTPS', 'TCP']",
        "'{healthCheckProtocol}' is not HTTP, HTTPS or TCP. Set one of them.";
    /// HTTP is checked by HTTP.
    check_http_by_http, CHECK_HTTP_BY_HTTP: ".healthCheckProtocol",
        "!(has(self.healthCheckProtocol) && self.healthCheckProtocol == 'TCP' && has(self.protocol) && self.protocol in ['HTTP', 'HTTPS'])",
        "TCP does not go with protocol {protocol}. Use HTTP or HTTPS.";
    /// Tasks are always checked.
    checks_are_on, CHECKS_ARE_ON: ".healthCheckEnabled",
        "!has(self.healthCheckEnabled) || self.healthCheckEnabled",
        "false is only possible for Lambda targets. Remove it.";
    /// A check ends before the next.
    check_in_time, GROUP_CHECK_IN_TIME: ".healthCheckTimeoutSeconds",
        "!has(self.healthCheckTimeoutSeconds) || !has(self.healthCheckIntervalSeconds) || self.healthCheckTimeoutSeconds < self.healthCheckIntervalSeconds",
        "{healthCheckTimeoutSeconds} is not below healthCheckIntervalSeconds {healthCheckIntervalSeconds}. Lower it.";
    /// Paths are absolute.
    check_path_is_absolute, CHECK_PATH: ".healthCheckPath",
        "!has(self.healthCheckPath) || self.healthCheckPath.startsWith('/')",
        "'{healthCheckPath}' does not begin with a slash. Put it there.";
    /// A port or the traffic's.
    check_port, CHECK_PORT: ".healthCheckPort",
        "!has(self.healthCheckPort) || self.healthCheckPort == 'traffic-port' || (self.healthCheckPort.matches('^[1-9][0-9]{0,4}$') && int(self.healthCheckPort) <= 65535)",
        "'{healthCheckPort}' is neither traffic-port nor a number from 1 to 65535, as a string. Set one of them.";
    /// HTTP or gRPC.
    one_matcher, ONE_MATCHER: ".matcher",
        "!has(self.matcher) || !(has(self.matcher.httpCode) && has(self.matcher.grpcCode))",
        "takes httpCode ('{matcher.httpCode}') or grpcCode ('{matcher.grpcCode}'), not both. Remove one.";
    /// One condition each.
    one_condition, ONE_CONDITION: "",
        "[has(self.hostHeaderConfig), has(self.pathPatternConfig), has(self.httpHeaderConfig), has(self.httpRequestMethodConfig), has(self.queryStringConfig), has(self.sourceIpConfig)].filter(x, x).size() + (has(self.field) && self.field in ['host-header', 'path-pattern'] && (has(self.values) && size(self.values) > 0 || has(self.regexValues) && size(self.regexValues) > 0) && !has(self.hostHeaderConfig) && !has(self.pathPatternConfig) ? 1 : 0) == 1",
        "give exactly one of hostHeaderConfig, pathPatternConfig, httpHeaderConfig, httpRequestMethodConfig, queryStringConfig and sourceIpConfig in each condition, or field host-header or path-pattern with values.";
    /// Something to compare with.
    condition_has_values, CONDITION_HAS_VALUES: "",
        "has(self.values) && size(self.values) > 0 || has(self.regexValues) && size(self.regexValues) > 0",
        "compares with nothing. Give it values (with * and ? as wildcards) or regexValues.";
    /// Something to compare with.
    source_has_values, SOURCE_HAS_VALUES: "",
        "has(self.values) && size(self.values) > 0 || has(self.ipAddressType)",
        "compares with nothing. Give it values (address ranges, on an Application Load Balancer) or ipAddressType (on a Network Load Balancer).";
    /// The host has a condition of its own.
    header_is_not_host, HEADER_IS_NOT_HOST: ".httpHeaderName",
        "self.httpHeaderName.lowerAscii() != 'host'",
        "'{httpHeaderName}' has a condition of its own. Use hostHeaderConfig.";
    /// Each action has the config of its own name.
    action_has_its_config, ACTION_HAS_ITS_CONFIG: "",
        "(self.type == 'redirect') == has(self.redirectConfig) && (self.type == 'fixed-response') == has(self.fixedResponseConfig) && (self.type == 'authenticate-oidc') == has(self.authenticateOidcConfig) && (self.type == 'authenticate-cognito') == has(self.authenticateCognitoConfig) && (self.type == 'jwt-validation') == has(self.jwtValidationConfig)",
        "is of type '{type}', and each type of action needs the config of its own name and takes no other: redirectConfig, fixedResponseConfig, authenticateOidcConfig, authenticateCognitoConfig or jwtValidationConfig. Set the one and remove the others.";
    /// A redirect to itself never ends.
    redirect_leads_elsewhere, REDIRECT_LEADS_ELSEWHERE: "",
        "has(self.protocol) && self.protocol != '#{protocol}' || has(self.host) && self.host != '#{host}' || has(self.port) && self.port != '#{port}' || has(self.path) && self.path != '/#{path}'",
        "leads to where the request came from. Set another protocol, host, port or path.";
    /// Only forward leads anywhere.
    only_forward_leads, ONLY_FORWARD_LEADS: "",
        "self.type == 'forward' || !(has(self.targetGroupArn) || has(self.forwardConfig))",
        "is of type '{type}', and only forward leads to target groups. Remove targetGroupArn and forwardConfig.";
    /// One way to say where.
    one_way_to_forward, ONE_WAY_TO_FORWARD: ".targetGroupArn",
        "!(has(self.targetGroupArn) && has(self.forwardConfig) && has(self.forwardConfig.targetGroups))",
        "'{targetGroupArn}' excludes forwardConfig.targetGroups. Remove one.";
    /// For how long.
    stickiness_lasts, STICKINESS_LASTS: ".durationSeconds",
        "!has(self.enabled) || !self.enabled || has(self.durationSeconds)",
        "is required when stickiness is enabled, 1-604800. Set it.";
    /// Each transform has the config of its own name.
    transform_has_its_config, TRANSFORM_HAS_ITS_CONFIG: "",
        "(self.type == 'host-header-rewrite') == has(self.hostHeaderRewriteConfig) && (self.type == 'url-rewrite') == has(self.urlRewriteConfig)",
        "is of type '{type}'; host-header-rewrite needs hostHeaderRewriteConfig, url-rewrite needs urlRewriteConfig, and neither takes the other. Set the one of its type.";
}

/// See [`daemon`].
pub const DAEMON_COUNT: &str =
    "DAEMON runs one task per instance, and desiredCount is {desiredCount}. Remove desiredCount.";

/// See [`daemon`].
pub const DAEMON_ON_INSTANCES: &str =
    "DAEMON does not run on Fargate. Use REPLICA, or launch type EC2.";

/// See [`daemon`].
pub const DAEMON_PLACEMENT: &str = "DAEMON runs on every instance, and placementStrategy chooses among them. Remove placementStrategy.";

/// See [`daemon`].
pub const DAEMON_VOLUMES: &str =
    "DAEMON takes no volumeConfigurations. Remove them, or use REPLICA.";

/// See [`daemon`].
pub const DAEMON_PERCENT: &str = "DAEMON takes only 100 as deploymentConfiguration.maximumPercent, which is {deploymentConfiguration.maximumPercent}. Remove it.";

/// See [`daemon`].
pub const DAEMON_ZONES: &str = "DAEMON runs on every instance, and availabilityZoneRebalancing is ENABLED. Remove it, or set DISABLED.";

/// A daemon is everywhere: on each instance, which counts its tasks and where a task makes room for the next one. ECS gives it
/// no volumes.
pub fn daemon() -> Rule {
    let on_fargate = on_fargate();
    none_of(
        "!has(self.schedulingStrategy) || self.schedulingStrategy != 'DAEMON'",
        &[],
        ".schedulingStrategy",
        &[
            ("has(self.desiredCount)", DAEMON_COUNT),
            (&on_fargate, DAEMON_ON_INSTANCES),
            (
                "has(self.placementStrategy) && size(self.placementStrategy) > 0",
                DAEMON_PLACEMENT,
            ),
            (
                "has(self.volumeConfigurations) && size(self.volumeConfigurations) > 0",
                DAEMON_VOLUMES,
            ),
            (
                "has(self.deploymentConfiguration) && has(self.deploymentConfiguration.maximumPercent) && self.deploymentConfiguration.maximumPercent != 100",
                DAEMON_PERCENT,
            ),
            (
                "has(self.availabilityZoneRebalancing) && self.availabilityZoneRebalancing == 'ENABLED'",
                DAEMON_ZONES,
            ),
        ],
    )
}

/// See [`task_definition_names_revision`].
pub const NAMES_REVISION: &str = "'{taskDefinition}' names no revision, and what is newest can change behind our back. Write family:revision.";

/// What is newest can change without a word.
pub fn task_definition_names_revision() -> Rule {
    rule_at("taskDefinition", "self.matches(':[0-9]+$')", NAMES_REVISION)
}

/// See [`managed_instances`].
pub const MANAGED_INSTANCES: &str = "is MANAGED_INSTANCES, which is reached through its capacity provider. Remove it and set capacityProviderStrategy.";

/// Managed instances have no launch type of their own.
pub fn managed_instances() -> Rule {
    rule_at(
        "launchType",
        "self != 'MANAGED_INSTANCES'",
        MANAGED_INSTANCES,
    )
}

/// See [`controller_is_ecs`].
pub const CONTROLLER_IS_ECS: &str = "'{deploymentController.type}' is not ECS; with CODE_DEPLOY and EXTERNAL others decide what runs, which is not supported. Remove it; for blue/green deployments set deploymentConfiguration.strategy: BLUE_GREEN.";

/// What runs is decided here.
pub fn controller_is_ecs() -> Rule {
    rule_at(
        "deploymentController.type",
        "self == 'ECS'",
        CONTROLLER_IS_ECS,
    )
}

/// See [`balanced_by_address`].
pub const CLASSIC_WITHOUT_AWSVPC: &str = "the Classic Load Balancer '{loadBalancerName}' does not work with network mode awsvpc. Use a target group.";

/// See [`balanced_by_address`].
pub const TARGETS_BY_ADDRESS: &str = "the target group of container '{containerName}' has targetType {targetGroup.targetType?} (instance if absent), and tasks with a networkConfiguration are reached by their own address. Set targetType: ip.";

/// With network mode awsvpc, each task has an address of its own; Classic Load Balancers and target groups of type instance
/// know those of instances.
pub fn balanced_by_address() -> Rule {
    no_item(
        Items {
            of: "loadBalancers",
            item: "l",
        },
        "",
        "!has(self.loadBalancers) || !has(self.networkConfiguration)",
        &[],
        &[(
            "!has(l.targetGroupArn)",
            &[
                ("has(l.loadBalancerName)", CLASSIC_WITHOUT_AWSVPC),
                (
                    "has(l.targetGroup) && (!has(l.targetGroup.targetType) || l.targetGroup.targetType != 'ip')",
                    TARGETS_BY_ADDRESS,
                ),
            ],
        )],
    )
}

/// See [`attributes_have_values`].
pub const ATTRIBUTES_HAVE_VALUES: &str =
    "'{}' has an empty value, which AWS refuses. Remove the attribute to go back to AWS's default.";

/// AWS refuses empty values.
pub fn attributes_have_values() -> Rule {
    first_of(
        Items {
            of: "attributes",
            item: "k",
        },
        "!has(self.attributes)",
        "self.attributes[k] == ''",
        ATTRIBUTES_HAVE_VALUES,
    )
}
