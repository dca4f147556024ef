//! Calls of the ELBv2 API.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::{
    error::{ProvideErrorMetadata, SdkError},
    types::{ProtocolEnum, TargetGroupIpAddressTypeEnum, TargetHealthStateEnum, TargetTypeEnum},
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use futures::future::join_all;

use super::{
    Aws, AwsError, Kind, convert,
    limits::Bucket,
    reader::{Found, all},
};
use crate::model::{
    Members, Tags,
    observed::{Health, Rule, TargetGroup},
};

/// The ELBv2 calls that the operator makes, for the documentation of rights.
pub const OPERATIONS: [&str; 15] = [
    "CreateTargetGroup",
    "ModifyTargetGroup",
    "ModifyTargetGroupAttributes",
    "DeleteTargetGroup",
    "CreateRule",
    "ModifyRule",
    "SetRulePriorities",
    "DeleteRule",
    "AddTags",
    "RemoveTags",
    "DescribeTargetGroups",
    "DescribeTargetGroupAttributes",
    "DescribeTargetHealth",
    "DescribeRules",
    "DescribeTags",
];

/// The bucket that AWS counts a call in: every Describe* in one, the others that we make in another.
pub(super) fn bucket(operation: &str) -> Bucket {
    if operation.starts_with("Describe") {
        Bucket::Elbv2Read
    } else {
        Bucket::Elbv2Modify
    }
}

/// Members of a page; the most that ELBv2 gives (DescribeTargetGroups and DescribeRules, parameter PageSize).
const PAGE: i32 = 400;

/// Sends a request and turns its error into ours.
macro_rules! call {
    ($aws:expr, $operation:literal, $request:expr) => {
        $aws.measured("elbv2", $operation, bucket($operation), || async {
            $request
                .send()
                .await
                .map_err(|error| failed($operation, &error))
        })
        .await
    };
}

fn failed<E: ProvideErrorMetadata + std::error::Error + 'static>(
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> AwsError {
    AwsError::new(operation, error)
}

impl Aws {
    pub(super) async fn create_target_group(
        &self,
        input: &Members,
    ) -> Result<Option<String>, AwsError> {
        let text = |key| convert::text(input, key);
        let number = |key| convert::number(input, key);
        let request = self
            .elbv2
            .create_target_group()
            .set_name(text("name"))
            .set_protocol(text("protocol").map(|p| ProtocolEnum::from(p.as_str())))
            .set_protocol_version(text("protocolVersion"))
            .set_port(number("port"))
            .set_vpc_id(text("vpcId"))
            .set_target_type(text("targetType").map(|t| TargetTypeEnum::from(t.as_str())))
            .set_ip_address_type(
                text("ipAddressType").map(|t| TargetGroupIpAddressTypeEnum::from(t.as_str())),
            )
            .set_target_control_port(number("targetControlPort"))
            .set_health_check_enabled(convert::flag(input, "healthCheckEnabled"))
            .set_health_check_protocol(
                text("healthCheckProtocol").map(|p| ProtocolEnum::from(p.as_str())),
            )
            .set_health_check_port(text("healthCheckPort"))
            .set_health_check_path(text("healthCheckPath"))
            .set_health_check_interval_seconds(number("healthCheckIntervalSeconds"))
            .set_health_check_timeout_seconds(number("healthCheckTimeoutSeconds"))
            .set_healthy_threshold_count(number("healthyThresholdCount"))
            .set_unhealthy_threshold_count(number("unhealthyThresholdCount"))
            .set_matcher(convert::target_group::matcher(input))
            .set_tags(Some(convert::tags(input)));
        let answer = call!(self, "CreateTargetGroup", request)?;
        Ok(answer
            .target_groups()
            .first()
            .and_then(|group| group.target_group_arn())
            .map(str::to_owned))
    }

    pub(super) async fn modify_target_group(&self, input: &Members) -> Result<(), AwsError> {
        let text = |key| convert::text(input, key);
        let number = |key| convert::number(input, key);
        let request = self
            .elbv2
            .modify_target_group()
            .set_target_group_arn(text("targetGroupArn"))
            .set_health_check_enabled(convert::flag(input, "healthCheckEnabled"))
            .set_health_check_protocol(
                text("healthCheckProtocol").map(|p| ProtocolEnum::from(p.as_str())),
            )
            .set_health_check_port(text("healthCheckPort"))
            .set_health_check_path(text("healthCheckPath"))
            .set_health_check_interval_seconds(number("healthCheckIntervalSeconds"))
            .set_health_check_timeout_seconds(number("healthCheckTimeoutSeconds"))
            .set_healthy_threshold_count(number("healthyThresholdCount"))
            .set_unhealthy_threshold_count(number("unhealthyThresholdCount"))
            .set_matcher(convert::target_group::matcher(input));
        call!(self, "ModifyTargetGroup", request).map(drop)
    }

