//! The rules between members of a service that AWS's prose states (CreateService, UpdateService) and that admission checks too,
//! with the same words.

use serde::Serialize;

use super::{Invalid, deployment_rules};
use crate::{
    api::{
        EcsServiceSpec,
        deployment::{DeploymentControllerType, DeploymentStrategy as Strategy},
        load_balancer::LoadBalancer,
        network::Toggle,
        rules,
        service::{LaunchType, SchedulingStrategy},
        service_connect::GatewayConnectorHealthCheck,
        service_volume::ServiceManagedEbsVolumeConfiguration,
        strategy::{CapacityProviderStrategyItem, PlacementConstraintType},
    },
    model::arn,
};

/// A rule: whether it is broken, the member, what is wrong and what to do.
pub(super) type Row = (bool, &'static str, &'static str);

/// Finds the first rule that a spec breaks.
pub(super) fn check(spec: &EcsServiceSpec) -> Result<(), Invalid> {
    first("spec", spec, &references(spec))?;
    first("spec", spec, &capacity(spec))?;
    let mut strategy = spec.capacity_provider_strategy.iter().flatten();
    if let Some(item) = { strategy.by_ref() }
        .filter(|item| item.base > Some(0))
        .nth(1)
    {
        let message = rules::said(rules::STRATEGY_BASE, item);
        return Err(Invalid::new("spec.capacityProviderStrategy", message));
    }
    first("spec", spec, &daemon(spec))?;
    first("spec", spec, &deployment(spec))?;
    if let Some(configuration) = &spec.deployment_configuration {
        deployment_rules::check(configuration)?;
    }
    network(spec)?;
    for (index, entry) in spec.load_balancers.iter().flatten().enumerate() {
        first(
            &format!("spec.loadBalancers[{index}]"),
            entry,
            &load_balancer(entry),
        )?;
    }
    for (index, volume) in spec.volume_configurations.iter().flatten().enumerate() {
        if let Some(volume) = &volume.managed_ebs_volume {
            ebs_volume(
                volume,
                &format!("spec.volumeConfigurations[{index}].managedEBSVolume"),
            )?;
        }
    }
    Ok(())
}

/// The first broken rule, as a mistake of what stands at `path`: `of`, which the messages name members of.
pub(super) fn first(path: &str, of: &impl Serialize, rows: &[Row]) -> Result<(), Invalid> {
    let Some((_, member, message)) = rows.iter().find(|(is_broken, ..)| *is_broken) else {
        return Ok(());
    };
    let dot = if member.is_empty() { "" } else { "." };
    Err(Invalid::new(
        format!("{path}{dot}{member}"),
        rules::said(message, of),
    ))
}

fn is_there<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

fn is_fargate(item: &CapacityProviderStrategyItem) -> bool {
    ["FARGATE", "FARGATE_SPOT"].contains(&item.capacity_provider.as_str())
}

fn is_on_fargate(spec: &EcsServiceSpec) -> bool {
    let strategy = spec.capacity_provider_strategy.iter().flatten();
    spec.launch_type == Some(LaunchType::Fargate) || { strategy }.any(is_fargate)
}

fn references(spec: &EcsServiceSpec) -> [Row; 3] {
    let named = spec.task_definition.as_deref();
    let one_cluster = spec.cluster_ref.is_some() != spec.cluster.is_some();
    let one_revision = spec.task_definition_ref.is_some() != spec.task_definition.is_some();
    [
        (!one_cluster, "clusterRef", rules::ONE_CLUSTER),
        (
            !one_revision,
            "taskDefinitionRef",
            rules::ONE_TASK_DEFINITION,
        ),
        (
            named.is_some_and(|named| arn::revision(named).is_none()),
            "taskDefinition",
            rules::NAMES_REVISION,
        ),
    ]
}

