//! Tables of what becomes of members of a service that are taken out.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Plan, State, Step,
    reset::{self, Reset},
    rollout::History,
    service::plan,
    service_diff_tests::{edited, full, sent, take_out},
    service_tests::{TD1, balanced, declared, members, run, set, steady},
};
use crate::{
    api::condition::Reason,
    desired::service::DesiredService,
    model::{Members, observed::Service},
};

#[test]
fn members_that_are_taken_out_are_reset_in_awss_way_and_the_rest_of_a_block_is_sent_with_them() {
    let block = |change: fn(&mut Value)| {
        let mut block = full()["deploymentConfiguration"].clone();
        change(&mut block);
        json!({"deploymentConfiguration": block})
    };
    let cases = [
        ("/platformVersion", None),
        ("/serviceRegistries", Some(json!({"serviceRegistries": []}))),
        (
            "/serviceConnectConfiguration",
            Some(json!({"serviceConnectConfiguration": {"enabled": false}})),
        ),
        (
            "/serviceConnectConfiguration/services/0/tls",
            Some(
                json!({"serviceConnectConfiguration": {"enabled": true, "services": [{"portName": "http"}]}}),
            ),
        ),
        (
            "/volumeConfigurations",
            Some(json!({"volumeConfigurations": []})),
        ),
        (
            "/volumeConfigurations/0/managedEBSVolume/iops",
            Some(
                json!({"volumeConfigurations": [{"name": "data", "managedEBSVolume": {"roleArn": "r", "sizeInGiB": 8}}]}),
            ),
        ),
        (
            "/vpcLatticeConfigurations",
            Some(json!({"vpcLatticeConfigurations": []})),
        ),
        ("/gatewayConnectors", Some(json!({"gatewayConnectors": []}))),
        (
            "/monitoring",
            Some(json!({"monitoring": {"metricConfigurations": []}})),
        ),
        (
            "/enableExecuteCommand",
            Some(json!({"enableExecuteCommand": false})),
        ),
        (
            "/enableECSManagedTags",
            Some(json!({"enableECSManagedTags": false})),
        ),
        ("/propagateTags", Some(json!({"propagateTags": "NONE"}))),
        ("/desiredCount", None),
        (
            "/networkConfiguration/awsvpcConfiguration/securityGroups",
            Some(
                json!({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": [], "assignPublicIp": "ENABLED"}}}),
            ),
        ),
        (
            "/deploymentConfiguration/maximumPercent",
            Some(block(|b| b["maximumPercent"] = json!(200))),
        ),
        (
            "/deploymentConfiguration/lifecycleHooks",
            Some(block(|b| b["lifecycleHooks"] = json!([]))),
        ),
        (
            "/deploymentConfiguration/deploymentCircuitBreaker/thresholdConfiguration",
            Some(block(|b| {
                b["deploymentCircuitBreaker"]["thresholdConfiguration"] =
                    json!({"type": "BOUNDED_PERCENT", "value": 50})
            })),
        ),
    ];
    let before = declared(full(), TD1);
    for (path, wanted) in cases {
        let mut after = full();
        take_out(&mut after, path);
        let desired = edited(&before, after, TD1);
        let plan = run(&desired, &steady(&before));
        match wanted {
            Some(wanted) => assert_eq!(sent(&plan), wanted, "{path}"),
            None => assert_eq!(plan, Plan::settled(), "{path}"),
        }
        // Once AWS has it, nothing is left to do, although the status may still know the earlier declaration.
        let mut done = steady(&before);
        if !plan.steps.is_empty() {
            for (member, value) in sent(&plan).as_object().unwrap() {
                set(&mut done, member, value.clone());
            }
        }
        assert_eq!(run(&desired, &done), Plan::settled(), "{path}");
    }
}

#[test]
fn nothing_is_left_of_a_block_that_was_off_when_it_was_taken_out() {
    let deployment =
        |criteria: Value| json!({"deploymentConfiguration": {"earlySuccessCriteria": criteria}});
    let connect = json!({"enabled": false, "accessLogConfiguration": {"format": "TEXT"}, "logConfiguration": {"logDriver": "awslogs"}});
    let criteria = json!({"enable": false, "healthyPercent": 50});
    for (block, taken_out, wanted) in [
        (
            json!({"serviceConnectConfiguration": connect}),
            "/serviceConnectConfiguration",
            json!({"serviceConnectConfiguration": {"enabled": false}}),
        ),
        (
            deployment(criteria),
            "/deploymentConfiguration",
            deployment(json!({"enable": false})),
        ),
    ] {
        let with = |block: Value| {
            let mut spec = full();
            take_out(&mut spec, taken_out);
            spec.as_object_mut().unwrap().extend(members(block));
            spec
        };
        let before = declared(with(block.clone()), TD1);
        let desired = edited(&before, with(json!({})), TD1);
        assert_eq!(sent(&run(&desired, &steady(&before))), wanted, "{block}");
        let done = steady(&declared(with(wanted), TD1));
        assert_eq!(run(&desired, &done), Plan::settled(), "{block}");
    }
}

/// A member that AWS adds must not stay behind when the block is taken out while it is off.
#[test]
fn blocks_that_can_be_off_are_reset_with_every_member() {
    let keys = |value: &Value| -> BTreeSet<String> {
        value
            .as_object()
            .expect("a block")
            .keys()
            .cloned()
            .collect()
    };
    let connect = schemars::schema_for!(crate::api::service_connect::ServiceConnectConfiguration);
    let criteria = schemars::schema_for!(crate::api::deployment::DeploymentEarlySuccessCriteria);
    for (path, schema, from_aws) in [
        ("/serviceConnectConfiguration", connect, &["namespace"][..]),
        (
            "/deploymentConfiguration/earlySuccessCriteria",
            criteria,
            &[],
        ),
    ] {
        let Reset::To(value) = reset::service(path, &Members::new(), reset::Origin::default())
        else {
            panic!("{path} stays")
        };
        let mut members = keys(&schema.as_value()["properties"]);
        members.retain(|member| !from_aws.contains(&member.as_str()));
        assert_eq!(keys(&value), members, "{path}");
    }
}

#[test]
fn early_success_criteria_that_go_with_their_strategy_are_off() {
    let deployment = |block: Value| {
        let mut spec = full();
        spec["deploymentConfiguration"] = block;
        spec
    };
    let criteria =
        json!({"enable": true, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"});
    let before = declared(deployment(json!({"earlySuccessCriteria": criteria})), TD1);
    let desired = edited(
        &before,
        deployment(json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5})),
        TD1,
    );
    assert_eq!(
        sent(&run(&desired, &steady(&before))),
        json!({"deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5, "earlySuccessCriteria": {"enable": false}}})
    );
}

#[test]
fn what_aws_cannot_reset_is_told_and_everything_else_is_done() {
    let before = declared(full(), TD1);
    for member in [
        "networkConfiguration",
        "availabilityZoneRebalancing",
        "launchType",
    ] {
        let mut after = full();
        take_out(&mut after, &format!("/{member}"));
        if member == "launchType" {
            take_out(&mut after, "/platformVersion");
        }
        after["desiredCount"] = json!(7);
        let desired = edited(&before, after, TD1);
        let mut observed = steady(&before);
        assert_eq!(
            sent(&run(&desired, &observed)),
            json!({"desiredCount": 7}),
            "{member}"
        );
        set(&mut observed, "desiredCount", json!(7));
        set(&mut observed, "runningCount", json!(7));
        let plan = run(&desired, &observed);
        assert!(
            matches!(&plan.state, State::Blocked(Reason::InvalidSpec, m) if m.contains(member) && m.contains("Declare")),
            "{plan:?}"
        );
        assert_eq!(plan.steps, []);
    }
}

#[test]
fn tags_that_are_taken_out_go_and_foreign_ones_stay() {
    let before = declared(full(), TD1);
    let mut observed = steady(&before);
    observed
        .service
        .as_mut()
        .unwrap()
        .tags
        .insert("cost".into(), "1".into());
    let mut after = full();
    take_out(&mut after, "/tags/team");
    let plan = run(&edited(&before, after, TD1), &observed);
    let [Step::UntagResource(input)] = plan.steps.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(input["tagKeys"], json!(["team"]));
}

#[test]
fn launch_type_and_strategy_take_turns() {
    let on_launch_type = declared(full(), TD1);
    let mut strategy = full();
    take_out(&mut strategy, "/launchType");
    strategy["capacityProviderStrategy"] =
        json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let on_strategy = edited(&on_launch_type, strategy.clone(), TD1);
    let there = sent(&run(&on_strategy, &steady(&on_launch_type)));
    let items = &strategy["capacityProviderStrategy"];
    assert_eq!(
        there,
        json!({"capacityProviderStrategy": items, "forceNewDeployment": true})
    );
    // AWS shows a launch type beside a strategy only if the service was created with it.
    let back = edited(&on_strategy, full(), TD1);
    let mut observed = steady(&on_strategy);
    set(&mut observed, "launchType", json!("FARGATE"));
    assert_eq!(
        sent(&run(&back, &observed)),
        json!({"capacityProviderStrategy": [], "forceNewDeployment": true})
    );
    set(&mut observed, "launchType", json!("EC2"));
    assert_eq!(run(&back, &observed).steps, []);
}

#[test]
fn strategy_is_not_left_by_guess_and_the_way_out_is_told() {
    let mut with_strategy = full();
    take_out(&mut with_strategy, "/launchType");
    take_out(&mut with_strategy, "/platformVersion");
    with_strategy["capacityProviderStrategy"] =
        json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let before = declared(with_strategy.clone(), TD1);
    let observed = steady(&before);
    let after = |member: &str, value: Value| {
        let mut after = with_strategy.clone();
        take_out(&mut after, "/capacityProviderStrategy");
        after[member] = value;
        run(&edited(&before, after, TD1), &observed)
    };
    let cases = [
        (
            "launchType",
            json!("FARGATE"),
            "{capacityProvider: FARGATE}",
        ),
        ("launchType", json!("EC2"), "another EcsService"),
        ("capacityProviderStrategy", json!([]), "another EcsService"),
        ("desiredCount", json!(2), "was taken out"),
    ];
    for (member, value, way_out) in cases {
        let plan = after(member, value.clone());
        assert_eq!(plan.steps, [], "{member} {value}");
        assert!(
            matches!(&plan.state, State::Blocked(Reason::InvalidSpec, why) if why.contains("FARGATE_SPOT") && why.contains(way_out)),
            "{member} {value}: {plan:?}"
        );
    }
}

/// The declared target group's one call.
fn group_step(before: &DesiredService, observed: &Service, edit: impl Fn(&mut Value)) -> Step {
    let mut after = rich_group();
    edit(&mut after["loadBalancers"][0]["targetGroup"]);
    let plan = plan(&edited(before, after, TD1), observed, &History::default());
    let [step] = plan.steps.as_slice() else {
        panic!("{plan:?}")
    };
    step.clone()
}

fn rich_group() -> Value {
    let mut spec = balanced();
    let group = &mut spec["loadBalancers"][0]["targetGroup"];
    for (member, value) in members(json!({
        "healthCheckPath": "/ready", "healthCheckIntervalSeconds": 10, "matcher": {"httpCode": "200-299"},
        "attributes": {"deregistration_delay.timeout_seconds": "5", "stickiness.enabled": "true"},
    })) {
        group[&member] = value;
    }
    spec
}

#[test]
fn settings_and_attributes_of_a_target_group_go_back_to_awss_defaults() {
    let before = declared(rich_group(), TD1);
    let observed = steady(&before);
    let remove = |member: &'static str| {
        move |group: &mut Value| drop(group.as_object_mut().unwrap().remove(member))
    };
    let Step::ModifyTargetGroup(input) = group_step(&before, &observed, remove("healthCheckPath"))
    else {
        panic!("no settings")
    };
    assert_eq!(
        (input["healthCheckPath"].clone(), input.len()),
        (json!("/"), 2)
    );
    let Step::ModifyTargetGroup(input) = group_step(&before, &observed, remove("matcher")) else {
        panic!("no settings")
    };
    assert_eq!(input["matcher"], json!({"httpCode": "200"}));
    let no_stickiness = |group: &mut Value| {
        take_out(group, "/attributes/stickiness.enabled");
    };
    let Step::ModifyTargetGroupAttributes(input) = group_step(&before, &observed, no_stickiness)
    else {
        panic!("no attributes")
    };
    assert_eq!(
        input["attributes"],
        json!([{"key": "stickiness.enabled", "value": "false"}])
    );
}

#[test]
fn attribute_without_a_documented_default_is_told() {
    let mut odd = rich_group();
    odd["loadBalancers"][0]["targetGroup"]["attributes"]["new.attribute"] = json!("x");
    let before = declared(odd, TD1);
    let observed = steady(&before);
    let plan = run(&edited(&before, rich_group(), TD1), &observed);
    assert!(
        matches!(&plan.state, State::Blocked(Reason::InvalidSpec, m) if m.contains("new.attribute")),
        "{plan:?}"
    );
}
