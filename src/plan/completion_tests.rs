//! Tables of what is compared when members were taken out.

use serde_json::{Value, json};

use super::{
    completion::{Completed, complete},
    diff::without_nulls,
    reset::{Origin, service},
};
use crate::model::{
    Members,
    declared::{Paths, paths, under},
};

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
        |path, block| service(path, block, Origin::default()),
        is_new,
    )
}

/// What is compared, without the nulls: what a call would have.
fn sent(completed: &Completed) -> Value {
    without_nulls(&Value::Object(completed.members.clone()))
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
        assert_eq!(sent(&completed), after, "{before}");
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
    assert_eq!(completed.kept, []);
    assert_eq!(
        sent(&completed),
        json!({"serviceConnectConfiguration": {"enabled": false}})
    );
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
    let services = |items: &[&Value]| json!({"serviceConnectConfiguration": {"services": items}});
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
        |path, block| service(path, block, Origin::default()),
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
