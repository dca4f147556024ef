//! The steps of EcsTaskDefinition.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::reflector::Store;

use super::kind::{Common, Kind, Pending};
use crate::{
    api::{
        EcsTaskDefinition, EcsTaskDefinitionStatus, Lifecycle,
        lifecycle::{LastError, PlannedStep},
    },
    aws::{
        Aws, AwsError,
        execute::Applied,
        observe::{self, Look},
    },
    desired::{
        Identity, Invalid,
        task_definition::{self, DesiredTaskDefinition, History, Target},
    },
    kubernetes::{kept::Kept, stores::Stores},
    model::{Installation, Tags, arn, declared::Paths, observed::Family, ownership},
    plan::{self, Plan, Step, filter},
    status,
};

impl EcsTaskDefinition {
    /// Numbers of revisions that services of the scope name or were seen to run.
    fn referred(&self, stores: &Stores) -> BTreeSet<i64> {
        let namespace = self.metadata.namespace.as_deref();
        let family = self
            .status
            .as_ref()
            .and_then(|status| status.family.as_deref());
        let services = stores.services.state();
        services
            .iter()
            .flat_map(|service| {
                let reference = service
                    .outline
                    .task_definition_ref
                    .as_ref()
                    .filter(|reference| {
                        service.metadata.namespace.as_deref() == namespace
                            && Some(reference.name.as_str()) == self.metadata.name.as_deref()
                    });
                let pinned = reference.and_then(|reference| reference.revision);
                let status = service.status.as_ref();
                let named = [
                    service.outline.task_definition.as_deref(),
                    status.and_then(|s| Some(s.task_definition.as_ref()?.arn.as_str())),
                    status.and_then(|s| s.rollout.as_ref()?.task_definition.as_deref()),
                ];
                let named = named.into_iter().flatten();
                let of_family = named.filter(|named| Some(arn::family(named)) == family);
                let numbers = of_family.filter_map(arn::revision).collect::<Vec<_>>();
                numbers.into_iter().chain(pinned.map(i64::from))
            })
            .collect()
    }
}

impl Kind for EcsTaskDefinition {
    type References = Option<History>;
    type Target = Target;
    type Desired = DesiredTaskDefinition;
    type Observed = Family;

    const CONTROLLER: &'static str = "ecstaskdefinition";
    const ANNOUNCES_READY: bool = false;

    fn lifecycle(&self) -> &Lifecycle {
        &self.spec.lifecycle
    }

    fn conditions(status: &EcsTaskDefinitionStatus) -> &[Condition] {
        &status.conditions
    }

    fn known_arn(status: &EcsTaskDefinitionStatus) -> Option<&str> {
        status.arn.as_deref()
    }

    fn last_error(status: &EcsTaskDefinitionStatus) -> Option<&LastError> {
        status.last_error.as_ref()
    }

    fn applied(status: &mut EcsTaskDefinitionStatus) -> &mut Vec<String> {
        &mut status.applied
    }

    fn planned(status: &EcsTaskDefinitionStatus) -> &[PlannedStep] {
        &status.plan
    }

    fn set_common(status: &mut EcsTaskDefinitionStatus, common: Common) {
        status.observed_generation = Some(common.observed_generation);
        status.conditions = common.conditions;
        status.last_error = common.last_error;
        status.plan = common.plan;
        status.drift = common.drift;
    }

    fn resolve(&self, stores: &Stores) -> Result<Option<History>, Pending> {
        let limit = task_definition::history_limit(&self.spec);
        let known = self
            .status
            .as_ref()
            .map_or(&[][..], |status| status.revisions.as_slice());
        // The current one comes on top. What objects refer to is found here; for the rest AWS must be read, which is done
        // only for what can be deregistered, and only when there is time: what is observed would change with the load.
        if self.spec.lifecycle.observes_only() || known.len() <= limit + 1 {
            return Ok(None);
        }
        let referred = self.referred(stores);
        let current = self.status.as_ref().and_then(|status| status.revision);
        let free = known.iter().filter(|revision| {
            !referred.contains(&revision.number) && Some(revision.number) != current
        });
        Ok((free.count() > limit).then(|| History {
            limit,
            deletes: self.spec.delete_old_revisions == Some(true),
            referred,
        }))
    }

    fn desired(
        &self,
        id: Identity<'_>,
        history: &Option<History>,
        installation: &Installation,
    ) -> Result<DesiredTaskDefinition, Invalid> {
        let desired = task_definition::desired(id, &self.spec, self.arn(), installation)?;
        Ok(DesiredTaskDefinition {
            history: history.clone(),
            ..desired
        })
    }