    pub(super) async fn modify_target_group_attributes(
        &self,
        input: &Members,
    ) -> Result<(), AwsError> {
        let request = self
            .elbv2
            .modify_target_group_attributes()
            .set_target_group_arn(convert::text(input, "targetGroupArn"))
            .set_attributes(Some(convert::target_group::attributes(input)));
        call!(self, "ModifyTargetGroupAttributes", request).map(drop)
    }

    pub(super) async fn delete_target_group(&self, input: &Members) -> Result<(), AwsError> {
        call!(
            self,
            "DeleteTargetGroup",
            self.elbv2
                .delete_target_group()
                .set_target_group_arn(convert::text(input, "targetGroupArn"))
        )
        .map(drop)
    }

    pub(super) async fn create_rule(&self, input: &Members) -> Result<Option<String>, AwsError> {
        let request = self
            .elbv2
            .create_rule()
            .set_listener_arn(convert::text(input, "listenerArn"))
            .set_priority(convert::number(input, "priority"))
            .set_conditions(Some(convert::rule::conditions(input)))
            .set_actions(Some(convert::action::requested(input)))
            .set_transforms(convert::rule::transforms(input))
            .set_tags(Some(convert::tags(input)));
        let answer = call!(self, "CreateRule", request)?;
        Ok(answer
            .rules()
            .first()
            .and_then(|rule| rule.rule_arn())
            .map(str::to_owned))
    }

    pub(super) async fn modify_rule(&self, input: &Members) -> Result<(), AwsError> {
        let sent = |key| input.contains_key(key);
        let request = self
            .elbv2
            .modify_rule()
            .set_rule_arn(convert::text(input, "ruleArn"))
            .set_conditions(sent("conditions").then(|| convert::rule::conditions(input)))
            .set_actions(sent("actions").then(|| convert::action::requested(input)))
            .set_transforms(convert::rule::transforms(input))
            .set_reset_transforms(convert::flag(input, "resetTransforms"));
        call!(self, "ModifyRule", request).map(drop)
    }

    pub(super) async fn set_rule_priorities(&self, input: &Members) -> Result<(), AwsError> {
        call!(
            self,
            "SetRulePriorities",
            self.elbv2
                .set_rule_priorities()
                .set_rule_priorities(Some(convert::rule::priorities(input)))
        )
        .map(drop)
    }

    pub(super) async fn delete_rule(&self, input: &Members) -> Result<(), AwsError> {
        call!(
            self,
            "DeleteRule",
            self.elbv2
                .delete_rule()
                .set_rule_arn(convert::text(input, "ruleArn"))
        )
        .map(drop)
    }

    pub(super) async fn add_tags(&self, input: &Members) -> Result<(), AwsError> {
        let request = self
            .elbv2
            .add_tags()
            .set_resource_arns(Some(convert::rule::resource_arns(input)))
            .set_tags(Some(convert::tags(input)));
        call!(self, "AddTags", request).map(drop)
    }

    pub(super) async fn remove_tags(&self, input: &Members) -> Result<(), AwsError> {
        let request = self
            .elbv2
            .remove_tags()
            .set_resource_arns(Some(convert::rule::resource_arns(input)))
            .set_tag_keys(Some(convert::texts(input, "tagKeys")));
        call!(self, "RemoveTags", request).map(drop)
    }

    pub(super) async fn describe_target_groups(
        &self,
        names: Vec<String>,
    ) -> Found<String, Option<TargetGroup>> {
        match self.sweep_target_groups(&names).await {
            Ok(found) => found,
            Err(error) => all(names, &error),
        }
    }

