//! EcsCluster → the desired cluster.

use super::{
    Identity, Invalid, declared_tags, known, members, remove_lifecycle, schema, strategy, tags,
};
use crate::{
    api::{
        EcsClusterSpec, cluster::ExecuteCommandLogging, rules,
        strategy::CapacityProviderStrategyItem,
    },
    model::{
        Installation, Members, Tags,
        declared::{self, Paths},
        hash,
        ownership::{self, Owner},
    },
};

/// Which cluster it is: all that reading and deleting need.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Name in AWS.
    pub name: String,
    /// Whose it must be.
    pub owner: Owner,
}

/// A cluster as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredCluster {
    /// Which cluster.
    pub target: Target,
    /// `settings`, `configuration` and `serviceConnectDefaults`, as declared.
    pub members: Members,
    /// `capacityProviders` and `defaultCapacityProviderStrategy`, when the providers are declared.
    pub capacity: Option<Members>,
    /// The user's tags, the ownership tags and the hash of Service Connect's namespace.
    pub tags: Tags,
}

impl DesiredCluster {
    /// What is declared, by path: members and `/tags/KEY`.
    pub fn declared(&self) -> Paths {
        let mut paths = declared::paths("", &self.members);
        if let Some(capacity) = &self.capacity {
            paths.extend(declared::paths("", capacity));
        }
        paths.extend(declared_tags(&self.tags));
        paths
    }
}

/// The member that names it.
const NAME: &str = "spec.clusterName";

/// Which cluster an object means: that which the status knows, if it knows one.
pub fn target(
    id: Identity<'_>,
    spec: &EcsClusterSpec,
    known_arn: Option<&str>,
    installation: &Installation,
) -> Result<Target, Invalid> {
    Ok(Target {
        name: known::name(known_arn, id, spec.cluster_name.as_deref(), NAME)?,
        owner: id.owner(installation),
    })
}

/// The desired cluster of an object.
pub fn desired(
    id: Identity<'_>,
    spec: &EcsClusterSpec,
    known_arn: Option<&str>,
    installation: &Installation,
) -> Result<DesiredCluster, Invalid> {
    let mut members = members(spec);
    check(spec, &members)?;
    if let Some(arn) = known_arn {
        known::keeps_name(arn, id, spec.cluster_name.as_deref(), NAME)?;
        known::stays_in_region(&spec.lifecycle, arn, installation)?;
    }
    let target = target(id, spec, known_arn, installation)?;
    let mut tags = tags(&spec.lifecycle, &target.owner)?;
    if let Some(defaults) = &spec.service_connect_defaults {
        let hash = hash::hex(&[&defaults.namespace], 32);
        tags.insert(ownership::NAMESPACE_HASH.into(), hash);
    }
    remove_lifecycle(&mut members);
    members.remove("clusterName");
    let providers = members.remove("capacityProviders");
    let strategy = members.remove("defaultCapacityProviderStrategy");
    let capacity = providers.map(|providers| {
        Members::from_iter([
            ("capacityProviders".to_owned(), providers),
            (
                "defaultCapacityProviderStrategy".to_owned(),
                strategy.unwrap_or_else(|| serde_json::json!([])),
            ),
        ])
    });
    Ok(DesiredCluster {
        target,
        members,
        capacity,
        tags,
    })
}

/// The rules between members that AWS's prose states (CreateCluster, PutClusterCapacityProviders). Admission has them too.
fn check(spec: &EcsClusterSpec, members: &Members) -> Result<(), Invalid> {
    schema::CLUSTER.check(members)?;
    if let Some(strategy) = &spec.default_capacity_provider_strategy {
        check_strategy(strategy, spec.capacity_providers.as_deref())?;
    }
    let configuration = spec.configuration.as_ref();
    let exec = configuration.and_then(|c| c.execute_command_configuration.as_ref());
    if let Some(exec) = exec
        && exec.logging == Some(ExecuteCommandLogging::Override)
        && !exec.log_configuration.as_ref().is_some_and(|to| {
            to.cloud_watch_log_group_name.is_some() || to.s3_bucket_name.is_some()
        })
    {
        return Err(Invalid::new(
            "spec.configuration.executeCommandConfiguration.logConfiguration",
            rules::OVERRIDE,
        ));
    }
    Ok(())
}

fn check_strategy(
    strategy: &[CapacityProviderStrategyItem],
    providers: Option<&[String]>,
) -> Result<(), Invalid> {
    let path = "spec.defaultCapacityProviderStrategy";
    let Some(providers) = providers else {
        return Err(Invalid::new(path, rules::STRATEGY_NEEDS_PROVIDERS));
    };
    for (index, item) in strategy.iter().enumerate() {
        if !providers.contains(&item.capacity_provider) {
            return Err(Invalid::new(
                format!("{path}[{index}].capacityProvider"),
                rules::said(rules::STRATEGY_PROVIDERS, item),
            ));
        }
    }
    strategy::check(path, strategy)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::testing::{WEB, installation, spec};

    #[test]
    fn name_defaults_to_namespace_and_name() {
        let desired = desired(WEB, &spec(json!({})), None, &installation()).unwrap();
        assert_eq!(desired.target.name, "team-web");
        assert_eq!(desired.tags.len(), 4);
    }

    #[test]
    fn cluster_that_is_known_keeps_name_and_region() {
        let known = "arn:aws:ecs:us-east-1:000000000000:cluster/team-web";
        let build = |json| desired(WEB, &spec(json), Some(known), &installation());
        let same = json!({"clusterName": "team-web", "region": "us-east-1"});
        assert!(build(json!({})).is_ok() && build(same).is_ok());
        for (path, edit) in [
            ("spec.clusterName", json!({"clusterName": "other"})),
            ("spec.region", json!({"region": "eu-west-1"})),
        ] {
            let error = build(edit.clone()).unwrap_err();
            assert_eq!(error.path, path, "{error}");
            assert!(error.message.contains(known), "{error}");
            let target = target(WEB, &spec(edit), Some(known), &installation()).unwrap();
            assert_eq!(target.name, "team-web", "what is deleted");
        }
        let moved = Installation {
            region: "eu-west-1".into(),
            ..installation()
        };
        let error = desired(WEB, &spec(json!({})), Some(known), &moved).unwrap_err();
        assert_eq!(error.path, "spec.region");
        assert!(error.message.contains("--region us-east-1"), "{error}");
    }

    #[test]
    fn dotted_object_name_is_refused_with_the_way_out() {
        let id = Identity {
            name: "web.v2",
            ..WEB
        };
        let error = desired(id, &spec(json!({})), None, &installation()).unwrap_err();
        assert!(
            error.to_string().contains("team-web.v2")
                && error.to_string().contains("spec.clusterName"),
            "{error}"
        );
    }

    #[test]
    fn reserved_tags_are_refused() {
        for key in ["aws:x", "AWS:x", "ecs-operator.dev/uid"] {
            let error = desired(
                WEB,
                &spec(json!({"tags": {key: "v"}})),
                None,
                &installation(),
            )
            .unwrap_err();
            assert!(error.path.contains(key), "{error}");
        }
    }
}
