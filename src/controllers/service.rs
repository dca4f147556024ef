//! The steps of EcsService.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::reflector::Store;

use super::{
    kind::{Common, Kind, Pending},
    wake::runs_services,
};
use crate::{
    api::{
        DEPLOYMENT_ACTION, EcsService, EcsServiceStatus, Lifecycle, RESTARTED_AT,
        condition::{self, READY, Reason},
        lifecycle::{LastError, PlannedStep},
        service::Rollout,
    },
    aws::{
        Aws, AwsError,
        execute::Applied,
        observe::{self, Interest, Look},
    },
    desired::{
        Identity, Invalid,
        service::{self, DesiredService, Known, References, Target},
    },
    kubernetes::{kept::Kept, stores::Stores},
    model::{Installation, Tags, arn, declared::Paths, observed},
    plan::{self, Plan, State, Step, filter, refusal, rollout::History},
    status,
};

impl EcsService {
    fn known(&self) -> Known {
        let Some(status) = &self.status else {
            return Known::default();
        };
        let creating = status.creating.clone().unwrap_or_default();
        let (groups, rules) = (&status.target_groups, &status.rules);
        Known {
            arn: status.arn.clone(),
            deployment: status.rollout.as_ref().map(|rollout| rollout.id.clone()),
            target_groups: groups
                .iter()
                .map(|group| group.name.clone())
                .chain(creating.target_groups)
                .collect(),
            listeners: rules
                .iter()
                .map(|rule| rule.listener_arn.clone())
                .chain(creating.listeners)
                .collect(),
            parts: groups
                .iter()
                .map(|group| group.arn.clone())
                .chain(rules.iter().map(|rule| rule.arn.clone()))
                .collect(),
            declared: status.applied.iter().cloned().collect(),
        }
    }

    fn history(&self) -> History {
        let Some(status) = &self.status else {
            return History::default();
        };
        History {
            rollout: status.rollout.clone(),
            last_failed_deployment: status.last_failed_deployment.clone(),
            restart: status.restart.clone(),
            deployment_action: status.deployment_action.clone(),
        }
    }

    fn resolve_cluster(&self, stores: &Stores, namespace: &str) -> Result<String, Pending> {
        let Some(reference) = &self.spec.cluster_ref else {
            return Ok(self.spec.cluster.clone().unwrap_or_default());
        };
        let cluster = stores
            .cluster(namespace, &reference.name)
            .ok_or_else(|| not_found("EcsCluster", &reference.name))?;
        // An observed object stays as it is in AWS: there is nothing to wait for.
        let is_observed = cluster.outline.observes_only;
        let is_there = cluster.metadata.deletion_timestamp.is_none();
        let status = cluster.status.as_ref();
        let conditions = status.map_or(&[][..], |status| &status.conditions);
        match status.and_then(|status| status.cluster_name.clone()) {
            Some(name) if is_there && (is_observed || runs_services(conditions)) => Ok(name),
            _ => Err(not_ready("EcsCluster", &reference.name, conditions)),
        }
    }

    fn resolve_task_definition(&self, stores: &Stores, namespace: &str) -> Result<String, Pending> {
        let Some(reference) = &self.spec.task_definition_ref else {
            return Ok(self.spec.task_definition.clone().unwrap_or_default());
        };
        // Before the store: a status that comes in between wakes nobody.
        let latest = stores.registered.latest(namespace, &reference.name);
        let found = stores
            .task_definition(namespace, &reference.name)
            .ok_or_else(|| not_found("EcsTaskDefinition", &reference.name))?;
        if reference.revision.is_none()
            && let Some(arn) = latest
                .as_ref()
                .and_then(|latest| latest.arn(&found.metadata))
        {
            return Ok(arn.to_owned());
        }
        let is_observed = found.outline.observes_only;
        let status = found.status.clone().unwrap_or_default();
        let is_current = status.observed_generation == found.metadata.generation
            && (is_observed || condition::is_true(&status.conditions, READY));
        let waits = || not_ready("EcsTaskDefinition", &reference.name, &status.conditions);
        match (&status.arn, reference.revision) {
            (Some(arn), Some(revision)) => {
                arn::with_revision(arn, revision.into()).ok_or_else(waits)
            }
            (Some(arn), None) if is_current => Ok(arn.clone()),
            _ => Err(waits()),
        }
    }
}

