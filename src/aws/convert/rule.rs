//! Listener rules: conditions, transforms and priorities.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HostHeaderRewriteConfig, HttpHeaderConditionConfig,
    HttpRequestMethodConditionConfig, PathPatternConditionConfig, QueryStringConditionConfig,
    QueryStringKeyValuePair, RewriteConfig, Rule, RuleCondition, RulePriorityPair, RuleTransform,
    SourceIpAddressTypeEnum, SourceIpConditionConfig, TransformTypeEnum, UrlRewriteConfig,
};
use serde_json::{Value, json};

use super::{action, number, objects, put, strings, text, texts};
use crate::model::{Members, observed, rule};

/// What was seen: canonical conditions, one config each; AWS's mirror in `Values` is left out.
pub fn observed(rule: &Rule, listener_arn: &str) -> observed::Rule {
    let conditions: Vec<Value> = rule.conditions().iter().map(condition).collect();
    observed::Rule {
        arn: rule.rule_arn().unwrap_or_default().to_owned(),
        listener_arn: listener_arn.to_owned(),
        priority: rule.priority().and_then(|priority| priority.parse().ok()),
        conditions: rule::conditions(&conditions),
        actions: rule.actions().iter().map(action::observed).collect(),
        transforms: rule.transforms().iter().map(transform).collect(),
        tags: None,
    }
}

fn condition(condition: &RuleCondition) -> Value {
    let patterns = |values: &[String], regexes: &[String]| {
        let mut members = Members::new();
        put(&mut members, "values", some(values));
        put(&mut members, "regexValues", some(regexes));
        members
    };
    if let Some(config) = condition.host_header_config() {
        json!({"hostHeaderConfig": patterns(config.values(), config.regex_values())})
    } else if let Some(config) = condition.path_pattern_config() {
        json!({"pathPatternConfig": patterns(config.values(), config.regex_values())})
    } else if let Some(config) = condition.http_header_config() {
        let mut members = patterns(config.values(), config.regex_values());
        put(&mut members, "httpHeaderName", config.http_header_name());
        json!({"httpHeaderConfig": members})
    } else if let Some(config) = condition.http_request_method_config() {
        json!({"httpRequestMethodConfig": {"values": config.values()}})
    } else if let Some(config) = condition.source_ip_config() {
        let mut members = patterns(config.values(), &[]);
        let version = config
            .ip_address_type()
            .map(SourceIpAddressTypeEnum::as_str);
        put(&mut members, "ipAddressType", version);
        json!({"sourceIpConfig": members})
    } else if let Some(config) = condition.query_string_config() {
        let pair = |pair: &QueryStringKeyValuePair| {
            let mut members = Members::new();
            put(&mut members, "key", pair.key());
            put(&mut members, "value", pair.value());
            members
        };
        let pairs: Vec<Members> = config.values().iter().map(pair).collect();
        json!({"queryStringConfig": {"values": pairs}})
    } else {
        // A condition that only has the older form, or one that AWS adds later: shown as it is.
        let mut members = patterns(condition.values(), condition.regex_values());
        put(&mut members, "field", condition.field());
        Value::Object(members)
    }
}

fn some(values: &[String]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.to_vec())
}

fn transform(transform: &RuleTransform) -> Value {
    let rewrites = |rewrites: &[RewriteConfig]| {
        let one = |one: &RewriteConfig| json!({"regex": one.regex(), "replace": one.replace()});
        json!({"rewrites": rewrites.iter().map(one).collect::<Vec<_>>()})
    };
    let mut members = Members::new();
    let kind = transform.r#type().map(TransformTypeEnum::as_str);
    put(&mut members, "type", kind);
    let host = transform.host_header_rewrite_config();
    let host = host.map(|config| rewrites(config.rewrites()));
    put(&mut members, "hostHeaderRewriteConfig", host);
    let url = transform.url_rewrite_config();
    let url = url.map(|config| rewrites(config.rewrites()));
    put(&mut members, "urlRewriteConfig", url);
    Value::Object(members)
}

/// A request's conditions.
pub fn conditions(members: &Members) -> Vec<RuleCondition> {
    objects(members, "conditions")
        .map(request_condition)
        .collect()
}

