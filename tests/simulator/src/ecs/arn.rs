//! Names in and out of Amazon Resource Names. No state here.

use crate::Call;

/// The ARN of an ECS resource, `resource` being for instance `cluster/shop`.
pub(super) fn ecs(call: &Call, resource: &str) -> String {
    arn(call.account, call.region, "ecs", resource)
}

/// An ARN of any service.
pub(super) fn arn(account: &str, region: &str, service: &str, resource: &str) -> String {
    format!(
        "arn:{}:{service}:{region}:{account}:{resource}",
        partition(region)
    )
}

/// The partition a Region lies in.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The account of an ARN, empty if it has none.
pub(super) fn account(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// The Region of an ARN, empty if it has none.
pub(super) fn region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// What follows the last slash of a name or ARN: the name of a cluster, service or capacity provider, the id of a task.
pub(super) fn name(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

/// The part of an ARN after the account, or the whole of a name: `service/shop/web`.
pub(super) fn resource(name_or_arn: &str) -> &str {
    if name_or_arn.starts_with("arn:") {
        name_or_arn.splitn(6, ':').nth(5).unwrap_or_default()
    } else {
        name_or_arn
    }
}

/// `service/shop/web` or `task/shop/0123` → cluster `shop`.
pub(super) fn cluster_of(arn: &str) -> Option<&str> {
    let mut parts = resource(arn).split('/');
    let (_, cluster, _) = (parts.next()?, parts.next()?, parts.next()?);
    Some(cluster)
}

/// `family`, `family:7` or the ARN of a task definition → family and revision.
pub(super) fn family_and_revision(text: &str) -> (&str, Option<i64>) {
    let text = resource(text).trim_start_matches("task-definition/");
    match text.split_once(':') {
        Some((family, revision)) => (family, revision.parse().ok()),
        None => (text, None),
    }
}
