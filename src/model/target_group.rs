//! What AWS says of a target group's settings: which never change, and what they are when nothing is said.

use serde_json::{Value, json};

use super::Members;

/// Settings that AWS cannot change (ELBv2 ModifyTargetGroup has no member for them).
pub const IMMUTABLE: [&str; 7] = [
    "protocol",
    "protocolVersion",
    "port",
    "vpcId",
    "targetType",
    "ipAddressType",
    "targetControlPort",
];

/// The default of a setting of CreateTargetGroup, for a group with these settings; null: AWS leaves it out.
pub fn default(setting: &str, members: &Members) -> Value {
    let text = |key: &str| members.get(key).and_then(Value::as_str);
    let is_application = matches!(text("protocol"), Some("HTTP" | "HTTPS"));
    let is_grpc = text("protocolVersion") == Some("GRPC");
    let checks_http = match text("healthCheckProtocol") {
        Some(protocol) => protocol != "TCP",
        None => is_application,
    };
    match setting {
        "protocolVersion" if is_application => json!("HTTP1"),
        "targetType" => json!("instance"),
        "ipAddressType" => json!("ipv4"),
        "healthCheckEnabled" => json!(true),
        "healthCheckProtocol" => json!(if is_application { "HTTP" } else { "TCP" }),
        "healthCheckPort" => json!("traffic-port"),
        "healthCheckPath" if checks_http && is_grpc => json!("/AWS.ALB/healthcheck"),
        "healthCheckPath" if checks_http => json!("/"),
        "healthCheckIntervalSeconds" => json!(30),
        // Measured for HTTP (aws.md 4.4), where the model's text says 6; by that text for all others.
        "healthCheckTimeoutSeconds" => json!(if text("protocol") == Some("HTTP") {
            5
        } else {
            10
        }),
        "healthyThresholdCount" => json!(5),
        "unhealthyThresholdCount" => json!(2),
        "matcher" if checks_http && is_grpc => json!({"grpcCode": "12"}),
        "matcher" if checks_http && is_application => json!({"httpCode": "200"}),
        "matcher" if checks_http => json!({"httpCode": "200-399"}),
        _ => Value::Null,
    }
}

/// What is immutable of these settings, in one line: another line means another target group.
pub fn identity(members: &Members) -> String {
    let settings = IMMUTABLE.map(|setting| {
        members
            .get(setting)
            .cloned()
            .unwrap_or_else(|| default(setting, members))
    });
    json!(settings).to_string()
}

/// The documented default of an attribute (ELBv2 TargetGroupAttribute) for a group with these settings; none where AWS tells none.
pub fn attribute_default(key: &str, members: &Members) -> Option<&'static str> {
    let protocol = members
        .get("protocol")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_application = matches!(protocol, "HTTP" | "HTTPS");
    let is_udp = matches!(protocol, "UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC");
    let is_ip = members.get("targetType").and_then(Value::as_str) == Some("ip");
    Some(match key {
        "deregistration_delay.timeout_seconds" => "300",
        "stickiness.enabled" => "false",
        "stickiness.type" if is_application => "lb_cookie",
        "stickiness.type" => "source_ip",
        "stickiness.lb_cookie.duration_seconds" | "stickiness.app_cookie.duration_seconds" => {
            "86400"
        }
        "load_balancing.cross_zone.enabled" => "use_load_balancer_configuration",
        "load_balancing.algorithm.type" => "round_robin",
        "load_balancing.algorithm.anomaly_mitigation" => "off",
        "slow_start.duration_seconds" => "0",
        "target_group_health.dns_failover.minimum_healthy_targets.count"
        | "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count" => "1",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage"
        | "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage" => "off",
        "deregistration_delay.connection_termination.enabled" => {
            if is_udp {
                "true"
            } else {
                "false"
            }
        }
        "preserve_client_ip.enabled" if is_ip && !is_udp => "false",
        "preserve_client_ip.enabled" => "true",
        "proxy_protocol_v2.enabled" => "false",
        "target_health_state.unhealthy.connection_termination.enabled" => {
            if is_udp {
                "false"
            } else {
                "true"
            }
        }
        "target_health_state.unhealthy.draining_interval_seconds" => "0",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(json: Value) -> Members {
        json.as_object().cloned().expect("an object")
    }

    #[test]
    fn what_is_declared_as_awss_default_is_the_same_group() {
        let bare = members(json!({"protocol": "HTTP", "port": 80, "vpcId": "v"}));
        let full = members(
            json!({"protocol": "HTTP", "protocolVersion": "HTTP1", "port": 80, "vpcId": "v", "targetType": "instance", "ipAddressType": "ipv4", "healthCheckPath": "/x"}),
        );
        assert_eq!(identity(&bare), identity(&full));
    }

    #[test]
    fn check_of_a_group_that_is_not_http_times_out_after_ten_seconds() {
        for (protocol, seconds) in [("HTTP", 5), ("HTTPS", 10), ("TCP", 10), ("TLS", 10)] {
            let group = members(json!({"protocol": protocol, "port": 80, "vpcId": "v"}));
            let timeout = default("healthCheckTimeoutSeconds", &group);
            assert_eq!(timeout, json!(seconds), "{protocol}");
        }
    }

    #[test]
    fn every_immutable_setting_makes_another_group() {
        let base = members(json!({"protocol": "HTTP", "port": 80, "vpcId": "v"}));
        let others = [
            json!("HTTPS"),
            json!("GRPC"),
            json!(81),
            json!("w"),
            json!("ip"),
            json!("ipv6"),
            json!(9),
        ];
        for (setting, other) in IMMUTABLE.into_iter().zip(others) {
            let mut changed = base.clone();
            changed.insert(setting.to_owned(), other);
            assert_ne!(identity(&base), identity(&changed), "{setting}");
        }
    }
}
