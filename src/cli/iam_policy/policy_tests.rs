use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::policy::{Scope, notes, policy};
use crate::aws::{ecs::Operation, elbv2};

const RESOURCE_TAG: &str = "aws:ResourceTag";
const REQUEST_TAG: &str = "aws:RequestTag";
const TAG_KEYS: &str = "aws:TagKeys";

/// The keys about tags, and those that we use beside them, that AWS's Service Authorization Reference has for an action on the
/// resources that it requires. `aws:RequestedRegion` is known for each.
type Row = (&'static str, Level, &'static [&'static str]);

/// The access level of an action: does it only look?
#[derive(Clone, Copy, Debug, PartialEq)]
enum Level {
    Look,
    Write,
}
use Level::{Look, Write};

/// Amazon Elastic Container Service, AWS Elastic Load Balancing V2 and AWS Identity and Access Management.
const REFERENCE: [Row; 39] = [
    // On service and service-deployment, which are asked about apart.
    ("ecs:ContinueServiceDeployment", Write, &[RESOURCE_TAG]),
    (
        "ecs:CreateCluster",
        Write,
        &[REQUEST_TAG, RESOURCE_TAG, TAG_KEYS],
    ),
    (
        "ecs:CreateService",
        Write,
        &[REQUEST_TAG, RESOURCE_TAG, TAG_KEYS],
    ),
    ("ecs:DeleteCluster", Write, &[RESOURCE_TAG]),
    ("ecs:DeleteService", Write, &[RESOURCE_TAG]),
    ("ecs:DeleteTaskDefinitions", Write, &[RESOURCE_TAG]),
    ("ecs:DeregisterTaskDefinition", Write, &[]),
    ("ecs:DescribeClusters", Look, &[RESOURCE_TAG]),
    ("ecs:DescribeServiceDeployments", Look, &[RESOURCE_TAG]),
    ("ecs:DescribeServiceRevisions", Look, &[RESOURCE_TAG]),
    ("ecs:DescribeServices", Look, &[RESOURCE_TAG]),
    ("ecs:DescribeTaskDefinition", Look, &[]),
    ("ecs:DescribeTasks", Look, &[RESOURCE_TAG]),
    ("ecs:ListClusters", Look, &[]),
    ("ecs:ListServiceDeployments", Look, &[RESOURCE_TAG]),
    ("ecs:ListServices", Look, &[]),
    ("ecs:ListTaskDefinitions", Look, &[]),
    ("ecs:ListTasks", Look, &[RESOURCE_TAG]),
    ("ecs:PutClusterCapacityProviders", Write, &[RESOURCE_TAG]),
    (
        "ecs:RegisterTaskDefinition",
        Write,
        &[REQUEST_TAG, RESOURCE_TAG, TAG_KEYS],
    ),
    (
        "ecs:TagResource",
        Write,
        &[REQUEST_TAG, RESOURCE_TAG, TAG_KEYS, "ecs:CreateAction"],
    ),
    ("ecs:UntagResource", Write, &[RESOURCE_TAG, TAG_KEYS]),
    ("ecs:UpdateCluster", Write, &[RESOURCE_TAG]),
    ("ecs:UpdateService", Write, &[RESOURCE_TAG]),
    (
        "elasticloadbalancing:AddTags",
        Write,
        &[
            REQUEST_TAG,
            RESOURCE_TAG,
            TAG_KEYS,
            "elasticloadbalancing:CreateAction",
        ],
    ),
    (
        "elasticloadbalancing:CreateRule",
        Write,
        &[REQUEST_TAG, RESOURCE_TAG, TAG_KEYS],
    ),
    (
        "elasticloadbalancing:CreateTargetGroup",
        Write,
        &[REQUEST_TAG, RESOURCE_TAG, TAG_KEYS],
    ),
    ("elasticloadbalancing:DeleteRule", Write, &[RESOURCE_TAG]),
    (
        "elasticloadbalancing:DeleteTargetGroup",
        Write,
        &[RESOURCE_TAG],
    ),
    ("elasticloadbalancing:DescribeRules", Look, &[]),
    ("elasticloadbalancing:DescribeTags", Look, &[]),
    (
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        Look,
        &[],
    ),
    ("elasticloadbalancing:DescribeTargetGroups", Look, &[]),
    ("elasticloadbalancing:DescribeTargetHealth", Look, &[]),
    ("elasticloadbalancing:ModifyRule", Write, &[RESOURCE_TAG]),
    (
        "elasticloadbalancing:ModifyTargetGroup",
        Write,
        &[RESOURCE_TAG],
    ),
    (
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        Write,
        &[RESOURCE_TAG],
    ),
    (
        "elasticloadbalancing:RemoveTags",
        Write,
        &[REQUEST_TAG, RESOURCE_TAG, TAG_KEYS],
    ),
    (
        "elasticloadbalancing:SetRulePriorities",
        Write,
        &[RESOURCE_TAG],
    ),
];

/// The one resource that the policy names by its ARN: ecs:TagResource does not know it, so it can't have tags.
const UNTAGGABLE: &str = ":service-deployment/*";

fn statements(scope: &Scope<'_>) -> Vec<Value> {
    let policy = policy(scope);
    policy["Statement"].as_array().expect("statements").clone()
}

fn actions(statement: &Value) -> impl Iterator<Item = &str> {
    let actions = statement["Action"].as_array().into_iter().flatten();
    actions.filter_map(Value::as_str)
}

/// The keys on which a statement has conditions, without the key of the tag and without the Region.
fn keys(statement: &Value) -> BTreeSet<&str> {
    let operators = statement["Condition"].as_object().into_iter().flatten();
    let keys = operators.flat_map(|(_, keys)| keys.as_object().expect("keys").keys());
    keys.map(|key| key.split('/').next().unwrap_or(key))
        .filter(|key| *key != "aws:RequestedRegion")
        .collect()
}

const ANY: Scope<'_> = Scope {
    cluster_id: None,
    roles: &[],
    regions: &[],
};

#[test]
fn actions_are_the_calls_of_the_code_and_none_else() {
    let ecs = Operation::ALL
        .iter()
        .map(|call| format!("ecs:{}", call.name()));
    let elbv2 = elbv2::OPERATIONS.map(|call| format!("elasticloadbalancing:{call}"));
    let calls: BTreeSet<String> = ecs.chain(elbv2).collect();
    let statements = statements(&ANY);
    let allowed: BTreeSet<String> = statements
        .iter()
        .flat_map(actions)
        .map(str::to_owned)
        .collect();
    assert_eq!(
        allowed, calls,
        "src/cli/iam_policy/policy.rs has a list for each call of src/aws"
    );
}

#[test]
fn change_has_a_condition_on_tags_wherever_aws_has_one_and_no_other() {
    let reference: BTreeMap<_, _> = REFERENCE
        .iter()
        .map(|(action, level, known)| (*action, (*level, *known)))
        .collect();
    let scope = Scope {
        cluster_id: Some("8f1f5f3c"),
        regions: &["eu-west-1".to_owned()],
        ..ANY
    };
    let mut seen = BTreeSet::new();
    for statement in [statements(&scope), statements(&ANY)].concat() {
        let used = keys(&statement);
        let resource = statement["Resource"].as_str().expect("a resource");
        let can_be_tagged = !resource.ends_with(UNTAGGABLE);
        assert!(resource == "*" || !can_be_tagged, "{statement:#}");
        for action in actions(&statement) {
            seen.insert(action.to_owned());
            let (level, known) = reference
                .get(action)
                .unwrap_or_else(|| panic!("{action} has no row: see AWS's reference"));
            // A condition on a key that AWS does not know for an action never holds: the action would be denied.
            let unknown = used.iter().find(|key| !known.contains(key));
            assert_eq!(unknown, None, "{action}");
            let is_about_tags = used.contains(RESOURCE_TAG) || used.contains(REQUEST_TAG);
            let should_be = *level == Write && can_be_tagged && known.contains(&RESOURCE_TAG);
            assert_eq!(is_about_tags, should_be, "{action} in {statement:#}");
        }
    }
    let rows: BTreeSet<_> = reference
        .keys()
        .map(|action| (*action).to_owned())
        .collect();
    assert_eq!(seen, rows, "no row is left over");
}

#[test]
fn roles_are_passed_to_the_services_of_ecs_only() {
    let roles = ["arn:aws:iam::123456789012:role/web".to_owned()];
    let scope = Scope {
        roles: &roles,
        ..ANY
    };
    let statements = statements(&scope);
    let mut passing = statements
        .iter()
        .filter(|statement| statement["Action"] == "iam:PassRole");
    let (pass, None) = (passing.next().expect("a statement"), passing.next()) else {
        panic!("more than one statement passes roles");
    };
    assert_eq!(pass["Resource"], serde_json::json!(roles));
    assert_eq!(keys(pass), BTreeSet::from(["iam:PassedToService"]));
}

#[test]
fn policy_fits_a_managed_policy_with_thirty_roles() {
    let roles: Vec<_> = (0..30)
        .map(|n| format!("arn:aws:iam::123456789012:role/ecs/team-{n:02}-execution"))
        .collect();
    let regions = ["eu-west-1".to_owned(), "us-east-1".to_owned()];
    let scope = Scope {
        cluster_id: Some("0f6d3c1e-7a65-4a44-9c55-0a1b2c3d4e5f"),
        roles: &roles,
        regions: &regions,
    };
    let document = policy(&scope);
    assert_eq!(notes(&scope, &document), [""; 0]);
    let many: Vec<_> = roles.iter().cycle().take(200).cloned().collect();
    let open = ["arn:aws:iam::123456789012:role/team-a/*".to_owned()];
    for (roles, said) in [
        (&many[..], "Move the statement PassRoles"),
        (&open, "role/team-a/* lets whoever may write objects"),
    ] {
        let scope = Scope { roles, ..scope };
        let notes = notes(&scope, &policy(&scope));
        assert!(notes.len() == 1 && notes[0].contains(said), "{notes:?}");
    }
}
