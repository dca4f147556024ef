//! Where tasks run: launch type or capacity provider strategy, and the platform that goes with it.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::failure::invalid;
use super::input::{Object, given, list, text};
use super::strategy;
use crate::error::ApiError;

/// Fargate's newest platform version, which LATEST means [L].
const LATEST: &str = "1.4.0";

/// Platform versions of Fargate for Linux [D].
const VERSIONS: [&str; 4] = ["1.0.0", "1.2.0", "1.3.0", LATEST];

/// `launchType` or `capacityProviderStrategy`, from the request or the cluster's default.
pub(super) fn resolve(input: &Value, cluster: &Cluster) -> Result<Object, ApiError> {
    let launch = text(input, "launchType");
    let items = list(input, "capacityProviderStrategy");
    let mut members = Object::new();
    match launch {
        Some(_) if !items.is_empty() => {
            return Err(invalid(
                "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
            ));
        }
        Some("MANAGED_INSTANCES") => {
            return Err(invalid(
                "MANAGED_INSTANCES can only be used through a capacity provider strategy.",
            ));
        }
        Some(launch) => {
            members.insert("launchType".into(), json!(launch));
        }
        None if items.is_empty() && cluster.default_strategy.is_empty() => {
            members.insert("launchType".into(), json!("EC2"));
        }
        None => {
            let items = if items.is_empty() {
                &cluster.default_strategy
            } else {
                items
            };
            members.insert(
                "capacityProviderStrategy".into(),
                providers(items, cluster)?,
            );
        }
    }
    Ok(members)
}

/// A strategy of providers of the cluster, as it is read.
pub(super) fn providers(items: &[Value], cluster: &Cluster) -> Result<Value, ApiError> {
    strategy::check(items, &cluster.capacity_providers)?;
    Ok(json!(strategy::normalise(items)))
}

/// Whether these members mean Fargate.
pub(super) fn is_fargate(members: &Object) -> bool {
    let launch = members.get("launchType").and_then(Value::as_str);
    let items = members
        .get("capacityProviderStrategy")
        .and_then(Value::as_array);
    let first = items
        .and_then(|items| items.first())
        .map(strategy::provider);
    launch == Some("FARGATE") || first.is_some_and(strategy::is_fargate)
}

/// Puts the concrete platform version and family into `members`, or refuses the one asked for.
pub(super) fn platform(
    members: &mut Object,
    asked: Option<&str>,
    body: &Value,
) -> Result<(), ApiError> {
    if !is_fargate(members) {
        members.remove("platformVersion");
        members.remove("platformFamily");
        return match asked {
            None | Some("LATEST" | "") => Ok(()),
            Some(_) => Err(invalid(
                "The platform version must be null when specifying an EC2 launch type.",
            )),
        };
    }
    let version = match asked {
        None | Some("LATEST" | "") => LATEST,
        Some(version) if VERSIONS.contains(&version) => version,
        Some(_) => {
            return Err(ApiError::client(
                "PlatformUnknownException",
                "The specified platform does not exist.",
            ));
        }
    };
    members.insert("platformVersion".into(), json!(version));
    let family = text(&body["runtimePlatform"], "operatingSystemFamily").unwrap_or("LINUX");
    let family = if family == "LINUX" {
        "Linux".to_owned()
    } else {
        family.to_owned()
    };
    members.insert("platformFamily".into(), json!(family));
    Ok(())
}

/// The launch type and capacity provider of one task. There is always capacity. [?] unverified: ENDLESS_CAPACITY
///
/// Of a strategy, the heaviest provider takes all. [?] unverified: STRATEGY_SPLIT
pub(super) fn of_task(members: &Object) -> (Option<String>, Option<String>) {
    let items = members
        .get("capacityProviderStrategy")
        .and_then(Value::as_array);
    let weight = |item: &&Value| item["weight"].as_i64().unwrap_or_default();
    let Some(item) = items.and_then(|items| items.iter().rev().max_by_key(weight)) else {
        let launch = members.get("launchType").and_then(Value::as_str);
        return (launch.map(str::to_owned), None);
    };
    let provider = strategy::provider(item);
    let launch = if strategy::is_fargate(provider) {
        "FARGATE"
    } else {
        "EC2"
    };
    (Some(launch.to_owned()), Some(provider.to_owned()))
}

/// Whether the task definition can run where `members` say. Text: [I].
pub(super) fn compatible(members: &Object, body: &Value) -> Result<(), ApiError> {
    let launch = if is_fargate(members) {
        "FARGATE"
    } else {
        "EC2"
    };
    let external = members.get("launchType") == Some(&json!("EXTERNAL"));
    let can = list(body, "compatibilities").contains(&json!(launch));
    if !external && !can {
        return Err(invalid(format!(
            "Task definition does not support launch_type {launch}."
        )));
    }
    Ok(())
}

/// Placement strategies as they are read: fields that name a resource in upper case, `host` as `instanceId` [L].
pub(super) fn strategies(input: &Value) -> Value {
    let entry = |entry: &Value| {
        let mut entry = entry.clone();
        match text(&entry, "field")
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            Some("host") => entry["field"] = json!("instanceId"),
            Some(field @ ("cpu" | "memory")) => entry["field"] = json!(field.to_ascii_uppercase()),
            _ => {}
        }
        entry
    };
    list(input, "placementStrategy").iter().map(entry).collect()
}

/// Rules of placement constraints and strategies [M].
pub(super) fn check(input: &Value, fargate: bool) -> Result<(), ApiError> {
    let (constraints, strategies) = (
        list(input, "placementConstraints"),
        list(input, "placementStrategy"),
    );
    if fargate && (!constraints.is_empty() || !strategies.is_empty()) {
        return Err(invalid(
            "Placement constraints and strategies are not supported with FARGATE launch type.",
        ));
    }
    if constraints.len() > 10 {
        return Err(invalid(
            "Placement constraints cannot have more than 10 elements.",
        ));
    }
    if strategies.len() > 5 {
        return Err(invalid(
            "Placement strategy cannot have more than 5 elements.",
        ));
    }
    let needs = |c: &Value| text(c, "type") == Some("memberOf") && given(c, "expression").is_none();
    if constraints.iter().any(needs) {
        return Err(invalid(
            "A memberOf placement constraint needs an expression.",
        ));
    }
    Ok(())
}
