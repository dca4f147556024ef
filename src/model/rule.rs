//! Listener rules in one form, whatever form was declared or read: two rules are the same if their canonical forms are.

use serde_json::{Value, json};

use super::Members;

/// Kinds of conditions: AWS's field and the member that holds its values.
const CONFIGS: [(&str, &str); 6] = [
    ("host-header", "hostHeaderConfig"),
    ("path-pattern", "pathPatternConfig"),
    ("http-header", "httpHeaderConfig"),
    ("http-request-method", "httpRequestMethodConfig"),
    ("query-string", "queryStringConfig"),
    ("source-ip", "sourceIpConfig"),
];

/// What ELBv2 fills in and shows (Action types of CreateRule; measured where its documentation is silent, aws.md 4.4).
const REDIRECT: [(&str, &str); 5] = [
    ("protocol", "#{protocol}"),
    ("port", "#{port}"),
    ("host", "#{host}"),
    ("path", "/#{path}"),
    ("query", "#{query}"),
];

/// AWS's field of a condition's config.
pub fn field(config: &str) -> Option<&'static str> {
    CONFIGS
        .iter()
        .find(|(_, member)| *member == config)
        .map(|(field, _)| *field)
}

/// A condition as one config with sorted values: ELBv2 mirrors values in its older form, gives some back in another order
/// (path-pattern, source-ip and http-header; aws.md 4.4), and none has a meaning in it. None: it has no config, or two, or
/// nothing in the older form.
pub fn condition(condition: &Members) -> Option<Value> {
    let mut configs = CONFIGS
        .iter()
        .filter_map(|(_, member)| Some((*member, condition.get(*member)?.clone())));
    let declared = condition.get("field").and_then(Value::as_str);
    let (member, mut config) = match (configs.next(), configs.next()) {
        (Some(only), None) if declared.is_none_or(|name| field(only.0) == Some(name)) => only,
        (Some(_), None) => return None,
        (Some(_), Some(_)) => return None,
        (None, _) => {
            let field = declared?;
            let older: Members = ["values", "regexValues"]
                .into_iter()
                .filter_map(|key| Some((key.to_owned(), condition.get(key)?.clone())))
                .collect();
            let (_, member) = CONFIGS.iter().take(2).find(|(name, _)| *name == field)?;
            let says_something = older.values().any(|values| !is_empty(values));
            says_something.then_some((*member, Value::Object(older)))?
        }
    };
    let members = config.as_object_mut()?;
    members.retain(|_, value| {
        value.as_array().is_none_or(|items| !items.is_empty()) && !value.is_null()
    });
    members.values_mut().for_each(sort);
    Some(json!({ member: config }))
}

/// Whether a condition has values in the older form that are not those of its config: ELBv2 takes only one of both.
pub fn contradicts_itself(condition: &Members, canonical: &Value) -> bool {
    let config = canonical
        .as_object()
        .and_then(|configs| configs.values().next());
    ["values", "regexValues"].into_iter().any(|key| {
        let mut older = condition.get(key).cloned().unwrap_or_default();
        sort(&mut older);
        !is_empty(&older) && config.and_then(|config| config.get(key)) != Some(&older)
    })
}

/// Conditions in canonical form and order; those without one stay as they are, equal to nothing of ours.
pub fn conditions<'a>(all: impl IntoIterator<Item = &'a Value>) -> Vec<Value> {
    let mut canonical: Vec<Value> = all
        .into_iter()
        .map(|one| {
            let known = one.as_object().and_then(condition);
            known.unwrap_or_else(|| one.clone())
        })
        .collect();
    canonical.sort_by_cached_key(Value::to_string);
    canonical
}

/// Actions in order, each with what AWS fills in and without what it never shows.
pub fn actions(all: &[Value]) -> Vec<Value> {
    ordered(all)
        .iter()
        .filter_map(Value::as_object)
        .map(|one| Value::Object(action(one)))
        .collect()
}

/// Actions by their `order`, those without one where they stand; then without it.
pub fn ordered(all: &[Value]) -> Vec<Value> {
    let mut ordered: Vec<(i64, Value)> = all
        .iter()
        .zip(1..)
        .map(|(action, place)| (action["order"].as_i64().unwrap_or(place), action.clone()))
        .collect();
    ordered.sort_by_key(|(order, _)| *order);
    ordered
        .into_iter()
        .map(|(_, mut action)| {
            if let Some(members) = action.as_object_mut() {
                members.remove("order");
            }
            action
        })
        .collect()
}