fn not_found(kind: &str, name: &str) -> Pending {
    Pending {
        reason: Reason::DependencyNotFound,
        is_next: false,
        message: format!(
            "{kind} \"{name}\" does not exist in this namespace; continues when it comes"
        ),
    }
}

fn not_ready(kind: &str, name: &str, conditions: &[Condition]) -> Pending {
    Pending {
        reason: Reason::DependencyNotReady,
        is_next: conditions.is_empty(),
        message: format!(
            "{kind} \"{name}\" is not ready; continues when it is (kubectl describe {} {name})",
            kind.to_lowercase()
        ),
    }
}

impl Kind for EcsService {
    type References = References;
    type Target = Target;
    type Desired = DesiredService;
    type Observed = observed::Service;

    const CONTROLLER: &'static str = "ecsservice";

    fn lifecycle(&self) -> &Lifecycle {
        &self.spec.lifecycle
    }

    fn conditions(status: &EcsServiceStatus) -> &[Condition] {
        &status.conditions
    }

    fn known_arn(status: &EcsServiceStatus) -> Option<&str> {
        status.arn.as_deref()
    }

    fn last_error(status: &EcsServiceStatus) -> Option<&LastError> {
        status.last_error.as_ref()
    }

    fn is_due(status: &EcsServiceStatus, desired: &DesiredService) -> bool {
        let current = status
            .task_definition
            .as_ref()
            .map(|current| current.arn.as_str());
        let declared = desired
            .members
            .get("taskDefinition")
            .and_then(|td| td.as_str());
        current
            .zip(declared)
            .is_some_and(|(current, declared)| !arn::same_task_definition(declared, current))
    }

    fn applied(status: &mut EcsServiceStatus) -> &mut Vec<String> {
        &mut status.applied
    }

    fn planned(status: &EcsServiceStatus) -> &[PlannedStep] {
        &status.plan
    }

    fn set_common(status: &mut EcsServiceStatus, common: Common) {
        status.observed_generation = Some(common.observed_generation);
        status.conditions = common.conditions;
        status.last_error = common.last_error;
        status.plan = common.plan;
        status.drift = common.drift;
    }

    fn rollout(status: &EcsServiceStatus) -> Option<&Rollout> {
        status.rollout.as_ref()
    }

    fn resolve(&self, stores: &Stores) -> Result<References, Pending> {
        let namespace = self.metadata.namespace.as_deref().unwrap_or_default();
        Ok(References {
            cluster: self.resolve_cluster(stores, namespace)?,
            task_definition: self.resolve_task_definition(stores, namespace)?,
        })
    }

    fn desired(
        &self,
        id: Identity<'_>,
        references: &References,
        installation: &Installation,
    ) -> Result<DesiredService, Invalid> {
        let known = self.known();
        let desired = service::desired(id, &self.spec, references, &known, installation)?;
        let annotation = |key: &str| self.metadata.annotations.as_ref()?.get(key).cloned();
        Ok(DesiredService {
            restarted_at: annotation(RESTARTED_AT),
            deployment_action: annotation(DEPLOYMENT_ACTION),
            ..desired
        })
    }

    async fn observe(
        aws: &Aws,
        desired: &DesiredService,
    ) -> Result<Look<observed::Service>, AwsError> {
        let interest = Interest {
            task_definition: desired
                .members
                .get("taskDefinition")
                .and_then(|td| td.as_str())
                .map(str::to_owned),
            attributes: desired.groups_with_attributes(),
            rules: desired
                .target_groups
                .iter()
                .flat_map(|group| &group.rules)
                .fold(BTreeMap::new(), |mut rules, rule| {
                    *rules.entry(rule.listener_arn.clone()).or_insert(0) += 1;
                    rules
                }),
            revision: desired.is_on_revision(),
            rollout: true,
            recorded_deployment: desired.target.known_deployment.clone(),
        };
        aws.service(&desired.target, &interest).await
    }

    fn plan(&self, desired: &DesiredService, observed: &observed::Service) -> Plan {
        plan::service::plan(desired, observed, &self.history())
    }

