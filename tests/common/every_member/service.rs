//! What is written by hand for services.

use serde_json::json;

use super::Kind;

/// EcsService, without its load balancers and where it runs: what can be declared of one service as of another.
#[allow(dead_code, reason = "each test drives the kinds that it is about")]
pub const SERVICE: Kind = Kind {
    operations: &["CreateService", "UpdateService"],
    without: &[
        "cluster",
        "service",
        "serviceName",
        "taskDefinition",
        "clientToken",
        "forceNewDeployment",
        "tags",
        "launchType",
        "capacityProviderStrategy",
        "loadBalancers",
        "role",
    ],
    base: || json!({}),
    values: VALUES,
    beside: BESIDE,
    over: &[],
    alone: &[],
};

/// Values that AWS's rules ask for.
pub(super) const VALUES: &[(&str, &str)] = &[
    ("loadBalancers[].containerName", r#""app""#),
    ("loadBalancers[].containerPort", "8081"),
    ("loadBalancers[].targetGroupArn", r#""OTHER""#),
    (
        "capacityProviderStrategy[].capacityProvider",
        r#""FARGATE""#,
    ),
    ("capacityProviderStrategy[].weight", "2"),
    ("capacityProviderStrategy[].base", "1"),
    ("platformVersion", r#""1.4.0""#),
    (
        "networkConfiguration.awsvpcConfiguration.subnets[]",
        r#""subnet-a""#,
    ),
    ("deploymentConfiguration.maximumPercent", "150"),
    ("deploymentConfiguration.minimumHealthyPercent", "50"),
    (
        "deploymentConfiguration.linearConfiguration.stepPercent",
        "12.5",
    ),
    (
        "deploymentConfiguration.canaryConfiguration.canaryPercent",
        "12.5",
    ),
    (
        "deploymentConfiguration.earlySuccessCriteria.healthyPercent",
        "100",
    ),
    ("volumeConfigurations[].name", r#""data""#),
    (
        "volumeConfigurations[].managedEBSVolume.volumeType",
        r#""gp3""#,
    ),
    ("volumeConfigurations[].managedEBSVolume.iops", "3000"),
    (
        "gatewayConnectors[].healthCheck.healthCheckTimeoutSeconds",
        "5",
    ),
    (
        "gatewayConnectors[].healthCheck.healthCheckIntervalSeconds",
        "30",
    ),
    (
        "gatewayConnectors[].healthCheck.matcher.httpCode",
        r#""200""#,
    ),
    ("gatewayConnectors[].healthCheck.matcher.grpcCode", r#""0""#),
    (
        "monitoring.metricConfigurations[].metricNames[]",
        r#""CPUUtilization""#,
    ),
];

/// What must stand beside members.
pub(super) const BESIDE: &[(&str, &str)] = &[
    (
        "loadBalancers[]",
        r#"{"loadBalancers": [{"containerName": "app", "containerPort": 8080, "targetGroupArn": "OTHER"}]}"#,
    ),
    (
        "loadBalancers[].loadBalancerName",
        r#"{"loadBalancers": [{"containerName": "app", "containerPort": 8080}]}"#,
    ),
    (
        "deploymentConfiguration.maximumPercent",
        r#"{"desiredCount": 2}"#,
    ),
    (
        "serviceRegistries[].containerName",
        r#"{"serviceRegistries": [{"registryArn": "x", "containerPort": 8080}]}"#,
    ),
    (
        "serviceRegistries[].containerPort",
        r#"{"serviceRegistries": [{"registryArn": "x", "containerName": "app"}]}"#,
    ),
    (
        "serviceRegistries[].port",
        r#"{"serviceRegistries": [{"registryArn": "x"}]}"#,
    ),
    (
        "placementConstraints[].expression",
        r#"{"placementConstraints": [{"type": "memberOf"}]}"#,
    ),
    (
        "placementConstraints[].type = \"memberOf\"",
        r#"{"placementConstraints": [{"expression": "x"}]}"#,
    ),
    (
        "placementStrategy[].field",
        r#"{"placementStrategy": [{"type": "spread"}]}"#,
    ),
    (
        "volumeConfigurations[]",
        r#"{"volumeConfigurations": [{"name": "data", "managedEBSVolume": {"roleArn": "x", "sizeInGiB": 8}}]}"#,
    ),
    (
        "volumeConfigurations[].managedEBSVolume.volumeInitializationRate",
        r#"{"volumeConfigurations": [{"name": "data", "managedEBSVolume": {"roleArn": "x", "snapshotId": "x"}}]}"#,
    ),
    (
        "deploymentConfiguration.linearConfiguration",
        r#"{"deploymentConfiguration": {"strategy": "LINEAR"}}"#,
    ),
    (
        "deploymentConfiguration.canaryConfiguration",
        r#"{"deploymentConfiguration": {"strategy": "CANARY"}}"#,
    ),
    (
        "deploymentConfiguration.strategy = \"BLUE_GREEN\"",
        r#"{"deploymentConfiguration": {"bakeTimeInMinutes": 1}}"#,
    ),
    (
        "deploymentConfiguration.earlySuccessCriteria",
        r#"{"deploymentConfiguration": {"earlySuccessCriteria": {"enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED"}}}"#,
    ),
    (
        "deploymentConfiguration.lifecycleHooks[]",
        r#"{"deploymentConfiguration": {"lifecycleHooks": [{"hookTargetArn": "x", "roleArn": "x", "lifecycleStages": ["PRE_SCALE_UP"]}]}}"#,
    ),
    (
        "deploymentConfiguration.lifecycleHooks[].targetType = \"PAUSE\"",
        r#"{"deploymentConfiguration": {"lifecycleHooks": [{"lifecycleStages": ["PRE_SCALE_UP"]}]}}"#,
    ),
];
