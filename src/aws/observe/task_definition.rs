//! Task definition families.

use futures::future::try_join_all;
use serde_json::Value;

use super::{Look, NotYetVisible, resource};
use crate::{
    aws::{Aws, AwsError, Kind, ecs::Operation, execute::scope},
    desired::task_definition,
    model::{
        Members, arn,
        content::Content,
        observed::{Family, Resource},
        ownership::Claim,
    },
    plan::request,
};

/// Revisions that are described at once: whoever comes meanwhile waits behind no more than these, half a second of the bucket
/// (20 a second), be the family ever so old.
const AT_ONCE: usize = 10;

impl Aws {
    /// The newest revision of a family that may be ours.
    pub async fn family(&self, target: &task_definition::Target) -> Result<Look<Family>, AwsError> {
        let mut latest = self.definition(&target.family).await?;
        let seen = latest
            .as_ref()
            .and_then(|(td, _)| td.text("taskDefinitionArn"))
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
        if let (Some((newest, _)), Some(known)) = (&latest, &target.known_arn)
            && target.owner.claim(&newest.tags) != Claim::Ours
            && newest.text("taskDefinitionArn") != Some(known)
            && let Some(ours) = self.definition(known).await?
            && ours.0.text("status") == Some("ACTIVE")
        {
            latest = Some(ours);
        }
        let (latest, content) = latest.unzip();
        Ok(Ok(Family {
            latest,
            content,
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
        let of_family: Vec<_> = arns
            .iter()
            .filter(|arn| arn::family(arn) == target.family)
            .collect();
        let mut revisions = Vec::with_capacity(of_family.len());
        for some in of_family.chunks(AT_ONCE) {
            let seen = try_join_all(some.iter().map(|arn| self.definition(arn))).await?;
            revisions.extend(seen.into_iter().flatten().map(|(revision, _)| revision));
        }
        Ok(revisions)
    }

    /// A revision and what it says: the one that is named, or the newest ACTIVE one of a family. None: there is none.
    pub async fn definition(&self, name: &str) -> Result<Option<(Resource, Content)>, AwsError> {
        match self
            .ecs(
                Operation::DescribeTaskDefinition,
                &request! {"taskDefinition": name, "include": ["TAGS"]},
            )
            .await
        {
            Ok(answer) => Ok(Some((registered(&answer), content(&answer)))),
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

/// What a revision says, in a form that can be compared and not printed.
fn content(answer: &Value) -> Content {
    let members = answer["taskDefinition"].as_object();
    Content::new(members.unwrap_or(&Members::new()))
}

/// A revision, as RegisterTaskDefinition and DescribeTaskDefinition answer.
pub fn registered(answer: &Value) -> Resource {
    let mut task_definition = answer["taskDefinition"].clone();
    if let Some(members) = task_definition.as_object_mut() {
        members.insert("tags".into(), answer["tags"].clone());
        // Contents, environment values among them, are kept apart, where they can't be printed.
        members.remove("containerDefinitions");
    }
    resource(&task_definition)
}
