//! Tables of what is sent for an edit of a service.

use serde_json::{Value, json};

use super::{
    Plan, State, Step, namespace,
    rollout::History,
    service::plan,
    service_tests::{TD1, TD2, declared, run, set, set_primary, steady},
};
use crate::{
    api::condition::Reason,
    desired::{
        service::{DesiredService, Known, References, desired},
        testing::{WEB, installation, spec},
    },
    model::observed::Service,
};

/// A service that declares much, without a load balancer.
pub(super) fn full() -> Value {
    json!({
        "clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": "web"}, "desiredCount": 2, "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}},
        "serviceRegistries": [{"registryArn": "arn:registry"}],
        "serviceConnectConfiguration": {"enabled": true, "services": [{"portName": "http", "tls": {"issuerCertificateAuthority": {}, "kmsKey": "k"}}]},
        "volumeConfigurations": [{"name": "data", "managedEBSVolume": {"roleArn": "r", "sizeInGiB": 8, "iops": 3000}}],
        "vpcLatticeConfigurations": [{"roleArn": "r", "targetGroupArn": "t", "portName": "http"}, {"roleArn": "r", "targetGroupArn": "u", "portName": "http"}],
        "gatewayConnectors": [{"portName": "http"}],
        "monitoring": {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]},
        "deploymentConfiguration": {
            "maximumPercent": 150, "minimumHealthyPercent": 50, "bakeTimeInMinutes": 5,
            "deploymentCircuitBreaker": {"enable": true, "rollback": true, "thresholdConfiguration": {"type": "COUNT", "value": 3}},
            "lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}],
        },
        "availabilityZoneRebalancing": "ENABLED", "enableExecuteCommand": true, "enableECSManagedTags": true,
        "propagateTags": "SERVICE", "tags": {"team": "a"},
    })
}

/// The same object after an edit, with what the status remembers of it before.
pub(super) fn edited(
    before: &DesiredService,
    after: Value,
    task_definition: &str,
) -> DesiredService {
    let known = Known {
        declared: before.declared.clone(),
        ..Known::default()
    };
    let references = References {
        cluster: "main".into(),
        task_definition: task_definition.into(),
    };
    desired(WEB, &spec(after), &references, &known, &installation()).unwrap()
}

/// The members of the one UpdateService of a plan.
pub(super) fn sent(plan: &Plan) -> Value {
    let [Step::UpdateService(input)] = plan.steps.as_slice() else {
        panic!("{plan:?}")
    };
    let mut input = input.clone();
    input.remove("cluster");
    input.remove("service");
    Value::Object(input)
}

/// The JSON Pointer's value.
pub(super) fn at<'a>(spec: &'a mut Value, path: &str) -> &'a mut Value {
    spec.pointer_mut(path).expect("a member")
}

/// Takes a member out.
pub(super) fn take_out(spec: &mut Value, path: &str) {
    let (block, member) = path.rsplit_once('/').unwrap();
    at(spec, block)
        .as_object_mut()
        .unwrap()
        .remove(member)
        .unwrap();
}

#[test]
fn one_edited_value_sends_its_member_alone_and_says_whether_tasks_roll() {
    let cases = [
        ("/desiredCount", json!(3), "desiredCount", false),
        ("/platformVersion", json!("1.3.0"), "platformVersion", true),
        (
            "/networkConfiguration/awsvpcConfiguration/assignPublicIp",
            json!("DISABLED"),
            "networkConfiguration",
            true,
        ),
        (
            "/serviceRegistries/0/registryArn",
            json!("arn:other"),
            "serviceRegistries",
            true,
        ),
        (
            "/serviceConnectConfiguration/services/0/tls/kmsKey",
            json!("l"),
            "serviceConnectConfiguration",
            true,
        ),
        (
            "/volumeConfigurations/0/managedEBSVolume/sizeInGiB",
            json!(9),
            "volumeConfigurations",
            true,
        ),
        (
            "/vpcLatticeConfigurations/1/targetGroupArn",
            json!("v"),
            "vpcLatticeConfigurations",
            true,
        ),
        (
            "/gatewayConnectors/0/portName",
            json!("grpc"),
            "gatewayConnectors",
            true,
        ),
        (
            "/monitoring/metricConfigurations/0/resolutionSeconds",
            json!(60),
            "monitoring",
            true,
        ),
        (
            "/deploymentConfiguration/maximumPercent",
            json!(160),
            "deploymentConfiguration",
            false,
        ),
        (
            "/deploymentConfiguration/lifecycleHooks/0/lifecycleStages",
            json!(["POST_SCALE_UP"]),
            "deploymentConfiguration",
            false,
        ),
        (
            "/availabilityZoneRebalancing",
            json!("DISABLED"),
            "availabilityZoneRebalancing",
            false,
        ),
        (
            "/enableExecuteCommand",
            json!(false),
            "enableExecuteCommand",
            false,
        ),
        (
            "/enableECSManagedTags",
            json!(false),
            "enableECSManagedTags",
            false,
        ),
        ("/propagateTags", json!("NONE"), "propagateTags", false),
    ];
    let before = declared(full(), TD1);
    assert_eq!(run(&before, &steady(&before)), Plan::settled());
    for (path, value, member, rolls) in cases {
        let mut after = full();
        *at(&mut after, path) = value;
        let desired = edited(&before, after.clone(), TD1);
        let plan = run(&desired, &steady(&before));
        assert_eq!(sent(&plan), json!({member: after[member]}), "{path}");
        assert_eq!(plan.rolls_tasks(), rolls, "{path}");
        assert_eq!(plan.changes.len(), 1, "{path}: {:?}", plan.changes);
    }
}