fn request_condition(members: &Members) -> RuleCondition {
    let Some((kind, config)) = members.iter().next() else {
        return RuleCondition::builder().build();
    };
    let values = Some(strings(&config["values"])).filter(|values| !values.is_empty());
    let regexes = Some(strings(&config["regexValues"])).filter(|values| !values.is_empty());
    let condition = RuleCondition::builder().set_field(rule::field(kind).map(str::to_owned));
    match kind.as_str() {
        "hostHeaderConfig" => condition.host_header_config(
            HostHeaderConditionConfig::builder()
                .set_values(values)
                .set_regex_values(regexes)
                .build(),
        ),
        "pathPatternConfig" => condition.path_pattern_config(
            PathPatternConditionConfig::builder()
                .set_values(values)
                .set_regex_values(regexes)
                .build(),
        ),
        "httpRequestMethodConfig" => condition.http_request_method_config(
            HttpRequestMethodConditionConfig::builder()
                .set_values(values)
                .build(),
        ),
        "sourceIpConfig" => condition.source_ip_config(
            SourceIpConditionConfig::builder()
                .set_values(values)
                .set_ip_address_type(
                    config["ipAddressType"]
                        .as_str()
                        .map(SourceIpAddressTypeEnum::from),
                )
                .build(),
        ),
        "httpHeaderConfig" => condition.http_header_config(
            HttpHeaderConditionConfig::builder()
                .set_http_header_name(config["httpHeaderName"].as_str().map(str::to_owned))
                .set_values(values)
                .set_regex_values(regexes)
                .build(),
        ),
        _ => {
            let pairs = config["values"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_object)
                .map(|pair| {
                    QueryStringKeyValuePair::builder()
                        .set_key(text(pair, "key"))
                        .set_value(text(pair, "value"))
                        .build()
                })
                .collect();
            condition.query_string_config(
                QueryStringConditionConfig::builder()
                    .set_values(Some(pairs))
                    .build(),
            )
        }
    }
    .build()
}

/// A request's transforms; none when the request names none.
pub fn transforms(members: &Members) -> Option<Vec<RuleTransform>> {
    members.get("transforms")?;
    let transforms = objects(members, "transforms").map(|members| {
        let rewrites = |key: &str| {
            let config = members.get(key)?.as_object()?;
            let rewrites = objects(config, "rewrites").map(|one| {
                RewriteConfig::builder()
                    .set_regex(text(one, "regex"))
                    .set_replace(text(one, "replace"))
                    .build()
            });
            Some(rewrites.collect::<Vec<_>>())
        };
        let host = rewrites("hostHeaderRewriteConfig").map(|rewrites| {
            HostHeaderRewriteConfig::builder()
                .set_rewrites(Some(rewrites))
                .build()
        });
        let url = rewrites("urlRewriteConfig").map(|rewrites| {
            UrlRewriteConfig::builder()
                .set_rewrites(Some(rewrites))
                .build()
        });
        RuleTransform::builder()
            .r#type(TransformTypeEnum::from(
                text(members, "type").unwrap_or_default().as_str(),
            ))
            .set_host_header_rewrite_config(host)
            .set_url_rewrite_config(url)
            .build()
    });
    Some(transforms.collect())
}

/// A request's rule priorities.
pub fn priorities(members: &Members) -> Vec<RulePriorityPair> {
    objects(members, "rulePriorities")
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
            {"hostHeaderConfig": {"regexValues": ["^a"]}},
            {"hostHeaderConfig": {"values": ["a.example"]}},
            {"httpHeaderConfig": {"httpHeaderName": "X-A", "values": ["1", "2"]}},
            {"httpHeaderConfig": {"httpHeaderName": "X-B", "regexValues": ["3"]}},
            {"httpRequestMethodConfig": {"values": ["GET"]}},
            {"pathPatternConfig": {"regexValues": ["^/c"]}},
            {"pathPatternConfig": {"values": ["/a", "/b"]}},
            {"queryStringConfig": {"values": [{"key": "v", "value": "1"}, {"value": "x"}]}},
            {"sourceIpConfig": {"ipAddressType": "ipv6"}},
            {"sourceIpConfig": {"values": ["10.0.0.0/8"]}},
        ]);
        let request = Members::from_iter([("conditions".to_owned(), sent.clone())]);
        let rule = Rule::builder()
            .set_conditions(Some(conditions(&request)))
            .build();
        let wanted = rule::conditions(sent.as_array().expect("a list"));
        assert_eq!(observed(&rule, "l").conditions, wanted);
    }

    #[test]
    fn transforms_come_back_as_they_were_sent() {
        let sent = json!([
            {"type": "host-header-rewrite", "hostHeaderRewriteConfig": {"rewrites": [{"regex": "a", "replace": "b"}]}},
            {"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "^/x/(.*)", "replace": "/$1"}]}},
        ]);
        let request = Members::from_iter([("transforms".to_owned(), sent.clone())]);
        let rule = Rule::builder().set_transforms(transforms(&request)).build();
        assert_eq!(Value::Array(observed(&rule, "l").transforms), sent);
    }
}
