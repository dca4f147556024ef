//! Flags of `iam-policy`.

use clap::{Args, ValueEnum};

/// Flags of `iam-policy`.
#[derive(Args, Debug)]
pub struct IamPolicy {
    /// The operator's --cluster-id (without that flag, the UID of the namespace kube-system): the policy allows to change only
    /// what this Kubernetes cluster owns. Without it what any cluster owns.
    #[arg(long, env = "ECS_OPERATOR_CLUSTER_ID", value_parser = super::values::cluster_id)]
    pub cluster_id: Option<String>,
    /// ARNs of the roles that tasks and services may be given, separated by commas; a name may end in *. Without it none may be
    /// given.
    #[arg(long, value_delimiter = ',', value_parser = role)]
    pub roles: Vec<String>,
    /// AWS Regions to which the policy is limited, separated by commas. Without it all.
    #[arg(long, value_delimiter = ',', value_parser = super::values::region)]
    pub regions: Vec<String>,
    /// Prints, instead of the policy, who may assume the role that it is attached to: the operator's service account by IRSA
    /// or by EKS Pod Identity.
    #[arg(long)]
    pub trust: Option<Trust>,
    /// ARN of the cluster's IAM OIDC provider, for --trust irsa.
    #[arg(long, required_if_eq("trust", "irsa"), value_parser = provider)]
    pub oidc_provider: Option<String>,
    /// The operator's service account, for --trust: namespace/name.
    #[arg(long, default_value = "ecs-operator/ecs-operator", value_parser = service_account)]
    pub service_account: (String, String),
}

/// How a pod gets the credentials of a role.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Trust {
    /// IAM roles for service accounts.
    Irsa,
    /// EKS Pod Identity.
    PodIdentity,
}

/// The resource of an IAM ARN.
fn iam_resource(arn: &str) -> Option<&str> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, "iam", "", account, resource] => {
            let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
            (partition.starts_with("aws") && is_account).then_some(resource)
        }
        _ => None,
    }
}

fn role(text: &str) -> Result<String, String> {
    let name = iam_resource(text).and_then(|resource| resource.strip_prefix("role/"));
    // RoleName and Path of IAM's CreateRole.
    let fits = |name: &str| {
        let name = name.strip_suffix('*').unwrap_or(name);
        let is_word = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&b);
        !name.is_empty() && name.bytes().all(is_word)
    };
    if name.is_some_and(fits) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text:?} is no role. Write arn:aws:iam::123456789012:role/name; the name may end in *, and is not * alone."
        ))
    }
}

fn provider(text: &str) -> Result<String, String> {
    let issuer = iam_resource(text).and_then(|resource| resource.strip_prefix("oidc-provider/"));
    if issuer.is_some_and(|issuer| !issuer.is_empty()) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text:?} is no OIDC provider. Write arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123."
        ))
    }
}

fn service_account(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err(format!(
            "{text:?} is no service account. Write namespace/name."
        )),
    }
}