fn capacity(spec: &EcsServiceSpec) -> [Row; 7] {
    let strategy = spec
        .capacity_provider_strategy
        .as_deref()
        .unwrap_or_default();
    let member = "capacityProviderStrategy";
    let weightless = strategy.iter().all(|item| item.weight == Some(0));
    let fargate = strategy.iter().filter(|item| is_fargate(item)).count();
    let is_pinned = spec
        .platform_version
        .as_deref()
        .is_some_and(|v| v != "LATEST");
    let launch_type = spec.launch_type;
    let elsewhere = launch_type.is_some_and(|launch_type| launch_type != LaunchType::Fargate);
    [
        (
            launch_type.is_some() && !strategy.is_empty(),
            "launchType",
            rules::LAUNCH_TYPE_OR_STRATEGY,
        ),
        (
            launch_type == Some(LaunchType::ManagedInstances),
            "launchType",
            rules::MANAGED_INSTANCES,
        ),
        (
            !strategy.is_empty() && weightless,
            member,
            rules::STRATEGY_WEIGHT,
        ),
        (
            fargate != 0 && fargate != strategy.len(),
            member,
            rules::STRATEGY_SORT,
        ),
        (
            is_pinned && elsewhere,
            "platformVersion",
            rules::PLATFORM_ON_FARGATE,
        ),
        (
            is_there(spec.placement_constraints.as_ref()) && is_on_fargate(spec),
            "placementConstraints",
            rules::CONSTRAINTS_ON_INSTANCES,
        ),
        (
            is_there(spec.placement_strategy.as_ref()) && is_on_fargate(spec),
            "placementStrategy",
            rules::STRATEGY_ON_INSTANCES,
        ),
    ]
}

fn daemon(spec: &EcsServiceSpec) -> Vec<Row> {
    if spec.scheduling_strategy != Some(SchedulingStrategy::Daemon) {
        return Vec::new();
    }
    let configuration = spec.deployment_configuration.as_ref();
    let most = configuration.and_then(|configuration| configuration.maximum_percent);
    vec![
        (
            spec.desired_count.is_some(),
            "desiredCount",
            rules::DAEMON_COUNT,
        ),
        (
            is_on_fargate(spec),
            "schedulingStrategy",
            rules::DAEMON_ON_INSTANCES,
        ),
        (
            is_there(spec.placement_strategy.as_ref()),
            "placementStrategy",
            rules::DAEMON_PLACEMENT,
        ),
        (
            is_there(spec.volume_configurations.as_ref()),
            "volumeConfigurations",
            rules::DAEMON_VOLUMES,
        ),
        (
            most.is_some_and(|most| most != 100),
            "deploymentConfiguration.maximumPercent",
            rules::DAEMON_PERCENT,
        ),
        (
            spec.availability_zone_rebalancing == Some(Toggle::Enabled),
            "availabilityZoneRebalancing",
            rules::DAEMON_ZONES,
        ),
    ]
}

fn deployment(spec: &EcsServiceSpec) -> [Row; 5] {
    let configuration = spec.deployment_configuration.as_ref();
    let most = configuration.and_then(|configuration| configuration.maximum_percent);
    let strategy = configuration.and_then(|configuration| configuration.strategy);
    let controller = spec.deployment_controller.as_ref().map(|it| it.type_);
    let is_balanced = is_there(spec.load_balancers.as_ref());
    let connect = spec.service_connect_configuration.as_ref();
    let has_traffic = is_balanced
        || connect.is_some_and(|connect| connect.enabled)
        || is_there(spec.vpc_lattice_configurations.as_ref());
    let shifts = strategy.is_some_and(|strategy| strategy != Strategy::Rolling);
    let mut entries = spec.load_balancers.iter().flatten();
    [
        (
            spec.availability_zone_rebalancing == Some(Toggle::Enabled)
                && most.is_some_and(|most| most <= 100),
            "availabilityZoneRebalancing",
            rules::ROOM_TO_REBALANCE,
        ),
        (
            controller.is_some_and(|controller| controller != DeploymentControllerType::Ecs),
            "deploymentController.type",
            rules::CONTROLLER_IS_ECS,
        ),
        (
            spec.role.is_some() && !(is_balanced && spec.network_configuration.is_none()),
            "role",
            rules::ROLE_WITH_LOAD_BALANCER,
        ),
        (
            matches!(strategy, Some(Strategy::Linear | Strategy::Canary)) && !has_traffic,
            "deploymentConfiguration.strategy",
            rules::STEPS_OF_TRAFFIC,
        ),
        (
            shifts && entries.any(|entry| entry.advanced_configuration.is_none()),
            "loadBalancers",
            rules::SHIFT_NEEDS_ADVANCED,
        ),
    ]
}

