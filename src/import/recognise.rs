//! Which kinds of ours a JSON document holds, wrapped as the AWS CLI wraps them or not.

use serde_json::{Map, Value};

use super::{locate::join, shape::Shape};
use crate::model::defaults::{self, Defaults};

/// Members with which AWS answers about a resource and that nobody declares (Describe calls of the ECS API).
const TASK_DEFINITION_OUTPUT: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];
const SERVICE_OUTPUT: [&str; 18] = [
    "serviceArn",
    "clusterArn",
    "status",
    "runningCount",
    "pendingCount",
    "deployments",
    "taskSets",
    "events",
    "createdAt",
    "createdBy",
    "createdByArn",
    "roleArn",
    "platformFamily",
    "currentServiceDeployment",
    "currentServiceRevisions",
    "resourceManagementType",
    "failures",
    "include",
];
const CLUSTER_OUTPUT: [&str; 9] = [
    "clusterArn",
    "status",
    "registeredContainerInstancesCount",
    "runningTasksCount",
    "pendingTasksCount",
    "activeServicesCount",
    "statistics",
    "attachments",
    "attachmentsStatus",
];
/// Members of CreateService and UpdateService that say how to make the call.
const SERVICE_CALL: [&str; 2] = ["clientToken", "forceNewDeployment"];

/// A kind that can be imported.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// EcsCluster.
    Cluster,
    /// EcsTaskDefinition.
    TaskDefinition,
    /// EcsService.
    Service,
}

impl Kind {
    /// Every one, in the order in which manifests are written.
    pub const ALL: [Self; 3] = [Self::Cluster, Self::TaskDefinition, Self::Service];

    /// Its name in Kubernetes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cluster => "EcsCluster",
            Self::TaskDefinition => "EcsTaskDefinition",
            Self::Service => "EcsService",
        }
    }

    /// What AWS calls it, as member of an answer; the plural is with `s`.
    const fn wrapper(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::TaskDefinition => "taskDefinition",
            Self::Service => "service",
        }
    }

    /// The member of the spec with the name in AWS.
    pub const fn aws_name(self) -> &'static str {
        match self {
            Self::Cluster => "clusterName",
            Self::TaskDefinition => "family",
            Self::Service => "serviceName",
        }
    }

    /// What AWS fills in of it.
    pub const fn defaults(self) -> &'static Defaults {
        match self {
            Self::Cluster => defaults::CLUSTER,
            Self::TaskDefinition => defaults::TASK_DEFINITION,
            Self::Service => defaults::SERVICE,
        }
    }

    /// Whether AWS tells this member and nobody declares it.
    pub fn is_output(self, member: &str) -> bool {
        let output: &[&str] = match self {
            Self::Cluster => &CLUSTER_OUTPUT,
            Self::TaskDefinition => &TASK_DEFINITION_OUTPUT,
            Self::Service => &SERVICE_OUTPUT,
        };
        output.contains(&member)
    }

    /// Whether the member says how to make a call.
    pub fn is_call(self, member: &str) -> bool {
        self == Self::Service && SERVICE_CALL.contains(&member)
    }
}

/// An object in a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Its members.
    pub object: Map<String, Value>,
    /// Its path in the document.
    pub path: String,
}

/// The objects of a document; the error is a sentence.
pub fn objects(document: &Value) -> Result<Vec<Found>, String> {
    let Value::Object(top) = document else {
        return Err("the file holds no JSON object. Give a task definition, a service or a cluster, as the AWS CLI prints it or takes it.".into());
    };
    if top.contains_key("apiVersion") {
        return Err("this is a Kubernetes manifest already. Use it as it is.".into());
    }
    let wrapped: Vec<Found> = Kind::ALL
        .into_iter()
        .flat_map(|kind| unwrap(top, kind))
        .collect();
    if !wrapped.is_empty() {
        return Ok(wrapped);
    }
    let score = |kind: Kind| {
        let shape = Shape::of_spec(kind.name());
        let known = |name: &&String| {
            kind.is_output(name)
                || kind.is_call(name)
                || shape
                    .members()
                    .is_some_and(|members| members.contains_key(*name))
        };
        top.keys().filter(known).count()
    };
    let mut scores = Kind::ALL.map(|kind| (score(kind), kind));
    scores.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    match scores {
        [(best, kind), (second, _), _] if best > second => Ok(vec![Found {
            kind,
            object: top.clone(),
            path: String::new(),
        }]),
        _ if top.keys().any(|name| name == "Type" || name == "Resources" || name == "ContainerDefinitions") => {
            Err("this looks like CloudFormation, whose members begin with capitals. Give what aws ecs describe-task-definition or describe-services prints.".into())
        }
        _ => Err("this is neither a task definition, nor a service, nor a cluster: it has no member that only one of them has, such as containerDefinitions, serviceName or clusterName.".into()),
    }
}

