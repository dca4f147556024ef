//! Listener rules.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, HostHeaderConditionConfig,
    HttpHeaderConditionConfig, HttpRequestMethodConditionConfig, PathPatternConditionConfig,
    QueryStringConditionConfig, QueryStringKeyValuePair, RedirectActionConfig,
    RedirectActionStatusCodeEnum, Rule, RuleCondition, RulePriorityPair, SourceIpConditionConfig,
};
use serde_json::{Value, json};

use super::{number, put, strings, text, texts};
use crate::{
    desired::load_balancer::sort_values,
    model::{Members, observed},
};

/// What was seen: one typed config a condition, values sorted; AWS's mirror in `Values` is left out.
pub fn observed(rule: &Rule, listener_arn: &str) -> observed::Rule {
    let mut conditions: Vec<Value> = rule.conditions().iter().map(condition).collect();
    conditions
        .iter_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(|c| c.values_mut())
        .for_each(sort_values);
    conditions.sort_by_cached_key(Value::to_string);
    observed::Rule {
        arn: rule.rule_arn().unwrap_or_default().to_owned(),
        listener_arn: listener_arn.to_owned(),
        priority: rule.priority().and_then(|priority| priority.parse().ok()),
        conditions,
        actions: rule.actions().iter().map(action).collect(),
        tags: None,
    }
}

fn condition(condition: &RuleCondition) -> Value {
    if let Some(config) = condition.host_header_config() {
        json!({"hostHeaderConfig": {"values": config.values()}})
    } else if let Some(config) = condition.path_pattern_config() {
        json!({"pathPatternConfig": {"values": config.values()}})
    } else if let Some(config) = condition.http_header_config() {
        json!({"httpHeaderConfig": {"httpHeaderName": config.http_header_name(), "values": config.values()}})
    } else if let Some(config) = condition.http_request_method_config() {
        json!({"httpRequestMethodConfig": {"values": config.values()}})
    } else if let Some(config) = condition.source_ip_config() {
        json!({"sourceIpConfig": {"values": config.values()}})
    } else if let Some(config) = condition.query_string_config() {
        let pairs: Vec<Value> = config
            .values()
            .iter()
            .map(|pair| {
                let mut members = Members::new();
                put(&mut members, "key", pair.key());
                put(&mut members, "value", pair.value());
                Value::Object(members)
            })
            .collect();
        json!({"queryStringConfig": {"values": pairs}})
    } else {
        // A condition that only has the legacy form, or one that AWS adds later: shown as it is, equal to nothing of ours.
        json!({"field": condition.field(), "values": condition.values()})
    }
}

fn action(action: &Action) -> Value {
    let mut members = Members::new();
    put(
        &mut members,
        "type",
        action.r#type().map(ActionTypeEnum::as_str),
    );
    put(&mut members, "targetGroupArn", action.target_group_arn());
    if let Some(forward) = action.forward_config() {
        let groups: Vec<Value> = forward.target_groups().iter().map(|group| json!({"targetGroupArn": group.target_group_arn(), "weight": group.weight()})).collect();
        members.insert("forwardConfig".into(), json!({"targetGroups": groups}));
    }
    if let Some(redirect) = action.redirect_config() {
        let mut config = Members::new();
        put(&mut config, "protocol", redirect.protocol());
        put(&mut config, "port", redirect.port());
        put(&mut config, "host", redirect.host());
        put(&mut config, "path", redirect.path());
        put(&mut config, "query", redirect.query());
        put(
            &mut config,
            "statusCode",
            redirect.status_code().map(|code| code.as_str()),
        );
        members.insert("redirectConfig".into(), Value::Object(config));
    }
    if let Some(fixed) = action.fixed_response_config() {
        let mut config = Members::new();
        put(&mut config, "messageBody", fixed.message_body());
        put(&mut config, "statusCode", fixed.status_code());
        put(&mut config, "contentType", fixed.content_type());
        members.insert("fixedResponseConfig".into(), Value::Object(config));
    }
    Value::Object(members)
}

