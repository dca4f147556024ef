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

/// What will be done to a resource whose adoption somebody consented to, unless the object's status tells it already: then it may be
/// done.
pub fn untold<K: Kind>(
    object: &K,
    owner: &Owner,
    desired: &K::Desired,
    observed: &K::Observed,
) -> Option<Vec<PlannedStep>> {
    let is_adopted = K::tags(observed)
        .is_some_and(|tags| owner.claim(tags) == Claim::Available && ownership::is_adopted(tags));
    if !is_adopted {
        return None;
    }
    let seen = forecast(
        observed.clone(),
        |observed| object.plan(desired, observed),
        K::foresee,
    );
    let told = object.status().map(K::planned);
    (told != Some(seen.steps.as_slice())).then_some(seen.steps)
}

/// Tells the plan in an event as well.
pub async fn announce<K: Kind>(object: &K, plan: &[PlannedStep], context: &Context) {
    let steps: Vec<_> = plan.iter().map(sentence).collect();
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