/// What a document holds under the kind's name: one object, or a list of them. Tags beside a task definition are its own.
fn unwrap(top: &Map<String, Value>, kind: Kind) -> Vec<Found> {
    let name = kind.wrapper();
    let found = |object: &Map<String, Value>, path: String| Found {
        kind,
        object: object.clone(),
        path,
    };
    let mut all = Vec::new();
    if let Some(Value::Object(object)) = top.get(name) {
        let mut one = found(object, name.to_owned());
        if let Some(tags @ Value::Array(_)) = top.get("tags") {
            one.object.entry("tags").or_insert_with(|| tags.clone());
        }
        all.push(one);
    }
    let plural = format!("{name}s");
    if let Some(Value::Array(items)) = top.get(&plural) {
        all.extend(items.iter().enumerate().filter_map(|(index, item)| {
            Some(found(item.as_object()?, format!("{plural}[{index}]")))
        }));
    }
    all
}

impl Found {
    /// The path of a member in the document.
    pub fn path_of(&self, member: &str) -> String {
        join(&self.path, member)
    }

    /// A member that is a text.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.object
            .get(member)?
            .as_str()
            .filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kinds(document: Value) -> Vec<(Kind, String)> {
        let found = objects(&document).expect("objects");
        found.into_iter().map(|f| (f.kind, f.path)).collect()
    }

    #[test]
    fn documents_are_recognised_wrapped_or_not() {
        let container = json!([{"name": "a", "image": "b"}]);
        let cases = [
            (
                json!({"family": "web", "containerDefinitions": container}),
                vec![(Kind::TaskDefinition, "")],
            ),
            (
                json!({"taskDefinition": {"family": "web", "containerDefinitions": container}, "tags": []}),
                vec![(Kind::TaskDefinition, "taskDefinition")],
            ),
            (
                json!({"services": [{"serviceName": "a"}, {"serviceName": "b"}], "failures": []}),
                vec![
                    (Kind::Service, "services[0]"),
                    (Kind::Service, "services[1]"),
                ],
            ),
            (
                json!({"service": {"serviceName": "a"}}),
                vec![(Kind::Service, "service")],
            ),
            // As CreateService takes it, and as ecspresso keeps it.
            (
                json!({"cluster": "main", "serviceName": "web", "taskDefinition": "web:1"}),
                vec![(Kind::Service, "")],
            ),
            (
                json!({"launchType": "FARGATE", "desiredCount": 1}),
                vec![(Kind::Service, "")],
            ),
            (
                json!({"clusterName": "main", "settings": []}),
                vec![(Kind::Cluster, "")],
            ),
            (
                json!({"clusters": [{"clusterName": "main"}]}),
                vec![(Kind::Cluster, "clusters[0]")],
            ),
        ];
        for (document, expected) in cases {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(k, p)| (k, p.to_owned()))
                .collect();
            assert_eq!(kinds(document.clone()), expected, "{document}");
        }
    }

    #[test]
    fn what_is_none_of_them_is_refused_with_the_way_out() {
        let cases = [
            (json!([]), "no JSON object"),
            (json!({"tags": []}), "neither"),
            (json!({"Resources": {}}), "CloudFormation"),
            (json!({"apiVersion": "v1"}), "manifest already"),
        ];
        for (document, words) in cases {
            let error = objects(&document).expect_err("none");
            assert!(error.contains(words), "{error}");
        }
    }
}
