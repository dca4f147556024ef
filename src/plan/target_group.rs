//! Steps of a managed target group.

use serde_json::Value;

use super::{Change, Step, diff, request, tags};
use crate::{
    desired::load_balancer::DesiredTargetGroup,
    model::{Tags, observed::TargetGroup, target_group::IMMUTABLE},
};

/// The call that creates it.
pub fn create(desired: &DesiredTargetGroup, owner_tags: &Tags) -> Step {
    let mut input = request! {"name": desired.name};
    input.extend(desired.members.clone());
    Step::CreateTargetGroup(tags::with(input, owner_tags))
}

/// A declared setting that AWS cannot change to, in words.
pub fn immutable_change(desired: &DesiredTargetGroup, observed: &TargetGroup) -> Option<Change> {
    diff::changes(&desired.members, &observed.members)
        .into_iter()
        .find(|change| IMMUTABLE.contains(&change.path.as_str()))
}

/// The calls that bring settings, attributes and tags to what is declared, and what they change.
pub fn update(
    desired: &DesiredTargetGroup,
    observed: &TargetGroup,
    owner_tags: &Tags,
) -> (Vec<Step>, Vec<Change>) {
    let arn = &observed.arn;
    let mut steps = Vec::new();
    let mut changes = diff::changes(&desired.members, &observed.members);
    if !changes.is_empty() {
        let mut input = request! {"targetGroupArn": arn};
        input.extend(diff::changed(&desired.members, &changes));
        steps.push(Step::ModifyTargetGroup(input));
    }
    let attributes: Vec<_> = desired
        .attributes
        .iter()
        .filter(|(key, value)| observed.attributes.get(*key) != Some(*value))
        .collect();
    if !attributes.is_empty() {
        let list: Vec<_> = attributes
            .iter()
            .map(|(key, value)| serde_json::json!({"key": key, "value": value}))
            .collect();
        steps.push(Step::ModifyTargetGroupAttributes(
            request! {"targetGroupArn": arn, "attributes": list},
        ));
        changes.extend(attributes.iter().map(|(key, value)| {
            let observed = observed
                .attributes
                .get(*key)
                .map_or(Value::Null, |v| Value::from(v.as_str()));
            diff::change(
                &format!("attributes[{key:?}]"),
                &Value::from(value.as_str()),
                &observed,
            )
        }));
    }
    let tag_changes = tags::changes(owner_tags, &observed.tags, &[]);
    changes.extend(tag_changes.describe(&observed.tags));
    steps.extend(tag_changes.elbv2(arn));
    for change in &mut changes {
        change.path = format!(
            "loadBalancers[targetGroup {}].{}",
            desired.name, change.path
        );
    }
    (steps, changes)
}
