//! EcsTaskDefinition → the desired revision of its family.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Identity, Invalid, members, remove_lifecycle, tags};
use crate::{
    api::{
        EcsTaskDefinitionSpec,
        task_definition::{Compatibility, NetworkMode},
    },
    model::{
        Installation, Members, Tags, hash,
        ownership::{self, Owner},
    },
};

/// Which family it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Family in AWS.
    pub family: String,
    /// Whose its revisions must be.
    pub owner: Owner,
    /// ARN of the revision that the status names, to find it below another's newer one.
    pub known_arn: Option<String>,
}

/// The declared content of a family's current revision.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredTaskDefinition {
    /// Which family.
    pub target: Target,
    /// The members of RegisterTaskDefinition without tags.
    pub members: Members,
    /// Hash of `members`.
    pub hash: String,
    /// The user's tags, the ownership tags and the hash.
    pub tags: Tags,
    /// What to keep of older revisions; none: there are too few for any to go.
    pub history: Option<History>,
}

/// What to keep of older revisions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct History {
    /// So many besides the current one and those in use.
    pub limit: usize,
    /// Whether those that go are deleted, not only deregistered.
    pub deletes: bool,
    /// Numbers of revisions that objects refer to.
    pub referred: BTreeSet<i64>,
}

/// Older revisions that are kept when an object declares nothing.
const HISTORY_LIMIT: usize = 10;

/// How many older revisions an object keeps.
pub fn history_limit(spec: &EcsTaskDefinitionSpec) -> usize {
    spec.revision_history_limit
        .map_or(HISTORY_LIMIT, |limit| usize::try_from(limit).unwrap_or(0))
}

/// Which family an object means.
pub fn target(
    id: Identity<'_>,
    spec: &EcsTaskDefinitionSpec,
    known_arn: Option<&str>,
    installation: &Installation,
) -> Result<Target, Invalid> {
    Ok(Target {
        family: id.aws_name(spec.family.as_deref(), "spec.family")?,
        owner: id.owner(installation),
        known_arn: known_arn.map(str::to_owned),
    })
}

/// The desired revision of an object.
pub fn desired(
    id: Identity<'_>,
    spec: &EcsTaskDefinitionSpec,
    known_arn: Option<&str>,
    installation: &Installation,
) -> Result<DesiredTaskDefinition, Invalid> {
    check(spec)?;
    let target = target(id, spec, known_arn, installation)?;
    let mut tags = tags(&spec.lifecycle, &target.owner)?;
    let mut members = members(spec);
    remove_lifecycle(&mut members);
    for ours in ["revisionHistoryLimit", "deleteOldRevisions"] {
        members.remove(ours);
    }
    members.insert("family".into(), Value::from(target.family.as_str()));
    let hash = hash::content(&members);
    tags.insert(ownership::HASH.into(), hash.clone());
    Ok(DesiredTaskDefinition {
        target,
        members,
        hash,
        tags,
        history: None,
    })
}