/// Whether a redirect, by its config, leads to where the request came from; another query is no way out.
pub fn leads_to_itself(redirect: &Members) -> bool {
    let mut parts = REDIRECT.iter().filter(|(part, _)| *part != "query");
    parts.all(|(part, kept)| redirect.get(*part).is_none_or(|to| to == kept))
}

/// The target groups that a `forward` leads to.
pub fn target_groups(action: &Value) -> Vec<&str> {
    let weighted = action["forwardConfig"]["targetGroups"].as_array();
    let mut groups: Vec<&str> = weighted
        .into_iter()
        .flatten()
        .filter_map(|group| group["targetGroupArn"].as_str())
        .collect();
    if groups.is_empty() {
        groups.extend(action["targetGroupArn"].as_str());
    }
    groups
}

fn action(action: &Members) -> Members {
    let mut canonical = action.clone();
    if canonical.get("type") == Some(&json!("forward")) {
        let action = Value::Object(canonical);
        return Members::from_iter([
            ("type".to_owned(), json!("forward")),
            ("forwardConfig".to_owned(), forward(&action)),
        ]);
    }
    for (name, config) in &mut canonical {
        let Some(members) = config.as_object_mut() else {
            continue;
        };
        // A redirect without a query is said by an empty one: absence keeps the request's.
        members.retain(|key, value| !is_empty(value) || (key == "query" && value.is_string()));
        let fill = |members: &mut Members, defaults: &[(&str, Value)]| {
            for (key, value) in defaults {
                members.entry(*key).or_insert_with(|| value.clone());
            }
        };
        match name.as_str() {
            "redirectConfig" => {
                fill(members, &REDIRECT.map(|(key, value)| (key, json!(value))));
            }
            "authenticateOidcConfig" | "authenticateCognitoConfig" => {
                members.remove("clientSecret");
                members.remove("useExistingClientSecret");
                fill(
                    members,
                    &[
                        ("sessionCookieName", json!("AWSELBAuthSessionCookie")),
                        ("scope", json!("openid")),
                        ("sessionTimeout", json!(604_800)),
                        ("onUnauthenticatedRequest", json!("authenticate")),
                    ],
                );
            }
            "jwtValidationConfig" => {
                for claim in members
                    .get_mut("additionalClaims")
                    .and_then(Value::as_array_mut)
                    .into_iter()
                    .flatten()
                {
                    sort(&mut claim["values"]);
                }
                if let Some(claims) = members.get_mut("additionalClaims") {
                    sort(claims);
                }
            }
            _ => {}
        }
    }
    canonical
}

