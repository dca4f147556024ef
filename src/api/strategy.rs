//! Where tasks run: capacity provider strategies and placement.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// A share of the tasks for one capacity provider.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityProviderStrategyItem {
    /// Name of the capacity provider: `FARGATE`, `FARGATE_SPOT` or one associated with the cluster.
    #[schemars(length(min = 1, max = 255))]
    pub capacity_provider: String,
    /// Relative share of the tasks beyond every `base`, 0–1000. Absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub weight: Option<i32>,
    /// Tasks that run on this provider at least, 0–100000. Only one item may have it. Absent: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100_000))]
    pub base: Option<i32>,
}

/// A condition that container instances must meet.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::member_of_expression(),
)]
pub struct PlacementConstraint {
    /// `distinctInstance`: each task on another instance; `memberOf`: instances that meet `expression`. Absent: AWS documents no default. Can be changed.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<PlacementConstraintType>,
    /// Cluster query language expression, for `memberOf` and only there; at most 2,000 characters. Absent: only for `distinctInstance`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000))]
    pub expression: Option<String>,
}

/// Kind of a placement constraint.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PlacementConstraintType {
    /// Each task on another container instance.
    DistinctInstance,
    /// Only instances that meet the expression.
    MemberOf,
}

/// How ECS chooses among the instances that fit.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacementStrategy {
    /// `random`, `spread` (evenly over `field`) or `binpack` (least left of `field`). Absent: AWS documents no default. Can be changed.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub type_: Option<PlacementStrategyType>,
    /// `instanceId`, `host`, an attribute such as `attribute:ecs.availability-zone`, or `cpu` and `memory` for `binpack`. Absent: only for `random`. Can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Kind of a placement strategy.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PlacementStrategyType {
    /// Any instance.
    Random,
    /// Evenly over the field.
    Spread,
    /// The instance with the least left of the field.
    Binpack,
}
