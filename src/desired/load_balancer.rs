//! Load balancer entries of a service → desired target groups and listener rules.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Identity, Invalid, members};
use crate::{
    api::{
        EcsServiceSpec,
        load_balancer::{ListenerRule, LoadBalancer, RuleActionType},
    },
    model::{Installation, Members, Tags, name},
};

/// A load balancer entry: container, port and target group.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredLoadBalancer {
    /// Container.
    pub container_name: String,
    /// Port.
    pub container_port: i32,
    /// Where the traffic comes from.
    pub target_group: TargetGroupRef,
}

/// A target group that exists, or one of ours by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TargetGroupRef {
    /// By ARN; not ours.
    Existing(String),
    /// By name; ours.
    Managed(String),
}

/// A managed target group.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredTargetGroup {
    /// Name in AWS.
    pub name: String,
    /// Declared settings.
    pub members: Members,
    /// Declared attributes.
    pub attributes: Tags,
    /// Its rules.
    pub rules: Vec<DesiredRule>,
}

/// A managed listener rule.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredRule {
    /// ARN of the listener.
    pub listener_arn: String,
    /// Declared priority.
    pub priority: Option<i32>,
    /// Conditions in canonical form: values sorted.
    pub conditions: Vec<Value>,
    /// Actions; a `forward` carries no target group here, it is the rule's own.
    pub actions: Vec<Value>,
}

/// The name in AWS of an entry's managed target group.
pub(super) fn target_group_name(
    id: Identity<'_>,
    lb: &LoadBalancer,
    installation: &Installation,
) -> Option<String> {
    let managed = lb.target_group.as_ref()?;
    Some(managed.name.clone().unwrap_or_else(|| {
        name::target_group(
            &installation.cluster_id,
            id.namespace,
            id.name,
            &lb.container_name,
            lb.container_port,
        )
    }))
}

/// The managed target groups of a service.
pub(super) fn target_groups(
    id: Identity<'_>,
    spec: &EcsServiceSpec,
    installation: &Installation,
) -> Result<Vec<DesiredTargetGroup>, Invalid> {
    let mut seen = BTreeSet::new();
    let mut target_groups = Vec::new();
    for (index, lb) in spec.load_balancers.iter().flatten().enumerate() {
        let (Some(managed), Some(name)) =
            (&lb.target_group, target_group_name(id, lb, installation))
        else {
            continue;
        };
        let path = format!("spec.loadBalancers[{index}].targetGroup");
        if !seen.insert(name.clone()) {
            return Err(Invalid::new(
                path,
                format!(
                    "two entries lead to the target group \"{name}\": same container and port, or same name. Give one another port or name."
                ),
            ));
        }
        for (member, missing) in [
            ("protocol", managed.protocol.is_none()),
            ("port", managed.port.is_none()),
            ("vpcId", managed.vpc_id.is_none()),
        ] {
            if missing {
                return Err(Invalid::new(
                    format!("{path}.{member}"),
                    "is required by AWS for target types ip and instance. Set it.",
                ));
            }
        }
        let mut members = members(managed);
        for ours in ["name", "attributes", "rules"] {
            members.remove(ours);
        }
        let rules = managed
            .rules
            .iter()
            .flatten()
            .enumerate()
            .map(|(i, rule)| desired_rule(rule, &format!("{path}.rules[{i}]")))
            .collect::<Result<_, _>>()?;
        target_groups.push(DesiredTargetGroup {
            name,
            members,
            attributes: managed.attributes.clone().unwrap_or_default(),
            rules,
        });
    }
    Ok(target_groups)
}

fn desired_rule(rule: &ListenerRule, path: &str) -> Result<DesiredRule, Invalid> {
    if !rule.listener_arn.contains(":listener/") {
        return Err(Invalid::new(
            format!("{path}.listenerArn"),
            format!(
                "\"{}\" is no listener ARN (arn:…:listener/app/…). Give the listener's ARN.",
                rule.listener_arn
            ),
        ));
    }
    let mut conditions = Vec::new();
    for (i, condition) in rule.conditions.iter().enumerate() {
        let mut condition = members(condition);
        if condition.len() != 1 {
            return Err(Invalid::new(
                format!("{path}.conditions[{i}]"),
                "give exactly one of hostHeaderConfig, pathPatternConfig, httpHeaderConfig, httpRequestMethodConfig, queryStringConfig and sourceIpConfig.",
            ));
        }
        condition.values_mut().for_each(sort_values);
        conditions.push(Value::Object(condition));
    }
    conditions.sort_by_cached_key(Value::to_string);
    let actions: Vec<Value> = match &rule.actions {
        None => vec![json!({"type": "forward"})],
        Some(actions) => actions
            .iter()
            .map(|action| Value::Object(members(action)))
            .collect(),
    };
    for (i, action) in rule.actions.iter().flatten().enumerate() {
        let needs = match action.type_ {
            RuleActionType::Forward => None,
            RuleActionType::Redirect => {
                action.redirect_config.is_none().then_some("redirectConfig")
            }
            RuleActionType::FixedResponse => action
                .fixed_response_config
                .is_none()
                .then_some("fixedResponseConfig"),
        };
        if let Some(member) = needs {
            return Err(Invalid::new(
                format!("{path}.actions[{i}].{member}"),
                "is required by this type of action. Set it.",
            ));
        }
    }
    Ok(DesiredRule {
        listener_arn: rule.listener_arn.clone(),
        priority: rule.priority,
        conditions,
        actions,
    })
}

/// ELBv2 gives some values back in another order (measured: path-pattern, source-ip, http-header), and none has a meaning in it.
pub fn sort_values(config: &mut Value) {
    if let Some(values) = config.get_mut("values").and_then(Value::as_array_mut) {
        values.sort_by_cached_key(Value::to_string);
    }
}
