//! Tags of everything that has an ARN.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{State, input, invalid, not_found};
use crate::{Answer, ApiError};

/// Tags a resource can have; ELBv2 AddTags [D].
const MOST: usize = 50;
/// ARNs of one DescribeTags [M].
const ARNS: usize = 20;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// The tags of a request's `Tags`.
pub fn parse(request: &Value) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    for tag in input::list(request, "Tags") {
        let key = input::text(tag, "Key");
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(format!(
                "The tag key '{key}' uses the reserved prefix 'aws:'"
            )));
        }
        // Unverified: TAG_DUPLICATE.
        if tags
            .insert(key.to_owned(), input::text(tag, "Value").to_owned())
            .is_some()
        {
            let message = format!("The tag key '{key}' was specified more than once");
            return Err(ApiError::client("DuplicateTagKeys", message));
        }
    }
    if tags.len() > MOST {
        return Err(too_many());
    }
    Ok(tags)
}

/// Tags as AWS lists them.
pub fn list(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

fn too_many() -> ApiError {
    ApiError::client(
        "TooManyTags",
        "You have reached the maximum number of tags allowed",
    )
}

impl State {
    pub(super) fn add_tags(&mut self, request: &Value) -> Answer {
        let added = parse(request)?;
        let arns = input::texts(request, "ResourceArns");
        for arn in &arns {
            let tags = self.tags(arn).ok_or_else(|| missing(arn))?;
            let fresh = added.keys().filter(|key| !tags.contains_key(*key)).count();
            if tags.len() + fresh > MOST {
                return Err(too_many());
            }
        }
        for arn in arns {
            self.tags_mut(arn)
                .ok_or_else(|| missing(arn))?
                .extend(added.clone());
        }
        Ok(json!({}))
    }

    pub(super) fn remove_tags(&mut self, request: &Value) -> Answer {
        let keys = input::texts(request, "TagKeys");
        let arns = input::texts(request, "ResourceArns");
        if let Some(arn) = arns.iter().find(|arn| self.tags(arn).is_none()) {
            return Err(missing(arn));
        }
        for arn in arns {
            let tags = self.tags_mut(arn).ok_or_else(|| missing(arn))?;
            tags.retain(|key, _| !keys.contains(&&key[..]));
        }
        Ok(json!({}))
    }

    pub(super) fn describe_tags(&self, request: &Value) -> Answer {
        let arns = input::texts(request, "ResourceArns");
        if arns.len() > ARNS {
            return Err(invalid(format!(
                "'{}' resource ARNs were given, at most {ARNS} are allowed",
                arns.len()
            )));
        }
        let describe = |arn: &&str| {
            let tags = self.tags(arn).ok_or_else(|| missing(arn))?;
            Ok(json!({ "ResourceArn": arn, "Tags": list(tags) }))
        };
        let described: Result<Vec<_>, ApiError> = arns.iter().map(describe).collect();
        Ok(json!({ "TagDescriptions": described? }))
    }

    /// ARNs and tags of what a call names, for IAM.
    pub(crate) fn tags_about(&self, request: &Value) -> Vec<(String, Tags)> {
        let mut arns = input::texts(request, "ResourceArns");
        let one = |name| request[name].as_str();
        arns.extend(["TargetGroupArn", "RuleArn"].into_iter().filter_map(one));
        let priorities = request["RulePriorities"].as_array().into_iter().flatten();
        arns.extend(priorities.filter_map(|one| one["RuleArn"].as_str()));
        arns.into_iter()
            .filter_map(|arn| Some((arn.to_owned(), self.tags(arn)?.clone())))
            .collect()
    }

    pub(super) fn tags(&self, arn: &str) -> Option<&Tags> {
        let group = self.target_groups.get(arn).map(|group| &group.tags);
        let rule = || self.rules.get(arn).map(|rule| &rule.tags);
        let listener = || self.listeners.get(arn).map(|listener| &listener.tags);
        let balancer = || self.load_balancers.get(arn).map(|balancer| &balancer.tags);
        group.or_else(rule).or_else(listener).or_else(balancer)
    }

    fn tags_mut(&mut self, arn: &str) -> Option<&mut Tags> {
        let group = self.target_groups.get_mut(arn).map(|group| &mut group.tags);
        let rule = self.rules.get_mut(arn).map(|rule| &mut rule.tags);
        let listener = self
            .listeners
            .get_mut(arn)
            .map(|listener| &mut listener.tags);
        let balancer = self
            .load_balancers
            .get_mut(arn)
            .map(|balancer| &mut balancer.tags);
        group.or(rule).or(listener).or(balancer)
    }
}

fn missing(arn: &str) -> ApiError {
    match arn
        .split(':')
        .nth(5)
        .and_then(|path| path.split('/').next())
    {
        Some("targetgroup") => not_found("target group"),
        Some("listener-rule") => not_found("rule"),
        Some("listener") => not_found("listener"),
        Some("loadbalancer") => not_found("load balancer"),
        _ => invalid(format!("'{arn}' is not a valid resource ARN")),
    }
}
