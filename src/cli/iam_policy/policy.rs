//! The IAM policy of the operator: every action that it calls and none else, on nothing that it does not own, as far as AWS
//! has a condition for that. Which action knows which condition is AWS's Service Authorization Reference.

use serde_json::{Map, Value, json};

use crate::model::ownership::{ADOPT, ANY, CLUSTER_ID, NAME, NAMESPACE, UID};

/// Characters of a managed policy, white space not counted (IAM quotas).
const MAX: usize = 6144;

/// What the policy is limited to.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Kubernetes cluster; absent: any.
    pub cluster_id: Option<&'a str>,
    /// Roles that may be passed.
    pub roles: &'a [String],
    /// Regions; empty: all.
    pub regions: &'a [String],
}

/// Looks. They see everything: what is whose is only known by looking, and lists know no conditions anyway.
const LOOK: [&str; 16] = [
    "ecs:DescribeClusters",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListClusters",
    "ecs:ListServiceDeployments",
    "ecs:ListServices",
    "ecs:ListTaskDefinitions",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
];

/// Changes for which AWS knows no condition on what they change: a deployment has no tags.
const UNCONDITIONAL: [&str; 3] = [
    "ecs:ContinueServiceDeployment",
    "ecs:DeregisterTaskDefinition",
    "elasticloadbalancing:SetRulePriorities",
];

/// What makes something: with the tag of this cluster, in the call itself.
const CREATE: [&str; 5] = [
    "ecs:CreateCluster",
    "ecs:CreateService",
    "ecs:RegisterTaskDefinition",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
];

/// What changes or deletes something: only with the tag of this cluster on it.
const CHANGE: [&str; 11] = [
    "ecs:DeleteCluster",
    "ecs:DeleteService",
    "ecs:DeleteTaskDefinitions",
    "ecs:PutClusterCapacityProviders",
    "ecs:UpdateCluster",
    "ecs:UpdateService",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
];

/// What puts tags on.
const TAG: [&str; 2] = ["ecs:TagResource", "elasticloadbalancing:AddTags"];

/// What takes tags off.
const UNTAG: [&str; 2] = ["ecs:UntagResource", "elasticloadbalancing:RemoveTags"];

/// Services to which roles are passed: containers', and ECS's own for volumes, load balancers, hooks and certificates.
const PASSED_TO: [&str; 2] = ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"];

