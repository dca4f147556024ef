//! The plan of a task definition family.

use super::{Change, Plan, Step, refusal::not_owned, request, reset, tags};
use crate::{
    desired::task_definition::{DesiredTaskDefinition, canonical},
    model::{
        content::Difference,
        declared::Paths,
        observed::{Family, Resource},
        ownership::{self, Claim},
    },
};

/// Revisions that go at once; the next look sees the rest (DeleteTaskDefinitions, parameter taskDefinitions: 10).
const BATCH: usize = 10;

/// In place of what a task definition says: environments and options hold secrets.
pub const HIDDEN: &str = "…";

/// The step that registers the declared content, unless the newest revision of ours has it: by its hash, or member by member, as
/// the hash knows neither what AWS fills in nor every list without an order. `applied` is what the status remembers of earlier
/// declarations.
pub fn plan(desired: &DesiredTaskDefinition, observed: &Family, applied: &Paths) -> Plan {
    let says_the_same = || observed.content.is_some() && changes(desired, observed).is_empty();
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
        Claim::Available if says_the_same() => {
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
    // What says the same gets the hash as a tag: a revision is for what would run otherwise.
    if latest.tags.get(ownership::HASH) != Some(&desired.hash) && !says_the_same() {
        return register();
    }
    let removable = reset::tags(&(applied - &desired.declared()));
    let tag_changes = tags::changes(&desired.tags, &latest.tags, &removable);
    if tag_changes.add.is_empty() && tag_changes.remove.is_empty() {
        return Plan::steps(outdated(desired, observed));
    }
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
    let differences = content
        .differences(&canonical(&desired.members))
        .into_iter();
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

/// The steps that clear away revisions beyond the history: deregistered first; deleted, if that is wanted, after a later look.
fn outdated(desired: &DesiredTaskDefinition, observed: &Family) -> Vec<Step> {
    let (Some(history), Some(used)) = (&desired.history, &observed.used) else {
        return Vec::new();
    };
    let newest = observed
        .latest
        .as_ref()
        .and_then(|td| td.number("revision"));
    let may_go = |revision: &&Resource| {
        let number = revision.number("revision");
        let arn = revision.text("taskDefinitionArn").unwrap_or_default();
        // What was adopted was not registered by us, and says that the family was: it stays.
        desired.target.owner.claim(&revision.tags) == Claim::Ours
            && !ownership::is_adopted(&revision.tags)
            && number < newest
            && !used.contains(arn)
            && number.is_some_and(|number| !history.referred.contains(&number))
    };
    let mut active: Vec<_> = observed.active.iter().filter(may_go).collect();
    active.sort_by_key(|revision| std::cmp::Reverse(revision.number("revision")));
    let arn = |revision: &&Resource| {
        revision
            .text("taskDefinitionArn")
            .unwrap_or_default()
            .to_owned()
    };
    let mut steps: Vec<_> = active
        .iter()
        .skip(history.limit)
        .rev()
        .take(BATCH)
        .map(|revision| Step::DeregisterTaskDefinition(request! {"taskDefinition": arn(revision)}))
        .collect();
    let inactive = observed.inactive.iter().filter(may_go).take(BATCH);
    let inactive: Vec<_> = inactive.map(|revision| arn(&revision)).collect();
    if history.deletes && !inactive.is_empty() {
        steps.push(Step::DeleteTaskDefinitions(
            request! {"taskDefinitions": inactive},
        ));
    }
    steps
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::desired::{
        self,
        task_definition::History,
        testing::{WEB, installation, spec},
    };
    use crate::model::content::Content;
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
            ..Family::default()
        }
    }

    /// The family at revision 9 of which all are ours but 2, with a history of two, of which 3 is referred to and 4 is used.
    fn grown(deletes: bool) -> (DesiredTaskDefinition, Family) {
        let mut desired = desired("nginx:1");
        desired.history = Some(History {
            limit: 2,
            deletes,
            referred: [3].into(),
        });
        let revision = |number: i64| {
            let members = json!({"taskDefinitionArn": format!("web:{number}"), "revision": number});
            let is_ours = number != 2;
            Resource {
                members: members.as_object().unwrap().clone(),
                tags: if is_ours {
                    desired.tags.clone()
                } else {
                    Default::default()
                },
            }
        };
        let family = Family {
            content: None,
            latest: Some(revision(9)),
            active: (2..=9).map(revision).collect(),
            inactive: vec![revision(1)],
            used: Some(["web:4".to_owned()].into()),
        };
        (desired, family)
    }

    #[test]
    fn revisions_beyond_the_history_go_unless_foreign_referred_to_or_used() {
        let (desired, family) = grown(false);
        let go = |arn: &str| Step::DeregisterTaskDefinition(request! {"taskDefinition": arn});
        let plan = plan(&desired, &family, &Paths::new());
        assert_eq!(plan.steps, [go("web:5"), go("web:6")]);
        assert!(plan.is_cleanup());
    }

    #[test]
    fn adopted_revisions_stay_whatever_the_history() {
        let (desired, mut family) = grown(true);
        for revision in family.active.iter_mut().chain(&mut family.inactive) {
            if [Some(1), Some(5)].contains(&revision.number("revision")) {
                let consent = (ownership::ADOPT.to_owned(), "any/team/web".to_owned());
                revision.tags.extend([consent]);
            }
        }
        let plan = plan(&desired, &family, &Paths::new());
        let go = Step::DeregisterTaskDefinition(request! {"taskDefinition": "web:6"});
        assert_eq!(plan.steps, [go]);
    }

    #[test]
    fn deregistered_revisions_are_deleted_only_when_that_is_wanted() {
        let (desired, mut family) = grown(true);
        let deletion = request! {"taskDefinitions": ["web:1"]};
        assert_eq!(
            plan(&desired, &family, &Paths::new()).steps.last(),
            Some(&Step::DeleteTaskDefinitions(deletion))
        );
        let deletion = plan(&desired, &family, &Paths::new()).steps.pop().unwrap();
        let mut foreseen = family.clone();
        crate::plan::foresee::family(&mut foreseen, &deletion);
        assert!(
            foreseen.inactive.is_empty(),
            "what is foreseen is told once"
        );
        family.used.as_mut().unwrap().insert("web:1".into());
        let deletes = |step: &Step| matches!(step, Step::DeleteTaskDefinitions(_));
        assert!(
            !plan(&desired, &family, &Paths::new())
                .steps
                .iter()
                .any(deletes)
        );
    }

    #[test]
    fn nothing_goes_while_use_is_unknown_or_a_revision_is_due() {
        let (desired, mut family) = grown(true);
        let mut edited = desired.clone();
        edited.hash = "other".into();
        assert!(family.content.is_none(), "what it says is not known");
        assert!(matches!(
            plan(&edited, &family, &Paths::new()).steps.as_slice(),
            [Step::RegisterTaskDefinition(_)]
        ));
        family.used = None;
        assert_eq!(plan(&desired, &family, &Paths::new()), Plan::settled());
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
    fn what_only_says_the_same_otherwise_is_tagged_and_registers_nothing() {
        let build = |container: Value| {
            let mut all = json!({"name": "app", "image": "nginx:1", "memory": 128});
            let members = all.as_object_mut().unwrap();
            members.extend(container.as_object().unwrap().clone());
            let spec = spec(json!({"containerDefinitions": [all]}));
            desired::task_definition::desired(WEB, &spec, None, &installation()).unwrap()
        };
        let ports =
            |first: u16, second: u16| json!([{"containerPort": first}, {"containerPort": second}]);
        let before = build(json!({"portMappings": ports(80, 81)}));
        for same in [
            json!({"portMappings": ports(81, 80)}),
            json!({"portMappings": ports(80, 81), "essential": true, "cpu": 0}),
        ] {
            let after = build(same);
            assert_ne!(before.hash, after.hash);
            let mut family = registered(&before);
            let tagged = plan(&after, &family, &Paths::new());
            let [Step::TagResource(input)] = tagged.steps.as_slice() else {
                panic!("{tagged:?}")
            };
            assert_eq!(
                input["tags"],
                json!([{"key": ownership::HASH, "value": after.hash}])
            );
            assert!(!tagged.rolls_tasks());
            crate::plan::foresee::family(&mut family, &tagged.steps[0]);
            assert_eq!(plan(&after, &family, &Paths::new()), Plan::settled());
        }
        let other = plan(
            &build(json!({"portMappings": ports(80, 82)})),
            &registered(&before),
            &Paths::new(),
        );
        assert!(matches!(
            other.steps.as_slice(),
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
    fn adopted_family_with_sizes_written_otherwise_is_as_declared() {
        let sized = |cpu: &str, memory: &str| {
            let mut sized = desired("nginx:1");
            sized.members.insert("cpu".into(), json!(cpu));
            sized.members.insert("memory".into(), json!(memory));
            sized
        };
        let mut family = registered(&sized("256", "512"));
        let consent = (ownership::ADOPT.to_owned(), "any/team/web".to_owned());
        family.latest.as_mut().unwrap().tags = [consent].into();
        let taken = plan(&sized(".25 vCPU", ".5 GB"), &family, &Paths::new());
        assert!(matches!(taken.steps.as_slice(), [Step::TagResource(_)]));
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
