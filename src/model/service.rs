//! What AWS says of a service's members as a whole.

/// Members of which a change starts a deployment: tasks are replaced.
///
/// UpdateService says so of each but three: `capacityProviderStrategy` must be forced; `gatewayConnectors` and `monitoring`
/// are part of the service revision, which only a deployment makes anew (not stated by AWS; aws.md B2).
pub const STARTS_DEPLOYMENT: [&str; 11] = [
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "gatewayConnectors",
    "monitoring",
    "capacityProviderStrategy",
];

/// Members of which a change is refused without a forced deployment (UpdateService, parameter capacityProviderStrategy).
pub const FORCES_DEPLOYMENT: [&str; 1] = ["capacityProviderStrategy"];

/// Members that only a service revision has, not DescribeServices (ServiceRevision against Service and Deployment).
pub const ON_REVISION: [&str; 2] = ["gatewayConnectors", "monitoring"];

/// Members that stand at deployments, alone or fresher than at the service (Deployment against Service).
pub const ON_DEPLOYMENT: [&str; 7] = [
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "capacityProviderStrategy",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];
