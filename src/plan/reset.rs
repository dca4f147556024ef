//! Members that the user took out: back to AWS's documented default, in AWS's way, and never by guess.
//!
//! A member that was taken out is declared once more, as AWS's default; then it is compared and sent like any other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::{
    Members,
    declared::{DOCUMENTS, Paths, below, meant, segments, under},
    target_group,
};

/// Blocks of which AWS keeps the parts that a call does not name (aws.md 4.1).
const MERGED: [&str; 3] = [
    "/deploymentConfiguration",
    "/deploymentConfiguration/deploymentCircuitBreaker",
    "/configuration",
];

/// Lists of capacity providers with their weights.
const STRATEGIES: [&str; 2] = [
    "capacityProviderStrategy",
    "defaultCapacityProviderStrategy",
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

/// What is declared, completed by what was `removed`. `reset` says what becomes of a member, by its path without list items
/// and by the block that it was in; `is_new`, whether nothing of the list item at a path was declared before.
pub fn complete<'a>(
    declared: &Members,
    removed: impl IntoIterator<Item = &'a str>,
    reset: impl Fn(&str, &Members) -> Reset,
    is_new: impl Fn(&str) -> bool,
) -> Completed {
    let mut completion = Completion {
        reset,
        is_new,
        done: BTreeSet::new(),
        kept: Vec::new(),
    };
    let mut members = declared.clone();
    for path in removed {
        let segments: Vec<String> = segments(path).collect();
        completion.put_back(&mut members, "", "", &segments);
    }
    for strategy in STRATEGIES {
        release_lone_weight(members.get_mut(strategy));
    }
    Completed {
        members,
        kept: completion.kept,
    }
}

/// One provider has all tasks, whatever its weight; which one AWS shows then differs by how it was set (aws.md 4.4).
fn release_lone_weight(strategy: Option<&mut Value>) {
    if let Some([Value::Object(only)]) = strategy
        .and_then(Value::as_array_mut)
        .map(Vec::as_mut_slice)
        && only.get("weight") == Some(&Value::Null)
    {
        only.remove("weight");
    }
}

/// A declaration that is being completed.
struct Completion<R, N> {
    reset: R,
    is_new: N,
    /// Blocks that were set back as a whole.
    done: BTreeSet<String>,
    /// Members that AWS has no way to reset.
    kept: Vec<(String, &'static str)>,
}

impl<R: Fn(&str, &Members) -> Reset, N: Fn(&str) -> bool> Completion<R, N> {
    /// Declares the outermost part of a path that is not declared any more. `path` is where `members` stand, without list
    /// items, `place` the same with them.
    fn put_back(&mut self, members: &mut Members, path: &str, place: &str, segments: &[String]) {
        let Some((key, rest)) = segments.split_first() else {
            return;
        };
        let (path, place) = (format!("{path}/{key}"), below(place, key));
        if MERGED.contains(&path.as_str()) {
            // What nobody declared in it stays: its parts go back one by one.
            members.entry(key.clone()).or_insert_with(|| json!({}));
        }
        match members.get_mut(key) {
            Some(_) if DOCUMENTS.contains(&key.as_str()) || self.done.contains(&path) => {}
            Some(Value::Object(block)) => self.put_back(block, &path, &place, rest),
            // A list that says nothing is as good as none.
            Some(Value::Array(items)) if !items.is_empty() => {
                let Some((item, rest)) = rest.split_first() else {
                    return;
                };
                let is_new = |name: &str| (self.is_new)(&below(&place, name));
                for index in meant(items, item, is_new) {
                    if let Some(members) = items[index].as_object_mut() {
                        self.put_back(members, &path, &below(&place, item), rest);
                    }
                }
            }
            Some(value) if !value.is_array() => {}
            _ => self.reset(members, key, path),
        }
    }

    /// Declares AWS's default of a member that is not declared.
    fn reset(&mut self, members: &mut Members, key: &str, path: String) {
        match (self.reset)(&path, members) {
            Reset::To(value) => {
                if value.is_object() {
                    self.done.insert(path);
                }
                members.insert(key.to_owned(), value);
            }
            Reset::Released => {}
            Reset::Kept(way) => {
                if !self.kept.contains(&(path.clone(), way)) {
                    self.kept.push((path, way));
                }
            }
        }
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
        let was_declared = paths("", &before);
        let is_new = |item: &str| under(&was_declared, item).next().is_none();
        complete(
            &after,
            removed,
            |path, block| service(path, block, false),
            is_new,
        )
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
    fn member_that_is_taken_out_of_an_item_is_reset_whatever_names_the_item() {
        let cases = [
            (
                json!({"serviceRegistries": [{"registryArn": "r", "containerName": "a", "containerPort": 1}]}),
                json!({"serviceRegistries": [{"containerName": "a", "containerPort": 1}]}),
                json!({"serviceRegistries": [{"registryArn": null, "containerName": "a", "containerPort": 1}]}),
            ),
            (
                json!({"placementConstraints": [{"type": "memberOf", "expression": "x"}]}),
                json!({"placementConstraints": [{"type": "memberOf"}]}),
                json!({"placementConstraints": [{"type": "memberOf", "expression": null}]}),
            ),
            (
                json!({"volumeConfigurations": [{"name": "v", "tags": [{"key": "k", "value": "x"}]}]}),
                json!({"volumeConfigurations": [{"name": "v", "tags": [{"key": "k"}]}]}),
                json!({"volumeConfigurations": [{"name": "v", "tags": [{"key": "k", "value": null}]}]}),
            ),
        ];
        for (before, after, wanted) in cases {
            let completed = taken_out(before, after.clone());
            assert_eq!(Value::Object(completed.members), wanted, "{after}");
        }
    }

    #[test]
    fn weight_of_the_only_provider_is_let_go_and_one_of_several_is_reset() {
        let strategy = |items: Value| json!({"capacityProviderStrategy": items});
        let spot = json!({"capacityProvider": "b", "weight": 1});
        let only = strategy(json!([{"capacityProvider": "a"}]));
        let before = strategy(json!([{"capacityProvider": "a", "weight": 2}]));
        let completed = taken_out(before, only.clone());
        assert_eq!(Value::Object(completed.members), only);
        let completed = taken_out(
            strategy(json!([{"capacityProvider": "a", "weight": 2}, spot])),
            strategy(json!([{"capacityProvider": "a"}, spot])),
        );
        let wanted = strategy(json!([{"capacityProvider": "a", "weight": null}, spot]));
        assert_eq!(Value::Object(completed.members), wanted);
    }

    #[test]
    fn list_that_says_nothing_is_reset_like_one_that_is_taken_out() {
        let before = json!({"placementConstraints": [{"type": "distinctInstance"}]});
        let emptied = taken_out(before.clone(), json!({"placementConstraints": []}));
        assert_eq!(emptied, taken_out(before, json!({})));
    }

    #[test]
    fn documents_are_never_completed() {
        let hooks = |details: Value| json!({"deploymentConfiguration": {"lifecycleHooks": [{"hookTargetArn": "f", "hookDetails": details}]}});
        let after = hooks(json!({"a": 1}));
        let completed = taken_out(hooks(json!({"a": 1, "b": {"c": 2}})), after.clone());
        assert_eq!(Value::Object(completed.members), after);
        // As an earlier version of the operator remembers it.
        let old = "/deploymentConfiguration/lifecycleHooks/hookTargetArn=f/hookDetails/b";
        let completed = complete(
            &members(after.clone()),
            [old],
            |path, block| service(path, block, false),
            |_| false,
        );
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
