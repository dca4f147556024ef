//! What operators may do in AWS: in every story no more than the policy allows that `ecs-operator iam-policy` prints.

use std::collections::BTreeSet;

use ecs_operator::cli::iam_policy::policy::{Scope, policy};
use serde_json::Value;
use simulator::{Policy, REGION, Simulator};

use super::world::SECOND;

/// Roles that stories, documents and examples give to tasks and services.
const ROLES: [&str; 14] = [
    "app",
    "ebs",
    "ecs",
    "ecsTaskExecutionRole",
    "execution",
    "files",
    "hook",
    "lattice",
    "ledger",
    "task",
    "tls",
    "traffic",
    "web-execution",
    "worker",
];

/// The policy of a Kubernetes cluster, for those roles.
fn document(cluster_id: &str) -> Value {
    policy(&Scope {
        cluster_id: Some(cluster_id),
        roles: &ROLES.map(|name| format!("arn:aws:iam::000000000000:role/{name}")),
        regions: &[REGION.to_owned()],
    })
}

/// Lets operators do what the policy of a Kubernetes cluster allows. A person may do everything.
pub fn allow(simulator: &Simulator, cluster_id: &str) {
    let policy = Policy::new(document(cluster_id)).expect("what the simulator knows of IAM");
    for key in ["test", SECOND] {
        simulator.set_policy(key, Some(policy.clone()));
    }
}

/// The actions that the policy allows.
pub fn actions() -> BTreeSet<String> {
    let document = document("any");
    let statements = document["Statement"].as_array().expect("statements");
    let actions = |statement: &Value| match &statement["Action"] {
        Value::Array(many) => many.clone(),
        one => vec![one.clone()],
    };
    let all = statements.iter().flat_map(actions);
    all.filter_map(|action| action.as_str().map(str::to_owned))
        .collect()
}
