//! RunTask and StopTask.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::failure::{client, invalid};
use super::input::{Object, flag, given, integer, list, text};
use super::new_task::Seed;
use super::tags::{self, Tags};
use super::task::{Stop, Task};
use super::{State, World, arn, network_rules, placement, task_view};
use crate::Call;
use crate::error::{Answer, ApiError};

/// Tasks of one RunTask [M].
const RUN_MAX: i64 = 10;

/// Characters of RunTask's client token [M].
const TOKEN_MAX: usize = 64;

/// Seconds that RunTask remembers a client token: 24 hours [D].
const TOKEN_SECONDS: f64 = 24.0 * 3600.0;

/// A RunTask that had a client token.
#[derive(Clone)]
pub(super) struct Run {
    input: Value,
    answer: Value,
    at: crate::Time,
}

impl State {
    /// Runs up to ten tasks once.
    pub(super) fn run_task(&mut self, call: &Call, world: &mut World) -> Answer {
        let input = call.input;
        let token = text(input, "clientToken");
        if token.is_some_and(|token| token.len() > TOKEN_MAX) {
            return Err(invalid("clientToken must be up to 64 characters."));
        }
        if let Some(answer) = self.repeat_run(input, world)? {
            return Ok(answer);
        }
        let number = integer(input, "count").unwrap_or(1);
        if !(1..=RUN_MAX).contains(&number) {
            return Err(invalid("count must be between 1 and 10."));
        }
        let tasks = self.tasks_to_run(input, number, world)?;
        let views: Vec<Value> = tasks
            .iter()
            .map(|task| task_view::view(task, true))
            .collect();
        for task in tasks {
            self.start(task, world);
        }
        let answer = json!({ "tasks": views, "failures": [] });
        if let Some(token) = token {
            let run = Run {
                input: input.clone(),
                answer: answer.clone(),
                at: world.now,
            };
            self.run_tokens.insert(token.to_owned(), run);
        }
        Ok(answer)
    }

    fn tasks_to_run(
        &mut self,
        input: &Value,
        number: i64,
        world: &mut World,
    ) -> Result<Vec<Task>, ApiError> {
        let cluster = self.active_cluster(text(input, "cluster"))?.clone();
        let named = text(input, "taskDefinition").unwrap_or_default();
        let definition = self.usable_task_definition(named)?.clone();
        let body = &definition.body;
        let members = members(input, &cluster, body)?;
        overridden(input, body)?;
        let mut tags = tags::read(input)?;
        if text(input, "propagateTags") == Some("TASK_DEFINITION") {
            inherit(&mut tags, &definition.tags);
        }
        let family = text(body, "family").unwrap_or_default();
        let group = text(input, "group").map_or(format!("family:{family}"), str::to_owned);
        let seed = || Seed {
            cluster: &cluster.name,
            cluster_arn: &cluster.arn,
            task_definition: &definition.arn,
            body,
            members: &members,
            group: group.clone(),
            started_by: text(input, "startedBy").map(str::to_owned),
            overrides: overrides(input),
            execute_command: flag(input, "enableExecuteCommand"),
            tags: tags.clone(),
        };
        Ok((0..number).map(|_| self.new_task(seed(), world)).collect())
    }

    /// The same request with the same token starts nothing [D].
    fn repeat_run(&self, input: &Value, world: &World) -> Result<Option<Value>, ApiError> {
        let run = text(input, "clientToken").and_then(|token| self.run_tokens.get(token));
        match run.filter(|run| world.now < run.at + TOKEN_SECONDS) {
            None => Ok(None),
            Some(run) if run.input == *input => Ok(Some(run.answer.clone())),
            Some(_) => Err(ApiError::client(
                "ConflictException",
                "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a different RunTask request.",
            )),
        }
    }

    /// Stops one task, of a service or not.
    pub(super) fn stop_task(&mut self, call: &Call, world: &mut World) -> Answer {
        let named = text(call.input, "task").unwrap_or_default();
        let cluster = arn::cluster_of(named).or(text(call.input, "cluster"));
        let cluster = self.active_cluster(cluster)?.name.clone();
        let id = arn::name(named).to_owned();
        let found = self.tasks.get(&id).filter(|task| task.cluster == cluster);
        let key = found
            .ok_or_else(|| invalid("The referenced task was not found."))?
            .service
            .clone();
        let reason = text(call.input, "reason").unwrap_or("Task stopped by user");
        let mut service = key.and_then(|key| self.services.remove(&key));
        self.stop(
            &id,
            Stop::new("UserInitiated", reason),
            service.as_mut(),
            world,
        );
        if let Some(mut service) = service {
            service.wake(&mut self.agenda, world.now + world.script.tick_seconds);
            self.services.insert(service.key.clone(), service);
        }
        Ok(json!({ "task": task_view::view(&self.tasks[&id], true) }))
    }
}

/// Where the tasks run, if the task definition can run there.
fn members(input: &Value, cluster: &Cluster, body: &Value) -> Result<Object, ApiError> {
    let mut members = placement::resolve(input, cluster)?;
    placement::platform(&mut members, text(input, "platformVersion"), body)?;
    placement::compatible(&members, body)?;
    placement::check(input, placement::is_fargate(&members))?;
    let network = network_rules::network(given(input, "networkConfiguration"), body)?;
    members.extend(network.map(|network| ("networkConfiguration".to_owned(), network)));
    Ok(members)
}

/// Overrides as they are read: both lists are always there.
fn overrides(input: &Value) -> Value {
    let mut overrides = given(input, "overrides").cloned().unwrap_or(json!({}));
    for list in ["containerOverrides", "inferenceAcceleratorOverrides"] {
        if overrides.get(list).is_none_or(Value::is_null) {
            overrides[list] = json!([]);
        }
    }
    overrides
}

/// Overrides must name containers of the task definition. Text: [I].
fn overridden(input: &Value, body: &Value) -> Result<(), ApiError> {
    let names: Vec<&str> = list(body, "containerDefinitions")
        .iter()
        .filter_map(|c| text(c, "name"))
        .collect();
    let overrides = given(input, "overrides").map_or(&[][..], |o| list(o, "containerOverrides"));
    let unknown = overrides
        .iter()
        .filter_map(|o| text(o, "name"))
        .find(|name| !names.contains(name));
    match unknown {
        Some(name) => Err(client(format!(
            "Override for container named {name} is not a container in the TaskDefinition."
        ))),
        None => Ok(()),
    }
}

fn inherit(tags: &mut Tags, from: &Tags) {
    for (key, value) in from {
        tags.entry(key.clone()).or_insert_with(|| value.clone());
    }
}
