//! Conditions of rules: limits, and both ways in which a read shows their values.

use serde_json::{Value, json};

use super::{input, invalid};
use crate::ApiError;

/// Values in all conditions of a rule, and wildcards in them [D].
const MOST: usize = 5;

/// Field, its configuration block, and how often it can occur in a rule.
const FIELDS: [(&str, &str, usize); 6] = [
    ("host-header", "HostHeaderConfig", 1),
    ("path-pattern", "PathPatternConfig", 1),
    ("http-header", "HttpHeaderConfig", MOST),
    ("http-request-method", "HttpRequestMethodConfig", 1),
    ("query-string", "QueryStringConfig", MOST),
    ("source-ip", "SourceIpConfig", 1),
];

/// The conditions as they will be read.
pub fn normalise(conditions: &[Value]) -> Result<Vec<Value>, ApiError> {
    if conditions.is_empty() {
        return Err(invalid("A condition must be specified"));
    }
    let shown: Vec<_> = conditions.iter().map(one).collect::<Result<_, _>>()?;
    for (field, _, most) in FIELDS {
        let count = shown
            .iter()
            .filter(|condition| condition["Field"] == field)
            .count();
        if count > most {
            return Err(invalid(format!(
                "A rule can only have '{most}' conditions with field '{field}'"
            )));
        }
    }
    let count: usize = shown.iter().map(count_values).sum();
    if count > MOST {
        return Err(invalid(format!(
            "A rule can only have '{MOST}' condition values"
        )));
    }
    if shown.iter().map(wildcards).sum::<usize>() > MOST {
        return Err(invalid(format!("A rule can only have '{MOST}' wildcards")));
    }
    Ok(shown)
}

fn block(field: &str) -> Option<&'static str> {
    FIELDS
        .iter()
        .find(|(name, ..)| *name == field)
        .map(|(_, block, _)| *block)
}

fn one(condition: &Value) -> Result<Value, ApiError> {
    let field = match input::text(condition, "Field") {
        "" => FIELDS
            .iter()
            .find(|(_, block, _)| input::has(condition, block))
            .map_or("", |f| f.0),
        field => field,
    };
    let unknown = || {
        invalid(format!(
            "Condition field '{field}' must be one of '[path-pattern, host-header, http-header, http-request-method, query-string, source-ip]'"
        ))
    };
    let block = block(field).ok_or_else(unknown)?;
    let legacy = matches!(field, "host-header" | "path-pattern");
    let plain = input::list(condition, "Values");
    let mut config = match (input::has(condition, block), plain) {
        (true, []) => condition[block].clone(),
        (false, [_, ..]) if legacy => json!({ "Values": plain }),
        (true, _) => {
            return Err(invalid(format!(
                "Values and {block} cannot both be specified"
            )));
        }
        (false, _) => {
            return Err(invalid(format!(
                "{block} must be specified for field '{field}'"
            )));
        }
    };
    check(field, &config)?;
    sort(field, &mut config);
    let mut shown = json!({ "Field": field });
    // Both the legacy list and the typed block come back [L].
    if field != "query-string" {
        shown["Values"] = match legacy {
            true => json!(input::texts(&config, "Values")),
            false => json!([]),
        };
    }
    shown[block] = config;
    Ok(shown)
}

/// Reordered by AWS: path-pattern, source-ip and http-header; not host-header [L]. The order itself is unverified: RULE_ORDER_ON_READ.
fn sort(field: &str, config: &mut Value) {
    if matches!(field, "path-pattern" | "source-ip" | "http-header")
        && let Some(values) = config["Values"].as_array_mut()
    {
        values.sort_by_key(Value::to_string);
    }
}