#[test]
fn lists_in_another_order_are_no_edit() {
    let before = declared(full(), TD1);
    let mut after = full();
    at(&mut after, "/vpcLatticeConfigurations")
        .as_array_mut()
        .unwrap()
        .reverse();
    assert_eq!(
        run(&edited(&before, after, TD1), &steady(&before)),
        Plan::settled()
    );
}

#[test]
fn what_stands_at_the_deployment_alone_is_compared() {
    let desired = declared(full(), TD1);
    let mut observed = steady(&desired);
    for member in [
        "serviceConnectConfiguration",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
    ] {
        set(&mut observed, member, Value::Null);
        set_primary(&mut observed, member, desired.members[member].clone());
    }
    assert_eq!(run(&desired, &observed), Plan::settled());
}

#[test]
fn what_was_not_read_is_not_changed() {
    let desired = declared(full(), TD1);
    let mut observed = steady(&desired);
    let service = observed.service.as_mut().unwrap();
    service.members.remove("gatewayConnectors");
    service.members.remove("monitoring");
    let is_waiting = |plan: &Plan| {
        let waits = matches!(&plan.state, State::Waiting(Reason::Updating, why) if why.contains("gatewayConnectors and monitoring"));
        plan.steps.is_empty() && waits
    };
    assert!(is_waiting(&run(&desired, &observed)));
    // A removal is not forgotten either.
    let mut after = full();
    take_out(&mut after, "/gatewayConnectors");
    assert!(is_waiting(&run(&edited(&desired, after, TD1), &observed)));
}

/// The tag that says which namespace was sent by name.
fn named(desired: &DesiredService) -> (String, String) {
    let tag = namespace::tag(&desired.members);
    tag.into_iter().next().expect("a tag")
}

/// `full` in a namespace of Service Connect.
fn connected(namespace: &str) -> Value {
    let mut spec = full();
    spec["serviceConnectConfiguration"]["namespace"] = json!(namespace);
    spec
}

#[test]
fn namespace_that_was_sent_by_name_is_its_arn_until_another_is_declared() {
    let before = declared(connected("one"), TD1);
    let mut observed = steady(&before);
    at_namespace(&mut observed, "arn:aws:servicediscovery:::namespace/ns-1");
    let service = observed.service.as_mut().unwrap();
    service.tags.extend([named(&before)]);
    assert_eq!(run(&before, &observed), Plan::settled());

    let after = edited(&before, connected("two"), TD1);
    let plan = run(&after, &observed);
    let [Step::UpdateService(update), Step::TagResource(tag)] = plan.steps.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(update["serviceConnectConfiguration"]["namespace"], "two");
    assert_eq!(
        tag["tags"],
        json!([{"key": named(&after).0, "value": named(&after).1}])
    );

    // A declared ARN says itself what it is: the tag would lie later.
    let arn = "arn:aws:servicediscovery:::namespace/ns-1";
    let plan = run(&edited(&before, connected(arn), TD1), &observed);
    assert!(
        matches!(plan.steps.as_slice(), [Step::UntagResource(_)]),
        "{plan:?}"
    );
}

#[test]
fn namespace_of_a_rollout_that_was_given_up_is_not_taken_for_the_declared_one() {
    let desired = declared(connected("two"), TD1);
    let mut observed = steady(&desired);
    at_namespace(&mut observed, "arn:aws:servicediscovery:::namespace/ns-1");
    observed
        .service
        .as_mut()
        .unwrap()
        .tags
        .extend([named(&desired)]);
    let history = History {
        rollout: Some(crate::api::service::Rollout {
            hash: Some(desired.rollout_hash.clone()),
            state: "Failed".into(),
            ..Default::default()
        }),
        ..History::default()
    };
    let plan = plan(&desired, &observed, &history);
    assert!(
        matches!(plan.state, State::Blocked(Reason::RolloutFailed, _)),
        "{plan:?}"
    );
    assert_eq!(plan.steps, []);
}

#[test]
fn namespace_that_is_taken_out_is_told() {
    let before = declared(connected("one"), TD1);
    let mut observed = steady(&before);
    at_namespace(&mut observed, "arn:aws:servicediscovery:::namespace/ns-1");
    let plan = run(&edited(&before, full(), TD1), &observed);
    assert!(
        matches!(&plan.state, State::Blocked(_, why) if why.contains("serviceConnectConfiguration.namespace")),
        "{plan:?}"
    );
}

/// AWS's namespace of the service.
fn at_namespace(observed: &mut Service, arn: &str) {
    let service = observed.service.as_mut().unwrap();
    service.members["serviceConnectConfiguration"]["namespace"] = json!(arn);
}

#[test]
fn another_task_definition_takes_its_volumes_along() {
    let before = declared(full(), TD1);
    let plan = run(&edited(&before, full(), TD2), &steady(&before));
    let volumes = &full()["volumeConfigurations"];
    assert_eq!(
        sent(&plan),
        json!({"taskDefinition": TD2, "volumeConfigurations": volumes})
    );
}

#[test]
fn latest_is_whatever_aws_makes_of_it_unless_it_is_older() {
    let mut latest = full();
    latest["platformVersion"] = json!("LATEST");
    let desired = declared(latest, TD1);
    for (version, family, is_sent) in [
        ("1.4.0", "Linux", false),
        ("1.5.0", "Linux", false),
        ("1.3.0", "Linux", true),
        ("1.0.0", "Windows_Server_2022_Core", false),
    ] {
        let mut observed = steady(&desired);
        set(&mut observed, "platformVersion", json!(version));
        set(&mut observed, "platformFamily", json!(family));
        let plan = run(&desired, &observed);
        assert_eq!(
            !plan.steps.is_empty(),
            is_sent,
            "{version} {family}: {plan:?}"
        );
    }
}