    async fn observe(aws: &Aws, desired: &DesiredTaskDefinition) -> Result<Look<Family>, AwsError> {
        let mut look = aws.family(&desired.target).await?;
        if let (Ok(family), Some(history)) = (&mut look, &desired.history) {
            let latest = family.latest.as_ref();
            let hash = latest.and_then(|latest| latest.tags.get(ownership::HASH));
            // A new revision comes first.
            if hash == Some(&desired.hash) {
                aws.outdated(&desired.target, history, family).await;
            }
        }
        Ok(look)
    }

    fn plan(&self, desired: &DesiredTaskDefinition, observed: &Family) -> Plan {
        let applied = self.status.iter().flat_map(|status| &status.applied);
        plan::task_definition::plan(desired, observed, &applied.cloned().collect())
    }

    fn absorb(observed: &mut Family, applied: &Applied) -> bool {
        // The revision that AWS answers with is immutable: looking again would say the same.
        let registered = applied.operation == "RegisterTaskDefinition";
        if registered {
            observed.latest = Some(observe::registered(&applied.answer));
            observed.content = None;
        }
        registered
    }

    fn foresee(observed: &mut Family, step: &Step) {
        plan::foresee::family(observed, step);
    }

    fn declared(desired: &DesiredTaskDefinition) -> Paths {
        desired.declared()
    }

    fn tags(observed: &Family) -> Option<&Tags> {
        observed.latest.as_ref().map(|latest| &latest.tags)
    }

    fn facts(
        status: &mut EcsTaskDefinitionStatus,
        desired: &DesiredTaskDefinition,
        observed: &Family,
        plan: &Plan,
    ) {
        if let Some(latest) = &observed.latest {
            status::task_definition::facts(status, latest, &desired.target.owner);
            status::task_definition::history(status, observed, &desired.target.owner);
        }
        status.applied = status::applied(&status.applied, &desired.declared(), plan);
    }

    fn settled(desired: &DesiredTaskDefinition, observed: &Family) -> String {
        let revision = observed
            .latest
            .as_ref()
            .and_then(|latest| latest.number("revision"))
            .unwrap_or_default();
        format!(
            "{}:{revision} is registered as declared",
            desired.target.family
        )
    }

    fn tell(&self, status: &EcsTaskDefinitionStatus, stores: &Stores) {
        if let Some(arn) = &status.arn {
            stores.registered.tell(self, arn);
        }
    }

    fn users(&self, stores: &Stores) -> Vec<String> {
        let (Some(namespace), Some(name)) = (&self.metadata.namespace, &self.metadata.name) else {
            return Vec::new();
        };
        stores.users_of_task_definition(namespace, name)
    }

    fn store(stores: &Stores) -> &Store<Kept<Self>> {
        &stores.task_definitions
    }

    fn target(&self, id: Identity<'_>, _: &Stores, installation: &Installation) -> Option<Target> {
        task_definition::target(id, &self.spec, self.arn(), installation).ok()
    }

    async fn observe_deletion(aws: &Aws, target: &Target) -> Result<Look<Family>, AwsError> {
        aws.revisions(target).await.map(Ok)
    }

    fn is_seen(&self, observed: &Family) -> bool {
        let known = self.status.as_ref().and_then(|status| status.revision);
        let numbers = observed
            .active
            .iter()
            .map(|revision| revision.number("revision"));
        numbers.max().flatten() > known
    }

    fn plan_deletion(&self, target: &Target, observed: &Family) -> Plan {
        let newest = observed
            .active
            .iter()
            .max_by_key(|revision| revision.number("revision"));
        // One revision that was adopted makes the whole family an adopted one, whatever came on top of it.
        let adopted = observed
            .active
            .iter()
            .find(|revision| ownership::is_adopted(&revision.tags));
        let tags = adopted.or(newest).map(|revision| &revision.tags);
        let retains = filter::retains(self.lifecycle(), tags);
        plan::delete::task_definition(target, observed, retains)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::ManagementPolicy;

    #[test]
    fn history_of_an_observed_family_is_not_read() {
        let revisions: Vec<_> = (1..=3)
            .map(|number| json!({"number": number, "hash": "h"}))
            .collect();
        let mut object: EcsTaskDefinition = serde_json::from_value(json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsTaskDefinition",
            "metadata": {"namespace": "team", "name": "web"},
            "spec": {"revisionHistoryLimit": 1, "containerDefinitions": [{"name": "app", "image": "a", "memory": 128}]},
            "status": {"revision": 3, "revisions": revisions},
        }))
        .unwrap();
        let stores = Stores::of([].into_iter(), [].into_iter(), [].into_iter());
        assert!(
            object
                .resolve(&stores)
                .is_ok_and(|history| history.is_some())
        );
        object.spec.lifecycle.management_policy = Some(ManagementPolicy::Observe);
        assert!(
            object
                .resolve(&stores)
                .is_ok_and(|history| history.is_none())
        );
    }
}
