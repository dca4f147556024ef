//! The plan of a service with its target groups and listener rules.
//!
//! Order: target groups, then rules, then the service (CreateService wants target groups that a listener leads to);
//! what is no longer declared goes when the service has let it go: rules, then target groups.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Change, Plan, State, Step,
    completion::Kept,
    diff, namespace, pause, refusal, request, reset,
    rollout::{self, History},
    rule::{self, Wanted},
    service_members::{completed, current, unread},
    status::{SERVICE as SERVICE_STATUSES, unknown_status, wait_for_known},
    tags, target_group,
};
use crate::{
    api::condition::Reason,
    desired::{load_balancer::TargetGroupRef, service::DesiredService},
    model::{
        Members, arn, hash,
        observed::{self, Rule},
        ownership::{self, Claim, Owner},
        service::{FORCES_DEPLOYMENT, STARTS_DEPLOYMENT},
    },
};

const VOLUMES: &str = "volumeConfigurations";

/// Whether an UpdateService starts a deployment, so that the tasks are replaced.
pub fn starts_deployment(input: &Members) -> bool {
    STARTS_DEPLOYMENT
        .iter()
        .any(|member| input.contains_key(*member))
        || input.get("forceNewDeployment") == Some(&Value::Bool(true))
}

/// Rules with the owner's tags among those that were seen.
pub fn owned_rules<'a>(owner: &Owner, observed: &'a observed::Service) -> Vec<&'a Rule> {
    observed
        .rules
        .iter()
        .filter(|rule| {
            rule.tags
                .as_ref()
                .is_some_and(|tags| owner.claim(tags) == Claim::Ours)
        })
        .collect()
}

/// The steps that make service, target groups and rules as desired.
pub fn plan(desired: &DesiredService, observed: &observed::Service, history: &History) -> Plan {
    if let Some(refused) = refusal::claim(desired, observed) {
        return refused;
    }
    if let Some(refused) = refusal::immutable(desired, observed) {
        return refused;
    }
    let seen = observed.service.as_ref();
    if let Some(word) = seen.and_then(|seen| unknown_status(seen, &SERVICE_STATUSES)) {
        return wait_for_known("service", &desired.target.name, word);
    }
    let declared_listeners = desired
        .target_groups
        .iter()
        .flat_map(|target| target.rules.iter().map(|rule| &rule.listener_arn));
    if let Some(missing) = declared_listeners
        .into_iter()
        .find(|listener| observed.missing_listeners.contains(*listener))
    {
        return Plan::blocked(
            Reason::InvalidSpec,
            format!(
                "spec.loadBalancers[].targetGroup.rules[].listenerArn: AWS has no listener {missing}. Give the ARN of one that exists in this account and Region."
            ),
        );
    }
    let mut plan = Plan::settled();
    let mut ready = true;
    let mut kept = Vec::new();
    for target in &desired.target_groups {
        match observed.target_groups.get(&target.name) {
            None => {
                plan.changes.push(diff::change(
                    &format!("loadBalancers[targetGroup {}]", target.name),
                    &Value::Object(target.members.clone()),
                    &Value::Null,
                ));
                plan.steps.push(target_group::create(target, &desired.tags));
                ready = false;
            }
            Some(seen) => {
                let update = target_group::update(target, seen, &desired.tags, &desired.removed);
                plan.steps.extend(update.steps);
                plan.changes.extend(update.changes);
                kept.extend(update.kept);
            }
        }
    }
    let let_go = match rules(desired, observed, &mut plan) {
        Ok(stale) => stale,
        Err(blocked) => return blocked,
    };
    ready &= !plan
        .steps
        .iter()
        .any(|step| matches!(step, Step::CreateRule(_)));
    let waits = service(desired, observed, history, ready, &mut plan, &mut kept);
    if plan.steps.is_empty() {
        plan.steps.extend(pause::answer(desired, observed, history));
    }
    if plan.steps.is_empty() && plan.state == State::Settled {
        plan.state = waits.unwrap_or_else(|| rollout::state(desired, observed));
        if plan.state == State::Settled {
            plan.state = unread(desired, observed)
                .or_else(|| rollout::unrecorded_restart(desired, history))
                .unwrap_or(State::Settled);
        }
        if plan.state == State::Settled {
            plan.steps = leftovers(desired, observed, let_go);
        }
        if plan.steps.is_empty() && plan.state == State::Settled {
            plan.state = refusal::cannot_reset(&kept).unwrap_or(State::Settled);
        }
    }
    plan
}

