//! All that a plan leads to, told beforehand: every call with what it changes, whether tasks roll, and what goes.
//!
//! A plan holds only what can be done now. The rest is found by planning again on what there would be then.

use serde_json::Value;

use super::{Change, Plan, State, Step, service};
use crate::{
    api::lifecycle::{Drift, Effect, PlannedStep},
    model::{ownership, text::truncate},
};

/// Waves that are looked ahead: tags, target groups, rules, service and what is left over need six.
const WAVES: usize = 8;

/// Bytes of a value that is shown.
const VALUE_MAX: usize = 512;

/// What would happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast<O> {
    /// Every call, in order.
    pub steps: Vec<PlannedStep>,
    /// How things would stand then.
    pub state: State,
    /// What there would be then.
    pub observed: O,
}

/// Plans again and again on what there would be. `foresee` says what a step does to what was seen.
pub fn forecast<O>(
    mut observed: O,
    plan: impl Fn(&O) -> Plan,
    foresee: impl Fn(&mut O, &Step),
) -> Forecast<O> {
    let mut steps = Vec::new();
    let mut last = Vec::new();
    let mut state = State::Settled;
    for _ in 0..WAVES {
        let next = plan(&observed);
        state = next.state.clone();
        // A wave that comes again has an effect which can't be foreseen.
        if next.steps.is_empty() || next.steps == last {
            break;
        }
        steps.extend(planned(&next));
        for step in &next.steps {
            foresee(&mut observed, step);
        }
        last = next.steps;
    }
    mark_replacements(&mut steps);
    Forecast {
        steps,
        state,
        observed,
    }
}

/// What AWS has otherwise, of all that would be changed; without the operator's own tags.
pub fn differences(steps: &[PlannedStep]) -> impl Iterator<Item = &Drift> {
    let ours = format!("tags[\"{}", ownership::PREFIX);
    steps
        .iter()
        .flat_map(|step| &step.changes)
        .filter(move |change| !change.path.contains(&ours))
}

/// The steps of one wave, each with the changes that it makes.
fn planned(plan: &Plan) -> Vec<PlannedStep> {
    let mut planned: Vec<PlannedStep> = plan
        .steps
        .iter()
        .map(|step| PlannedStep {
            operation: step.operation().to_owned(),
            resource: resource(step),
            effect: effect(step),
            changes: Vec::new(),
        })
        .collect();
    let mut told: Vec<Vec<&str>> = vec![Vec::new(); planned.len()];
    for change in &plan.changes {
        let path = change.path.as_str();
        let is_its =
            |index: &usize| !told[*index].contains(&path) && makes(&plan.steps[*index], path);
        let index = (0..planned.len())
            .find(is_its)
            .or(planned.len().checked_sub(1));
        if let Some(index) = index {
            told[index].push(path);
            planned[index].changes.extend(fields(change));
        }
    }
    planned
}

/// A change, field by field where both sides are objects.
fn fields(change: &Change) -> Vec<Drift> {
    let value = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    let mut found = Vec::new();
    differing(
        &change.path,
        &value(&change.declared),
        &value(&change.observed),
        &mut found,
    );
    if found.is_empty() {
        // Not in what it says as it stands, or no JSON.
        found.push(shown(&change.path, &change.declared, &change.observed));
    }
    found
}

fn differing(path: &str, declared: &Value, observed: &Value, found: &mut Vec<Drift>) {
    match (declared, observed) {
        (Value::Object(declared), Value::Object(observed)) => {
            for (member, value) in declared {
                let seen = observed.get(member).unwrap_or(&Value::Null);
                differing(&format!("{path}.{member}"), value, seen, found);
            }
        }
        (declared, observed) if declared != observed => {
            found.push(shown(path, &declared.to_string(), &observed.to_string()));
        }
        _ => {}
    }
}

fn shown(path: &str, declared: &str, observed: &str) -> Drift {
    let cut = |text: &str| {
        let mut text = text.to_owned();
        truncate(&mut text, VALUE_MAX);
        text
    };
    Drift {
        path: path.to_owned(),
        declared: cut(declared),
        observed: cut(observed),
    }
}

