//! Task definitions: families whose revisions never change and whose numbers are never used twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::agenda::Happening;
use super::failure::{client, invalid, missing};
use super::input::{includes, text, texts};
use super::tags::{self, Tags};
use super::{State, arn, normalise, task_definition_rules};
use crate::Call;
use crate::clock::Time;
use crate::error::{Answer, ApiError};

/// Seconds between two looks whether a task definition in deletion is still used. [?] unverified: DELETE_TASK_DEFINITION_PACE
const FORGET_SECONDS: f64 = 60.0;

/// Most task definitions in one DeleteTaskDefinitions [M].
const DELETE_MAX: usize = 10;

/// All revisions of one family.
#[derive(Clone, Default)]
pub(super) struct Family {
    /// The newest number ever given; deregistering or deleting does not take it back [D].
    pub(super) newest: i64,
    /// By number.
    pub(super) revisions: BTreeMap<i64, TaskDefinition>,
}

/// What may be done with a revision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Status {
    /// New tasks may use it.
    Active,
    /// Only what runs already may use it.
    Inactive,
    /// It goes away once nothing uses it.
    DeleteInProgress,
}

impl Status {
    /// As AWS writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }
}

/// One revision.
#[derive(Clone)]
pub(super) struct TaskDefinition {
    pub(super) arn: String,
    pub(super) status: Status,
    /// As it is read, without status and its times: it never changes.
    pub(super) body: Arc<Value>,
    deregistered_at: Option<Time>,
    delete_requested_at: Option<Time>,
    pub(super) tags: Tags,
}

impl TaskDefinition {
    /// As AWS describes it.
    fn view(&self) -> Value {
        let mut view = (*self.body).clone();
        view["status"] = json!(self.status.name());
        if let Some(at) = self.deregistered_at {
            view["deregisteredAt"] = json!(at);
        }
        if let Some(at) = self.delete_requested_at {
            view["deleteRequestedAt"] = json!(at);
        }
        view
    }
}

impl State {
    /// Registers the next revision of a family. There is no client token: each call makes one [M].
    pub(super) fn register_task_definition(&mut self, call: &Call) -> Answer {
        let tags = tags::read(call.input)?;
        let body = normalise::task_definition(call.input)?;
        task_definition_rules::check(&body)?;
        let name = text(&body, "family").unwrap_or_default().to_owned();
        let family = self.families.entry(name.clone()).or_default();
        family.newest += 1;
        let revision = family.newest;
        let arn = arn::ecs(call, &format!("task-definition/{name}:{revision}"));
        let mut body = body;
        body["taskDefinitionArn"] = json!(arn);
        body["revision"] = json!(revision);
        body["registeredAt"] = json!(call.now);
        body["registeredBy"] = json!(format!("arn:aws:iam::{}:root", call.account));
        let registered = TaskDefinition {
            arn,
            status: Status::Active,
            body: Arc::new(body),
            deregistered_at: None,
            delete_requested_at: None,
            tags,
        };
        let answer =
            json!({ "taskDefinition": registered.view(), "tags": tags::write(&registered.tags) });
        family.revisions.insert(revision, registered);
        Ok(answer)
    }

    /// Describes one revision, or the newest ACTIVE one of a family. Tags come only if asked for [D].
    pub(super) fn describe_task_definition(&self, call: &Call) -> Answer {
        let named = text(call.input, "taskDefinition").unwrap_or_default();
        let found = self
            .find_task_definition(named)
            .ok_or_else(|| client("Unable to describe task definition."))?;
        let mut answer = json!({ "taskDefinition": found.view() });
        if includes(call.input, "TAGS") {
            answer["tags"] = tags::write(&found.tags);
        }
        Ok(answer)
    }

