//! Reading: what is in AWS of the things an object means. Reads only.

mod cluster;
mod inventory;
mod rollout;
mod service;
mod task_definition;
mod usage;

use serde_json::Value;

use super::AwsError;
use crate::model::{Tags, arn::last_segment, observed::Resource};

pub use service::{Interest, created, updated};
pub use task_definition::registered;
pub(super) use usage::Usage;

/// Events of a service that are kept; ECS gives up to 100.
const EVENTS: usize = 3;

/// A look that found something unseen which was just created: look again before doing anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotYetVisible(pub String);

/// A complete look, or one that must be repeated.
pub type Look<T> = Result<T, NotYetVisible>;

fn resource(value: &Value) -> Resource {
    let mut members = value.as_object().cloned().unwrap_or_default();
    let tags = tags(members.remove("tags").as_ref());
    if let Some(events) = members.get_mut("events").and_then(Value::as_array_mut) {
        events.truncate(EVENTS);
    }
    Resource { members, tags }
}

fn tags(list: Option<&Value>) -> Tags {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|tag| (text(&tag["key"]), text(&tag["value"])))
        .collect()
}

/// Why what a call describes is missing in its answer, when AWS says something else than that it isn't there: then it is not taken
/// for missing.
fn failure(answer: &Value, operation: &'static str, name: &str) -> Option<AwsError> {
    let is_it = |failure: &&Value| {
        let arn = failure["arn"].as_str().unwrap_or_default();
        last_segment(arn) == name && failure["reason"] != "MISSING"
    };
    let failure = array(answer, "failures").iter().find(is_it)?;
    let text = |member: &str| failure[member].as_str().unwrap_or_default();
    let what = format!(
        "AWS says {} of {}. {}",
        text("reason"),
        text("arn"),
        text("detail")
    );
    Some(AwsError::unreadable(operation, what.trim_end()))
}

fn array<'a>(answer: &'a Value, key: &str) -> &'a [Value] {
    answer[key].as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_aws_calls_missing_is_missing() {
        let answer = json!({"failures": [
            {"arn": "arn:aws:ecs:r:a:service/main/gone", "reason": "MISSING"},
            {"arn": "arn:aws:ecs:r:a:service/main/hidden", "reason": "HIBERNATING", "detail": "Ask later."},
        ]});
        let failure = |name| failure(&answer, "DescribeServices", name);
        assert!(failure("gone").is_none() && failure("other").is_none());
        let told = failure("hidden").expect("a failure").to_string();
        assert!(
            told.contains("HIBERNATING of arn:aws:ecs:r:a:service/main/hidden. Ask later."),
            "{told}"
        );
    }
}
