//! One look at an object as the controller takes it: observe, plan, status.

use ecs_operator::{
    api::condition::Reason,
    aws::Aws,
    controllers::kind::{Common, Kind},
    desired::Identity,
    model::Installation,
    plan::{Plan, State},
    status::{Outcome, conditions::conditions},
};
use jiff::Timestamp;
use simulator::REGION;

/// What the desired state depends on besides the object.
pub fn installation() -> Installation {
    Installation {
        cluster_id: "c1".into(),
        region: REGION.into(),
    }
}

/// What a look found.
pub struct Look {
    /// What is to be done.
    pub plan: Plan,
    /// Whether the status that is to be written is another than that which is there: else no write is made.
    pub writes: bool,
}

/// Looks at an object and gives it its next status. `now`, in seconds, is another at every look: time alone is no reason to write.
pub async fn look<K: Kind>(
    aws: &Aws,
    object: &mut K,
    references: &K::References,
    set: fn(&mut K, K::Status),
    now: i64,
) -> Result<Look, String> {
    let meta = object.meta().clone();
    let id = Identity::of(&meta);
    let desired = object
        .desired(id, references, &installation())
        .map_err(|error| error.to_string())?;
    let observed = K::observe(aws, &desired)
        .await
        .map_err(|error| error.to_string())?
        .map_err(|unseen| format!("{} is not visible", unseen.0))?;
    let plan = object.plan(&desired, &observed);
    let before = object.status().cloned();
    let mut status = before.clone().unwrap_or_default();
    K::facts(&mut status, &desired, &observed, &plan);
    let outcome = match &plan.state {
        _ if !plan.steps.is_empty() => Outcome::Waiting(Reason::Updating, plan.operations()),
        State::Settled => Outcome::Settled(K::settled(&desired, &observed)),
        State::Waiting(reason, message) => Outcome::Waiting(*reason, message.clone()),
        State::Blocked(reason, message) => Outcome::Stalled(*reason, message.clone()),
    };
    let generation = meta.generation.unwrap_or_default();
    let old = before.as_ref().map_or(&[][..], K::conditions);
    let now = Timestamp::from_second(now).map_err(|error| error.to_string())?;
    let common = Common {
        observed_generation: generation,
        conditions: conditions(&outcome, old, generation, now),
        last_error: None,
        drift: Vec::new(),
        plan: Vec::new(),
    };
    K::set_common(&mut status, common);
    let writes = before.as_ref() != Some(&status);
    set(object, status);
    Ok(Look { plan, writes })
}
