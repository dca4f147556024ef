//! What is written by hand for clusters.

use serde_json::json;

use super::Kind;

/// EcsCluster.
#[allow(dead_code, reason = "each test drives the kinds that it is about")]
pub const CLUSTER: Kind = Kind {
    operations: &[
        "CreateCluster",
        "UpdateCluster",
        "PutClusterCapacityProviders",
    ],
    without: &["tags", "cluster"],
    base: || json!({}),
    values: &[
        ("settings[].value", r#""enhanced""#),
        ("capacityProviders[]", r#""FARGATE""#),
        (
            "defaultCapacityProviderStrategy[].capacityProvider",
            r#""FARGATE""#,
        ),
        ("defaultCapacityProviderStrategy[].weight", "1"),
    ],
    beside: &[
        (
            "settings[]",
            r#"{"settings": [{"name": "containerInsights"}]}"#,
        ),
        ("settings[].name", r#"{"settings": [{"value": "enabled"}]}"#),
        (
            "defaultCapacityProviderStrategy[]",
            r#"{"capacityProviders": ["FARGATE"]}"#,
        ),
        (
            "configuration.executeCommandConfiguration.logging = \"OVERRIDE\"",
            r#"{"configuration": {"executeCommandConfiguration": {"logConfiguration": {"cloudWatchLogGroupName": "x"}}}}"#,
        ),
    ],
    over: &[],
    alone: &[],
};