/// Groups with weights, whether they were given as one or as several; stickiness only while it is on.
fn forward(action: &Value) -> Value {
    let config = &action["forwardConfig"];
    let weighted = config["targetGroups"].as_array();
    let mut groups: Vec<Value> = weighted
        .into_iter()
        .flatten()
        .map(|group| {
            json!({"targetGroupArn": group["targetGroupArn"], "weight": group["weight"].as_i64().unwrap_or(1)})
        })
        .collect();
    if groups.is_empty() {
        groups.push(json!({"targetGroupArn": action["targetGroupArn"], "weight": 1}));
    }
    groups.sort_by_cached_key(Value::to_string);
    let stickiness = &config["targetGroupStickinessConfig"];
    if stickiness["enabled"] == true {
        json!({"targetGroups": groups, "targetGroupStickinessConfig": stickiness})
    } else {
        json!({"targetGroups": groups})
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn sort(value: &mut Value) {
    if let Some(items) = value.as_array_mut() {
        items.sort_by_cached_key(Value::to_string);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_form_mirrored_form_and_config_are_one_condition() {
        let config = json!({"pathPatternConfig": {"values": ["/a", "/b"]}});
        assert_eq!(
            condition(config.as_object().unwrap()).as_ref(),
            Some(&config)
        );
        for other in [
            json!({"pathPatternConfig": {"values": ["/b", "/a"], "regexValues": []}}),
            json!({"field": "path-pattern", "values": ["/b", "/a"]}),
            json!({"field": "path-pattern", "values": ["/b", "/a"], "pathPatternConfig": {"values": ["/b", "/a"]}}),
        ] {
            assert_eq!(conditions([&other]), conditions([&config]), "{other}");
        }
    }

    #[test]
    fn values_beside_a_config_are_its_own_or_contradict_it() {
        for (written, contradicts) in [
            (
                json!({"field": "path-pattern", "values": ["/b", "/a"]}),
                false,
            ),
            (
                json!({"values": ["/b", "/a"], "regexValues": [], "pathPatternConfig": {"values": ["/a", "/b"]}}),
                false,
            ),
            (
                json!({"values": ["/other"], "pathPatternConfig": {"values": ["/a"]}}),
                true,
            ),
            (
                json!({"regexValues": ["^/a"], "pathPatternConfig": {"values": ["/a"]}}),
                true,
            ),
            (
                json!({"values": ["a"], "sourceIpConfig": {"values": ["10.0.0.0/8"]}}),
                true,
            ),
        ] {
            let written = written.as_object().unwrap();
            let canonical = condition(written).unwrap();
            assert_eq!(
                contradicts_itself(written, &canonical),
                contradicts,
                "{written:?}"
            );
        }
    }

    #[test]
    fn conditions_without_a_config_or_with_two_have_no_canonical_form() {
        for odd in [
            json!({}),
            json!({"field": "source-ip", "values": ["10.0.0.0/8"]}),
            json!({"field": "path-pattern", "values": []}),
            json!({"hostHeaderConfig": {"values": ["a.b"]}, "pathPatternConfig": {"values": ["/"]}}),
        ] {
            assert_eq!(condition(odd.as_object().unwrap()), None, "{odd}");
        }
    }

    #[test]
    fn what_awss_defaults_add_to_actions_is_no_difference() {
        let cases = [
            (
                json!({"type": "forward", "targetGroupArn": "a"}),
                json!({"type": "forward", "order": 1, "targetGroupArn": "a", "forwardConfig": {"targetGroups": [{"targetGroupArn": "a", "weight": 1}], "targetGroupStickinessConfig": {"enabled": false}}}),
            ),
            (
                json!({"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupArn": "b", "weight": 2}, {"targetGroupArn": "a"}]}}),
                json!({"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupArn": "a", "weight": 1}, {"targetGroupArn": "b", "weight": 2}]}}),
            ),
            (
                json!({"type": "redirect", "redirectConfig": {"statusCode": "HTTP_301", "host": "b.example"}}),
                json!({"type": "redirect", "redirectConfig": {"statusCode": "HTTP_301", "protocol": "#{protocol}", "port": "#{port}", "host": "b.example", "path": "/#{path}", "query": "#{query}"}}),
            ),
            (
                json!({"type": "authenticate-oidc", "authenticateOidcConfig": {"issuer": "i", "clientSecret": "s"}}),
                json!({"type": "authenticate-oidc", "authenticateOidcConfig": {"issuer": "i", "sessionCookieName": "AWSELBAuthSessionCookie", "scope": "openid", "sessionTimeout": 604_800, "onUnauthenticatedRequest": "authenticate"}}),
            ),
        ];
        for (declared, observed) in cases {
            assert_eq!(actions(&[declared]), actions(&[observed]));
        }
    }

    #[test]
    fn redirect_that_drops_the_query_differs_from_one_that_keeps_it() {
        let redirect = |query: Value| {
            let config = json!({"statusCode": "HTTP_301", "host": "b.example", "query": query});
            actions(&[json!({"type": "redirect", "redirectConfig": config})])
        };
        let kept = redirect(json!("#{query}"));
        assert_ne!(redirect(json!("")), kept);
        assert_eq!(redirect(Value::Null), kept);
    }

    #[test]
    fn weights_and_targets_are_differences() {
        let one = json!({"type": "forward", "targetGroupArn": "a"});
        let other = json!({"type": "forward", "targetGroupArn": "b"});
        let weighted = json!({"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupArn": "a", "weight": 0}]}});
        let one = actions(&[one]);
        assert_ne!(one, actions(&[other]));
        assert_ne!(one, actions(&[weighted]));
    }

    #[test]
    fn actions_stand_in_their_order() {
        let first = json!({"type": "authenticate-oidc", "order": 1});
        let last = json!({"type": "forward", "order": 20});
        assert_eq!(
            ordered(&[last, first]),
            [
                json!({"type": "authenticate-oidc"}),
                json!({"type": "forward"})
            ]
        );
    }
}