/// Plans every listener; returns what is done when nothing needs rules of ours that nothing declares any more.
fn rules(
    desired: &DesiredService,
    observed: &observed::Service,
    plan: &mut Plan,
) -> Result<Vec<Step>, Plan> {
    let owned = owned_rules(&desired.target.owner, observed);
    let mut let_go = Vec::new();
    for listener in &desired.target.listeners {
        let wanted: Vec<_> = desired
            .target_groups
            .iter()
            .filter_map(|target| Some((target, observed.target_groups.get(&target.name)?)))
            .flat_map(|(target, seen)| {
                target.rules.iter().map(|rule| Wanted {
                    rule,
                    target_group_arn: &seen.arn,
                    alternate: target.alternate.as_deref(),
                })
            })
            .filter(|wanted| wanted.rule.listener_arn == *listener)
            .collect();
        let here = |rule: &&Rule| rule.listener_arn == *listener;
        let owned: Vec<_> = owned.iter().copied().filter(here).collect();
        let all: Vec<_> = observed.rules.iter().filter(here).cloned().collect();
        let reserved = observed
            .priorities
            .get(listener)
            .map_or(&[][..], Vec::as_slice);
        let rules = rule::plan(
            listener,
            &wanted,
            &owned,
            &all,
            reserved,
            &desired.tags,
            &reset::tags(&desired.removed),
        );
        if let Some((reason, message)) = rules.blocked {
            return Err(Plan::blocked(reason, message));
        }
        plan.steps.extend(rules.steps);
        plan.changes.extend(rules.changes);
        let_go.extend(rules.handed_over);
        let deletion = |rule: &Rule| Step::DeleteRule(request! {"ruleArn": rule.arn});
        let_go.extend(rules.stale.into_iter().map(deletion));
    }
    Ok(let_go)
}

/// The service itself: created, or changed in one UpdateService. `ready`: its target groups and rules stand.
fn service(
    desired: &DesiredService,
    observed: &observed::Service,
    history: &History,
    ready: bool,
    plan: &mut Plan,
    kept: &mut Vec<Kept>,
) -> Option<State> {
    let load_balancers = load_balancers(desired, observed);
    let Some(service) = &observed.service else {
        if ready && let Some(load_balancers) = load_balancers {
            plan.steps.push(create(desired, observed, &load_balancers));
        }
        return None;
    };
    if service.text("status") == Some("DRAINING") {
        return Some(State::Waiting(
            Reason::Draining,
            format!(
                "an earlier service \"{}\" is draining; a new one is created when it is gone",
                desired.target.name
            ),
        ));
    }
    let arn = service.text("serviceArn").unwrap_or_default();
    let removable = reset::tags(&desired.removed);
    let tag_changes = tags::changes(&desired.tags, &service.tags, &removable);
    plan.changes.extend(tag_changes.describe(&service.tags));
    plan.steps.extend(tag_changes.ecs(arn));
    let load_balancers = load_balancers.filter(|_| ready)?;
    let current = current(service);
    let mut declared = desired.members.clone();
    if desired.load_balancers.is_some() || uses_ours(service, observed) {
        declared.insert("loadBalancers".into(), load_balancers);
    }
    let completed = completed(desired, declared, service);
    // What a new service would have as well is no trouble.
    let stays = |(_, seen, _): &Kept| seen != "EC2" && seen != "REPLICA";
    kept.extend(completed.kept_in(&current).into_iter().filter(stays));
    let declared = completed.members;
    let given_up = rollout::given_up(desired, observed, history);
    let namespace_tag = namespace::tag_changes(&declared, &service.tags);
    // What ECS took back is not there, whatever the tag says.
    let seen = if given_up.is_none() && namespace_tag.add.is_empty() {
        namespace::in_words_of(&declared, current)
    } else {
        current
    };
    let mut changes = diff::changes(&declared, &seen);
    let mut held = None;
    if changes.iter().any(triggers)
        && let Some(reason) = given_up
    {
        let name = desired.members["taskDefinition"]
            .as_str()
            .map_or("", arn::last_segment);
        let current =
            rollout::primary(service).and_then(|primary| primary["taskDefinition"].as_str());
        plan.is_held = true;
        held = Some(State::Blocked(
            Reason::RolloutFailed,
            rollout::failure(name, current, &reason, &observed.stopped_tasks),
        ));
        // What starts no deployment, the count above all, is still changed.
        changes.retain(|change| !triggers(change));
    }
    let restarts = rollout::restarts(desired, rollout::primary(service), history);
    if !changes.is_empty() || restarts {
        plan.steps
            .push(update(desired, &declared, &changes, restarts));
        plan.changes.extend(changes);
    }
    if held.is_none() {
        plan.changes.extend(namespace_tag.describe(&service.tags));
        plan.steps.extend(namespace_tag.ecs(arn));
    }
    held
}

