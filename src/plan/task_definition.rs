//! The plan of a task definition family.

use super::{Plan, Step, refusal::not_owned, reset, tags};
use crate::{
    desired::task_definition::DesiredTaskDefinition,
    model::{
        declared::Paths,
        observed::Family,
        ownership::{self, Claim},
    },
};

/// The step that registers the declared content, unless the newest revision of ours has it. `applied` is what the status
/// remembers of earlier declarations.
pub fn plan(desired: &DesiredTaskDefinition, observed: &Family, applied: &Paths) -> Plan {
    let register = || {
        Plan::steps(vec![Step::RegisterTaskDefinition(tags::with(
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
        // Revisions are immutable: what is taken over is the family. Its revisions stay as they are; ours comes on top.
        Claim::Available => return register(),
        Claim::Foreign(why) => {
            return not_owned(
                "task definition family",
                &desired.target.family,
                &why,
                &desired.target.owner.consent(),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::{
        self,
        testing::{WEB, installation, spec},
    };
    use crate::model::observed::Resource;
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
