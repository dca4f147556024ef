//! Task definition families.

use futures::future::try_join_all;
use serde_json::Value;

use super::{Look, NotYetVisible, resource};
use crate::{
    aws::{Aws, AwsError, Kind, ecs::Operation, execute::scope},
    desired::task_definition,
    model::{
        arn,
        observed::{Family, Resource},
        ownership::Claim,
    },
    plan::request,
};

impl Aws {
    /// The newest revision of a family that may be ours.
    pub async fn family(&self, target: &task_definition::Target) -> Result<Look<Family>, AwsError> {
        let mut latest = self.task_definition(&target.family).await?;
        let seen = latest
            .as_ref()
            .and_then(|td| td.text("taskDefinitionArn"))
            .map(str::to_owned);
        if let Some(unseen) = self
            .recent
            .unseen(&scope::family(&target.family), seen.as_deref())
        {
            let newest = seen.as_deref().and_then(arn::revision).unwrap_or(0);
            if arn::revision(&unseen).is_some_and(|revision| revision > newest) {
                return Ok(Err(NotYetVisible(unseen)));
            }
        }
        // Somebody else registered on top of ours: ours still counts.
        if let (Some(newest), Some(known)) = (&latest, &target.known_arn)
            && target.owner.claim(&newest.tags) != Claim::Ours
            && newest.text("taskDefinitionArn") != Some(known)
            && let Some(ours) = self.task_definition(known).await?
            && ours.text("status") == Some("ACTIVE")
        {
            latest = Some(ours);
        }
        Ok(Ok(Family {
            latest,
            ..Family::default()
        }))
    }

    /// Every ACTIVE revision of a family, with tags: for deletion.
    pub async fn revisions(&self, target: &task_definition::Target) -> Result<Family, AwsError> {
        Ok(Family {
            active: self.revisions_that_are(target, "ACTIVE").await?,
            ..Family::default()
        })
    }

    /// Every revision of a family in a status, with tags.
    pub(super) async fn revisions_that_are(
        &self,
        target: &task_definition::Target,
        status: &str,
    ) -> Result<Vec<Resource>, AwsError> {
        let input = request! {"familyPrefix": target.family, "status": status};
        let operation = Operation::ListTaskDefinitions;
        let arns = self.pages(operation, input, "taskDefinitionArns").await?;
        let of_family = arns.iter().filter(|arn| arn::family(arn) == target.family);
        let revisions = try_join_all(of_family.map(|arn| self.task_definition(arn))).await?;
        Ok(revisions.into_iter().flatten().collect())
    }

    async fn task_definition(&self, name: &str) -> Result<Option<Resource>, AwsError> {
        match self
            .ecs(
                Operation::DescribeTaskDefinition,
                &request! {"taskDefinition": name, "include": ["TAGS"]},
            )
            .await
        {
            Ok(answer) => Ok(Some(registered(&answer))),
            // ECS has one code for "there is none" and for much else; the text tells them apart (aws.md 4.5).
            Err(error)
                if error.kind == Kind::Invalid
                    && error.message.contains("Unable to describe task definition") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// A revision, as RegisterTaskDefinition and DescribeTaskDefinition answer.
pub fn registered(answer: &Value) -> Resource {
    let mut task_definition = answer["taskDefinition"].clone();
    if let Some(members) = task_definition.as_object_mut() {
        members.insert("tags".into(), answer["tags"].clone());
        // Contents, environment values among them, never leave this room: what is compared is the hash.
        members.remove("containerDefinitions");
    }
    resource(&task_definition)
}
