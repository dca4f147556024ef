//! Members that the user took out: back to AWS's documented default, in AWS's way, and never by guess.

use serde_json::{Value, json};

use crate::model::{
    Members,
    declared::{Paths, segments, under},
    target_group,
};

/// What becomes of a member that is no longer declared.
#[derive(Clone, Debug, PartialEq)]
pub enum Reset {
    /// AWS's default. Null in a block: the block is sent without it.
    To(Value),
    /// It belongs to others from now on, as its documentation says.
    Released,
    /// AWS has no way back; what the user can do.
    Kept(&'static str),
}

/// What AWS's defaults of a service depend on besides its other members.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin {
    /// It runs one task per instance.
    pub is_daemon: bool,
    /// It was created with a launch type.
    pub had_launch_type: bool,
}

/// Sets back members of a service (UpdateService and its blocks; aws.md 4.1, 4.4).
pub fn service(path: &str, block: &Members, origin: Origin) -> Reset {
    let is = |key: &str, value: &str| block.get(key).and_then(Value::as_str) == Some(value);
    let (most, least) = if origin.is_daemon {
        (100, 0)
    } else {
        (200, 100)
    };
    Reset::To(match path {
        "/desiredCount" => return Reset::Released,
        "/launchType" if block.contains_key("capacityProviderStrategy") => return Reset::Released,
        "/launchType" => {
            return Reset::Kept(
                "Declare it again, or move the service to a capacityProviderStrategy.",
            );
        }
        "/capacityProviderStrategy" if !origin.had_launch_type => {
            return Reset::Kept(
                "Declare the strategy that is wanted, or create another EcsService: AWS goes back to a launch type only if the service was created with one.",
            );
        }
        "/availabilityZoneRebalancing" => {
            return Reset::Kept("Declare ENABLED or DISABLED.");
        }
        "/networkConfiguration" => {
            return Reset::Kept(
                "Declare it again; for another network mode create another EcsService.",
            );
        }
        "/schedulingStrategy" | "/role" => {
            return Reset::Kept("Declare it again, or create another EcsService.");
        }
        "/serviceConnectConfiguration/namespace" => {
            return Reset::Kept(
                "Declare the namespace that is wanted, the cluster's default for example.",
            );
        }
        "/capacityProviderStrategy"
        | "/loadBalancers"
        | "/serviceRegistries"
        | "/placementConstraints"
        | "/placementStrategy"
        | "/volumeConfigurations"
        | "/vpcLatticeConfigurations"
        | "/gatewayConnectors"
        | "/deploymentConfiguration/lifecycleHooks"
        | "/networkConfiguration/awsvpcConfiguration/securityGroups" => json!([]),
        "/healthCheckGracePeriodSeconds" | "/deploymentConfiguration/bakeTimeInMinutes" => json!(0),
        "/propagateTags" => json!("NONE"),
        "/enableECSManagedTags" | "/enableExecuteCommand" => json!(false),
        "/platformVersion" => json!("LATEST"),
        "/deploymentController" => json!({"type": "ECS"}),
        // All that it can have: one that is off may have the rest. Its namespace comes from AWS as well.
        "/serviceConnectConfiguration" => {
            json!({"enabled": false, "services": null, "logConfiguration": null, "accessLogConfiguration": null, "containerConfigurations": null})
        }
        "/serviceConnectConfiguration/services/discoveryName" => {
            block.get("portName").cloned().unwrap_or_default()
        }
        "/monitoring" => json!({"metricConfigurations": []}),
        "/networkConfiguration/awsvpcConfiguration/assignPublicIp" => json!("DISABLED"),
        "/deploymentConfiguration/strategy" => json!("ROLLING"),
        "/deploymentConfiguration/maximumPercent" => json!(most),
        "/deploymentConfiguration/minimumHealthyPercent" => json!(least),
        "/deploymentConfiguration/deploymentCircuitBreaker/enable"
        | "/deploymentConfiguration/deploymentCircuitBreaker/rollback" => json!(false),
        "/deploymentConfiguration/deploymentCircuitBreaker/resetOnHealthyTask" => json!(true),
        "/deploymentConfiguration/deploymentCircuitBreaker/thresholdConfiguration" => {
            json!({"type": "BOUNDED_PERCENT", "value": 50})
        }
        "/deploymentConfiguration/alarms" => alarms(),
        // As above.
        "/deploymentConfiguration/earlySuccessCriteria" => {
            json!({"enable": false, "healthyPercent": null, "sourceServiceRevisionCleanup": null})
        }
        "/deploymentConfiguration/linearConfiguration" if is("strategy", "LINEAR") => {
            json!({"stepPercent": 10.0, "stepBakeTimeInMinutes": 6})
        }
        "/deploymentConfiguration/canaryConfiguration" if is("strategy", "CANARY") => {
            json!({"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10})
        }
        // AWS takes neither without its strategy: they go with it.
        "/deploymentConfiguration/linearConfiguration"
        | "/deploymentConfiguration/canaryConfiguration" => return Reset::Released,
        _ => Value::Null,
    })
}

fn alarms() -> Value {
    json!({"alarmNames": [], "enable": false, "rollback": false})
}

/// Sets back settings of a target group (ELBv2 CreateTargetGroup's defaults).
pub fn target_group(path: &str, members: &Members) -> Reset {
    Reset::To(target_group::default(path.trim_start_matches('/'), members))
}

/// Sets back members of a cluster (UpdateCluster, PutClusterCapacityProviders).
pub fn cluster(path: &str) -> Reset {
    Reset::To(match path {
        "/settings" => {
            return Reset::Kept(
                "Declare the value that is wanted, disabled for example: AWS has no way back to the account's setting.",
            );
        }
        // All that it can have: one that logs by default may have a key.
        "/configuration/executeCommandConfiguration" => {
            json!({"logging": "DEFAULT", "kmsKeyId": null, "logConfiguration": null})
        }
        "/configuration/executeCommandConfiguration/logging" => json!("DEFAULT"),
        "/configuration/managedStorageConfiguration"
        | "/configuration/managedStorageConfiguration/kmsKeyId"
        | "/configuration/managedStorageConfiguration/fargateEphemeralStorageKmsKeyId" => {
            return Reset::Kept(
                "Declare the key that is wanted: AWS tells no way back to its own.",
            );
        }
        // Both are always set together: an empty list of one is as good as none.
        "/capacityProviders" | "/defaultCapacityProviderStrategy" => json!([]),
        "/serviceConnectDefaults" => json!({"namespace": ""}),
        _ => Value::Null,
    })
}

/// Keys of tags that the user took out.
pub fn tags(removed: &Paths) -> Vec<String> {
    under(removed, "/tags")
        .filter_map(|path| segments(path).next())
        .collect()
}
