//! The plan of a task definition family.

use super::{Change, Plan, Step, refusal::not_owned, reset, tags};
use crate::{
    desired::task_definition::DesiredTaskDefinition,
    model::{
        content::Difference,
        declared::Paths,
        observed::Family,
        ownership::{self, Claim},
    },
};

/// In place of what a task definition says: environments and options hold secrets.
pub const HIDDEN: &str = "…";

/// The step that registers the declared content, unless the newest revision of ours has it. `applied` is what the status
/// remembers of earlier declarations.
pub fn plan(desired: &DesiredTaskDefinition, observed: &Family, applied: &Paths) -> Plan {
    let register = || Plan {
        changes: changes(desired, observed),
        ..Plan::steps(vec![Step::RegisterTaskDefinition(tags::with(
            desired.members.clone(),
            &desired.tags,
        ))])
    };
    let Some(latest) = &observed.latest else {
        return register();
    };
    let arn = latest.text("taskDefinitionArn").unwrap_or_default();
    match desired.target.owner.claim(&latest.tags) {
        Claim::Ours => {}
        // Revisions are immutable: what is taken over is the family, with its newest revision when that one says
        // what is declared; else ours comes on top.
        Claim::Available if changes(desired, observed).is_empty() && observed.content.is_some() => {
            return Plan::steps(tags::changes(&desired.tags, &latest.tags, &[]).ecs(arn));
        }
        Claim::Available => return register(),
        Claim::Foreign(why) => {
            return not_owned(
                "task definition family",
                &desired.target.family,
                &why,
                &desired.target.owner,
                &latest.tags,
                desired.target.known_arn.as_deref() == Some(arn),
            );
        }
    }
    if latest.tags.get(ownership::HASH) != Some(&desired.hash) {
        return register();
    }
    let removable = reset::tags(&(applied - &desired.declared()));
    let tag_changes = tags::changes(&desired.tags, &latest.tags, &removable);
    Plan {
        changes: tag_changes.describe(&latest.tags),
        ..Plan::steps(tag_changes.ecs(arn))
    }
}

/// The members that the newest revision says otherwise, without what they say.
fn changes(desired: &DesiredTaskDefinition, observed: &Family) -> Vec<Change> {
    let Some(content) = &observed.content else {
        return Vec::new();
    };
    let differences = content.differences(&desired.members).into_iter();
    differences
        .map(|(path, difference)| {
            let said = |is_said: bool| if is_said { HIDDEN } else { "null" }.to_owned();
            Change {
                path,
                declared: said(difference != Difference::Removed),
                observed: said(difference != Difference::Added),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::{
        self,
        testing::{WEB, installation, spec},
    };
    use crate::model::{content::Content, observed::Resource};
    use crate::plan::State;

    fn desired(image: &str) -> DesiredTaskDefinition {
        let spec =
            spec(json!({"containerDefinitions": [{"name": "app", "image": image, "memory": 128}]}));
        desired::task_definition::desired(WEB, &spec, None, &installation()).unwrap()
    }

    fn registered(desired: &DesiredTaskDefinition) -> Family {
        let members = json!({"taskDefinitionArn": "arn:aws:ecs:r:a:task-definition/team-web:1", "status": "ACTIVE"});
        Family {
            latest: Some(Resource {
                members: members.as_object().unwrap().clone(),
                tags: desired.tags.clone(),
            }),
            content: Some(Content::new(&desired.members)),
            active: vec![],
        }
    }

    #[test]
    fn content_is_registered_once() {
        let a = desired("nginx:1");
        assert!(matches!(
            plan(&a, &Family::default(), &Paths::new()).steps.as_slice(),
            [Step::RegisterTaskDefinition(_)]
        ));
        assert_eq!(plan(&a, &registered(&a), &Paths::new()), Plan::settled());
        assert!(matches!(
            plan(&desired("nginx:2"), &registered(&a), &Paths::new())
                .steps
                .as_slice(),
            [Step::RegisterTaskDefinition(_)]
        ));
    }

    #[test]
    fn tag_edit_registers_nothing() {
        let a = desired("nginx:1");
        let mut b = a.clone();
        b.tags.insert("team".into(), "x".into());
        assert!(matches!(
            plan(&b, &registered(&a), &Paths::new()).steps.as_slice(),
            [Step::TagResource(_)]
        ));
    }

    #[test]
    fn consented_family_is_taken_over_as_it_is_when_it_says_what_is_declared() {
        let a = desired("nginx:1");
        let mut family = registered(&a);
        let consent = (ownership::ADOPT.to_owned(), "any/team/web".to_owned());
        family.latest.as_mut().unwrap().tags = [consent].into();
        let taken = plan(&a, &family, &Paths::new());
        let [Step::TagResource(input)] = taken.steps.as_slice() else {
            panic!("{taken:?}")
        };
        assert_eq!(input["tags"].as_array().unwrap().len(), 5, "owner and hash");
        let other = plan(&desired("nginx:2"), &family, &Paths::new());
        assert!(
            matches!(other.steps.as_slice(), [Step::RegisterTaskDefinition(_)]),
            "{other:?}"
        );
        let paths: Vec<_> = other
            .changes
            .iter()
            .map(|change| change.path.as_str())
            .collect();
        assert_eq!(paths, ["containerDefinitions[app].image"]);
        assert!(other.changes.iter().all(|change| change.declared == HIDDEN));
    }

    #[test]
    fn foreign_family_gets_no_revision_of_ours() {
        let a = desired("nginx:1");
        let mut family = registered(&a);
        family.latest.as_mut().unwrap().tags.clear();
        let plan = plan(&a, &family, &Paths::new());
        assert!(
            plan.steps.is_empty() && matches!(plan.state, State::Blocked(..)),
            "{plan:?}"
        );
    }
}
