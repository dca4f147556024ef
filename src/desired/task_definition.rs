//! EcsTaskDefinition → the desired revision of its family.

mod container;
mod fargate;
mod reference;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Identity, Invalid, Row, declared_tags, first, known, members, remove_lifecycle, schema, tags,
};
use crate::{
    api::{EcsTaskDefinitionSpec, container::ContainerDefinition, size},
    model::{
        Installation, Members, Tags,
        declared::Paths,
        hash,
        ownership::{self, Owner},
    },
};

/// Bytes of a task definition (ECS, service quotas).
const BYTES_MAX: usize = 64 * 1024;

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
    /// Hash of `members` in canonical form.
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

impl DesiredTaskDefinition {
    /// What can be taken out of a revision that is registered: `/tags/KEY`.
    pub fn declared(&self) -> Paths {
        declared_tags(&self.tags)
    }
}

/// The member that names it.
const FAMILY: &str = "spec.family";

/// Which family an object means: that which the status knows, if it knows one.
pub fn target(
    id: Identity<'_>,
    spec: &EcsTaskDefinitionSpec,
    known_arn: Option<&str>,
    installation: &Installation,
) -> Result<Target, Invalid> {
    Ok(Target {
        family: known::name(known_arn, id, spec.family.as_deref(), FAMILY)?,
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
    let mut members = members(spec);
    check(spec, &members)?;
    if let Some(arn) = known_arn {
        known::keeps_name(arn, id, spec.family.as_deref(), FAMILY)?;
        known::stays_in_region(&spec.lifecycle, arn, installation)?;
    }
    let target = target(id, spec, known_arn, installation)?;
    let mut tags = tags(&spec.lifecycle, &target.owner)?;
    remove_lifecycle(&mut members);
    for ours in ["revisionHistoryLimit", "deleteOldRevisions"] {
        members.remove(ours);
    }
    members.insert("family".into(), Value::from(target.family.as_str()));
    check_bytes(&members)?;
    let hash = hash::content(&canonical(&members));
    tags.insert(ownership::HASH.into(), hash.clone());
    Ok(DesiredTaskDefinition {
        target,
        members,
        hash,
        tags,
        history: None,
    })
}

/// The rules between members that AWS's prose states (RegisterTaskDefinition). Admission has them too, with the same words.
fn check(spec: &EcsTaskDefinitionSpec, members: &Members) -> Result<(), Invalid> {
    schema::TASK_DEFINITION.check(members)?;
    fargate::check(spec)?;
    container::check(spec)?;
    reference::check(spec)
}

/// A mistake in a member of the task.
fn of_task(member: &str, message: &str) -> Invalid {
    Invalid::new(format!("spec.{member}"), message)
}

/// A mistake in a member of a container, or in the container as a whole.
fn of_container(
    index: usize,
    container: &ContainerDefinition,
    member: &str,
    message: &str,
) -> Invalid {
    let dot = if member.is_empty() { "" } else { "." };
    of_task(
        &format!("containerDefinitions[{index}]{dot}{member}"),
        &format!("container '{}' {message}", container.name),
    )
}

/// The first broken rule of a container.
fn first_of_container(
    index: usize,
    container: &ContainerDefinition,
    rows: &[Row],
) -> Result<(), Invalid> {
    let path = format!("spec.containerDefinitions[{index}]");
    first(&path, container, rows).map_err(|error| Invalid {
        message: format!("container '{}' {}", container.name, error.message),
        ..error
    })
}

/// Refuses what is larger than AWS takes, as the JSON that is sent.
fn check_bytes(members: &Members) -> Result<(), Invalid> {
    let bytes = serde_json::to_string(members).map_or(0, |json| json.len());
    if bytes <= BYTES_MAX {
        return Ok(());
    }
    Err(Invalid::new(
        "spec",
        format!(
            "{bytes} bytes as JSON; AWS takes task definitions of {BYTES_MAX} bytes. Move configuration into the image or a file of environmentFiles."
        ),
    ))
}

/// The content with sizes in AWS's own units, so that `.25 vCPU` and `256` are the same revision.
pub fn canonical(members: &Members) -> Members {
    let mut canonical = members.clone();
    let units = |key: &str, read: fn(&str) -> Option<i64>| {
        let units = read(members.get(key)?.as_str()?)?;
        Some((key.to_owned(), Value::from(units.to_string())))
    };
    canonical.extend(units("cpu", size::cpu_units));
    canonical.extend(units("memory", size::memory_mib));
    canonical
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
    fn what_means_the_same_is_the_same_revision() {
        let hash = |json| {
            desired(WEB, &spec(json), None, &installation())
                .unwrap()
                .hash
        };
        let mut same = fargate();
        same["cpu"] = json!(".25 vcpu");
        same["memory"] = json!("0.5 GB");
        same["volumes"] = json!([]);
        same["runtimePlatform"] = json!({});
        same["containerDefinitions"][0]["linuxParameters"] =
            json!({"capabilities": {"add": [], "drop": []}});
        same["containerDefinitions"][0]["command"] = json!([]);
        assert_eq!(hash(same), hash(fargate()));
        let mut other = fargate();
        other["containerDefinitions"][0]["environment"] = json!([{"name": "A", "value": ""}]);
        assert_ne!(hash(other), hash(fargate()));
    }

    #[test]
    fn what_was_declared_is_sent_as_it_was_written() {
        let mut written = fargate();
        written["cpu"] = json!(".25 vCPU");
        written["containerDefinitions"][0]["environment"] = json!([{"name": "A", "value": ""}]);
        written["containerDefinitions"][0]["ulimits"] = json!([]);
        let desired = desired(WEB, &spec(written.clone()), None, &installation()).unwrap();
        written["family"] = "team-web".into();
        assert_eq!(Value::Object(desired.members), written);
    }

    #[test]
    fn more_than_aws_takes_is_refused_and_sixty_kilobytes_are_not() {
        let of = |variables: usize| {
            let mut large = fargate();
            let value = "x".repeat(80);
            large["containerDefinitions"][0]["environment"] = (0..variables)
                .map(|n| json!({"name": format!("VARIABLE_{n:04}"), "value": value}))
                .collect();
            desired(WEB, &spec(large), None, &installation())
        };
        assert!(of(530).is_ok());
        let error = of(600).unwrap_err();
        assert!(
            error.path == "spec" && error.message.contains("65536"),
            "{error}"
        );
    }

    #[test]
    fn family_that_is_known_keeps_name_and_region() {
        let known = "arn:aws:ecs:us-east-1:000000000000:task-definition/team-web:7";
        let build = |member: &str, value: &str| {
            let mut edited = fargate();
            edited[member] = json!(value);
            let target = target(WEB, &spec(edited.clone()), Some(known), &installation());
            assert_eq!(target.unwrap().family, "team-web", "what is deleted");
            desired(WEB, &spec(edited), Some(known), &installation())
        };
        assert!(build("family", "team-web").is_ok() && build("region", "us-east-1").is_ok());
        for (member, value) in [("family", "other"), ("region", "eu-west-1")] {
            let error = build(member, value).unwrap_err();
            assert_eq!(error.path, format!("spec.{member}"), "{error}");
        }
    }

    #[test]
    fn what_containers_run_and_hold_is_never_repeated() {
        let long = "hunter2".repeat(40_000);
        let cases = [
            json!({"healthCheck": {"command": ["curl -u u:hunter2 http://x"]}}),
            json!({"healthCheck": {"command": ["CMD-SHELL", "hunter2"], "interval": 1}}),
            json!({"command": [long], "entryPoint": ["hunter2"]}),
            json!({"entryPoint": [long]}),
            json!({"environment": [{"name": "A", "value": "hunter2"}, {"name": "A", "value": "hunter2"}]}),
            json!({"environment": [{"name": "A", "value": long}]}),
            json!({"environment": [{"name": "A", "value": "hunter2"}], "secrets": [{"name": "A", "valueFrom": "arn:s"}]}),
            json!({"logConfiguration": {"logDriver": "awslogs", "options": {"a": long}}}),
            json!({"dockerLabels": {"a": long}}),
            json!({"firelensConfiguration": {"type": "fluentbit", "options": {"a": long}}}),
        ];
        for case in cases {
            let mut broken = fargate();
            let container = broken["containerDefinitions"][0].as_object_mut().unwrap();
            container.extend(case.as_object().unwrap().clone());
            let error = desired(WEB, &spec(broken), None, &installation()).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{}", error.path);
        }
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
