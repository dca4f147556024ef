//! The plan of a cluster.

use serde_json::Value;

use super::{
    Plan, State, Step,
    completion::{self, Completed},
    diff,
    refusal::{cannot_reset, not_owned},
    request, reset, status, tags,
};
use crate::{
    api::condition::Reason,
    desired::cluster::DesiredCluster,
    model::{
        Members, Tags,
        declared::{self, Paths},
        observed::Resource,
        ownership::{self, Claim},
    },
};

/// Members that PutClusterCapacityProviders sets, both at once.
const CAPACITY: [&str; 2] = ["capacityProviders", "defaultCapacityProviderStrategy"];

/// The steps that make the cluster as desired. `known` is the ARN in the status, `applied` what it remembers of earlier declarations.
pub fn plan(
    desired: &DesiredCluster,
    observed: Option<&Resource>,
    known: Option<&str>,
    applied: &Paths,
) -> Plan {
    let name = &desired.target.name;
    let Some(cluster) = observed else {
        let mut input = request! {"clusterName": name};
        input.extend(desired.members.clone());
        input.extend(desired.capacity.clone().into_iter().flatten());
        return Plan::steps(vec![Step::CreateCluster(tags::with(input, &desired.tags))]);
    };
    let removed = applied - &desired.declared();
    let mut removable = reset::tags(&removed);
    removable.push(ownership::NAMESPACE_HASH.to_owned());
    let arn = cluster.text("clusterArn").unwrap_or_default();
    let tag_changes = tags::changes(&desired.tags, &cluster.tags, &removable);
    match desired.target.owner.claim(&cluster.tags) {
        Claim::Ours => {}
        Claim::Available => return Plan::steps(tag_changes.ecs(arn)),
        Claim::Foreign(why) => {
            return not_owned(
                "cluster",
                name,
                &why,
                &desired.target.owner,
                &cluster.tags,
                known == Some(arn),
            );
        }
    }
    if let Some(word) = status::unknown_status(cluster, &status::CLUSTER) {
        return status::wait_for_known("cluster", name, word);
    }
    let completed = completed(desired, &removed, applied);
    let kept = completed.kept_in(&cluster.members);
    let mut members = completed.members;
    let capacity: Members = CAPACITY
        .iter()
        .filter_map(|member| members.remove_entry(*member))
        .collect();
    let mut changes = diff::changes(&members, &seen(desired, cluster));
    let mut steps = Vec::new();
    if !changes.is_empty() {
        let mut input = request! {"cluster": name};
        input.extend(diff::changed(&members, &changes));
        steps.push(Step::UpdateCluster(input));
    }
    let capacity_changes = diff::changes(&capacity, &cluster.members);
    if !capacity_changes.is_empty() {
        let mut input = request! {"cluster": name};
        let capacity = capacity.iter();
        input.extend(capacity.map(|(key, value)| (key.clone(), diff::without_nulls(value))));
        steps.push(Step::PutClusterCapacityProviders(input));
        changes.extend(capacity_changes);
    }
    changes.extend(tag_changes.describe(&cluster.tags));
    steps.extend(tag_changes.ecs(arn));
    let state = match cluster.text("status") {
        Some("ACTIVE") | None => State::Settled,
        Some("FAILED") => State::Blocked(
            Reason::InvalidSpec,
            format!(
                "AWS says the cluster \"{name}\" is FAILED. Look at its capacity providers in AWS, then reconcile again."
            ),
        ),
        Some(status) => State::Waiting(
            Reason::Updating,
            format!("the cluster \"{name}\" is {status}"),
        ),
    };
    let state = match state {
        State::Settled => cannot_reset(&kept).unwrap_or(State::Settled),
        other => other,
    };
    Plan {
        steps,
        changes,
        state,
        is_held: false,
    }
}

/// What is declared, completed by AWS's defaults of what was taken out.
fn completed(desired: &DesiredCluster, removed: &Paths, applied: &Paths) -> Completed {
    let mut declared = desired.members.clone();
    declared.extend(desired.capacity.clone().into_iter().flatten());
    let taken_out = removed.iter().map(String::as_str);
    let of_cluster = taken_out.filter(|path| !path.starts_with("/tags/"));
    completion::complete(
        &declared,
        of_cluster,
        |path, _| reset::cluster(path),
        |item| declared::under(applied, item).next().is_none(),
    )
}

