//! `ecs-operator iam-policy`: what the operator's AWS role must be allowed, and who may assume it.

pub mod policy;
#[cfg(test)]
mod policy_tests;
mod trust;

use serde_json::Value;

use crate::config::iam_policy::{IamPolicy, Trust};

/// What is printed.
#[derive(Debug)]
pub struct Printed {
    /// The document, for standard output.
    pub document: String,
    /// What a person should know, for standard error.
    pub notes: Vec<String>,
}

/// Prints the document that the flags ask for.
pub fn run(flags: &IamPolicy) -> Printed {
    let (namespace, name) = &flags.service_account;
    match (flags.trust, &flags.oidc_provider) {
        (Some(Trust::Irsa), Some(provider)) => {
            printed(&trust::irsa(provider, namespace, name), Vec::new())
        }
        (Some(_), _) => printed(&trust::pod_identity(namespace, name), Vec::new()),
        (None, _) => {
            let scope = policy::Scope {
                cluster_id: flags.cluster_id.as_deref(),
                roles: &flags.roles,
                regions: &flags.regions,
            };
            let document = policy::policy(&scope);
            let notes = policy::notes(&scope, &document);
            printed(&document, notes)
        }
    }
}

fn printed(document: &Value, notes: Vec<String>) -> Printed {
    Printed {
        document: format!("{document:#}\n"),
        notes,
    }
}
