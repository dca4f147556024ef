//! Amazon ECS of one account in one Region: its state, its API and its scheduler. No sockets, no clock: time and ids are arguments.

mod account_settings;
mod agenda;
mod arn;
mod capacity_provider;
mod circuit_breaker;
mod cluster;
mod container_rules;
mod create_service;
mod delete_service;
mod deployment;
mod deployment_configuration;
mod engine;
mod event_bridge;
mod failure;
mod input;
mod journal;
mod list_service_deployments;
mod list_task_definitions;
mod list_tasks;
mod network_rules;
mod new_task;
mod normalise;
mod paging;
mod pause_hook;
mod placement;
mod revision;
mod rollback;
mod run_task;
mod scheduler;
mod service;
mod service_deployment;
mod service_rules;
mod service_view;
mod size;
mod stop_service_deployment;
mod strategy;
mod tags;
mod targets;
mod task;
mod task_definition;
mod task_definition_rules;
mod task_life;
mod task_view;
mod update_service;
mod volume_rules;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::clock::Time;
use crate::error::{Answer, ApiError};
use crate::faults::Script;
use crate::{Call, Ids, autoscaling, elbv2};

use agenda::Agenda;
use capacity_provider::CapacityProvider;
use cluster::Cluster;
pub(crate) use failure::family_is_busy;
use service::{Service, ServiceKey};
use task::Task;
use task_definition::Family;

/// Everything ECS knows in one account and Region.
#[derive(Clone, Default)]
pub struct State {
    /// By name. An INACTIVE cluster lingers until its name is used again.
    clusters: BTreeMap<String, Cluster>,
    /// Task definition families by name.
    families: BTreeMap<String, Family>,
    /// Capacity providers that were created, by name; Fargate's two are built in.
    capacity_providers: BTreeMap<String, CapacityProvider>,
    /// By cluster and name. An INACTIVE service lingers until its name is used again.
    services: BTreeMap<ServiceKey, Service>,
    /// By task id; a stopped task is forgotten an hour later.
    tasks: BTreeMap<String, Task>,
    /// Tasks that RunTask started, by client token.
    run_tokens: BTreeMap<String, run_task::Run>,
    /// Account settings that differ from the default.
    settings: BTreeMap<String, String>,
    /// What is due, in time order.
    agenda: Agenda,
    /// EventBridge events that `advance` hands out next.
    outbox: Vec<Value>,
    /// Network interfaces handed out so far; the next task's address is made of it.
    interfaces: u32,
}

/// What surrounds ECS while something happens in it.
struct World<'a> {
    elbv2: &'a mut elbv2::State,
    ids: &'a mut Ids,
    script: &'a Script,
    now: Time,
}

impl State {
    /// Answers one API call, whose input has been checked against AWS's model.
    ///
    /// The engine must have been advanced to `call.now` before.
    pub fn call(
        &mut self,
        call: &Call,
        elbv2: &mut elbv2::State,
        ids: &mut Ids,
        script: &Script,
    ) -> Answer {
        let world = &mut World {
            elbv2,
            ids,
            script,
            now: call.now,
        };
        match call.operation {
            "CreateCluster" => self.create_cluster(call),
            "DescribeClusters" => self.describe_clusters(call),
            "ListClusters" => self.list_clusters(call),
            "UpdateCluster" | "UpdateClusterSettings" => self.update_cluster(call),
            "PutClusterCapacityProviders" => self.put_cluster_capacity_providers(call),
            "DeleteCluster" => self.delete_cluster(call),
            "CreateCapacityProvider" => self.create_capacity_provider(call),
            "UpdateCapacityProvider" => self.update_capacity_provider(call),
            "DescribeCapacityProviders" => self.describe_capacity_providers(call),
            "DeleteCapacityProvider" => self.delete_capacity_provider(call),
            "RegisterTaskDefinition" => self.register_task_definition(call),
            "DescribeTaskDefinition" => self.describe_task_definition(call),
            "DeregisterTaskDefinition" => self.deregister_task_definition(call),
            "DeleteTaskDefinitions" => self.delete_task_definitions(call),
            "ListTaskDefinitions" => self.list_task_definitions(call),
            "ListTaskDefinitionFamilies" => self.list_task_definition_families(call),
            _ => self.call_about_services(call, world),
        }
    }

    fn call_about_services(&mut self, call: &Call, world: &mut World) -> Answer {
        match call.operation {
            "CreateService" => self.create_service(call, world),
            "DescribeServices" => self.describe_services(call),
            "UpdateService" => self.update_service(call, world),
            "DeleteService" => self.delete_service(call, world),
            "ListServices" => self.list_services(call),
            "ListServiceDeployments" => self.list_service_deployments(call),
            "DescribeServiceDeployments" => self.describe_service_deployments(call),
            "DescribeServiceRevisions" => self.describe_service_revisions(call),
            "ContinueServiceDeployment" => self.continue_service_deployment(call, world),
            "StopServiceDeployment" => self.stop_service_deployment(call, world),
            "RunTask" => self.run_task(call, world),
            "StopTask" => self.stop_task(call, world),
            "DescribeTasks" => self.describe_tasks(call),
            "ListTasks" => self.list_tasks(call),
            "TagResource" => self.tag_resource(call),
            "UntagResource" => self.untag_resource(call),
            "ListTagsForResource" => self.list_tags_for_resource(call),
            "ListAccountSettings" => self.list_account_settings(call),
            "PutAccountSetting" | "PutAccountSettingDefault" => self.put_account_setting(call),
            operation => Err(ApiError {
                code: "NotSimulated".into(),
                message: format!("The simulator does not simulate ecs {operation}."),
                status: 501,
            }),
        }
    }

    /// Runs everything that is due up to `now`, strictly in time order, so that many small steps end where one large step ends.
    ///
    /// Returns the EventBridge events that arose since the last call, oldest first. Application Auto Scaling does not act by itself.
    pub fn advance(
        &mut self,
        now: Time,
        elbv2: &mut elbv2::State,
        _autoscaling: &autoscaling::State,
        ids: &mut Ids,
        script: &Script,
    ) -> Vec<Value> {
        let world = &mut World {
            elbv2,
            ids,
            script,
            now,
        };
        while let Some((at, happening)) = self.agenda.pop_due(now) {
            world.now = at;
            self.happen(happening, world);
        }
        std::mem::take(&mut self.outbox)
    }

    /// When the next thing is due, if anything is.
    pub fn next_event(&self) -> Option<Time> {
        self.agenda.next()
    }
}
