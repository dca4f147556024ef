//! How tasks are made: of a service's revision, or as RunTask says.

use std::sync::Arc;

use serde_json::{Value, json};

use super::input::{Object, flag, list, text, texts};
use super::revision::Revision;
use super::service::Service;
use super::tags::Tags;
use super::task::{Container, Status, Task};
use super::{State, World, arn, placement};

/// What a task is made of.
pub(super) struct Seed<'a> {
    pub(super) cluster: &'a str,
    pub(super) cluster_arn: &'a str,
    pub(super) task_definition: &'a str,
    pub(super) body: &'a Arc<Value>,
    /// Launch type or strategy, platform, network.
    pub(super) members: &'a Object,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) overrides: Value,
    pub(super) execute_command: bool,
    pub(super) tags: Tags,
}

impl State {
    /// Starts one task of a service; answers its id.
    pub(super) fn start_service_task(
        &mut self,
        service: &mut Service,
        revision: &Arc<Revision>,
        world: &mut World,
    ) -> String {
        let setting = |name: &str| service.settings.get(name).cloned().unwrap_or(Value::Null);
        let tags = self.propagated(service, revision);
        let seed = Seed {
            cluster: &service.key.cluster,
            cluster_arn: &revision.cluster_arn,
            task_definition: revision.task_definition(),
            body: &revision.body,
            members: &revision.members,
            group: format!("service:{}", service.key.name),
            started_by: Some(format!("ecs-svc/{}", revision.id)),
            overrides: json!({ "containerOverrides": [], "inferenceAcceleratorOverrides": [] }),
            execute_command: setting("enableExecuteCommand") == json!(true),
            tags,
        };
        let mut task = self.new_task(seed, world);
        task.service = Some(service.key.clone());
        task.of = Some(revision.clone());
        let id = task.id.clone();
        service.tasks.push(id.clone());
        self.start(task, world);
        id
    }

    /// The tags that a service gives its tasks: only new ones get them [M].
    fn propagated(&self, service: &Service, revision: &Revision) -> Tags {
        let setting = |name: &str| service.settings.get(name).cloned().unwrap_or(Value::Null);
        let mut tags = match setting("propagateTags").as_str() {
            Some("SERVICE") => service.tags.clone(),
            Some("TASK_DEFINITION") => {
                let definition = self.find_task_definition(revision.task_definition());
                definition
                    .map(|found| found.tags.clone())
                    .unwrap_or_default()
            }
            _ => Tags::new(),
        };
        if setting("enableECSManagedTags") == json!(true) {
            tags.insert("aws:ecs:clusterName".into(), service.key.cluster.clone());
            tags.insert("aws:ecs:serviceName".into(), service.key.name.clone());
        }
        tags
    }

    /// A task that is PROVISIONING.
    pub(super) fn new_task(&mut self, seed: Seed, world: &mut World) -> Task {
        let id = world.ids.hex(32);
        let (account, region) = (
            arn::account(seed.cluster_arn),
            arn::region(seed.cluster_arn),
        );
        let (launch_type, capacity_provider) = placement::of_task(seed.members);
        let containers = list(seed.body, "containerDefinitions");
        Task {
            arn: arn::arn(
                account,
                region,
                "ecs",
                &format!("task/{}/{id}", seed.cluster),
            ),
            cluster: seed.cluster.to_owned(),
            cluster_arn: seed.cluster_arn.to_owned(),
            service: None,
            of: None,
            task_definition: seed.task_definition.to_owned(),
            body: seed.body.clone(),
            group: seed.group,
            started_by: seed.started_by,
            launch_type,
            capacity_provider,
            platform_version: seed.members.get("platformVersion").cloned(),
            platform_family: seed.members.get("platformFamily").cloned(),
            overrides: seed.overrides,
            execute_command: seed.execute_command,
            tags: seed.tags,
            address: self.address(seed.members),
            status: Status::Provisioning,
            wanted: true,
            healthy: false,
            containers: containers.iter().map(|c| container(&id, c)).collect(),
            targets: Vec::new(),
            stop: None,
            version: 1,
            created_at: world.now,
            pull_started_at: None,
            pull_stopped_at: None,
            started_at: None,
            stopping_at: None,
            stopped_at: None,
            id,
        }
    }

    /// The next address of a subnet, for tasks with awsvpc.
    fn address(&mut self, members: &Object) -> Option<(String, String)> {
        let vpc = members
            .get("networkConfiguration")?
            .get("awsvpcConfiguration")?;
        let subnets = texts(vpc, "subnets");
        self.interfaces += 1;
        let [_, high, middle, low] = self.interfaces.to_be_bytes();
        let index = usize::try_from(self.interfaces).unwrap_or_default() % subnets.len().max(1);
        let subnet = subnets.get(index).copied().unwrap_or_default();
        Some((format!("10.{high}.{middle}.{low}"), subnet.to_owned()))
    }
}

fn container(task: &str, definition: &Value) -> Container {
    let name = text(definition, "name").unwrap_or_default();
    Container {
        name: name.to_owned(),
        image: text(definition, "image").unwrap_or_default().to_owned(),
        id: crate::ids::named(&[task, name], 32),
        essential: flag(definition, "essential"),
        checked: definition["healthCheck"].is_object(),
        status: "PENDING",
        reason: None,
        exit_code: None,
        ends: None,
    }
}
