//! What is about to be adopted is told with its plan, before anything is done to it.

use super::{context::Context, kind::Kind};
use crate::{
    api::{
        condition::Reason,
        lifecycle::{Effect, PlannedStep},
    },
    model::ownership::{self, Claim, Owner},
    plan::forecast::forecast,
};

/// Tells what will be done to a resource whose adoption somebody consented to.
pub async fn announce<K: Kind>(
    object: &K,
    owner: &Owner,
    desired: &K::Desired,
    observed: &K::Observed,
    context: &Context,
) {
    let is_adopted = K::tags(observed)
        .is_some_and(|tags| owner.claim(tags) == Claim::Available && ownership::is_adopted(tags));
    if !is_adopted {
        return;
    }
    let seen = forecast(
        observed.clone(),
        |observed| object.plan(desired, observed),
        K::foresee,
    );
    let steps: Vec<_> = seen.steps.iter().map(sentence).collect();
    let note = format!("adopting what exists in AWS: {}", steps.join("; "));
    let events = &context.events;
    events
        .normal(&object.object_ref(&()), Reason::Updating, note)
        .await;
}

fn sentence(step: &PlannedStep) -> String {
    let paths: Vec<_> = step
        .changes
        .iter()
        .map(|change| change.path.as_str())
        .collect();
    let what = match step.effect {
        Effect::Roll => ", which replaces the tasks",
        Effect::Replace => ", in place of one that is destroyed",
        Effect::Destroy => ", which is destroyed",
        Effect::Create | Effect::Update => "",
    };
    let members = if paths.is_empty() {
        String::new()
    } else {
        format!(" ({})", paths.join(", "))
    };
    format!("{}{members}{what}", step.operation)
}