/// What was seen, in the words of the declaration: AWS answers the name of a namespace with its ARN, so that the tag that was written
/// with the name has to say that it is the one. Whoever declares the ARN sees what others change.
fn seen(desired: &DesiredCluster, cluster: &Resource) -> Members {
    const MEMBER: &str = "serviceConnectDefaults";
    let mut members = cluster.members.clone();
    let declared = desired.members.get(MEMBER);
    let is_name = |defaults: &&Value| {
        let namespace = defaults["namespace"].as_str();
        namespace.is_some_and(|namespace| !namespace.starts_with("arn:"))
    };
    let hash = |tags: &Tags| tags.get(ownership::NAMESPACE_HASH).cloned();
    if let Some(declared) = declared.filter(is_name)
        && members.contains_key(MEMBER)
        && hash(&cluster.tags) == hash(&desired.tags)
    {
        members.insert(MEMBER.to_owned(), declared.clone());
    }
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::{
        self,
        testing::{WEB, installation, spec},
    };

    fn desired(json: Value) -> DesiredCluster {
        desired::cluster::desired(WEB, &spec(json), None, &installation()).unwrap()
    }

    fn seen(desired: &DesiredCluster, members: Value) -> Resource {
        let mut all = json!({"clusterName": "team-web", "clusterArn": "arn:c", "status": "ACTIVE", "settings": [{"name": "containerInsights", "value": "disabled"}]});
        for (key, value) in members.as_object().unwrap() {
            all[key] = value.clone();
        }
        Resource {
            members: all.as_object().unwrap().clone(),
            tags: desired.tags.clone(),
        }
    }

    #[test]
    fn missing_cluster_is_created_with_its_tags_in_one_call() {
        let desired = desired(json!({"capacityProviders": ["FARGATE"], "tags": {"team": "a"}}));
        let plan = plan(&desired, None, None, &Paths::new());
        let [Step::CreateCluster(input)] = plan.steps.as_slice() else {
            panic!("{plan:?}")
        };
        assert_eq!(input["tags"].as_array().unwrap().len(), 5);
        assert_eq!(input["capacityProviders"], json!(["FARGATE"]));
    }

    #[test]
    fn plan_is_empty_when_in_sync() {
        let desired =
            desired(json!({"settings": [{"name": "containerInsights", "value": "disabled"}]}));
        assert_eq!(
            plan(
                &desired,
                Some(&seen(&desired, json!({}))),
                None,
                &Paths::new()
            ),
            Plan::settled()
        );
    }

    #[test]
    fn only_changed_members_are_sent() {
        let desired = desired(
            json!({"settings": [{"name": "containerInsights", "value": "enabled"}], "serviceConnectDefaults": {"namespace": "n"}}),
        );
        let plan = plan(
            &desired,
            Some(&seen(
                &desired,
                json!({"serviceConnectDefaults": {"namespace": "n"}}),
            )),
            None,
            &Paths::new(),
        );
        let settings = json!([{"name": "containerInsights", "value": "enabled"}]);
        assert_eq!(
            plan.steps,
            [Step::UpdateCluster(
                request! {"cluster": "team-web", "settings": settings}
            )]
        );
    }

    #[test]
    fn namespace_that_was_declared_by_name_is_known_by_its_tag() {
        let desired_a = desired(json!({"serviceConnectDefaults": {"namespace": "a"}}));
        let arn = "arn:aws:servicediscovery:us-east-1:000000000000:namespace/ns-1";
        let cluster = seen(
            &desired_a,
            json!({"serviceConnectDefaults": {"namespace": arn}}),
        );
        assert_eq!(
            plan(&desired_a, Some(&cluster), None, &Paths::new()),
            Plan::settled()
        );
        let desired_b = desired(json!({"serviceConnectDefaults": {"namespace": "b"}}));
        assert!(matches!(
            plan(&desired_b, Some(&cluster), None, &Paths::new())
                .steps
                .as_slice(),
            [Step::UpdateCluster(_), Step::TagResource(_)]
        ));
        let by_arn = desired(json!({"serviceConnectDefaults": {"namespace": "arn:other"}}));
        assert!(matches!(
            plan(&by_arn, Some(&cluster), None, &Paths::new())
                .steps
                .as_slice(),
            [Step::UpdateCluster(_), Step::TagResource(_)]
        ));
    }

    #[test]
    fn foreign_cluster_is_never_touched() {
        let desired = desired(json!({"capacityProviders": ["FARGATE"]}));
        let mut foreign = seen(&desired, json!({}));
        foreign.tags.clear();
        let plan1 = plan(&desired, Some(&foreign), None, &Paths::new());
        assert!(
            plan1.steps.is_empty()
                && matches!(&plan1.state, State::Blocked(Reason::NotOwned, m) if m.contains("c1/team/web")),
            "{plan1:?}"
        );
        assert!(matches!(
            plan(&desired, Some(&foreign), Some("arn:c"), &Paths::new()).state,
            State::Blocked(Reason::OwnershipLost, _)
        ));
    }

    #[test]
    fn cluster_of_another_object_is_a_conflict_of_names() {
        let desired = desired(json!({}));
        let mut taken = seen(&desired, json!({}));
        taken
            .tags
            .insert("ecs-operator.dev/name".into(), "other".into());
        let plan = plan(&desired, Some(&taken), None, &Paths::new());
        assert!(
            matches!(&plan.state, State::Blocked(Reason::NameConflict, m) if m.contains("team/other")),
            "{plan:?}"
        );
    }

    #[test]
    fn consented_cluster_is_tagged_first_and_changed_later() {
        let desired = desired(json!({"capacityProviders": ["FARGATE"]}));
        let mut adoptable = seen(&desired, json!({}));
        adoptable.tags = [(
            "ecs-operator.dev/adopt".to_owned(),
            "any/team/web".to_owned(),
        )]
        .into();
        let plan = plan(&desired, Some(&adoptable), None, &Paths::new());
        assert!(
            matches!(plan.steps.as_slice(), [Step::TagResource(_)]),
            "{plan:?}"
        );
    }

    #[test]
    fn what_is_taken_out_goes_back_to_awss_default() {
        let full = json!({
            "settings": [{"name": "containerInsights", "value": "enabled"}],
            "configuration": {"executeCommandConfiguration": {"logging": "NONE", "kmsKeyId": "k"}},
            "serviceConnectDefaults": {"namespace": "n"}, "capacityProviders": ["FARGATE"], "tags": {"team": "a"},
        });
        let before = desired(full.clone());
        let observed = seen(&before, full.clone());
        let without = |member: &str| {
            let mut spec = full.clone();
            spec.as_object_mut().unwrap().remove(member).unwrap();
            plan(&desired(spec), Some(&observed), None, &before.declared()).steps
        };
        let update = |members: Value| {
            let mut input = request! {"cluster": "team-web"};
            input.extend(members.as_object().unwrap().clone());
            Step::UpdateCluster(input)
        };
        let logging = json!({"executeCommandConfiguration": {"logging": "DEFAULT"}});
        assert_eq!(
            without("configuration"),
            [update(json!({"configuration": logging}))]
        );
        let steps = without("serviceConnectDefaults");
        assert_eq!(
            steps[0],
            update(json!({"serviceConnectDefaults": {"namespace": ""}}))
        );
        let [Step::PutClusterCapacityProviders(input)] = &without("capacityProviders")[..] else {
            panic!("no capacity providers")
        };
        assert_eq!(
            (
                &input["capacityProviders"],
                &input["defaultCapacityProviderStrategy"]
            ),
            (&json!([]), &json!([]))
        );
        let [Step::UntagResource(input)] = &without("tags")[..] else {
            panic!("no tags")
        };
        assert_eq!(input["tagKeys"], json!(["team"]));
    }

    #[test]
    fn key_goes_with_logging_that_is_awss_default() {
        let full = json!({"configuration": {"executeCommandConfiguration": {"kmsKeyId": "k"}}});
        let before = desired(full);
        let exec = json!({"executeCommandConfiguration": {"logging": "DEFAULT", "kmsKeyId": "k"}});
        let observed = seen(&before, json!({"configuration": exec}));
        let plan = plan(
            &desired(json!({})),
            Some(&observed),
            None,
            &before.declared(),
        );
        let [Step::UpdateCluster(input)] = plan.steps.as_slice() else {
            panic!("{plan:?}")
        };
        let exec = json!({"executeCommandConfiguration": {"logging": "DEFAULT"}});
        assert_eq!(input["configuration"], exec);
    }

    #[test]
    fn base_that_is_taken_out_of_the_strategy_is_left_out_of_the_call() {
        let item = |has_base: bool| {
            let mut item = json!({"capacityProvider": "FARGATE"});
            if has_base {
                item["base"] = json!(1);
            }
            json!({"capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": [item]})
        };
        let before = desired(item(true));
        let observed = seen(&before, item(true));
        let plan = plan(
            &desired(item(false)),
            Some(&observed),
            None,
            &before.declared(),
        );
        let [Step::PutClusterCapacityProviders(input)] = plan.steps.as_slice() else {
            panic!("{plan:?}")
        };
        let strategy = json!([{"capacityProvider": "FARGATE"}]);
        assert_eq!(input["defaultCapacityProviderStrategy"], strategy);
    }

    #[test]
    fn what_aws_cannot_take_back_is_told_and_stays() {
        let cases = [
            (
                "managedStorageConfiguration",
                json!({"configuration": {"managedStorageConfiguration": {"kmsKeyId": "k"}}}),
            ),
            (
                "the account's setting",
                json!({"settings": [{"name": "containerInsights", "value": "enabled"}]}),
            ),
        ];
        for (what, full) in cases {
            let before = desired(full.clone());
            let observed = seen(&before, full);
            let bare = desired(json!({}));
            let plan = plan(&bare, Some(&observed), None, &before.declared());
            assert!(plan.steps.is_empty(), "{plan:?}");
            assert!(
                matches!(&plan.state, State::Blocked(_, why) if why.contains(what) && why.contains("was taken out")),
                "{plan:?}"
            );
        }
    }
}
