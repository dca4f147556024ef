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

/// The one change for which AWS knows no condition on what it changes.
const UNCONDITIONAL: [&str; 1] = ["ecs:DeregisterTaskDefinition"];

/// The answer to a deployment that waits. It is asked about twice: for the service, which [`CHANGE`] allows by its tag, and for
/// the service deployment, which can't have tags.
const ANSWER: [&str; 1] = ["ecs:ContinueServiceDeployment"];

/// Every service deployment, in every partition.
const DEPLOYMENTS: &str = "arn:*:ecs:*:*:service-deployment/*";

/// What makes something: with the tag of this cluster, in the call itself.
const CREATE: [&str; 5] = [
    "ecs:CreateCluster",
    "ecs:CreateService",
    "ecs:RegisterTaskDefinition",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
];

/// What changes or deletes something: only with the tag of this cluster on it.
const CHANGE: [&str; 13] = [
    ANSWER[0],
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
    "elasticloadbalancing:SetRulePriorities",
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
    let mut answer = scope.statement("AnswerDeployments", &ANSWER, Conditions::default());
    answer["Resource"] = json!(DEPLOYMENTS);
    statements.push(answer);
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
    let open: Vec<_> = { scope.roles.iter() }
        .filter(|role| role.ends_with('*'))
        .map(String::as_str)
        .collect();
    if !open.is_empty() {
        notes.push(format!(
            "{} lets whoever may write objects give tasks every role of that name, also those that are made later. Name each role where you can.",
            open.join(", ")
        ));
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
