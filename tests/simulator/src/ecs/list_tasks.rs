//! DescribeTasks and ListTasks.

use serde_json::{Value, json};

use super::failure::{invalid, missing, service_not_found};
use super::input::{includes, text, texts};
use super::service::ServiceKey;
use super::task::Task;
use super::{State, arn, paging, task_view};
use crate::Call;
use crate::error::Answer;

/// Most tasks in one DescribeTasks [M].
const DESCRIBE_MAX: usize = 100;

impl State {
    /// Describes tasks of one cluster; those never heard of or forgotten are `failures`.
    pub(super) fn describe_tasks(&self, call: &Call) -> Answer {
        let cluster = self.active_cluster(text(call.input, "cluster"))?;
        let named = texts(call.input, "tasks");
        if named.is_empty() {
            return Err(invalid("Tasks cannot be empty."));
        }
        if named.len() > DESCRIBE_MAX {
            return Err(invalid("Tasks cannot have more than 100 elements."));
        }
        let tags = includes(call.input, "TAGS");
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        for name in named {
            match self
                .tasks
                .get(arn::name(name))
                .filter(|task| task.cluster == cluster.name)
            {
                Some(task) => tasks.push(task_view::view(task, tags)),
                None if name.starts_with("arn:") => failures.push(missing(name)),
                None => {
                    let resource = format!("task/{}/{name}", cluster.name);
                    failures.push(missing(&arn::ecs(call, &resource)));
                }
            }
        }
        Ok(json!({ "tasks": tasks, "failures": failures }))
    }

    /// ARNs of tasks of one cluster; those that are to run unless STOPPED is asked for [M].
    pub(super) fn list_tasks(&self, call: &Call) -> Answer {
        let input = call.input;
        let cluster = self.active_cluster(text(input, "cluster"))?.name.clone();
        let wanted = text(input, "desiredStatus") != Some("STOPPED");
        let by = text(input, "startedBy");
        let family = text(input, "family");
        let launch = text(input, "launchType");
        let service = text(input, "serviceName").map(arn::name);
        let matches = |task: &&Task| {
            task.cluster == cluster
                && task.wanted == wanted
                && by.is_none_or(|by| task.started_by.as_deref() == Some(by))
                && launch.is_none_or(|launch| task.launch_type.as_deref() == Some(launch))
                && family.is_none_or(|family| {
                    arn::family_and_revision(&task.task_definition).0 == family
                })
        };
        let arns: Vec<String> = match service {
            None => self
                .tasks
                .values()
                .filter(matches)
                .map(|task| task.arn.clone())
                .collect(),
            Some(name) => {
                let key = ServiceKey::new(&cluster, name);
                let service = self.services.get(&key).ok_or_else(service_not_found)?;
                let of_service = |task: &&Task| task.service.as_ref() == Some(&key);
                if wanted {
                    let tasks = service.tasks.iter().filter_map(|id| self.tasks.get(id));
                    tasks.filter(matches).map(|task| task.arn.clone()).collect()
                } else {
                    let tasks = self.tasks.values().filter(of_service);
                    tasks.filter(matches).map(|task| task.arn.clone()).collect()
                }
            }
        };
        paging::page(input, "taskArns", arns, 100)
    }

    /// One task as it is read, if ECS still knows it.
    pub(super) fn task(&self, id: &str) -> Option<Value> {
        self.tasks.get(id).map(|task| task_view::view(task, true))
    }
}