/// A request's conditions.
pub fn conditions(members: &Members) -> Vec<RuleCondition> {
    members
        .get("conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(request_condition)
        .collect()
}

fn request_condition(members: &Members) -> RuleCondition {
    let condition = RuleCondition::builder();
    let Some((kind, config)) = members.iter().next() else {
        return condition.build();
    };
    let values = Some(strings(&config["values"]));
    match kind.as_str() {
        "hostHeaderConfig" => condition.field("host-header").host_header_config(
            HostHeaderConditionConfig::builder()
                .set_values(values)
                .build(),
        ),
        "pathPatternConfig" => condition.field("path-pattern").path_pattern_config(
            PathPatternConditionConfig::builder()
                .set_values(values)
                .build(),
        ),
        "httpRequestMethodConfig" => condition
            .field("http-request-method")
            .http_request_method_config(
                HttpRequestMethodConditionConfig::builder()
                    .set_values(values)
                    .build(),
            ),
        "sourceIpConfig" => condition.field("source-ip").source_ip_config(
            SourceIpConditionConfig::builder()
                .set_values(values)
                .build(),
        ),
        "httpHeaderConfig" => condition.field("http-header").http_header_config(
            HttpHeaderConditionConfig::builder()
                .set_http_header_name(config["httpHeaderName"].as_str().map(str::to_owned))
                .set_values(values)
                .build(),
        ),
        _ => {
            let pairs = config["values"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_object);
            let pairs = pairs
                .map(|pair| {
                    QueryStringKeyValuePair::builder()
                        .set_key(text(pair, "key"))
                        .set_value(text(pair, "value"))
                        .build()
                })
                .collect();
            condition.field("query-string").query_string_config(
                QueryStringConditionConfig::builder()
                    .set_values(Some(pairs))
                    .build(),
            )
        }
    }
    .build()
}

/// A request's actions, in their order.
pub fn actions(members: &Members) -> Vec<Action> {
    members
        .get("actions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(request_action)
        .collect()
}

fn request_action(members: &Members) -> Action {
    let mut action = Action::builder()
        .r#type(ActionTypeEnum::from(
            text(members, "type").unwrap_or_default().as_str(),
        ))
        .set_target_group_arn(text(members, "targetGroupArn"));
    if let Some(config) = members.get("redirectConfig").and_then(Value::as_object) {
        action = action.redirect_config(
            RedirectActionConfig::builder()
                .set_protocol(text(config, "protocol"))
                .set_port(text(config, "port"))
                .set_host(text(config, "host"))
                .set_path(text(config, "path"))
                .set_query(text(config, "query"))
                .set_status_code(
                    text(config, "statusCode")
                        .map(|code| RedirectActionStatusCodeEnum::from(code.as_str())),
                )
                .build(),
        );
    }
    if let Some(config) = members
        .get("fixedResponseConfig")
        .and_then(Value::as_object)
    {
        action = action.fixed_response_config(
            FixedResponseActionConfig::builder()
                .set_message_body(text(config, "messageBody"))
                .set_status_code(text(config, "statusCode"))
                .set_content_type(text(config, "contentType"))
                .build(),
        );
    }
    action.build()
}

/// A request's rule priorities.
pub fn priorities(members: &Members) -> Vec<RulePriorityPair> {
    members
        .get("rulePriorities")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|pair| {
            RulePriorityPair::builder()
                .set_rule_arn(text(pair, "ruleArn"))
                .set_priority(number(pair, "priority"))
                .build()
        })
        .collect()
}

/// A request's `resourceArns`.
pub fn resource_arns(members: &Members) -> Vec<String> {
    texts(members, "resourceArns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_come_back_as_they_were_sent() {
        let sent = json!([
            {"hostHeaderConfig": {"values": ["a.example"]}},
            {"httpHeaderConfig": {"httpHeaderName": "X-A", "values": ["1", "2"]}},
            {"httpRequestMethodConfig": {"values": ["GET"]}},
            {"pathPatternConfig": {"values": ["/a", "/b"]}},
            {"queryStringConfig": {"values": [{"key": "v", "value": "1"}, {"value": "x"}]}},
            {"sourceIpConfig": {"values": ["10.0.0.0/8"]}},
        ]);
        let request = Members::from_iter([("conditions".to_owned(), sent.clone())]);
        let mut seen = observed(
            &Rule::builder()
                .set_conditions(Some(conditions(&request)))
                .build(),
            "l",
        )
        .conditions;
        seen.sort_by_cached_key(Value::to_string);
        assert_eq!(Value::Array(seen), sent);
    }

    #[test]
    fn actions_come_back_as_they_were_sent() {
        let sent = json!([
            {"type": "forward", "targetGroupArn": "arn:tg"},
            {"type": "redirect", "redirectConfig": {"statusCode": "HTTP_301", "host": "b.example"}},
            {"type": "fixed-response", "fixedResponseConfig": {"statusCode": "404", "messageBody": "no", "contentType": "text/plain"}},
        ]);
        let request = Members::from_iter([("actions".to_owned(), sent.clone())]);
        let seen = observed(
            &Rule::builder().set_actions(Some(actions(&request))).build(),
            "l",
        )
        .actions;
        assert_eq!(Value::Array(seen), sent);
    }
}
