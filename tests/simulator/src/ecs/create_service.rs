//! CreateService.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::cluster::{Cluster, is_name};
use super::failure::{client, invalid};
use super::input::{Object, default, flag, given, integer, list, object, text};
use super::revision::Revision;
use super::service::{Service, ServiceKey, Status, digits};
use super::{
    State, World, arn, deployment_configuration, network_rules, placement, service_rules, tags,
};
use crate::Call;
use crate::error::{Answer, ApiError};

/// Members of a revision that are taken over as they are.
const PLAIN: [&str; 6] = [
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "gatewayConnectors",
];

impl State {
    /// Creates a service and begins its first deployment.
    pub(super) fn create_service(&mut self, call: &Call, world: &mut World) -> Answer {
        let cluster = self.active_cluster(text(call.input, "cluster"))?.clone();
        let name = text(call.input, "serviceName").unwrap_or_default();
        if !is_name(name) {
            return Err(invalid(
                "Invalid service name: letters, numbers, underscores and hyphens are allowed, up to 255.",
            ));
        }
        service_rules::client_token(call.input)?;
        let key = ServiceKey::new(&cluster.name, name);
        match self.services.get(&key) {
            Some(service) if service.is_active() => return self.repeat_create(service, call),
            // Text: [I]
            Some(service) if !service.is_gone() => {
                return Err(invalid("Unable to Start a service that is still Draining."));
            }
            _ => {}
        }
        let mut service = self.new_service(call, world, &cluster, key)?;
        let revision = service.revision.clone();
        self.begin_deployment(&mut service, revision, world);
        let answer = json!({ "service": self.view_service(&service, true) });
        self.services.insert(service.key.clone(), service);
        Ok(answer)
    }

    /// The same request with the same client token is answered as before [D]; anything else is a clash [I].
    fn repeat_create(&self, service: &Service, call: &Call) -> Answer {
        if text(call.input, "clientToken").is_some() && *call.input == service.created_with {
            return Ok(json!({ "service": self.view_service(service, true) }));
        }
        Err(invalid("Creation of service was not idempotent."))
    }

    fn new_service(
        &self,
        call: &Call,
        world: &mut World,
        cluster: &Cluster,
        key: ServiceKey,
    ) -> Result<Service, ApiError> {
        let input = call.input;
        let tags = tags::read(input)?;
        let named = text(input, "taskDefinition")
            .ok_or_else(|| invalid("TaskDefinition can not be blank."))?;
        let definition = self.usable_task_definition(named)?;
        let body = definition.body.clone();
        let members = members(input, cluster, &definition.arn, &body)?;
        let settings = settings(call, &members)?;
        service_rules::check(&members, &settings, &body, world.elbv2)?;
        let desired = desired(input)?;
        let arn = arn::ecs(call, &format!("service/{}/{}", key.cluster, key.name));
        let revision = Arc::new(Revision {
            id: digits(world.ids),
            service: key.clone(),
            service_arn: arn.clone(),
            cluster_arn: cluster.arn.clone(),
            members,
            body,
            created_at: call.now,
        });
        Ok(Service {
            key,
            arn,
            cluster_arn: cluster.arn.clone(),
            status: Status::Active,
            desired,
            settings,
            revision,
            revisions: BTreeMap::new(),
            deployments: Vec::new(),
            history: Vec::new(),
            completed: None,
            tasks: Vec::new(),
            events: VecDeque::new(),
            tags,
            created_at: call.now,
            created_with: input.clone(),
            look_at: None,
            steady: false,
        })
    }
}

/// REPLICA needs a number of tasks, DAEMON must not have one [M].
fn desired(input: &Value) -> Result<i64, ApiError> {
    let asked = integer(input, "desiredCount");
    match (text(input, "schedulingStrategy"), asked) {
        (Some("DAEMON"), Some(_)) => Err(invalid(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again",
        )),
        // One container instance. [?] unverified: DAEMON_INSTANCES
        (Some("DAEMON"), None) => Ok(1),
        (_, None) => Err(invalid(
            "Desired count must be specified for a REPLICA service.",
        )),
        (_, Some(count)) => count_in_range(count),
    }
}

/// Tasks of one service: 0 to 5,000 [D].
pub(super) fn count_in_range(count: i64) -> Result<i64, ApiError> {
    if (0..=5000).contains(&count) {
        return Ok(count);
    }
    Err(invalid("Desired count must be between 0 and 5000."))
}