/// The policy.
pub fn policy(scope: &Scope<'_>) -> Value {
    let mut statements = vec![
        scope.statement("Look", &LOOK, Conditions::default()),
        scope.statement(
            "ChangeWithoutCondition",
            &UNCONDITIONAL,
            Conditions::default(),
        ),
        scope.statement("Create", &CREATE, scope.requests_our_tag()),
    ];
    // AWS asks for the right to tag once more when something is created with tags.
    for (sid, tag) in [("TagEcsAtCreation", TAG[0]), ("TagElbAtCreation", TAG[1])] {
        let service = tag.split(':').next().unwrap_or_default();
        let creations: Vec<_> = CREATE
            .iter()
            .filter_map(|action| action.strip_prefix(service)?.strip_prefix(':'))
            .collect();
        let conditions = scope.requests_our_tag().and(
            "StringEquals",
            &format!("{service}:CreateAction"),
            json!(creations),
        );
        statements.push(scope.statement(sid, &[tag], conditions));
    }
    statements.push(scope.statement("Change", &CHANGE, scope.has_our_tag()));
    // What is ours is never given away, and stays known as ours.
    let retag = scope.has_our_tag();
    let retag = match scope.cluster_id {
        Some(id) => retag.and("StringEqualsIfExists", &request_tag(CLUSTER_ID), json!(id)),
        None => retag,
    };
    statements.push(scope.statement("TagOurs", &TAG, retag));
    let owner = json!([CLUSTER_ID, NAME, NAMESPACE, UID]);
    let untag = scope
        .has_our_tag()
        .and("ForAllValues:StringNotEquals", "aws:TagKeys", owner);
    statements.push(scope.statement("UntagOurs", &UNTAG, untag));
    statements.push(scope.statement("Adopt", &TAG, scope.is_to_be_adopted()));
    if !scope.roles.is_empty() {
        // Not limited by Region: IAM has none.
        statements.push(json!({
            "Sid": "PassRoles",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": scope.roles,
            "Condition": {"StringEquals": {"iam:PassedToService": PASSED_TO}},
        }));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// What a person should know of the policy.
pub fn notes(scope: &Scope<'_>, policy: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    if scope.cluster_id.is_none() {
        notes.push(
            "Without --cluster-id the policy lets this operator change what the operators of other Kubernetes clusters own. The id is the operator's --cluster-id, or: kubectl get namespace kube-system -o jsonpath={.metadata.uid}".to_owned(),
        );
    }
    if scope.roles.is_empty() {
        notes.push(
            "Without --roles no task or service can be given a role: executionRoleArn, taskRoleArn and the like are refused by AWS.".to_owned(),
        );
    }
    let size = policy.to_string().len();
    if size > MAX {
        notes.push(format!(
            "The policy has {size} characters; a managed policy holds {MAX}. Move the statement PassRoles, or parts of its roles, into policies of their own: each statement stands by itself."
        ));
    }
    notes
}

impl Scope<'_> {
    fn statement(&self, sid: &str, actions: &[&str], conditions: Conditions) -> Value {
        let conditions = match self.regions {
            [] => conditions,
            regions => conditions.and("StringEquals", "aws:RequestedRegion", json!(regions)),
        };
        let mut statement =
            json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*"});
        if !conditions.0.is_empty() {
            statement["Condition"] = Value::Object(conditions.0);
        }
        statement
    }

    /// The call puts the tag of this cluster on what it creates.
    fn requests_our_tag(&self) -> Conditions {
        self.is_ours(&request_tag(CLUSTER_ID))
    }

    /// What the call is about carries the tag of this cluster.
    fn has_our_tag(&self) -> Conditions {
        self.is_ours(&resource_tag(CLUSTER_ID))
    }

    fn is_ours(&self, key: &str) -> Conditions {
        match self.cluster_id {
            Some(id) => Conditions::default().and("StringEquals", key, json!(id)),
            None => Conditions::default().and("Null", key, json!("false")),
        }
    }

    /// Somebody with rights in AWS consented to its adoption, and it is nobody's.
    fn is_to_be_adopted(&self) -> Conditions {
        let conditions =
            self.requests_our_tag()
                .and("Null", &resource_tag(CLUSTER_ID), json!("true"));
        match self.cluster_id {
            Some(id) => {
                let consents = json!([format!("{id}/*"), format!("{ANY}/*")]);
                conditions.and("StringLike", &resource_tag(ADOPT), consents)
            }
            None => conditions.and("Null", &resource_tag(ADOPT), json!("false")),
        }
    }
}

fn request_tag(key: &str) -> String {
    format!("aws:RequestTag/{key}")
}

fn resource_tag(key: &str) -> String {
    format!("aws:ResourceTag/{key}")
}

/// Conditions, all of which must hold: by operator and key.
#[derive(Clone, Debug, Default)]
struct Conditions(Map<String, Value>);

impl Conditions {
    fn and(mut self, operator: &str, key: &str, value: Value) -> Self {
        let of_operator = self.0.entry(operator).or_insert_with(|| json!({}));
        of_operator[key] = value;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::aws::{ecs::Operation, elbv2};

    #[test]
    fn actions_are_the_calls_of_the_code_and_none_else() {
        let ecs = Operation::ALL
            .iter()
            .map(|call| format!("ecs:{}", call.name()));
        let elbv2 = elbv2::OPERATIONS.map(|call| format!("elasticloadbalancing:{call}"));
        let calls: BTreeSet<String> = ecs.chain(elbv2).collect();
        let scope = Scope {
            cluster_id: None,
            roles: &[],
            regions: &[],
        };
        let policy = policy(&scope);
        let statements = policy["Statement"].as_array().expect("statements");
        let actions = statements
            .iter()
            .flat_map(|statement| statement["Action"].as_array().expect("actions"));
        let allowed: BTreeSet<String> = actions
            .map(|action| action.as_str().expect("text").to_owned())
            .collect();
        assert_eq!(
            allowed, calls,
            "src/cli/iam_policy/policy.rs has a list for each call of src/aws"
        );
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
        let roles: Vec<_> = roles.iter().cycle().take(200).cloned().collect();
        let scope = Scope {
            roles: &roles,
            ..scope
        };
        let notes = notes(&scope, &policy(&scope));
        assert!(
            notes.len() == 1 && notes[0].contains("PassRoles"),
            "{notes:?}"
        );
    }
}
