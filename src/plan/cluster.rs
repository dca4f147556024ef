//! The plan of a cluster.

use super::{Plan, State, Step, diff, refusal::not_owned, request, tags};
use crate::{
    api::condition::Reason,
    desired::cluster::DesiredCluster,
    model::{observed::Resource, ownership::Claim},
};

/// The steps that make the cluster as desired. `known` is the ARN in the status; `removable` are tag keys that were declared once.
pub fn plan(desired: &DesiredCluster, observed: Option<&Resource>, known: Option<&str>) -> Plan {
    let name = &desired.target.name;
    let Some(cluster) = observed else {
        let mut input = request! {"clusterName": name};
        input.extend(desired.members.clone());
        input.extend(desired.capacity.clone().into_iter().flatten());
        return Plan::steps(vec![Step::CreateCluster(tags::with(input, &desired.tags))]);
    };
    let arn = cluster.text("clusterArn").unwrap_or_default();
    let tag_changes = tags::changes(&desired.tags, &cluster.tags, &[]);
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
    let mut changes = diff::changes(&desired.members, &cluster.members);
    let mut steps = Vec::new();
    if !changes.is_empty() {
        let mut input = request! {"cluster": name};
        input.extend(diff::changed(&desired.members, &changes));
        steps.push(Step::UpdateCluster(input));
    }
    if let Some(capacity) = &desired.capacity {
        let capacity_changes = diff::changes(capacity, &cluster.members);
        if !capacity_changes.is_empty() {
            let mut input = request! {"cluster": name};
            input.extend(capacity.clone());
            steps.push(Step::PutClusterCapacityProviders(input));
            changes.extend(capacity_changes);
        }
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
    Plan {
        steps,
        changes,
        state,
        is_held: false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::desired::{
        self,
        testing::{WEB, installation, spec},
    };

    fn desired(json: Value) -> DesiredCluster {
        desired::cluster::desired(WEB, &spec(json), &installation()).unwrap()
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
        let plan = plan(&desired, None, None);
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
            plan(&desired, Some(&seen(&desired, json!({}))), None),
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
    fn foreign_cluster_is_never_touched() {
        let desired = desired(json!({"capacityProviders": ["FARGATE"]}));
        let mut foreign = seen(&desired, json!({}));
        foreign.tags.clear();
        let plan1 = plan(&desired, Some(&foreign), None);
        assert!(
            plan1.steps.is_empty()
                && matches!(&plan1.state, State::Blocked(Reason::NotOwned, m) if m.contains("c1/team/web")),
            "{plan1:?}"
        );
        assert!(matches!(
            plan(&desired, Some(&foreign), Some("arn:c")).state,
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
        let plan = plan(&desired, Some(&taken), None);
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
        let plan = plan(&desired, Some(&adoptable), None);
        assert!(
            matches!(plan.steps.as_slice(), [Step::TagResource(_)]),
            "{plan:?}"
        );
    }
}
