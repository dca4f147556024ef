//! Target groups.

use aws_sdk_elasticloadbalancingv2::types::{Matcher, TargetGroup, TargetGroupAttribute};
use serde_json::Value;

use super::{put, text};
use crate::model::{Members, observed};

/// What was seen, in the object's own member names.
pub fn observed(group: &TargetGroup) -> observed::TargetGroup {
    let mut members = Members::new();
    put(
        &mut members,
        "protocol",
        group.protocol().map(|p| p.as_str()),
    );
    put(&mut members, "protocolVersion", group.protocol_version());
    put(&mut members, "port", group.port());
    put(&mut members, "vpcId", group.vpc_id());
    put(
        &mut members,
        "targetType",
        group.target_type().map(|t| t.as_str()),
    );
    put(
        &mut members,
        "ipAddressType",
        group.ip_address_type().map(|t| t.as_str()),
    );
    put(
        &mut members,
        "targetControlPort",
        group.target_control_port(),
    );
    put(
        &mut members,
        "healthCheckEnabled",
        group.health_check_enabled(),
    );
    put(
        &mut members,
        "healthCheckProtocol",
        group.health_check_protocol().map(|p| p.as_str()),
    );
    put(&mut members, "healthCheckPort", group.health_check_port());
    put(&mut members, "healthCheckPath", group.health_check_path());
    put(
        &mut members,
        "healthCheckIntervalSeconds",
        group.health_check_interval_seconds(),
    );
    put(
        &mut members,
        "healthCheckTimeoutSeconds",
        group.health_check_timeout_seconds(),
    );
    put(
        &mut members,
        "healthyThresholdCount",
        group.healthy_threshold_count(),
    );
    put(
        &mut members,
        "unhealthyThresholdCount",
        group.unhealthy_threshold_count(),
    );
    if let Some(matcher) = group.matcher() {
        let mut codes = Members::new();
        put(&mut codes, "httpCode", matcher.http_code());
        put(&mut codes, "grpcCode", matcher.grpc_code());
        members.insert("matcher".into(), Value::Object(codes));
    }
    observed::TargetGroup {
        arn: group.target_group_arn().unwrap_or_default().to_owned(),
        members,
        ..Default::default()
    }
}

/// A request's matcher.
pub fn matcher(members: &Members) -> Option<Matcher> {
    let codes = members.get("matcher")?.as_object()?;
    Some(
        Matcher::builder()
            .set_http_code(text(codes, "httpCode"))
            .set_grpc_code(text(codes, "grpcCode"))
            .build(),
    )
}

/// A request's attributes.
pub fn attributes(members: &Members) -> Vec<TargetGroupAttribute> {
    members
        .get("attributes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|a| {
            Some(
                TargetGroupAttribute::builder()
                    .key(a["key"].as_str()?)
                    .value(a["value"].as_str()?)
                    .build(),
            )
        })
        .collect()
}