/// What the service's first revision rolls out, as it is read. A public address is not refused (aws.md §B3). [?] unverified: ASSIGN_PUBLIC_IP
fn members(
    input: &Value,
    cluster: &Cluster,
    definition: &str,
    body: &Value,
) -> Result<Object, ApiError> {
    let mut members = placement::resolve(input, cluster)?;
    members.insert("taskDefinition".into(), json!(definition));
    placement::platform(&mut members, text(input, "platformVersion"), body)?;
    let network = network_rules::network(given(input, "networkConfiguration"), body)?;
    members.extend(network.map(|network| ("networkConfiguration".to_owned(), network)));
    for name in PLAIN {
        members.extend(given(input, name).map(|value| (name.to_owned(), value.clone())));
    }
    members
        .extend(given(input, "monitoring").map(|value| ("monitoring".to_owned(), value.clone())));
    default(&mut members, "loadBalancers", json!([]));
    default(&mut members, "serviceRegistries", json!([]));
    Ok(members)
}

/// What does not roll tasks, as it is read: aws.md §4.4 [L].
fn settings(call: &Call, members: &Object) -> Result<Object, ApiError> {
    let input = call.input;
    let balanced = !list(input, "loadBalancers").is_empty();
    let scheduling = text(input, "schedulingStrategy").unwrap_or("REPLICA");
    let defaults = deployment_configuration::defaults(scheduling == "DAEMON");
    let asked = given(input, "deploymentConfiguration")
        .cloned()
        .unwrap_or(json!({}));
    let configuration = deployment_configuration::merge(&defaults, &asked)?;
    needs_bake_time(&asked)?;
    grace_period(input, balanced)?;
    let controller = given(input, "deploymentController").cloned();
    let mut settings = object(&json!({
        "schedulingStrategy": scheduling,
        "deploymentController": controller.unwrap_or(json!({ "type": "ECS" })),
        "placementConstraints": list(input, "placementConstraints"),
        "placementStrategy": placement::strategies(input),
        // Not refused without propagateTags, though the model's prose asks for it. [?] unverified: MANAGED_TAGS_ALONE
        "enableECSManagedTags": flag(input, "enableECSManagedTags"),
        "propagateTags": text(input, "propagateTags").unwrap_or("NONE"),
        "enableExecuteCommand": flag(input, "enableExecuteCommand"),
        "healthCheckGracePeriodSeconds": integer(input, "healthCheckGracePeriodSeconds").unwrap_or(0),
        "availabilityZoneRebalancing": rebalancing(input, scheduling, &configuration),
        "deploymentConfiguration": configuration,
    }));
    if balanced || members.contains_key("networkConfiguration") {
        settings.insert("roleArn".into(), role(call));
    }
    Ok(settings)
}

/// Blue/green needs a bake time [M].
fn needs_bake_time(asked: &Value) -> Result<(), ApiError> {
    let blue_green = text(asked, "strategy") == Some("BLUE_GREEN");
    if blue_green && integer(asked, "bakeTimeInMinutes").is_none() {
        return Err(invalid(
            "bakeTimeInMinutes must be specified for the BLUE_GREEN deployment strategy.",
        ));
    }
    Ok(())
}

/// Text: [I].
fn grace_period(input: &Value, balanced: bool) -> Result<(), ApiError> {
    match integer(input, "healthCheckGracePeriodSeconds") {
        Some(seconds) if seconds < 0 => {
            Err(client("Health check grace period must not be negative."))
        }
        Some(seconds) if seconds > 0 && !balanced => Err(invalid(
            "Health check grace period is only valid for services configured to use load balancers.",
        )),
        _ => Ok(()),
    }
}

/// Enabled on create wherever it can be [M].
fn rebalancing(input: &Value, scheduling: &str, configuration: &Object) -> String {
    if let Some(asked) = text(input, "availabilityZoneRebalancing") {
        return asked.to_owned();
    }
    let strategies = list(input, "placementStrategy");
    let zone = |entry: &Value| text(entry, "field") == Some("attribute:ecs.availability-zone");
    let fits = scheduling == "REPLICA"
        && configuration.get("maximumPercent").and_then(Value::as_i64) > Some(100)
        && strategies.first().is_none_or(zone);
    (if fits { "ENABLED" } else { "DISABLED" }).to_owned()
}

/// The role asked for, or the service-linked one [L].
fn role(call: &Call) -> Value {
    let role = text(call.input, "role").map(str::to_owned);
    let linked = format!(
        "arn:{}:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        arn::partition(call.region),
        call.account
    );
    json!(role.unwrap_or(linked))
}
