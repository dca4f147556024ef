//! What a step would do to what was seen, as far as the next plan depends on it. Nothing is sent.

use serde_json::{Value, json};

use super::{Step, rollout};
use crate::model::{
    Members, Tags,
    content::Content,
    observed::{Family, Health, Resource, Rule, Service, TargetGroup},
};

/// Number of a revision that is not registered yet.
pub const NEW_REVISION: &str = "new";

/// What a step would do to a cluster.
pub fn cluster(observed: &mut Option<Resource>, step: &Step) {
    match (step, &mut *observed) {
        (Step::CreateCluster(input), _) => {
            let mut cluster = created(input);
            cluster.members.insert("status".into(), "ACTIVE".into());
            *observed = Some(cluster);
        }
        (Step::UpdateCluster(input) | Step::PutClusterCapacityProviders(input), Some(cluster)) => {
            cluster.members.extend(input.clone());
        }
        (Step::DeleteCluster(_), _) => *observed = None,
        (step, Some(cluster)) => tag(&mut cluster.tags, step),
        (_, None) => {}
    }
}

/// What a step would do to a task definition family.
pub fn family(observed: &mut Family, step: &Step) {
    match step {
        Step::RegisterTaskDefinition(input) => {
            let known = observed.latest.as_ref();
            let arn = known
                .and_then(|latest| latest.text("taskDefinitionArn")?.rsplit_once(':'))
                .map_or_else(|| text(input, "family"), |(head, _)| head.to_owned());
            let mut latest = created(input);
            latest.members.insert(
                "taskDefinitionArn".into(),
                format!("{arn}:{NEW_REVISION}").into(),
            );
            observed.content = Some(Content::new(&latest.members));
            latest.members.remove("containerDefinitions");
            observed.latest = Some(latest);
        }
        Step::DeregisterTaskDefinition(input) => {
            let gone = text(input, "taskDefinition");
            observed
                .active
                .retain(|revision| revision.text("taskDefinitionArn") != Some(&gone));
        }
        Step::DeleteTaskDefinitions(input) => {
            let gone = values(input, "taskDefinitions");
            observed.inactive.retain(|revision| {
                let arn = revision.text("taskDefinitionArn");
                !gone.iter().any(|gone| gone.as_str() == arn)
            });
        }
        step => {
            if let Some(latest) = &mut observed.latest {
                tag(&mut latest.tags, step);
            }
            let named = text(step.input(), "resourceArn");
            let active = observed.active.iter_mut();
            active
                .filter(|revision| revision.text("taskDefinitionArn") == Some(&named))
                .for_each(|revision| tag(&mut revision.tags, step));
        }
    }
}

/// What a step would do to a service with its target groups and rules. A rollout ends well.
pub fn service(observed: &mut Service, step: &Step) {
    match step {
        Step::CreateService(input) => {
            let mut service = created(input);
            service.members.insert("status".into(), "ACTIVE".into());
            service
                .members
                .insert("deployments".into(), json!([{"status": "PRIMARY"}]));
            observed.service = Some(service);
            roll(observed, input);
        }
        Step::UpdateService(input) => roll(observed, input),
        Step::ContinueServiceDeployment(_) => observed.pause = None,
        Step::DeleteService(_) => observed.service = None,
        Step::TagResource(_) | Step::UntagResource(_) => {
            if let Some(service) = &mut observed.service {
                tag(&mut service.tags, step);
            }
        }
        step => load_balancing(observed, step),
    }
}

/// The service as an update leaves it when all its tasks have been replaced.
fn roll(observed: &mut Service, input: &Members) {
    let Some(service) = &mut observed.service else {
        return;
    };
    service.members.extend(input.clone());
    service.members.remove("forceNewDeployment");
    let mut primary = rollout::primary(service).cloned().unwrap_or(json!({}));
    for (member, value) in input {
        primary[member] = value.clone();
    }
    let wanted = service.members.get("desiredCount").cloned();
    let wanted = wanted.unwrap_or_else(|| primary["desiredCount"].clone());
    for (member, value) in [
        ("status", json!("PRIMARY")),
        ("rolloutState", json!("COMPLETED")),
        ("failedTasks", json!(0)),
    ] {
        primary[member] = value;
    }
    for (member, value) in [
        ("desiredCount", wanted.clone()),
        ("runningCount", wanted.clone()),
        ("pendingCount", json!(0)),
        ("deployments", json!([primary])),
    ] {
        service.members.insert(member.into(), value);
    }
    observed.failed_deployment = None;
    let health = Health {
        healthy: wanted.as_i64().unwrap_or(0),
        unhealthy: 0,
    };
    for group in observed.target_groups.values_mut() {
        group.health = Some(health);
    }
}