    /// The revision that is meant by `family`, `family:revision` or an ARN.
    pub(super) fn find_task_definition(&self, named: &str) -> Option<&TaskDefinition> {
        let (family, revision) = arn::family_and_revision(named);
        let revisions = &self.families.get(family)?.revisions;
        let found = match revision {
            Some(revision) => revisions.get(&revision)?,
            None => revisions
                .values()
                .rev()
                .find(|found| found.status == Status::Active)?,
        };
        (!named.starts_with("arn:") || named == found.arn).then_some(found)
    }

    /// The revision that new tasks are to use: it must be ACTIVE. Texts: [I].
    pub(super) fn usable_task_definition(&self, named: &str) -> Result<&TaskDefinition, ApiError> {
        let found = self
            .find_task_definition(named)
            .ok_or_else(|| client("TaskDefinition not found."))?;
        match found.status {
            Status::Active => Ok(found),
            _ => Err(client("TaskDefinition is inactive")),
        }
    }

    /// Makes a revision INACTIVE; what runs goes on running [D].
    pub(super) fn deregister_task_definition(&mut self, call: &Call) -> Answer {
        let named = text(call.input, "taskDefinition").unwrap_or_default();
        let found = self.revision_mut(named)?;
        if found.status == Status::DeleteInProgress {
            return Err(invalid(
                "The specified task definition is in the process of being deleted.",
            ));
        }
        if found.status == Status::Active {
            found.status = Status::Inactive;
            found.deregistered_at = Some(call.now);
        }
        Ok(json!({ "taskDefinition": found.view() }))
    }

    fn revision_mut(&mut self, named: &str) -> Result<&mut TaskDefinition, ApiError> {
        let (family, revision) = arn::family_and_revision(named);
        let Some(revision) = revision else {
            return Err(invalid(format!("Invalid revision number. Number: {named}")));
        };
        self.families
            .get_mut(family)
            .and_then(|family| family.revisions.get_mut(&revision))
            .filter(|found| !named.starts_with("arn:") || named == found.arn)
            .ok_or_else(|| client("The specified task definition does not exist."))
    }

    /// Deletes INACTIVE revisions; each goes away once nothing uses it.
    pub(super) fn delete_task_definitions(&mut self, call: &Call) -> Answer {
        let named = texts(call.input, "taskDefinitions");
        if named.len() > DELETE_MAX {
            return Err(invalid("The number of task definitions cannot exceed 10."));
        }
        let (mut deleted, mut failures) = (Vec::new(), Vec::new());
        for name in named {
            match self.revision_mut(name) {
                Err(_) => failures.push(missing(name)),
                Ok(found) if found.status == Status::Active => failures.push(json!({
                    "arn": found.arn,
                    "reason": "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
                })),
                Ok(found) => {
                    found.status = Status::DeleteInProgress;
                    found.delete_requested_at.get_or_insert(call.now);
                    deleted.push(found.view());
                    self.plan_forgetting(name, call.now);
                }
            }
        }
        Ok(json!({ "taskDefinitions": deleted, "failures": failures }))
    }

    fn plan_forgetting(&mut self, named: &str, now: Time) {
        let (family, revision) = arn::family_and_revision(named);
        let (family, revision) = (family.to_owned(), revision.unwrap_or_default());
        self.agenda.add(
            now + FORGET_SECONDS,
            Happening::ForgetTaskDefinition { family, revision },
        );
    }

    /// Forgets a deleted revision, or looks again later if something uses it.
    pub(super) fn forget_task_definition(&mut self, family: &str, revision: i64, now: Time) {
        let Some(found) = self
            .families
            .get(family)
            .and_then(|f| f.revisions.get(&revision))
        else {
            return;
        };
        let arn = found.arn.clone();
        let by_service = self.services.values().any(|s| !s.is_gone() && s.uses(&arn));
        let by_task = || {
            self.tasks
                .values()
                .any(|t| !t.is_stopped() && t.task_definition == arn)
        };
        if by_service || by_task() {
            self.plan_forgetting(&arn, now);
        } else if let Some(family) = self.families.get_mut(family) {
            family.revisions.remove(&revision);
        }
    }
}
