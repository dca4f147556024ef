//! Who may assume the operator's role: its service account and nobody else.

use serde_json::{Value, json};

/// By the cluster's OIDC provider, whose ARN names the issuer.
pub fn irsa(provider: &str, namespace: &str, name: &str) -> Value {
    let issuer = provider
        .split_once("oidc-provider/")
        .map_or("", |(_, issuer)| issuer);
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): format!("system:serviceaccount:{namespace}:{name}"),
        }},
    }]})
}

/// By EKS Pod Identity, which tells the service account in tags of the session.
pub fn pod_identity(namespace: &str, name: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": name,
        }},
    }]})
}