    /// One name is asked for by name. Several come from a sweep over all pages: asked for by name, ELBv2 fails them all for one that is missing.
    async fn sweep_target_groups(
        &self,
        names: &[String],
    ) -> Result<Found<String, Option<TargetGroup>>, AwsError> {
        let single = (names.len() == 1).then(|| names.to_vec());
        let mut found: Found<_, _> = names.iter().map(|name| (name.clone(), Ok(None))).collect();
        let mut marker = None;
        loop {
            let page_size = single.is_none().then_some(PAGE);
            let request = self
                .elbv2
                .describe_target_groups()
                .set_names(single.clone())
                .set_page_size(page_size)
                .set_marker(marker);
            let answer = match call!(self, "DescribeTargetGroups", request) {
                Err(error) if error.kind == Kind::NotFound => return Ok(found),
                answer => answer?,
            };
            for group in answer.target_groups() {
                if let Some(slot) = found.get_mut(group.target_group_name().unwrap_or_default()) {
                    *slot = Ok(Some(convert::target_group::observed(group)));
                }
            }
            marker = answer.next_marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(found);
            }
        }
    }

    pub(super) async fn describe_rules(
        &self,
        listeners: Vec<String>,
    ) -> Found<String, Option<Vec<Rule>>> {
        let found = join_all(listeners.into_iter().map(|listener| async move {
            let rules = self.rules_of(&listener).await;
            (listener, rules)
        }));
        found.await.into_iter().collect()
    }

    async fn rules_of(&self, listener: &str) -> Result<Option<Vec<Rule>>, AwsError> {
        let mut rules = Vec::new();
        let mut marker = None;
        loop {
            let request = self
                .elbv2
                .describe_rules()
                .listener_arn(listener)
                .page_size(PAGE)
                .set_marker(marker);
            let answer = match call!(self, "DescribeRules", request) {
                Err(error) if error.kind == Kind::NotFound => return Ok(None),
                answer => answer?,
            };
            let page = answer.rules().iter();
            rules.extend(page.map(|rule| convert::rule::observed(rule, listener)));
            marker = answer.next_marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(Some(rules));
            }
        }
    }

    /// Tags of up to 20 resources; one that is gone or refused fails them all, so they are asked for one by one then.
    pub(super) async fn describe_tags(&self, arns: Vec<String>) -> Found<String, Option<Tags>> {
        let of_one = |kind| matches!(kind, Kind::NotFound | Kind::Invalid | Kind::AccessDenied);
        match self.tags_of(arns.clone()).await {
            Err(error) if of_one(error.kind) => {}
            Err(error) => return all(arns, &error),
            Ok(mut found) => {
                return arns
                    .into_iter()
                    .filter_map(|arn| found.remove(&arn).map(|tags| (arn, Ok(Some(tags)))))
                    .collect();
            }
        }
        let found = join_all(arns.into_iter().map(|arn| async move {
            let tags = match self.tags_of(vec![arn.clone()]).await {
                Err(error) if error.kind == Kind::NotFound => Ok(None),
                found => found.map(|mut found| found.remove(&arn)),
            };
            (arn, tags)
        }));
        found.await.into_iter().collect()
    }

    async fn tags_of(&self, arns: Vec<String>) -> Result<HashMap<String, Tags>, AwsError> {
        let request = self.elbv2.describe_tags().set_resource_arns(Some(arns));
        let answer = call!(self, "DescribeTags", request)?;
        let described = answer.tag_descriptions().iter();
        let arn = |arn: Option<&str>| arn.unwrap_or_default().to_owned();
        Ok(described
            .map(|d| (arn(d.resource_arn()), convert::observed_tags(d.tags())))
            .collect())
    }

    pub(super) async fn target_group_attributes(&self, arn: &str) -> Result<Tags, AwsError> {
        let answer = call!(
            self,
            "DescribeTargetGroupAttributes",
            self.elbv2
                .describe_target_group_attributes()
                .target_group_arn(arn)
        )?;
        Ok(answer
            .attributes()
            .iter()
            .map(|a| {
                (
                    a.key().unwrap_or_default().to_owned(),
                    a.value().unwrap_or_default().to_owned(),
                )
            })
            .collect())
    }

    pub(super) async fn target_health(&self, arn: &str) -> Result<Health, AwsError> {
        let answer = call!(
            self,
            "DescribeTargetHealth",
            self.elbv2.describe_target_health().target_group_arn(arn)
        )?;
        let mut health = Health::default();
        for target in answer.target_health_descriptions() {
            match target.target_health().and_then(|health| health.state()) {
                Some(TargetHealthStateEnum::Healthy) => health.healthy += 1,
                Some(TargetHealthStateEnum::Draining) => {}
                _ => health.unhealthy += 1,
            }
        }
        Ok(health)
    }
}