    fn absorb(observed: &mut observed::Service, applied: &Applied) -> bool {
        // A service is as it was answered: its next look is due when something can have changed.
        let answered = match applied.operation {
            "CreateService" => observe::created(&applied.answer),
            "UpdateService" => observe::updated(&applied.answer, observed.service.as_ref()),
            _ => None,
        };
        let is_answered = answered.is_some();
        if is_answered {
            observed.service = answered;
        }
        is_answered
    }

    fn foresee(observed: &mut observed::Service, step: &Step) {
        plan::foresee::service(observed, step);
    }

    fn declared(desired: &DesiredService) -> Paths {
        desired.declared.clone()
    }

    fn tags(observed: &observed::Service) -> Option<&Tags> {
        observed.service.as_ref().map(|service| &service.tags)
    }

    fn facts(
        status: &mut EcsServiceStatus,
        desired: &DesiredService,
        observed: &observed::Service,
        plan: &Plan,
    ) {
        let failed = plan.is_held || matches!(plan.state, State::Blocked(Reason::RolloutFailed, _));
        let settled = plan.steps.is_empty() && plan.state == State::Settled;
        status::service::restart(status, desired, observed);
        status::service::deployment_action(status, desired, observed);
        let refused = refusal::is_of_ownership(plan);
        status::service::facts(status, desired, observed, failed, refused);
        status::service::created(status, settled);
        status.applied = status::applied(&status.applied, &desired.declared, plan);
    }

    fn intend(status: &mut EcsServiceStatus, desired: &DesiredService, plan: &Plan) -> bool {
        status::service::intend(status, desired, plan)
    }

    fn refused(status: &EcsServiceStatus) -> Option<&str> {
        status.deployment_action.as_ref()?.refused.as_deref()
    }

    fn is_drift(path: &str) -> bool {
        // The revision follows the EcsTaskDefinition.
        path != "taskDefinition"
    }

    fn settled(desired: &DesiredService, observed: &observed::Service) -> String {
        let task_definition = desired
            .members
            .get("taskDefinition")
            .and_then(|td| td.as_str())
            .map_or("", arn::last_segment);
        let running = observed
            .service
            .as_ref()
            .and_then(|service| service.number("runningCount"))
            .unwrap_or_default();
        format!("{task_definition} runs with {running} tasks, steady")
    }

    fn users(&self, _: &Stores) -> Vec<String> {
        Vec::new()
    }

    fn store(stores: &Stores) -> &Store<Kept<Self>> {
        &stores.services
    }

    fn target(
        &self,
        id: Identity<'_>,
        stores: &Stores,
        installation: &Installation,
    ) -> Option<Target> {
        let namespace = self.metadata.namespace.as_deref().unwrap_or_default();
        let known = self.known();
        let from_arn = known
            .arn
            .as_deref()
            .and_then(arn::cluster_of_service)
            .map(str::to_owned);
        let of_reference = || {
            let reference = self.spec.cluster_ref.as_ref()?;
            let cluster = stores.cluster(namespace, &reference.name)?;
            let known = cluster
                .status
                .as_ref()
                .and_then(|status| status.cluster_name.as_ref());
            Some(known.unwrap_or(&cluster.outline.aws_name).clone())
        };
        // What is known counts, whatever the object says now.
        let is_its_own = |named: &String| {
            let named = arn::last_segment(named);
            from_arn.as_deref().is_none_or(|known| known == named)
        };
        // A service is only ever made in a cluster that could be named: without a name there is nothing to delete.
        let named = self.spec.cluster.clone().filter(is_its_own);
        let cluster = named.or(from_arn).or_else(of_reference)?;
        service::target(id, &self.spec, &cluster, &known, installation).ok()
    }

    async fn observe_deletion(
        aws: &Aws,
        target: &Target,
    ) -> Result<Look<observed::Service>, AwsError> {
        aws.service(target, &Interest::default()).await
    }

    fn is_seen(&self, observed: &observed::Service) -> bool {
        observed.service.is_some()
    }

    fn plan_deletion(&self, target: &Target, observed: &observed::Service) -> Plan {
        plan::delete::service(target, observed, |tags| {
            filter::retains(self.lifecycle(), Some(tags))
        })
    }
}
