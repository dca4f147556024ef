//! Target group attributes: which a group has, their defaults and their values. Source: ELBv2 TargetGroupAttribute [M].

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{TargetGroup, input, invalid};
use crate::ApiError;

/// The values an attribute can have.
#[derive(Clone, Copy, Debug)]
enum Values {
    Words(&'static [&'static str]),
    Range(i64, i64),
    /// This word, or a number in the range.
    WordOr(&'static str, i64, i64),
    CookieName,
}

use Values::{CookieName, Range, WordOr, Words};

const BOOL: Values = Words(&["true", "false"]);
const WEEK: Values = Range(1, 604_800);
/// No group has more targets than this, so a count cannot be larger [D].
const TARGETS: i64 = 1000;

type Row = (&'static str, &'static str, Values);

const COMMON: &[Row] = &[
    (
        "deregistration_delay.timeout_seconds",
        "300",
        Range(0, 3600),
    ),
    ("stickiness.enabled", "false", BOOL),
];

const HEALTH: &[Row] = &[
    (
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        Words(&["true", "false", "use_load_balancer_configuration"]),
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "1",
        WordOr("off", 1, TARGETS),
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "off",
        WordOr("off", 1, 100),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
        Range(1, TARGETS),
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
        WordOr("off", 1, 100),
    ),
];

const APPLICATION: &[Row] = &[
    (
        "stickiness.type",
        "lb_cookie",
        Words(&["lb_cookie", "app_cookie"]),
    ),
    ("stickiness.lb_cookie.duration_seconds", "86400", WEEK),
    ("stickiness.app_cookie.duration_seconds", "86400", WEEK),
    ("stickiness.app_cookie.cookie_name", "", CookieName),
    ("slow_start.duration_seconds", "0", WordOr("0", 30, 900)),
    (
        "load_balancing.algorithm.type",
        "round_robin",
        Words(&[
            "round_robin",
            "least_outstanding_requests",
            "weighted_random",
        ]),
    ),
    (
        "load_balancing.algorithm.anomaly_mitigation",
        "off",
        Words(&["on", "off"]),
    ),
];

const NETWORK: &[Row] = &[
    ("stickiness.type", "source_ip", Words(&["source_ip"])),
    (
        "deregistration_delay.connection_termination.enabled",
        "false",
        BOOL,
    ),
    ("preserve_client_ip.enabled", "true", BOOL),
    ("proxy_protocol_v2.enabled", "false", BOOL),
    (
        "target_health_state.unhealthy.connection_termination.enabled",
        "true",
        BOOL,
    ),
    (
        "target_health_state.unhealthy.draining_interval_seconds",
        "0",
        Range(0, 360_000),
    ),
];

const GATEWAY: &[Row] = &[
    (
        "stickiness.type",
        "source_ip_dest_ip_proto",
        Words(&["source_ip_dest_ip_proto", "source_ip_dest_ip"]),
    ),
    (
        "target_failover.on_deregistration",
        "no_rebalance",
        Words(&["rebalance", "no_rebalance"]),
    ),
    (
        "target_failover.on_unhealthy",
        "no_rebalance",
        Words(&["rebalance", "no_rebalance"]),
    ),
];

const LAMBDA: &[Row] = &[("lambda.multi_value_headers.enabled", "false", BOOL)];

/// The attributes that a group has.
fn rows(group: &TargetGroup) -> impl Iterator<Item = &'static Row> {
    let tables: &'static [&'static [Row]] =
        match (&group.target_type[..], group.protocol.as_deref()) {
            ("lambda", _) => &[LAMBDA],
            (_, Some("HTTP" | "HTTPS")) => &[COMMON, HEALTH, APPLICATION],
            (_, Some("GENEVE")) => &[COMMON, GATEWAY],
            _ => &[COMMON, HEALTH, NETWORK],
        };
    tables.iter().copied().flatten()
}

/// The attributes of a new group.
pub fn defaults(group: &TargetGroup) -> BTreeMap<String, String> {
    let udp = matches!(group.protocol.as_deref(), Some("UDP" | "TCP_UDP"));
    let default = |(key, default, _): &Row| match *key {
        "deregistration_delay.connection_termination.enabled" if udp => "true",
        "target_health_state.unhealthy.connection_termination.enabled" if udp => "false",
        "preserve_client_ip.enabled" if group.target_type == "ip" && !udp => "false",
        _ => default,
    };
    rows(group)
        .map(|row| (row.0.to_owned(), default(row).to_owned()))
        .collect()
}

/// The attributes of a group after a change, all or nothing.
pub fn changed(
    group: &TargetGroup,
    changes: &[Value],
) -> Result<BTreeMap<String, String>, ApiError> {
    let mut attributes = group.attributes.clone();
    for change in changes {
        let (key, value) = (input::text(change, "Key"), input::text(change, "Value"));
        let row = rows(group).find(|row| row.0 == key);
        let unknown = || {
            invalid(format!(
                "Target group attribute key '{key}' is not recognized"
            ))
        };
        let (_, _, values) = row.ok_or_else(unknown)?;
        if value.is_empty() {
            return Err(invalid("A target group attribute value must be specified"));
        }
        if !allows(*values, value) {
            return Err(invalid(format!(
                "Target group attribute value '{value}' is not valid for '{key}'"
            )));
        }
        attributes.insert(key.to_owned(), value.to_owned());
    }
    check_together(&attributes)?;
    Ok(attributes)
}

fn allows(values: Values, value: &str) -> bool {
    let between = |min, max| {
        value
            .parse()
            .is_ok_and(|number: i64| (min..=max).contains(&number))
    };
    match values {
        Words(words) => words.contains(&value),
        Range(min, max) => between(min, max),
        WordOr(word, min, max) => value == word || between(min, max),
        CookieName => !value.starts_with("AWSALB") && value.len() <= 4096,
    }
}

/// An application cookie needs a name, and slow start only works with round robin [D].
fn check_together(attributes: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let get = |key: &str| attributes.get(key).map(String::as_str).unwrap_or_default();
    let sticky = get("stickiness.enabled") == "true" && get("stickiness.type") == "app_cookie";
    if sticky && get("stickiness.app_cookie.cookie_name").is_empty() {
        return Err(invalid(
            "A cookie name must be specified for stickiness of type 'app_cookie'",
        ));
    }
    let slow = !matches!(get("slow_start.duration_seconds"), "" | "0");
    if slow && get("load_balancing.algorithm.type") != "round_robin" {
        let text = "Slow start mode is supported only with the round robin algorithm";
        return Err(ApiError::client("InvalidConfigurationRequest", text));
    }
    Ok(())
}

/// Attributes as AWS lists them.
pub fn list(attributes: &BTreeMap<String, String>) -> Value {
    attributes
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}
