//! Members that the user took out: back to AWS's documented default, in AWS's way, and never by guess.
//!
//! A member that was taken out is declared once more, as AWS's default; then it is compared and sent like any other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::{
    Members,
    declared::{DOCUMENTS, Paths, item_mut, segments, under},
    target_group,
};

/// Blocks of which AWS keeps the parts that a call does not name (aws.md 4.1).
const MERGED: [&str; 3] = [
    "/deploymentConfiguration",
    "/deploymentConfiguration/deploymentCircuitBreaker",
    "/configuration",
];

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

/// What is to be compared and sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completed {
    /// What is declared, and the defaults of what was taken out.
    pub members: Members,
    /// Members that AWS has no way to reset, by path, with what the user can do.
    kept: Vec<(String, &'static str)>,
}

/// What was taken out and stays in AWS: the path below `spec`, what AWS has, what the user can do.
pub type Kept = (String, Value, &'static str);

impl Completed {
    /// What AWS has no way to reset and has.
    pub fn kept_in(&self, observed: &Members) -> Vec<Kept> {
        let all = Value::Object(observed.clone());
        let kept = self.kept.iter();
        kept.filter_map(|(path, way)| {
            let seen = all.pointer(path).filter(|seen| !seen.is_null())?;
            let path = path.trim_start_matches('/').replace('/', ".");
            Some((path, seen.clone(), *way))
        })
        .collect()
    }
}

/// What is declared, completed by what was `removed`. `reset` says what becomes of a member, by its path without list
/// places and by the block that it was in.
pub fn complete<'a>(
    declared: &Members,
    removed: impl IntoIterator<Item = &'a str>,
    reset: impl Fn(&str, &Members) -> Reset,
) -> Completed {
    let mut completed = Completed {
        members: declared.clone(),
        kept: Vec::new(),
    };
    let mut done = BTreeSet::new();
    for path in removed {
        let segments: Vec<String> = segments(path).collect();
        if let Some(kept) = put_back(&mut completed.members, "", &segments, &reset, &mut done)
            && !completed.kept.contains(&kept)
        {
            completed.kept.push(kept);
        }
    }
    completed
}

/// Declares the outermost part of a path that is not declared any more; says when AWS has no way. `done` are the blocks that
/// were set back as a whole.
fn put_back(
    members: &mut Members,
    path: &str,
    segments: &[String],
    reset: &impl Fn(&str, &Members) -> Reset,
    done: &mut BTreeSet<String>,
) -> Option<(String, &'static str)> {
    let (key, rest) = segments.split_first()?;
    let path = format!("{path}/{key}");
    if MERGED.contains(&path.as_str()) {
        // What nobody declared in it stays: its parts go back one by one.
        members.entry(key.clone()).or_insert_with(|| json!({}));
    }
    match members.get_mut(key) {
        Some(_) if DOCUMENTS.contains(&key.as_str()) || done.contains(&path) => None,
        Some(Value::Object(block)) => put_back(block, &path, rest, reset, done),
        Some(Value::Array(items)) => {
            // An item that is gone is seen by the length of the list.
            let (identity, rest) = rest.split_first()?;
            put_back(item_mut(items, identity)?, &path, rest, reset, done)
        }
        Some(_) => None,
        None => match reset(&path, members) {
            Reset::To(value) => {
                if value.is_object() {
                    done.insert(path);
                }
                members.insert(key.clone(), value);
                None
            }
            Reset::Released => None,
            Reset::Kept(way) => Some((path, way)),
        },
    }
}