fn network(spec: &EcsServiceSpec) -> Result<(), Invalid> {
    let network = spec.network_configuration.as_ref();
    let is_empty = network.is_some_and(|network| network.awsvpc_configuration.is_none());
    let connect = spec.service_connect_configuration.as_ref();
    first(
        "spec",
        spec,
        &[
            (
                is_empty,
                "networkConfiguration.awsvpcConfiguration",
                rules::NETWORK_IS_AWSVPC,
            ),
            (
                connect.is_some_and(|it| !it.enabled && is_there(it.services.as_ref())),
                "serviceConnectConfiguration.services",
                rules::CONNECT_SERVICES_ENABLED,
            ),
        ],
    )?;
    for (index, entry) in spec.load_balancers.iter().flatten().enumerate() {
        let is_classic = entry.load_balancer_name.is_some();
        first(
            &format!("spec.loadBalancers[{index}]"),
            entry,
            &[(
                network.is_some() && is_classic,
                "loadBalancerName",
                rules::CLASSIC_WITHOUT_AWSVPC,
            )],
        )?;
    }
    for (index, registry) in spec.service_registries.iter().flatten().enumerate() {
        let is_whole = registry.container_name.is_some() == registry.container_port.is_some();
        let has_two = registry.port.is_some() && registry.container_name.is_some();
        first(
            &format!("spec.serviceRegistries[{index}]"),
            registry,
            &[
                (!is_whole, "containerName", rules::REGISTRY_IS_WHOLE),
                (has_two, "port", rules::REGISTRY_HAS_ONE_PORT),
            ],
        )?;
    }
    for (index, constraint) in spec.placement_constraints.iter().flatten().enumerate() {
        let is_member_of = constraint.type_ == Some(PlacementConstraintType::MemberOf);
        let is_odd = constraint.type_.is_some() && is_member_of != constraint.expression.is_some();
        first(
            &format!("spec.placementConstraints[{index}]"),
            constraint,
            &[(is_odd, "expression", rules::MEMBER_OF_EXPRESSION)],
        )?;
    }
    for (index, connector) in spec.gateway_connectors.iter().flatten().enumerate() {
        let is_late = |check: &GatewayConnectorHealthCheck| {
            check
                .health_check_timeout_seconds
                .zip(check.health_check_interval_seconds)
                .is_some_and(|(timeout, interval)| timeout >= interval)
        };
        first(
            &format!("spec.gatewayConnectors[{index}].healthCheck"),
            &connector.health_check,
            &[(
                connector.health_check.as_ref().is_some_and(is_late),
                "healthCheckTimeoutSeconds",
                rules::CHECK_IN_TIME,
            )],
        )?;
    }
    Ok(())
}

fn load_balancer(entry: &LoadBalancer) -> [Row; 2] {
    let sources = [
        entry.target_group.is_some(),
        entry.target_group_arn.is_some(),
        entry.load_balancer_name.is_some(),
    ];
    let count = sources.into_iter().filter(|is_there| *is_there).count();
    [
        (count != 1, "", rules::ONE_TARGET),
        (
            entry.load_balancer_name.is_some() && entry.advanced_configuration.is_some(),
            "advancedConfiguration",
            rules::CLASSIC_IS_PLAIN,
        ),
    ]
}

fn ebs_volume(volume: &ServiceManagedEbsVolumeConfiguration, path: &str) -> Result<(), Invalid> {
    let type_ = volume.volume_type.as_deref().unwrap_or_default();
    let has_size = volume.size_in_gib.is_some() || volume.snapshot_id.is_some();
    let rate_of_nothing =
        volume.volume_initialization_rate.is_some() && volume.snapshot_id.is_none();
    first(
        path,
        volume,
        &[
            (
                ["io1", "io2"].contains(&type_) && volume.iops.is_none(),
                "volumeType",
                rules::NEEDS_IOPS,
            ),
            (
                ["st1", "sc1", "standard"].contains(&type_) && volume.iops.is_some(),
                "volumeType",
                rules::TAKES_NO_IOPS,
            ),
            (
                !["", "gp3"].contains(&type_) && volume.throughput.is_some(),
                "volumeType",
                rules::TAKES_NO_THROUGHPUT,
            ),
            (!has_size, "sizeInGiB", rules::VOLUME_HAS_SIZE),
            (
                rate_of_nothing,
                "volumeInitializationRate",
                rules::RATE_OF_SNAPSHOT,
            ),
        ],
    )
}
