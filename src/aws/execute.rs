//! Steps → AWS calls: one arm, one call. Stops at the first failure; never branches on state.

use serde_json::Value;

use super::{Aws, AwsError, Kind, ecs::Operation};
use crate::{
    model::{Members, arn, ownership},
    plan::Step,
};

/// A step that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// AWS's name of the call.
    pub operation: &'static str,
    /// ECS's answer; null for ELBv2.
    pub answer: Value,
}

impl Aws {
    /// Does the steps in order; on failure, says which were done.
    pub async fn execute(&self, steps: &[Step]) -> (Vec<Applied>, Result<(), AwsError>) {
        let mut applied = Vec::with_capacity(steps.len());
        for step in steps {
            match self.step(step).await {
                Ok(answer) => applied.push(Applied {
                    operation: step.operation(),
                    answer,
                }),
                Err(error) => {
                    if step.creates() && error.kind == Kind::Unavailable {
                        self.unanswered.lost(owner(step.input()), step.operation());
                    }
                    return (applied, Err(error));
                }
            }
        }
        (applied, Ok(()))
    }

    async fn step(&self, step: &Step) -> Result<Value, AwsError> {
        match step {
            Step::CreateCluster(input) => {
                let answer = self.ecs(Operation::CreateCluster, input).await?;
                self.recent.created(
                    scope::cluster(name(input, "clusterName")),
                    name_of(&answer["cluster"]["clusterArn"]),
                );
                Ok(answer)
            }
            Step::UpdateCluster(input) => self.ecs(Operation::UpdateCluster, input).await,
            Step::PutClusterCapacityProviders(input) => {
                self.ecs(Operation::PutClusterCapacityProviders, input)
                    .await
            }
            Step::DeleteCluster(input) => {
                self.recent.deleted(&scope::cluster(name(input, "cluster")));
                self.ecs(Operation::DeleteCluster, input).await
            }
            Step::RegisterTaskDefinition(input) => {
                let answer = self.ecs(Operation::RegisterTaskDefinition, input).await?;
                self.recent.created(
                    scope::family(name(input, "family")),
                    name_of(&answer["taskDefinition"]["taskDefinitionArn"]),
                );
                Ok(answer)
            }
            Step::DeregisterTaskDefinition(input) => {
                let arn = name(input, "taskDefinition");
                self.recent.gone(&scope::family(arn::family(arn)), arn);
                self.ecs(Operation::DeregisterTaskDefinition, input).await
            }
            Step::DeleteTaskDefinitions(input) => {
                self.ecs(Operation::DeleteTaskDefinitions, input).await
            }
            Step::CreateService(input) => {
                let answer = self.ecs(Operation::CreateService, input).await?;
                self.recent.created(
                    scope::service(name(input, "cluster"), name(input, "serviceName")),
                    name_of(&answer["service"]["serviceArn"]),
                );
                Ok(answer)
            }
            Step::UpdateService(input) => self.ecs(Operation::UpdateService, input).await,
            Step::ContinueServiceDeployment(input) => {
                self.ecs(Operation::ContinueServiceDeployment, input).await
            }
            Step::DeleteService(input) => {
                self.recent.deleted(&scope::service(
                    name(input, "cluster"),
                    name(input, "service"),
                ));
                self.ecs(Operation::DeleteService, input).await
            }
            Step::TagResource(input) => self.ecs(Operation::TagResource, input).await,
            Step::UntagResource(input) => self.ecs(Operation::UntagResource, input).await,
            Step::CreateTargetGroup(input) => {
                let arn = self.create_target_group(input).await?;
                self.recent.created(
                    scope::target_group(name(input, "name")),
                    arn.as_deref().unwrap_or_default(),
                );
                Ok(Value::Null)
            }
            Step::ModifyTargetGroup(input) => {
                self.modify_target_group(input).await.map(|()| Value::Null)
            }
            Step::ModifyTargetGroupAttributes(input) => self
                .modify_target_group_attributes(input)
                .await
                .map(|()| Value::Null),
            Step::DeleteTargetGroup(input) => {
                self.delete_target_group(input).await.map(|()| Value::Null)
            }
            Step::CreateRule(input) => {
                let arn = self.create_rule(input).await?;
                self.recent.created(
                    scope::rules(name(input, "listenerArn"), owner(input)),
                    arn.as_deref().unwrap_or_default(),
                );
                Ok(Value::Null)
            }
            Step::ModifyRule(input) => self.modify_rule(input).await.map(|()| Value::Null),
            Step::SetRulePriorities(input) => {
                self.set_rule_priorities(input).await.map(|()| Value::Null)
            }
            Step::DeleteRule(input) => self.delete_rule(input).await.map(|()| Value::Null),
            Step::AddTags(input) => self.add_tags(input).await.map(|()| Value::Null),
            Step::RemoveTags(input) => self.remove_tags(input).await.map(|()| Value::Null),
        }
    }
}

fn name<'a>(input: &'a Members, key: &str) -> &'a str {
    input.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// UID of the object that a new resource belongs to.
fn owner(input: &Members) -> &str {
    let tags = input.get("tags").and_then(Value::as_array);
    tags.into_iter()
        .flatten()
        .find(|tag| tag["key"] == ownership::UID)
        .and_then(|tag| tag["value"].as_str())
        .unwrap_or_default()
}

fn name_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Under which words a new resource is remembered until it is seen.
pub(super) mod scope {
    use crate::model::arn::last_segment;

    pub fn cluster(name: &str) -> String {
        format!("cluster:{name}")
    }

    pub fn service(cluster: &str, name: &str) -> String {
        format!("service:{}/{name}", last_segment(cluster))
    }

    pub fn family(family: &str) -> String {
        format!("family:{family}")
    }

    pub fn target_group(name: &str) -> String {
        format!("target-group:{name}")
    }

    pub fn rules(listener: &str, uid: &str) -> String {
        format!("rules:{listener}:{uid}")
    }
}