fn check(field: &str, config: &Value) -> Result<(), ApiError> {
    let values = input::texts(config, "Values");
    // An address type is for Network Load Balancers, values are for the others (SourceIpConditionConfig). That each is taken
    // on both is unverified: SOURCE_OF_EVERY_BALANCER.
    let any = ["Values", "RegexValues", "IpAddressType"]
        .iter()
        .any(|member| input::has(config, member) && config[member] != json!([]));
    if !any {
        return Err(invalid(format!(
            "A condition value must be specified for field '{field}'"
        )));
    }
    if let Some(long) = values
        .iter()
        .find(|value| value.is_empty() || value.len() > 128)
    {
        return Err(invalid(format!(
            "Condition value '{long}' must be between 1 and 128 characters"
        )));
    }
    match field {
        "host-header" => values.iter().try_for_each(|value| host(value)),
        "path-pattern" => values.iter().try_for_each(|value| path(value)),
        "http-header" => header(input::text(config, "HttpHeaderName")),
        "http-request-method" => values.iter().try_for_each(|value| method(value)),
        "source-ip" => values.iter().try_for_each(|value| cidr(value)),
        _ => query(config),
    }
}

/// At least one dot, and only letters after the last [M].
fn host(value: &str) -> Result<(), ApiError> {
    let allowed = value
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-.*?".contains(c));
    let end = value.rsplit_once('.').map(|(_, end)| end);
    let letters = |end: &str| {
        !end.is_empty()
            && end
                .chars()
                .all(|c| c.is_ascii_alphabetic() || "*?".contains(c))
    };
    match allowed && end.is_some_and(letters) {
        true => Ok(()),
        false => Err(invalid(format!(
            "The host name '{value}' must contain at least one '.' and only alphabetical characters after the last one"
        ))),
    }
}

fn path(value: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?".contains(c);
    match value.chars().all(allowed) {
        true => Ok(()),
        false => Err(invalid(format!(
            "The path pattern '{value}' contains characters that are not allowed"
        ))),
    }
}

fn header(name: &str) -> Result<(), ApiError> {
    if name.eq_ignore_ascii_case("host") {
        return Err(invalid(
            "You cannot use the host header in an http-header condition: use host-header",
        ));
    }
    match (1..=40).contains(&name.len()) {
        true => Ok(()),
        false => Err(invalid(format!(
            "The HTTP header name '{name}' must be between 1 and 40 characters"
        ))),
    }
}

fn method(value: &str) -> Result<(), ApiError> {
    let allowed = value
        .chars()
        .all(|c| c.is_ascii_uppercase() || "-_".contains(c));
    match allowed && value.len() <= 40 {
        true => Ok(()),
        false => Err(invalid(format!(
            "The HTTP request method '{value}' is not valid"
        ))),
    }
}

fn cidr(value: &str) -> Result<(), ApiError> {
    let (address, bits) = value.split_once('/').unwrap_or((value, ""));
    let most = match address.parse() {
        Ok(std::net::IpAddr::V4(_)) => Some(32),
        Ok(std::net::IpAddr::V6(_)) => Some(128),
        Err(_) => None,
    };
    let bits: Option<u8> = bits.parse().ok();
    match most.zip(bits).is_some_and(|(most, bits)| bits <= most) {
        true => Ok(()),
        false => Err(invalid(format!(
            "The source IP address '{value}' is not in CIDR format"
        ))),
    }
}

fn query(config: &Value) -> Result<(), ApiError> {
    let pairs = input::list(config, "Values").iter();
    let wrong = |pair: &&Value| {
        let (key, value) = (input::text(pair, "Key"), input::text(pair, "Value"));
        value.is_empty() || value.len() > 128 || key.len() > 128
    };
    match { pairs }.find(wrong) {
        Some(pair) => Err(invalid(format!(
            "The query string '{pair}' must have a value of 1 to 128 characters"
        ))),
        None => Ok(()),
    }
}

fn config_of(condition: &Value) -> &Value {
    block(input::text(condition, "Field")).map_or(&Value::Null, |block| &condition[block])
}

fn count_values(condition: &Value) -> usize {
    let config = config_of(condition);
    input::list(config, "Values").len() + input::list(config, "RegexValues").len()
}

fn wildcards(condition: &Value) -> usize {
    let of = |value: &Value| {
        value
            .as_str()
            .map_or(0, |text| text.matches(['*', '?']).count())
    };
    let pair = |pair: &Value| of(&pair["Key"]) + of(&pair["Value"]);
    let values = input::list(config_of(condition), "Values").iter();
    values.map(|value| of(value) + pair(value)).sum()
}