/// Sets back members of a service (UpdateService and its blocks; aws.md 4.1, 4.4).
pub fn service(path: &str, block: &Members, is_daemon: bool) -> Reset {
    let is = |key: &str, value: &str| block.get(key).and_then(Value::as_str) == Some(value);
    let (most, least) = if is_daemon { (100, 0) } else { (200, 100) };
    Reset::To(match path {
        "/desiredCount" => return Reset::Released,
        "/launchType" if block.contains_key("capacityProviderStrategy") => return Reset::Released,
        "/launchType" => {
            return Reset::Kept(
                "Declare it again, or move the service to a capacityProviderStrategy.",
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
        "/serviceConnectConfiguration" => json!({"enabled": false}),
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
        "/deploymentConfiguration/earlySuccessCriteria" => json!({"enable": false}),
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
        // The default of the account setting of the same name.
        "/settings" => json!([{"name": "containerInsights", "value": "disabled"}]),
        "/configuration/executeCommandConfiguration" => json!({"logging": "DEFAULT"}),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::declared::paths;

    fn members(json: Value) -> Members {
        json.as_object().cloned().expect("an object")
    }

    /// What is compared when `before` was declared and `after` is.
    fn taken_out(before: Value, after: Value) -> Completed {
        let (before, after) = (members(before), members(after));
        let removed: Paths = &paths("", &before) - &paths("", &after);
        let removed = removed.iter().map(String::as_str);
        complete(&after, removed, |path, block| service(path, block, false))
    }

    #[test]
    fn members_go_back_to_awss_default_by_awss_way() {
        let cases = [
            (
                json!({"loadBalancers": [{"containerName": "a"}]}),
                json!({"loadBalancers": []}),
            ),
            (
                json!({"healthCheckGracePeriodSeconds": 9}),
                json!({"healthCheckGracePeriodSeconds": 0}),
            ),
            (
                json!({"propagateTags": "SERVICE"}),
                json!({"propagateTags": "NONE"}),
            ),
            (
                json!({"platformVersion": "1.3.0"}),
                json!({"platformVersion": "LATEST"}),
            ),
            (
                json!({"serviceConnectConfiguration": {"enabled": true}}),
                json!({"serviceConnectConfiguration": {"enabled": false}}),
            ),
            (json!({"desiredCount": 3}), json!({})),
        ];
        for (before, after) in cases {
            let completed = taken_out(before.clone(), json!({}));
            assert_eq!(Value::Object(completed.members), after, "{before}");
            assert_eq!(completed.kept, [], "{before}");
        }
    }

    #[test]
    fn values_in_a_block_go_back_and_the_rest_stays() {
        let before = json!({"deploymentConfiguration": {"maximumPercent": 150, "minimumHealthyPercent": 50, "lifecycleHooks": [{"targetType": "PAUSE", "timeoutConfiguration": {"action": "CONTINUE"}}]}});
        let after = json!({"deploymentConfiguration": {"minimumHealthyPercent": 50, "lifecycleHooks": [{"targetType": "PAUSE"}]}});
        let completed = taken_out(before, after);
        assert_eq!(
            Value::Object(completed.members),
            json!({"deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 50, "lifecycleHooks": [{"targetType": "PAUSE", "timeoutConfiguration": null}]}})
        );
    }

    #[test]
    fn parts_of_a_merged_block_that_were_never_declared_stay() {
        let breaker = json!({"enable": true, "rollback": true});
        for (before, after) in [
            (
                json!({"maximumPercent": 150}),
                json!({"maximumPercent": 200}),
            ),
            (
                json!({"deploymentCircuitBreaker": breaker}),
                json!({"deploymentCircuitBreaker": {"enable": false, "rollback": false}}),
            ),
            (json!({}), json!({})),
        ] {
            let completed = taken_out(json!({"deploymentConfiguration": before}), json!({}));
            assert_eq!(
                completed.members["deploymentConfiguration"], after,
                "{before}"
            );
        }
    }

    #[test]
    fn block_that_is_reset_whole_keeps_nothing_back() {
        let completed = taken_out(
            json!({"serviceConnectConfiguration": {"enabled": true, "namespace": "n", "services": [{"portName": "p"}]}}),
            json!({}),
        );
        assert_eq!(
            Value::Object(completed.members),
            json!({"serviceConnectConfiguration": {"enabled": false}})
        );
        assert_eq!(completed.kept, []);
    }

    #[test]
    fn namespace_that_is_taken_out_is_told_while_aws_has_one() {
        let completed = taken_out(
            json!({"serviceConnectConfiguration": {"enabled": true, "namespace": "n"}}),
            json!({"serviceConnectConfiguration": {"enabled": true}}),
        );
        let seen = json!({"serviceConnectConfiguration": {"enabled": true, "namespace": "arn:n"}});
        let kept = completed.kept_in(&members(seen));
        assert!(
            matches!(kept.as_slice(), [(path, value, _)] if path == "serviceConnectConfiguration.namespace" && value == "arn:n"),
            "{kept:?}"
        );
    }

    #[test]
    fn items_that_go_or_change_places_reset_nothing_of_the_others() {
        let first =
            json!({"portName": "a", "discoveryName": "x", "timeout": {"idleTimeoutSeconds": 9}});
        let other = json!({"portName": "b"});
        let services =
            |items: &[&Value]| json!({"serviceConnectConfiguration": {"services": items}});
        for after in [services(&[&other]), services(&[&other, &first])] {
            let completed = taken_out(services(&[&first, &other]), after.clone());
            assert_eq!(Value::Object(completed.members), after);
        }
        let moved = json!({"portName": "a", "discoveryName": "x"});
        let completed = taken_out(services(&[&first, &other]), services(&[&other, &moved]));
        assert_eq!(
            completed.members["serviceConnectConfiguration"]["services"],
            json!([{"portName": "b"}, {"portName": "a", "discoveryName": "x", "timeout": null}])
        );
    }

    #[test]
    fn documents_are_never_completed() {
        let hooks = |details: Value| json!({"deploymentConfiguration": {"lifecycleHooks": [{"hookTargetArn": "f", "hookDetails": details}]}});
        let after = hooks(json!({"a": 1}));
        let completed = taken_out(hooks(json!({"a": 1, "b": {"c": 2}})), after.clone());
        assert_eq!(Value::Object(completed.members), after);
        // As an earlier version of the operator remembers it.
        let old = "/deploymentConfiguration/lifecycleHooks/hookTargetArn=f/hookDetails/b";
        let completed = complete(&members(after.clone()), [old], |path, block| {
            service(path, block, false)
        });
        assert_eq!(Value::Object(completed.members), after);
    }

    #[test]
    fn shorter_list_is_no_default() {
        let before = json!({"placementConstraints": [{"type": "distinctInstance"}, {"type": "memberOf", "expression": "x"}]});
        let after = json!({"placementConstraints": [{"type": "distinctInstance"}]});
        assert_eq!(
            Value::Object(taken_out(before, after.clone()).members),
            after
        );
    }

    #[test]
    fn what_aws_cannot_reset_is_told() {
        for (before, member) in [
            (
                json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"]}}}),
                "networkConfiguration",
            ),
            (
                json!({"availabilityZoneRebalancing": "ENABLED"}),
                "availabilityZoneRebalancing",
            ),
            (json!({"launchType": "FARGATE"}), "launchType"),
        ] {
            let completed = taken_out(before, json!({}));
            assert!(matches!(completed.kept.as_slice(), [(told, _)] if told[1..] == *member));
        }
        let moved = taken_out(
            json!({"launchType": "FARGATE"}),
            json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}),
        );
        assert_eq!(moved.kept, []);
    }

    #[test]
    fn linear_steps_go_with_their_strategy() {
        let linear = json!({"deploymentConfiguration": {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50}}});
        let rolling = taken_out(
            linear.clone(),
            json!({"deploymentConfiguration": {"strategy": "ROLLING"}}),
        );
        assert_eq!(
            rolling.members["deploymentConfiguration"],
            json!({"strategy": "ROLLING"})
        );
        let still = taken_out(
            linear,
            json!({"deploymentConfiguration": {"strategy": "LINEAR"}}),
        );
        assert_eq!(
            still.members["deploymentConfiguration"]["linearConfiguration"]["stepPercent"],
            10.0
        );
    }
}
