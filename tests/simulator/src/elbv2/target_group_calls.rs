//! The calls on target groups.

use serde_json::{Value, json};

use super::load_balancer::valid_name;
use super::{State, TargetGroup, arn, attributes, input, not_found, paging, tags};
use crate::{Answer, ApiError, Call};

/// Target groups of a Region [D].
const MOST: usize = 3000;

impl State {
    pub(super) fn group_named(&self, name: &str) -> Option<&TargetGroup> {
        self.target_groups.values().find(|group| group.name == name)
    }

    pub(super) fn create_target_group(&mut self, call: &Call) -> Answer {
        let name = input::text(call.input, "Name");
        valid_name(name)?;
        let tags = tags::parse(call.input)?;
        let mut group = TargetGroup::parse(call.input, String::new(), tags)?;
        if let Some(existing) = self.group_named(name) {
            if !existing.same_settings(&group) {
                let message = format!(
                    "A target group with the same name '{name}' exists, but with different settings"
                );
                return Err(ApiError::client("DuplicateTargetGroupName", message));
            }
            return Ok(json!({ "TargetGroups": [self.show_group(existing)] }));
        }
        if self.target_groups.len() >= MOST {
            let message = "You have reached the maximum number of target groups";
            return Err(ApiError::client("TooManyTargetGroups", message));
        }
        let time = self.use_of(&format!("target group {name}"));
        group.arn = arn::target_group(call, name, &time);
        let shown = self.show_group(&group);
        self.target_groups.insert(group.arn.clone(), group);
        Ok(json!({ "TargetGroups": [shown] }))
    }

    pub(super) fn modify_target_group(&mut self, request: &Value) -> Answer {
        let group = self.existing(request)?;
        let health_check = group.health_check.with(request, group.context())?;
        group.health_check = health_check;
        let group = group.clone();
        Ok(json!({ "TargetGroups": [self.show_group(&group)] }))
    }

    pub(super) fn describe_target_groups(&self, request: &Value) -> Answer {
        let (arns, names) = (
            input::texts(request, "TargetGroupArns"),
            input::texts(request, "Names"),
        );
        let balancer = input::text(request, "LoadBalancerArn");
        let absent = arns
            .iter()
            .any(|arn| !self.target_groups.contains_key(*arn))
            || names.iter().any(|name| self.group_named(name).is_none());
        if absent {
            return Err(not_found("target group"));
        }
        if !balancer.is_empty() && !self.load_balancers.contains_key(balancer) {
            return Err(not_found("load balancer"));
        }
        let all = arns.is_empty() && names.is_empty() && balancer.is_empty();
        let behind = |arn: &str| {
            self.traffic
                .get(arn)
                .is_some_and(|lbs| lbs.contains(balancer))
        };
        let wanted = |g: &&TargetGroup| {
            all || arns.contains(&&g.arn[..]) || names.contains(&&g.name[..]) || behind(&g.arn)
        };
        let shown = self
            .target_groups
            .values()
            .filter(wanted)
            .map(|group| self.show_group(group));
        paging::page(request, "TargetGroups", shown.collect())
    }

    /// Succeeds for one that does not exist: the model declares no error for that [M] (unverified: `DELETE_MISSING_TG`).
    pub(super) fn delete_target_group(&mut self, request: &Value) -> Answer {
        let arn = input::text(request, "TargetGroupArn");
        if self.is_associated(arn) {
            let message =
                format!("Target group '{arn}' is currently in use by a listener or a rule");
            return Err(ApiError::client("ResourceInUse", message));
        }
        self.target_groups.remove(arn);
        Ok(json!({}))
    }

    pub(super) fn modify_attributes(&mut self, request: &Value) -> Answer {
        let group = self.existing(request)?;
        group.attributes = attributes::changed(group, input::list(request, "Attributes"))?;
        Ok(json!({ "Attributes": attributes::list(&group.attributes) }))
    }

    pub(super) fn describe_attributes(&self, request: &Value) -> Answer {
        let group = self
            .target_groups
            .get(input::text(request, "TargetGroupArn"));
        let group = group.ok_or_else(|| not_found("target group"))?;
        Ok(json!({ "Attributes": attributes::list(&group.attributes) }))
    }

    pub(super) fn show_group(&self, group: &TargetGroup) -> Value {
        let balancers: Vec<_> = self
            .traffic
            .get(&group.arn)
            .into_iter()
            .flatten()
            .map(|arn| &arn[..])
            .collect();
        group.show(&balancers)
    }

    fn existing(&mut self, request: &Value) -> Result<&mut TargetGroup, ApiError> {
        let arn = input::text(request, "TargetGroupArn");
        self.target_groups
            .get_mut(arn)
            .ok_or_else(|| not_found("target group"))
    }
}