fn load_balancing(observed: &mut Service, step: &Step) {
    let input = step.input();
    let group_arn = text(input, "targetGroupArn");
    let rule_arn = text(input, "ruleArn");
    let mut groups = observed.target_groups.values_mut();
    let group = groups.find(|group| group.arn == group_arn);
    let rule = observed.rules.iter_mut().find(|rule| rule.arn == rule_arn);
    match (step, group, rule) {
        (Step::CreateTargetGroup(_), ..) => {
            let made = created(input);
            let name = text(input, "name");
            let group = TargetGroup {
                arn: format!("(ARN of the new target group {name})"),
                members: made.members,
                tags: made.tags,
                ..TargetGroup::default()
            };
            observed.target_groups.insert(name, group);
        }
        (Step::ModifyTargetGroup(_), Some(group), _) => group.members.extend(input.clone()),
        (Step::ModifyTargetGroupAttributes(_), Some(group), _) => {
            group.attributes.extend(tags(input, "attributes"))
        }
        (Step::DeleteTargetGroup(_), ..) => {
            observed
                .target_groups
                .retain(|_, group| group.arn != group_arn);
        }
        (Step::CreateRule(_), ..) => observed.rules.push(Rule {
            arn: format!("(ARN of the new rule {})", observed.rules.len()),
            listener_arn: text(input, "listenerArn"),
            priority: priority(input.get("priority")),
            conditions: values(input, "conditions"),
            actions: values(input, "actions"),
            transforms: values(input, "transforms"),
            tags: Some(tags(input, "tags")),
        }),
        (Step::ModifyRule(_), _, Some(rule)) => {
            // What is not sent stays as it is.
            if input.contains_key("conditions") {
                rule.conditions = values(input, "conditions");
            }
            if input.contains_key("actions") {
                rule.actions = values(input, "actions");
            }
            if input.contains_key("transforms") || input.contains_key("resetTransforms") {
                rule.transforms = values(input, "transforms");
            }
        }
        (Step::DeleteRule(_), ..) => observed.rules.retain(|rule| rule.arn != rule_arn),
        (Step::SetRulePriorities(_), ..) => {
            for pair in values(input, "rulePriorities") {
                let arn = pair["ruleArn"].as_str().unwrap_or_default();
                let rules = observed.rules.iter_mut().filter(|rule| rule.arn == arn);
                rules.for_each(|rule| rule.priority = priority(Some(&pair["priority"])));
            }
        }
        (Step::AddTags(_) | Step::RemoveTags(_), ..) => {
            let arns = values(input, "resourceArns");
            let is_named = |arn: &str| arns.iter().any(|named| named == arn);
            for group in observed
                .target_groups
                .values_mut()
                .filter(|group| is_named(&group.arn))
            {
                tag(&mut group.tags, step);
            }
            for rule in observed.rules.iter_mut().filter(|rule| is_named(&rule.arn)) {
                tag(rule.tags.get_or_insert_default(), step);
            }
        }
        _ => {}
    }
}

/// A resource as the call that creates it says.
fn created(input: &Members) -> Resource {
    let mut members = input.clone();
    members.remove("tags");
    Resource {
        members,
        tags: tags(input, "tags"),
    }
}

fn tag(observed: &mut Tags, step: &Step) {
    match step {
        Step::TagResource(input) | Step::AddTags(input) => observed.extend(tags(input, "tags")),
        Step::UntagResource(input) | Step::RemoveTags(input) => {
            let keys = values(input, "tagKeys");
            observed.retain(|key, _| !keys.iter().any(|gone| gone == key));
        }
        _ => {}
    }
}

fn tags(input: &Members, member: &str) -> Tags {
    let pair = |tag: &Value| {
        Some((
            tag["key"].as_str()?.to_owned(),
            tag["value"].as_str()?.to_owned(),
        ))
    };
    values(input, member).iter().filter_map(pair).collect()
}

fn values(input: &Members, member: &str) -> Vec<Value> {
    let list = input.get(member).and_then(Value::as_array);
    list.cloned().unwrap_or_default()
}

fn text(input: &Members, member: &str) -> String {
    let text = input.get(member).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn priority(value: Option<&Value>) -> Option<i32> {
    value?.as_i64()?.try_into().ok()
}
