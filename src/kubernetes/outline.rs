//! What others ask of an object: its place in AWS and what it refers to.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};
use kube::core::object::{HasSpec, HasStatus};
use serde::{Serialize, de::DeserializeOwned};

use super::Object;
use crate::{
    api::{
        EcsCluster, EcsClusterSpec, EcsClusterStatus, EcsService, EcsServiceSpec, EcsServiceStatus,
        EcsTaskDefinition, EcsTaskDefinitionSpec, EcsTaskDefinitionStatus, Lifecycle,
        service::TaskDefinitionReference,
    },
    model::name::default_name,
};

/// What is known of an object without its whole spec. That of an object that can't be read is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Its name in AWS: the declared one, or that which an object has by default.
    pub aws_name: String,
    /// The declared Region; none: the operator's.
    pub region: Option<String>,
    /// Whether it is only looked at.
    pub observes_only: bool,
    /// The cluster that a service names.
    pub cluster: Option<String>,
    /// The EcsCluster that a service refers to.
    pub cluster_ref: Option<String>,
    /// The task definition that a service names.
    pub task_definition: Option<String>,
    /// The EcsTaskDefinition that a service refers to.
    pub task_definition_ref: Option<TaskDefinitionReference>,
}

impl Outline {
    fn of(meta: &ObjectMeta, declared_name: Option<&str>, lifecycle: &Lifecycle) -> Self {
        let [namespace, name] =
            [&meta.namespace, &meta.name].map(|it| it.as_deref().unwrap_or_default());
        Self {
            aws_name: declared_name.map_or_else(|| default_name(namespace, name), str::to_owned),
            region: lifecycle.region.clone(),
            observes_only: lifecycle.observes_only(),
            ..Self::default()
        }
    }

    /// Whether a service refers to the EcsCluster of this name.
    pub fn refers_to_cluster(&self, name: &str) -> bool {
        self.cluster_ref.as_deref() == Some(name)
    }

    /// Whether a service refers to the EcsTaskDefinition of this name.
    pub fn refers_to_task_definition(&self, name: &str) -> bool {
        let reference = self.task_definition_ref.as_ref();
        reference.is_some_and(|reference| reference.name == name)
    }
}

/// Conditions without their messages.
fn brief(mut conditions: Vec<Condition>) -> Vec<Condition> {
    for condition in &mut conditions {
        condition.message = String::new();
    }
    conditions.shrink_to_fit();
    conditions
}

/// A kind of ours, as others see it.
pub trait Managed:
    Object
    + Serialize
    + HasSpec<Spec: Serialize + DeserializeOwned>
    + HasStatus<
        Status: Serialize
                    + DeserializeOwned
                    + PartialEq
                    + Default
                    + Clone
                    + std::fmt::Debug
                    + Send
                    + Sync,
    > + Send
    + Sync
    + 'static
{
    /// What others ask of its spec.
    fn outline(metadata: &ObjectMeta, spec: &Self::Spec) -> Outline;
    /// What others ask of a status.
    fn abridged(whole: Self::Status) -> Self::Status;
}

impl Managed for EcsCluster {
    fn outline(metadata: &ObjectMeta, spec: &EcsClusterSpec) -> Outline {
        Outline::of(metadata, spec.cluster_name.as_deref(), &spec.lifecycle)
    }

    fn abridged(whole: EcsClusterStatus) -> EcsClusterStatus {
        EcsClusterStatus {
            observed_generation: whole.observed_generation,
            conditions: brief(whole.conditions),
            arn: whole.arn,
            cluster_name: whole.cluster_name,
            ..EcsClusterStatus::default()
        }
    }
}

impl Managed for EcsTaskDefinition {
    fn outline(metadata: &ObjectMeta, spec: &EcsTaskDefinitionSpec) -> Outline {
        Outline::of(metadata, spec.family.as_deref(), &spec.lifecycle)
    }

    fn abridged(whole: EcsTaskDefinitionStatus) -> EcsTaskDefinitionStatus {
        EcsTaskDefinitionStatus {
            observed_generation: whole.observed_generation,
            conditions: brief(whole.conditions),
            arn: whole.arn,
            ..EcsTaskDefinitionStatus::default()
        }
    }
}

impl Managed for EcsService {
    fn outline(metadata: &ObjectMeta, spec: &EcsServiceSpec) -> Outline {
        let cluster_ref = spec.cluster_ref.as_ref();
        Outline {
            cluster: spec.cluster.clone(),
            cluster_ref: cluster_ref.map(|reference| reference.name.clone()),
            task_definition: spec.task_definition.clone(),
            task_definition_ref: spec.task_definition_ref.clone(),
            ..Outline::of(metadata, spec.service_name.as_deref(), &spec.lifecycle)
        }
    }

    fn abridged(whole: EcsServiceStatus) -> EcsServiceStatus {
        EcsServiceStatus {
            observed_generation: whole.observed_generation,
            conditions: brief(whole.conditions),
            arn: whole.arn,
            desired_count: whole.desired_count,
            running_count: whole.running_count,
            pending_count: whole.pending_count,
            task_definition: whole.task_definition,
            rollout: whole.rollout,
            ..EcsServiceStatus::default()
        }
    }
}
