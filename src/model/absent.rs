//! What AWS means by a member of a service, target group or cluster that is absent: declaring just that changes nothing, and AWS may
//! leave it out of an answer or fill it in (aws.md 4.4, and the descriptions of the members in the model of each API).

use serde_json::Value;

use super::Members;

/// Numbers that absence means. Every other number says something, 0 too: a timeout of Service Connect of 0 seconds is none at all,
/// where absence is 15 seconds, or minutes. Absence of what is not here is a number that depends on other members
/// (`maximumPercent`, a target group's checks, `idleTimeoutSeconds`) or that AWS does not tell (`deregistrationDelay`).
const NUMBERS: [(&str, f64); 9] = [
    ("healthCheckGracePeriodSeconds", 0.0),
    ("bakeTimeInMinutes", 0.0),
    ("weight", 0.0),
    ("base", 0.0),
    ("timeoutInMinutes", 1440.0),
    ("stepPercent", 10.0),
    ("stepBakeTimeInMinutes", 6.0),
    ("canaryPercent", 5.0),
    ("canaryBakeTimeInMinutes", 10.0),
];

/// Words that absence means, besides the empty one.
const WORDS: [(&str, &str); 9] = [
    ("assignPublicIp", "DISABLED"),
    ("includeQueryParameters", "DISABLED"),
    ("propagateTags", "NONE"),
    ("schedulingStrategy", "REPLICA"),
    ("strategy", "ROLLING"),
    ("targetType", "AWS_LAMBDA"),
    ("action", "ROLLBACK"),
    ("platformVersion", "LATEST"),
    ("filesystemType", "xfs"),
];

/// What is on unless it is switched off.
const ON: [&str; 1] = ["resetOnHealthyTask"];

/// Maps whose keys the user chose: none of their values is a default.
const MAPS: [&str; 1] = ["options"];

/// Whether the keys in the member are the user's own words.
pub fn is_map(key: &str) -> bool {
    MAPS.contains(&key)
}

/// Whether the value of the member `key` says what its absence does.
pub fn is_absence(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is_on) => *is_on == ON.contains(&key),
        Value::Number(number) => {
            let default = NUMBERS.iter().find(|(name, _)| *name == key);
            default.is_some_and(|(_, default)| number.as_f64() == Some(*default))
        }
        Value::String(text) => text.is_empty() || WORDS.contains(&(key, text)),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) if is_map(key) => members.is_empty(),
        Value::Object(members) => {
            is_default_block(members) || members.iter().all(|(key, value)| is_absence(key, value))
        }
    }
}

/// Whether it is the deployment controller, or the threshold of a circuit breaker, that AWS takes by itself.
fn is_default_block(members: &Members) -> bool {
    let is = |key: &str, expected: &str| members.get(key).is_some_and(|value| value == expected);
    match members.len() {
        1 => is("type", "ECS"),
        2 => {
            is("type", "BOUNDED_PERCENT") && members.get("value").is_some_and(|value| *value == 50)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_that_aws_takes_by_itself_are_absence_and_others_are_not() {
        for (block, expected) in [
            (json!({"type": "ECS"}), true),
            (json!({"type": "EXTERNAL"}), false),
            (json!({"type": "BOUNDED_PERCENT", "value": 50}), true),
            (json!({"type": "BOUNDED_PERCENT", "value": 40}), false),
            (json!({"type": "COUNT", "value": 50}), false),
            (json!({"type": "ECS", "value": 50}), false),
        ] {
            assert_eq!(is_absence("block", &block), expected, "{block}");
        }
    }

    #[test]
    fn zero_is_a_value_where_absence_is_another() {
        for key in [
            "idleTimeoutSeconds",
            "perRequestTimeoutSeconds",
            "timeoutSeconds",
            "ingressPortOverride",
            "minimumHealthyPercent",
            "desiredCount",
            "stepBakeTimeInMinutes",
            "canaryBakeTimeInMinutes",
        ] {
            assert!(!is_absence(key, &json!(0)), "{key}");
            assert!(!is_absence("block", &json!({ key: 0 })), "{key}");
        }
        assert!(is_absence("base", &json!(0)));
        assert!(is_absence("stepBakeTimeInMinutes", &json!(6)));
    }

    #[test]
    fn off_is_a_value_where_absence_is_on() {
        assert!(!is_absence("resetOnHealthyTask", &json!(false)));
        assert!(is_absence("resetOnHealthyTask", &json!(true)));
        assert!(is_absence("rollback", &json!(false)));
        assert!(!is_absence("rollback", &json!(true)));
    }

    #[test]
    fn option_without_a_value_is_an_option() {
        assert!(!is_absence("options", &json!({"mode": ""})));
        assert!(is_absence("options", &json!({})));
    }
}
