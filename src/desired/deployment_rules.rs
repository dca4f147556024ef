//! The rules between members of a deployment configuration, in admission's words.

use super::{Invalid, Row, first};
use crate::api::{
    deployment::{
        DeploymentConfiguration, DeploymentLifecycleHook, DeploymentLifecycleHookStage as Stage,
        DeploymentLifecycleHookTargetType as Target, DeploymentStrategy as Strategy,
    },
    rules,
};

/// Finds the first rule that a deployment configuration breaks.
pub(super) fn check(spec: &DeploymentConfiguration) -> Result<(), Invalid> {
    let strategy = spec.strategy.unwrap_or(Strategy::Rolling);
    let early = spec.early_success_criteria.as_ref();
    let enough = early.and_then(|early| early.healthy_percent);
    let path = "spec.deploymentConfiguration";
    first(
        path,
        spec,
        &[
            (
                spec.linear_configuration.is_some() && strategy != Strategy::Linear,
                "linearConfiguration",
                rules::LINEAR_WITH_STRATEGY,
            ),
            (
                spec.canary_configuration.is_some() && strategy != Strategy::Canary,
                "canaryConfiguration",
                rules::CANARY_WITH_STRATEGY,
            ),
            (
                strategy == Strategy::BlueGreen && spec.bake_time_in_minutes.is_none(),
                "bakeTimeInMinutes",
                rules::BLUE_GREEN_BAKES,
            ),
            (
                early.is_some() && strategy != Strategy::Rolling,
                "earlySuccessCriteria",
                rules::EARLY_SUCCESS_ROLLS,
            ),
            (
                spec.maximum_percent == Some(100) && spec.minimum_healthy_percent == Some(100),
                "maximumPercent",
                rules::ROOM_TO_REPLACE,
            ),
            (
                enough
                    .zip(spec.minimum_healthy_percent)
                    .is_some_and(|(enough, least)| enough < least),
                "earlySuccessCriteria.healthyPercent",
                rules::EARLY_BUT_ENOUGH,
            ),
            (
                early.is_some_and(|early| {
                    early.enable
                        && (early.healthy_percent.is_none()
                            || early.source_service_revision_cleanup.is_none())
                }),
                "earlySuccessCriteria.enable",
                rules::EARLY_SUCCESS_IS_WHOLE,
            ),
        ],
    )?;
    let linear = spec
        .linear_configuration
        .as_ref()
        .and_then(|it| it.step_percent);
    let canary = spec
        .canary_configuration
        .as_ref()
        .and_then(|it| it.canary_percent);
    for (member, percent) in [
        ("linearConfiguration.stepPercent", linear),
        ("canaryConfiguration.canaryPercent", canary),
    ] {
        if let Some(percent) = percent
            && ((percent * 10.0) - (percent * 10.0).round()).abs() > 1e-6
        {
            return Err(Invalid::new(
                format!("{path}.{member}"),
                format!("{percent} is finer than AWS's steps of 0.1. Round it."),
            ));
        }
    }
    let hooks = spec.lifecycle_hooks.iter().flatten().enumerate();
    { hooks }.try_for_each(|(index, hook)| {
        first(
            &format!("{path}.lifecycleHooks[{index}]"),
            hook,
            &lifecycle_hook(hook),
        )
    })
}

fn lifecycle_hook(hook: &DeploymentLifecycleHook) -> [Row; 3] {
    let pauses = hook.target_type == Some(Target::Pause);
    let shifts = |stage: &Stage| {
        matches!(
            stage,
            Stage::TestTrafficShift | Stage::ProductionTrafficShift
        )
    };
    [
        (
            !pauses && (hook.hook_target_arn.is_none() || hook.role_arn.is_none()),
            "hookTargetArn",
            rules::HOOK_HAS_TARGET,
        ),
        (
            pauses && hook.lifecycle_stages.iter().any(shifts),
            "lifecycleStages",
            rules::PAUSE_BESIDE_SHIFTS,
        ),
        (
            pauses && hook.hook_target_arn.is_some(),
            "hookTargetArn",
            rules::PAUSE_CALLS_NOTHING,
        ),
    ]
}