/// Whether a step is the one that makes the change of this path.
fn makes(step: &Step, path: &str) -> bool {
    let input = step.input();
    if let Some((_, tag)) = path.split_once("tags[") {
        let key: Option<String> = serde_json::from_str(tag.trim_end_matches(']')).ok();
        let added = list(input.get("tags")).any(|tag| tag["key"].as_str() == key.as_deref());
        let removed = list(input.get("tagKeys")).any(|tag| tag.as_str() == key.as_deref());
        return !step.creates() && key.is_some() && (added || removed);
    }
    match step {
        Step::RegisterTaskDefinition(_) => true,
        Step::CreateTargetGroup(_) => {
            let name = input.get("name").and_then(Value::as_str);
            name.is_some_and(|name| path.ends_with(&format!("[targetGroup {name}]")))
        }
        Step::ModifyTargetGroupAttributes(_) => path.contains("attributes["),
        Step::ModifyTargetGroup(_) => path
            .rsplit_once("].")
            .is_some_and(|(_, member)| input.contains_key(member)),
        Step::SetRulePriorities(_) => path.ends_with("rules.priority"),
        Step::CreateRule(_) | Step::ModifyRule(_) => {
            path.contains("targetGroup.rules") && !path.ends_with("rules.priority")
        }
        _ => {
            let member = path.split(['.', '[']).next().unwrap_or_default();
            input.contains_key(member)
        }
    }
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn effect(step: &Step) -> Effect {
    match step {
        Step::UpdateService(input) if service::starts_deployment(input) => Effect::Roll,
        Step::DeleteCluster(_)
        | Step::DeregisterTaskDefinition(_)
        | Step::DeleteTaskDefinitions(_)
        | Step::DeleteService(_)
        | Step::DeleteTargetGroup(_)
        | Step::DeleteRule(_) => Effect::Destroy,
        step if step.creates() => Effect::Create,
        _ => Effect::Update,
    }
}

/// What a step is done to: a name where there is one.
fn resource(step: &Step) -> String {
    const NAMES: [&str; 12] = [
        "serviceDeploymentArn",
        "serviceName",
        "service",
        "clusterName",
        "family",
        "name",
        "taskDefinition",
        "targetGroupArn",
        "ruleArn",
        "listenerArn",
        "resourceArn",
        "cluster",
    ];
    let input = step.input();
    let named = NAMES.iter().find_map(|name| input.get(*name)?.as_str());
    let listed = || {
        let members = ["resourceArns", "taskDefinitions"].into_iter();
        let arn = members.flat_map(|member| list(input.get(member))).next()?;
        arn.as_str()
    };
    let rule = || {
        let first = list(input.get("rulePriorities")).next()?;
        first["ruleArn"].as_str()
    };
    named
        .or_else(listed)
        .or_else(rule)
        .unwrap_or_default()
        .to_owned()
}

/// A target group or rule that is made while another one goes takes its place; one for each that goes.
fn mark_replacements(steps: &mut [PlannedStep]) {
    for what in ["TargetGroup", "Rule"] {
        let is_gone = |step: &&PlannedStep| step.operation == format!("Delete{what}");
        let gone = steps.iter().filter(is_gone).count();
        let made = steps
            .iter_mut()
            .filter(|step| step.operation == format!("Create{what}"));
        made.take(gone)
            .for_each(|step| step.effect = Effect::Replace);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{diff, request, tags};

    #[test]
    fn changes_are_told_with_the_step_that_makes_them() {
        let tag = json!("a");
        let plan = Plan {
            changes: vec![
                diff::change("tags[\"team\"]", &tag, &Value::Null),
                diff::change("taskDefinition", &json!("web:2"), &json!("web:1")),
                diff::change("deploymentConfiguration", &json!({}), &json!({})),
            ],
            ..Plan::steps(vec![
                Step::TagResource(tags::with(
                    request! {"resourceArn": "arn:s"},
                    &[("team".to_owned(), "a".to_owned())].into(),
                )),
                Step::UpdateService(
                    request! {"cluster": "main", "service": "web", "taskDefinition": "web:2", "deploymentConfiguration": {}},
                ),
            ])
        };
        let told: Vec<_> = planned(&plan)
            .into_iter()
            .map(|step| {
                let paths: Vec<_> = step.changes.into_iter().map(|c| c.path).collect();
                (step.operation, step.resource, step.effect, paths.join(" "))
            })
            .collect();
        let expected = [
            ("TagResource", "arn:s", Effect::Update, "tags[\"team\"]"),
            (
                "UpdateService",
                "web",
                Effect::Roll,
                "taskDefinition deploymentConfiguration",
            ),
        ];
        let owned = |(operation, resource, effect, paths): (&str, &str, Effect, &str)| {
            (
                operation.to_owned(),
                resource.to_owned(),
                effect,
                paths.to_owned(),
            )
        };
        assert_eq!(told, expected.map(owned));
    }

    #[test]
    fn blocks_are_told_field_by_field() {
        let change = diff::change(
            "networkConfiguration",
            &json!({"awsvpcConfiguration": {"assignPublicIp": "ENABLED", "subnets": ["a"]}}),
            &json!({"awsvpcConfiguration": {"assignPublicIp": "DISABLED", "subnets": ["a"], "securityGroups": []}}),
        );
        let path = "networkConfiguration.awsvpcConfiguration.assignPublicIp";
        let expected = shown(path, "\"ENABLED\"", "\"DISABLED\"");
        assert_eq!(fields(&change), [expected]);
        let hidden = Change {
            path: "cpu".into(),
            declared: "…".into(),
            observed: "…".into(),
        };
        assert_eq!(fields(&hidden), [shown("cpu", "…", "…")]);
    }

    #[test]
    fn looking_ahead_ends_when_nothing_is_left_or_nothing_moves() {
        let count_down = |left: &usize| {
            let steps =
                (*left > 0).then(|| Step::DeleteRule(request! {"ruleArn": format!("r{left}")}));
            Plan::steps(steps.into_iter().collect())
        };
        let forecast1 = forecast(3, count_down, |left, _| *left -= 1);
        assert_eq!((forecast1.steps.len(), forecast1.observed), (3, 0));
        assert_eq!(forecast(3, count_down, |_, _| {}).steps.len(), 1);
    }

    #[test]
    fn only_as_many_groups_as_go_are_replaced() {
        let plan = |done: &bool| {
            let steps = [
                Step::CreateTargetGroup(request! {"name": "new"}),
                Step::CreateTargetGroup(request! {"name": "another"}),
                Step::DeleteTargetGroup(request! {"targetGroupArn": "arn:old"}),
            ];
            Plan::steps(if *done { Vec::new() } else { steps.into() })
        };
        let forecast = forecast(false, plan, |done, _| *done = true);
        let effects: Vec<_> = forecast.steps.iter().map(|step| step.effect).collect();
        assert_eq!(effects, [Effect::Replace, Effect::Create, Effect::Destroy]);
    }

    #[test]
    fn deletion_of_revisions_destroys_and_names_the_first() {
        let step = Step::DeleteTaskDefinitions(request! {"taskDefinitions": ["web:1", "web:2"]});
        assert_eq!(
            (effect(&step), resource(&step)),
            (Effect::Destroy, "web:1".into())
        );
    }
}
