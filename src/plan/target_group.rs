//! Steps of a managed target group.

use serde_json::{Value, json};

use super::{
    Change, Step,
    completion::{self, Kept},
    diff, request, reset, tags,
};
use crate::{
    desired::load_balancer::DesiredTargetGroup,
    model::{
        Members, Tags,
        declared::{self, Paths},
        observed::TargetGroup,
        target_group::{IMMUTABLE, attribute_default},
    },
};

/// What is to be done to a target group.
#[derive(Debug, Default)]
pub struct Update {
    /// The calls.
    pub steps: Vec<Step>,
    /// What they change.
    pub changes: Vec<Change>,
    /// What was taken out and AWS has no way to reset.
    pub kept: Vec<Kept>,
}

/// The call that creates it.
pub fn create(desired: &DesiredTargetGroup, owner_tags: &Tags) -> Step {
    let mut input = request! {"name": desired.name};
    input.extend(desired.members.clone());
    Step::CreateTargetGroup(tags::with(input, owner_tags))
}

/// A declared setting that AWS cannot change to, in words.
pub fn immutable_change(
    desired: &DesiredTargetGroup,
    observed: &TargetGroup,
    removed: &Paths,
) -> Option<Change> {
    diff::changes(&settings(desired, removed), &observed.members)
        .into_iter()
        .find(|change| IMMUTABLE.contains(&change.member()))
}

/// Declared settings, and the defaults of those that were taken out.
fn settings(desired: &DesiredTargetGroup, removed: &Paths) -> Members {
    let prefix = declared::below("/targetGroups", &desired.name);
    let taken_out =
        declared::under(removed, &prefix).filter(|path| !path.starts_with("/attributes/"));
    let reset = |path: &str, _: &Members| reset::target_group(path, &desired.members);
    // None of its settings is a list of items.
    completion::complete(&desired.members, taken_out, reset, |_| false).members
}

/// The calls that bring settings, attributes and tags to what is declared, and what they change.
pub fn update(
    desired: &DesiredTargetGroup,
    observed: &TargetGroup,
    owner_tags: &Tags,
    removed: &Paths,
) -> Update {
    let arn = &observed.arn;
    let settings = settings(desired, removed);
    let mut update = Update {
        changes: diff::changes(&settings, &observed.members),
        ..Update::default()
    };
    if !update.changes.is_empty() {
        let mut input = request! {"targetGroupArn": arn};
        input.extend(diff::changed(&settings, &update.changes));
        update.steps.push(Step::ModifyTargetGroup(input));
    }
    let (attributes, kept) = attributes(desired, observed, removed);
    update.kept = kept;
    if !attributes.is_empty() {
        let list = tags::list(&attributes);
        update.steps.push(Step::ModifyTargetGroupAttributes(
            request! {"targetGroupArn": arn, "attributes": list},
        ));
        update.changes.extend(attributes.iter().map(|(key, value)| {
            let seen = observed
                .attributes
                .get(key)
                .map_or(Value::Null, |seen| json!(seen));
            diff::change(&format!("attributes[{key:?}]"), &json!(value), &seen)
        }));
    }
    let tag_changes = tags::changes(owner_tags, &observed.tags, &reset::tags(removed));
    update.changes.extend(tag_changes.describe(&observed.tags));
    update.steps.extend(tag_changes.elbv2(arn));
    let place = |path: &mut String| {
        *path = format!("loadBalancers[targetGroup {}].{path}", desired.name);
    };
    update
        .changes
        .iter_mut()
        .for_each(|change| place(&mut change.path));
    update.kept.iter_mut().for_each(|(path, ..)| place(path));
    update
}

/// Attributes that AWS has otherwise: declared ones, and the defaults of those that were taken out (AWS refuses an empty value).
fn attributes(
    desired: &DesiredTargetGroup,
    observed: &TargetGroup,
    removed: &Paths,
) -> (Tags, Vec<Kept>) {
    let mut wanted = desired.attributes.clone();
    let mut kept = Vec::new();
    let prefix = declared::below("/targetGroups", &desired.name) + "/attributes";
    for key in declared::under(removed, &prefix).filter_map(|path| declared::segments(path).next())
    {
        match (
            attribute_default(&key, &desired.members),
            observed.attributes.get(&key),
        ) {
            (Some(default), _) => drop(wanted.insert(key, default.to_owned())),
            (None, Some(seen)) if !seen.is_empty() => {
                let path = format!("attributes[{key:?}]");
                kept.push((path, json!(seen), "Declare the value that is wanted."));
            }
            (None, _) => {}
        }
    }
    wanted.retain(|key, value| observed.attributes.get(key) != Some(value));
    (wanted, kept)
}
