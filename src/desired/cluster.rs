//! EcsCluster → the desired cluster.

use super::{Identity, Invalid, members, remove_lifecycle, tags};
use crate::{
    api::EcsClusterSpec,
    model::{Installation, Members, Tags, ownership::Owner},
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
    /// The user's tags and the ownership tags.
    pub tags: Tags,
}

/// Which cluster an object means.
pub fn target(
    id: Identity<'_>,
    spec: &EcsClusterSpec,
    installation: &Installation,
) -> Result<Target, Invalid> {
    Ok(Target {
        name: id.aws_name(spec.cluster_name.as_deref(), "spec.clusterName")?,
        owner: id.owner(installation),
    })
}

/// The desired cluster of an object.
pub fn desired(
    id: Identity<'_>,
    spec: &EcsClusterSpec,
    installation: &Installation,
) -> Result<DesiredCluster, Invalid> {
    let target = target(id, spec, installation)?;
    let tags = tags(&spec.lifecycle, &target.owner)?;
    let mut members = members(spec);
    remove_lifecycle(&mut members);
    members.remove("clusterName");
    let providers = members.remove("capacityProviders");
    let strategy = members.remove("defaultCapacityProviderStrategy");
    let capacity = match (providers, strategy) {
        (None, Some(_)) => {
            return Err(Invalid::new(
                "spec.defaultCapacityProviderStrategy",
                "needs spec.capacityProviders: AWS sets both in one call. List the providers.",
            ));
        }
        (None, None) => None,
        (Some(providers), strategy) => Some(Members::from_iter([
            ("capacityProviders".to_owned(), providers),
            (
                "defaultCapacityProviderStrategy".to_owned(),
                strategy.unwrap_or_else(|| serde_json::json!([])),
            ),
        ])),
    };
    Ok(DesiredCluster {
        target,
        members,
        capacity,
        tags,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::testing::{WEB, installation, spec};

    #[test]
    fn name_defaults_to_namespace_and_name() {
        let desired = desired(WEB, &spec(json!({})), &installation()).unwrap();
        assert_eq!(desired.target.name, "team-web");
        assert_eq!(desired.tags.len(), 4);
    }

    #[test]
    fn dotted_object_name_is_refused_with_the_way_out() {
        let id = Identity {
            name: "web.v2",
            ..WEB
        };
        let error = desired(id, &spec(json!({})), &installation()).unwrap_err();
        assert!(
            error.to_string().contains("team-web.v2")
                && error.to_string().contains("spec.clusterName"),
            "{error}"
        );
    }

    #[test]
    fn reserved_tags_are_refused() {
        for key in ["aws:x", "AWS:x", "ecs-operator.dev/uid"] {
            let error =
                desired(WEB, &spec(json!({"tags": {key: "v"}})), &installation()).unwrap_err();
            assert!(error.path.contains(key), "{error}");
        }
    }
}
