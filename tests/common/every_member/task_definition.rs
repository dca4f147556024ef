//! What is written by hand for task definitions.

use serde_json::json;

use super::Kind;

/// EcsTaskDefinition, on instances unless a member asks for Fargate.
#[allow(dead_code, reason = "each test drives the kinds that it is about")]
pub const TASK_DEFINITION: Kind = Kind {
    operations: &["RegisterTaskDefinition"],
    without: &["tags"],
    base: || json!({"containerDefinitions": [{"name": "app", "image": "nginx:1", "memory": 128}]}),
    values: &[
        ("cpu", r#""256""#),
        ("memory", r#""512""#),
        ("containerDefinitions[].name", r#""app""#),
        ("containerDefinitions[].image", r#""nginx:1""#),
        ("containerDefinitions[].memory", "256"),
        ("containerDefinitions[].memoryReservation", "64"),
        ("containerDefinitions[].portMappings[].containerPort", "80"),
        (
            "containerDefinitions[].portMappings[].containerPortRange",
            r#""8000-8010""#,
        ),
        ("containerDefinitions[].portMappings[].hostPort", "8080"),
        ("containerDefinitions[].environment[].name", r#""A""#),
        ("containerDefinitions[].environment[].value", r#""""#),
        (
            "containerDefinitions[].environmentFiles[].value",
            r#""arn:aws:s3:::bucket/a.env""#,
        ),
        (
            "containerDefinitions[].mountPoints[].sourceVolume",
            r#""data""#,
        ),
        (
            "containerDefinitions[].volumesFrom[].sourceContainer",
            r#""other""#,
        ),
        ("containerDefinitions[].links[]", r#""other""#),
        (
            "containerDefinitions[].dependsOn[].containerName",
            r#""other""#,
        ),
        ("containerDefinitions[].healthCheck.command[]", r#""CMD""#),
        ("containerDefinitions[].healthCheck.interval", "30"),
        ("containerDefinitions[].healthCheck.timeout", "5"),
        (
            "containerDefinitions[].restartPolicy.restartAttemptPeriod",
            "60",
        ),
        (
            "containerDefinitions[].extraHosts[].ipAddress",
            r#""10.0.0.1""#,
        ),
        (
            "containerDefinitions[].resourceRequirements[].value",
            r#""1""#,
        ),
        ("volumes[].name", r#""data""#),
        ("proxyConfiguration.containerName", r#""app""#),
        ("ephemeralStorage.sizeInGiB", "21"),
    ],
    beside: &[
        (
            "requiresCompatibilities[] = \"FARGATE\"",
            r#"{"networkMode": "awsvpc", "cpu": "256", "memory": "512"}"#,
        ),
        (
            "containerDefinitions[].portMappings[]",
            r#"{"containerDefinitions": [{"portMappings": [{"containerPort": 80}]}]}"#,
        ),
        (
            "containerDefinitions[].portMappings[].containerPortRange",
            "{}",
        ),
        (
            "containerDefinitions[].environment[].",
            r#"{"containerDefinitions": [{"environment": [{"name": "A"}]}]}"#,
        ),
        (
            "proxyConfiguration.properties[]",
            r#"{"proxyConfiguration": {"properties": [{"name": "AppPorts"}]}}"#,
        ),
        (
            "containerDefinitions[].mountPoints[]",
            r#"{"volumes": [{"name": "data"}], "containerDefinitions": [{"mountPoints": [{"sourceVolume": "data"}]}]}"#,
        ),
        (
            "containerDefinitions[].volumesFrom[]",
            r#"{"containerDefinitions": [{"volumesFrom": [{"sourceContainer": "other"}]}, {"name": "other", "image": "db:1", "memory": 128}]}"#,
        ),
        (
            "containerDefinitions[].links[]",
            r#"{"containerDefinitions": [{}, {"name": "other", "image": "db:1", "memory": 128}]}"#,
        ),
        (
            "containerDefinitions[].dependsOn[]",
            r#"{"containerDefinitions": [{}, {"name": "other", "image": "db:1", "memory": 128, "essential": false, "healthCheck": {"command": ["CMD", "true"]}}]}"#,
        ),
        (
            "containerDefinitions[].essential = false",
            r#"{"containerDefinitions": [{}, {"name": "other", "image": "db:1", "memory": 128}]}"#,
        ),
        (
            "containerDefinitions[].resourceRequirements[].type = \"InferenceAccelerator\"",
            r#"{"inferenceAccelerators": [{"deviceName": "d", "deviceType": "eia2.medium"}], "containerDefinitions": [{"resourceRequirements": [{"value": "d"}]}]}"#,
        ),
        ("volumes[].", r#"{"volumes": [{"name": "data"}]}"#),
        (
            "volumes[].efsVolumeConfiguration.authorizationConfig.iam",
            r#"{"volumes": [{"name": "data", "efsVolumeConfiguration": {"transitEncryption": "ENABLED"}}]}"#,
        ),
    ],
    over: &[],
    alone: &[
        "requiresCompatibilities[] = \"FARGATE\"",
        "networkMode",
        "containerDefinitions[].essential",
        "containerDefinitions[].portMappings[].containerPortRange",
        "volumes[].host",
        "volumes[].dockerVolumeConfiguration",
        "volumes[].s3files",
        "volumes[].fsxWindows",
        "volumes[].configuredAtLaunch = true",
        "volumes[].efsVolumeConfiguration.rootDirectory",
        "volumes[].efsVolumeConfiguration.transitEncryption = \"DISABLED\"",
    ],
};