/// The rules between members that AWS's prose states (RegisterTaskDefinition; sources in the facts of this project, §B3).
fn check(spec: &EcsTaskDefinitionSpec) -> Result<(), Invalid> {
    let containers = &spec.container_definitions;
    if !containers.iter().any(|c| c.essential != Some(false)) {
        return Err(Invalid::new(
            "spec.containerDefinitions",
            "at least one container must be essential. Remove essential: false from one.",
        ));
    }
    let names: BTreeSet<_> = containers.iter().map(|c| c.name.as_str()).collect();
    if names.len() != containers.len() {
        return Err(Invalid::new(
            "spec.containerDefinitions",
            "two containers have the same name. Rename one.",
        ));
    }
    let volumes: BTreeSet<_> = spec
        .volumes
        .iter()
        .flatten()
        .map(|v| v.name.as_str())
        .collect();
    for (index, container) in containers.iter().enumerate() {
        let path = format!("spec.containerDefinitions[{index}]");
        for (i, dependency) in container.depends_on.iter().flatten().enumerate() {
            if !names.contains(dependency.container_name.as_str())
                || dependency.container_name == container.name
            {
                return Err(Invalid::new(
                    format!("{path}.dependsOn[{i}].containerName"),
                    format!(
                        "\"{}\" is no other container of this task. Name one of them.",
                        dependency.container_name
                    ),
                ));
            }
        }
        for (i, mount) in container.mount_points.iter().flatten().enumerate() {
            let volume = mount.source_volume.as_deref().unwrap_or_default();
            if !volumes.contains(volume) {
                return Err(Invalid::new(
                    format!("{path}.mountPoints[{i}].sourceVolume"),
                    format!(
                        "\"{volume}\" is no volume of spec.volumes. Add it there or name another."
                    ),
                ));
            }
        }
        if spec.network_mode == Some(NetworkMode::Awsvpc) {
            for (i, port) in container.port_mappings.iter().flatten().enumerate() {
                if port
                    .host_port
                    .is_some_and(|host| host != 0 && Some(host) != port.container_port)
                {
                    return Err(Invalid::new(
                        format!("{path}.portMappings[{i}].hostPort"),
                        format!(
                            "{} differs from containerPort, which network mode awsvpc does not allow. Remove hostPort.",
                            port.host_port.unwrap_or_default()
                        ),
                    ));
                }
            }
        }
    }
    if spec
        .requires_compatibilities
        .iter()
        .flatten()
        .any(|c| *c == Compatibility::Fargate)
    {
        if spec.network_mode != Some(NetworkMode::Awsvpc) {
            return Err(Invalid::new(
                "spec.networkMode",
                "Fargate needs awsvpc. Set it.",
            ));
        }
        if spec.cpu.is_none() || spec.memory.is_none() {
            return Err(Invalid::new(
                if spec.cpu.is_none() {
                    "spec.cpu"
                } else {
                    "spec.memory"
                },
                "Fargate needs cpu and memory of the task, for example cpu: \"256\" and memory: \"512\". Set both.",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::testing::{WEB, installation, spec};

    fn fargate() -> Value {
        json!({"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
               "containerDefinitions": [{"name": "app", "image": "nginx:1", "portMappings": [{"containerPort": 80}]}]})
    }

    #[test]
    fn body_is_what_was_declared_plus_the_family() {
        let desired = desired(WEB, &spec(fargate()), None, &installation()).unwrap();
        let mut declared = fargate();
        declared["family"] = "team-web".into();
        assert_eq!(Value::Object(desired.members), declared);
        assert_eq!(desired.tags[ownership::HASH], desired.hash);
    }

    #[test]
    fn tags_are_not_part_of_the_hash() {
        let mut tagged = fargate();
        tagged["tags"] = json!({"team": "a"});
        let hash = |json| {
            desired(WEB, &spec(json), None, &installation())
                .unwrap()
                .hash
        };
        assert_eq!(hash(fargate()), hash(tagged));
    }

    #[test]
    fn mistakes_are_named_by_path() {
        type Break = fn(&mut Value);
        let cases: [(&str, Break); 6] = [
            ("spec.networkMode", |s| {
                s.as_object_mut().unwrap().remove("networkMode");
            }),
            ("spec.memory", |s| {
                s.as_object_mut().unwrap().remove("memory");
            }),
            ("spec.containerDefinitions", |s| {
                s["containerDefinitions"][0]["essential"] = json!(false)
            }),
            (
                "spec.containerDefinitions[0].portMappings[0].hostPort",
                |s| s["containerDefinitions"][0]["portMappings"][0]["hostPort"] = json!(81),
            ),
            (
                "spec.containerDefinitions[0].mountPoints[0].sourceVolume",
                |s| {
                    s["containerDefinitions"][0]["mountPoints"] =
                        json!([{"sourceVolume": "data", "containerPath": "/d"}])
                },
            ),
            (
                "spec.containerDefinitions[0].dependsOn[0].containerName",
                |s| {
                    s["containerDefinitions"][0]["dependsOn"] =
                        json!([{"containerName": "db", "condition": "START"}])
                },
            ),
        ];
        for (path, break_it) in cases {
            let mut broken = fargate();
            break_it(&mut broken);
            let error = desired(WEB, &spec(broken), None, &installation()).unwrap_err();
            assert_eq!(error.path, path, "{error}");
        }
    }
}