/// One UpdateService with the members that changed; `restarts`: it replaces the tasks in any case.
fn update(
    desired: &DesiredService,
    declared: &Members,
    changes: &[Change],
    restarts: bool,
) -> Step {
    let mut input = request! {"cluster": desired.target.cluster, "service": desired.target.name};
    input.extend(diff::changed(declared, changes));
    let changes_any = |members: &[&str]| {
        let mut changed = changes.iter().map(Change::member);
        changed.any(|member| members.contains(&member))
    };
    if restarts || changes_any(&FORCES_DEPLOYMENT) {
        input.insert("forceNewDeployment".into(), Value::Bool(true));
    }
    // ECS refuses another task definition with volumes to be configured at launch without their configuration (aws.md 4.1).
    if let Some(volumes) = declared.get(VOLUMES)
        && volumes
            .as_array()
            .is_some_and(|volumes| !volumes.is_empty())
        && changes_any(&["taskDefinition"])
    {
        input.insert(VOLUMES.into(), volumes.clone());
    }
    Step::UpdateService(input)
}

/// Whether a change starts a deployment.
fn triggers(change: &Change) -> bool {
    STARTS_DEPLOYMENT.contains(&change.member())
}

/// Load balancer entries with ARNs; none while a managed target group is missing.
fn load_balancers(desired: &DesiredService, observed: &observed::Service) -> Option<Value> {
    desired
        .load_balancers
        .iter()
        .flatten()
        .map(|lb| {
            let arn = match &lb.target_group {
                Some(TargetGroupRef::Existing(arn)) => Some(arn),
                Some(TargetGroupRef::Managed(name)) => Some(&observed.target_groups.get(name)?.arn),
                None => None,
            };
            let mut entry = lb.members.clone();
            entry.extend(arn.map(|arn| ("targetGroupArn".to_owned(), json!(arn))));
            Some(Value::Object(entry))
        })
        .collect::<Option<Vec<_>>>()
        .map(Value::Array)
}

/// Whether the service still has a target group of ours: then entries that are no longer declared are taken off it.
fn uses_ours(service: &observed::Resource, observed: &observed::Service) -> bool {
    let entries = service
        .members
        .get("loadBalancers")
        .and_then(Value::as_array);
    entries.into_iter().flatten().any(|entry| {
        observed
            .target_groups
            .values()
            .any(|group| entry["targetGroupArn"] == group.arn.as_str())
    })
}

fn create(desired: &DesiredService, observed: &observed::Service, load_balancers: &Value) -> Step {
    let target = &desired.target;
    let mut input = request! {"cluster": target.cluster, "serviceName": target.name};
    input.extend(desired.members.clone());
    if let Some(count) = desired.first_desired_count {
        input.insert("desiredCount".into(), count.into());
    }
    if load_balancers
        .as_array()
        .is_some_and(|entries| !entries.is_empty())
    {
        input.insert("loadBalancers".into(), load_balancers.clone());
    }
    // The same token for the same service, another one for the service that follows a deleted one.
    let ghost = observed.ghost.as_deref().unwrap_or_default();
    let token = hash::client_token(&[
        "CreateService",
        &target.owner.cluster_id,
        &target.owner.uid,
        &target.name,
        ghost,
    ]);
    input.insert("clientToken".into(), token.into());
    let mut all = desired.tags.clone();
    all.extend(namespace::tag(&desired.members));
    Step::CreateService(tags::with(input, &all))
}

/// Rules, then target groups, that are ours and no longer declared. Only a steady service has let them go. What was adopted
/// stays, with what it needs.
fn leftovers(
    desired: &DesiredService,
    observed: &observed::Service,
    let_go: Vec<Step>,
) -> Vec<Step> {
    if !let_go.is_empty() {
        return let_go;
    }
    let declared: BTreeSet<_> = desired
        .target_groups
        .iter()
        .map(|target| &target.name)
        .collect();
    let is_kept = |group: &observed::TargetGroup| {
        let mut adopted = observed.rules.iter().filter(|rule| rule::is_adopted(rule));
        ownership::is_adopted(&group.tags)
            || adopted.any(|rule| rule::forwards_to(rule, &group.arn))
    };
    observed
        .target_groups
        .iter()
        .filter(|(name, seen)| {
            !declared.contains(name) && desired.target.owner.claim(&seen.tags) == Claim::Ours
        })
        .filter(|(_, seen)| !is_kept(seen))
        .map(|(_, seen)| Step::DeleteTargetGroup(request! {"targetGroupArn": seen.arn}))
        .collect()
}
