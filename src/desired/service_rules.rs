//! The rules between members of a service that AWS's prose states (CreateService, UpdateService) and that admission checks too,
//! with the same words.

use super::{Invalid, Row, deployment_rules, first, strategy};
use crate::{
    api::{
        EcsServiceSpec,
        deployment::{DeploymentControllerType, DeploymentStrategy as Strategy},
        load_balancer::{LoadBalancer, TargetType},
        network::Toggle,
        rules,
        service::{LaunchType, SchedulingStrategy},
        service_connect::GatewayConnectorHealthCheck,
        service_volume::ServiceManagedEbsVolumeConfiguration,
        strategy::PlacementConstraintType,
    },
    model::arn,
};

/// Finds the first rule that a spec breaks.
pub(super) fn check(spec: &EcsServiceSpec) -> Result<(), Invalid> {
    first("spec", spec, &references(spec))?;
    first("spec", spec, &capacity(spec))?;
    if let Some(strategy) = &spec.capacity_provider_strategy {
        strategy::check("spec.capacityProviderStrategy", strategy)?;
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
            &load_balancer(entry, spec.network_configuration.is_some()),
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

fn is_there<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

fn is_on_fargate(spec: &EcsServiceSpec) -> bool {
    let strategy = spec.capacity_provider_strategy.iter().flatten();
    spec.launch_type == Some(LaunchType::Fargate) || { strategy }.any(strategy::is_fargate)
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

fn capacity(spec: &EcsServiceSpec) -> [Row; 5] {
    let is_pinned = spec
        .platform_version
        .as_deref()
        .is_some_and(|v| v != "LATEST");
    let launch_type = spec.launch_type;
    let elsewhere = launch_type.is_some_and(|launch_type| launch_type != LaunchType::Fargate);
    [
        (
            launch_type.is_some() && is_there(spec.capacity_provider_strategy.as_ref()),
            "launchType",
            rules::LAUNCH_TYPE_OR_STRATEGY,
        ),
        (
            launch_type == Some(LaunchType::ManagedInstances),
            "launchType",
            rules::MANAGED_INSTANCES,
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
            "schedulingStrategy",
            rules::DAEMON_COUNT,
        ),
        (
            is_on_fargate(spec),
            "schedulingStrategy",
            rules::DAEMON_ON_INSTANCES,
        ),
        (
            is_there(spec.placement_strategy.as_ref()),
            "schedulingStrategy",
            rules::DAEMON_PLACEMENT,
        ),
        (
            is_there(spec.volume_configurations.as_ref()),
            "schedulingStrategy",
            rules::DAEMON_VOLUMES,
        ),
        (
            most.is_some_and(|most| most != 100),
            "schedulingStrategy",
            rules::DAEMON_PERCENT,
        ),
        (
            spec.availability_zone_rebalancing == Some(Toggle::Enabled),
            "schedulingStrategy",
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

fn load_balancer(entry: &LoadBalancer, is_awsvpc: bool) -> [Row; 4] {
    let group = entry.target_group.as_ref();
    let is_by_instance = group.is_some_and(|group| group.target_type != Some(TargetType::Ip));
    let sources = [
        entry.target_group.is_some(),
        entry.target_group_arn.is_some(),
        entry.load_balancer_name.is_some(),
    ];
    let count = sources.into_iter().filter(|is_there| *is_there).count();
    [
        (count != 1, "", rules::ONE_TARGET),
        (
            is_awsvpc && entry.load_balancer_name.is_some(),
            "loadBalancerName",
            rules::CLASSIC_WITHOUT_AWSVPC,
        ),
        (
            is_awsvpc && is_by_instance,
            "targetGroup.targetType",
            rules::TARGETS_BY_ADDRESS,
        ),
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
