//! The objects to plan: manifests on top of what Kubernetes has.

use std::{collections::BTreeSet, time::Duration};

use kube::{Api, Client, ResourceExt, api::ListParams};
use serde_json::Value;

use super::assess::{Assessed, Standing};
use crate::{
    api::{EcsCluster, EcsService, EcsTaskDefinition, GROUP},
    cli::files::Text,
    controllers::{kind::Kind, record},
    import::{prune::Pruner, shape::Shape},
    kubernetes::{kept::Kept, stores::Stores},
    model::text::without_values,
};

/// An object, and whether its plan is asked for.
pub struct Entry<K> {
    /// The object as it would be.
    pub object: K,
    /// Whether it is planned; others are only referred to.
    pub is_asked: bool,
}

/// Everything that is known.
#[derive(Default)]
pub struct Objects {
    /// Clusters.
    pub clusters: Vec<Entry<EcsCluster>>,
    /// Task definitions.
    pub task_definitions: Vec<Entry<EcsTaskDefinition>>,
    /// Services.
    pub services: Vec<Entry<EcsService>>,
    /// Live objects that can't be read.
    pub unreadable: Vec<Assessed>,
}

impl Objects {
    /// Adds the manifests of a file; the error is a sentence.
    pub fn read(
        &mut self,
        file: &Text,
        namespace: &str,
        notes: &mut Vec<String>,
    ) -> Result<(), String> {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&file.text).map_err(|error| {
            let what = without_values(&error.to_string());
            let what = what.lines().next().unwrap_or_default();
            format!("{}: this is no YAML: {what}. Correct it.", file.name)
        })?;
        let mut others = BTreeSet::new();
        for document in documents.into_iter().flat_map(flatten) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (version, kind) = (text(&document["apiVersion"]), text(&document["kind"]));
            if version.split('/').next() != Some(GROUP) {
                if !document.is_null() {
                    others.insert(if kind.is_empty() {
                        "?".to_owned()
                    } else {
                        kind
                    });
                }
                continue;
            }
            let manifest = Manifest {
                file: &file.name,
                namespace,
                document,
            };
            match kind.as_str() {
                "EcsCluster" => self.clusters.push(manifest.typed()?),
                "EcsTaskDefinition" => self.task_definitions.push(manifest.typed()?),
                "EcsService" => self.services.push(manifest.typed()?),
                kind => {
                    return Err(format!(
                        "{}: {kind:?} is no kind of {GROUP}. Correct or remove it.",
                        file.name
                    ));
                }
            }
        }
        if !others.is_empty() {
            let kinds: Vec<_> = others.into_iter().collect();
            notes.push(format!(
                "{}: passed over, being no kinds of ours: {}",
                file.name,
                kinds.join(", ")
            ));
        }
        Ok(())
    }

    /// Adds what Kubernetes has, of one namespace or of all, and of the namespaces of the manifests. `is_asked`: their plans are asked for;
    /// if not, still those of services that follow a manifest.
    pub async fn add_live(
        &mut self,
        client: &Client,
        namespace: Option<&str>,
        is_asked: bool,
    ) -> Result<(), String> {
        let mut scopes: BTreeSet<Option<String>> = BTreeSet::new();
        if is_asked {
            scopes.insert(namespace.map(str::to_owned));
        } else {
            scopes.extend(self.clusters.iter().map(|entry| entry.object.namespace()));
            scopes.extend(
                self.task_definitions
                    .iter()
                    .map(|entry| entry.object.namespace()),
            );
            scopes.extend(self.services.iter().map(|entry| entry.object.namespace()));
        }
        let asked_clusters = names(&self.clusters);
        let asked_definitions = names(&self.task_definitions);
        for scope in scopes {
            let scope = scope.as_deref();
            let unreadable = &mut self.unreadable;
            merge(
                &mut self.clusters,
                list(client, scope, is_asked, unreadable).await?,
                is_asked,
            );
            merge(
                &mut self.task_definitions,
                list(client, scope, is_asked, unreadable).await?,
                is_asked,
            );
            merge(
                &mut self.services,
                list(client, scope, is_asked, unreadable).await?,
                is_asked,
            );
        }
        if !is_asked {
            self.unreadable.clear();
        }
        for entry in &mut self.services {
            let spec = &entry.object.spec;
            let in_namespace = |name: &str| (entry.object.namespace(), name.to_owned());
            let follows = |name: Option<&String>, asked: &BTreeSet<Key>| {
                name.is_some_and(|name| asked.contains(&in_namespace(name)))
            };
            let cluster = spec.cluster_ref.as_ref().map(|reference| &reference.name);
            let definition = spec
                .task_definition_ref
                .as_ref()
                .map(|reference| &reference.name);
            entry.is_asked |=
                follows(cluster, &asked_clusters) || follows(definition, &asked_definitions);
        }
        Ok(())
    }

    /// The objects as watches would show them.
    pub fn stores(&self) -> Stores {
        Stores::of(
            self.clusters.iter().map(|entry| entry.object.clone()),
            self.task_definitions
                .iter()
                .map(|entry| entry.object.clone()),
            self.services.iter().map(|entry| entry.object.clone()),
        )
    }
}

/// Namespace and name.
type Key = (Option<String>, String);

fn names<K: Kind>(entries: &[Entry<K>]) -> BTreeSet<Key> {
    let key = |entry: &Entry<K>| (entry.object.namespace(), entry.object.name_any());
    entries.iter().map(key).collect()
}

/// The items of a list, or the document itself.
fn flatten(document: Value) -> Vec<Value> {
    match (&document["kind"], &document["items"]) {
        (Value::String(kind), Value::Array(items)) if kind.ends_with("List") => items.clone(),
        _ => vec![document],
    }
}

struct Manifest<'a> {
    file: &'a str,
    namespace: &'a str,
    document: Value,
}

impl Manifest<'_> {
    fn typed<K: Kind>(mut self) -> Result<Entry<K>, String> {
        let name = self.document["metadata"]["name"].as_str().unwrap_or("?");
        let place = format!("{}: {} {name}", self.file, K::kind(&()));
        let shape = Shape::of_spec(&K::kind(&()));
        let mut pruner = Pruner::default();
        if let (Some(spec), Some(members)) = (self.document["spec"].as_object(), shape.members()) {
            pruner.object(spec, members, "spec");
        }
        if let Some((path, message)) = pruner.wrong.first() {
            return Err(format!("{place}: {path}: {message}"));
        }
        if self.document["metadata"]["namespace"].is_null() {
            self.document["metadata"]["namespace"] = self.namespace.into();
        }
        self.document["metadata"]["generation"] = 1.into();
        // Not what somebody saved with it: Kubernetes knows better.
        if let Some(manifest) = self.document.as_object_mut() {
            manifest.remove("status");
        }
        let object = serde_json::from_value(self.document).map_err(|error| {
            let what = without_values(&error.to_string());
            format!("{place}: {what}. Correct it.")
        })?;
        Ok(Entry {
            object,
            is_asked: true,
        })
    }
}

/// Seconds for which a busy API server is asked again.
const PATIENCE: usize = 15;

/// Whether the API server asks to come back later: it is overloaded, or has just learnt of the kind.
fn is_busy(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(answer) if answer.code == 429)
}

/// What the API server says, without the rest of its answer.
fn words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(answer) => format!("{} ({})", answer.message, answer.code),
        error => error.to_string(),
    }
}

async fn list<K: Kind>(
    client: &Client,
    namespace: Option<&str>,
    is_asked: bool,
    unreadable: &mut Vec<Assessed>,
) -> Result<Vec<K>, String> {
    let api: Api<Kept<K>> = match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let mut answer = api.list(&ListParams::default()).await;
    for _ in 0..PATIENCE {
        if !answer.as_ref().is_err_and(is_busy) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        answer = api.list(&ListParams::default()).await;
    }
    let list = match answer {
        // The chart is not installed yet: beside manifests there are none then.
        Err(kube::Error::Api(answer)) if answer.is_not_found() && !is_asked => {
            return Ok(Vec::new());
        }
        list => list,
    };
    let list = list.map_err(|error| {
        let why = words(&error);
        format!("Kubernetes does not list {}: {why}. Check KUBECONFIG, your rights and whether the chart is installed.", K::plural(&()))
    })?;
    let mut objects = Vec::new();
    for kept in list {
        match record::opened(&kept) {
            Ok(object) => objects.push(object),
            Err(error) => unreadable.push(Assessed {
                kind: K::kind(&()).into_owned(),
                namespace: kept.metadata.namespace.unwrap_or_default(),
                name: kept.metadata.name.unwrap_or_default(),
                state: Standing::Error,
                message: format!("the object can't be read: {}", without_values(&error)),
                steps: Vec::new(),
            }),
        }
    }
    Ok(objects)
}

/// Live objects, where there is a manifest with its spec; the status stays, for it says what AWS has.
fn merge<K: Kind>(entries: &mut Vec<Entry<K>>, live: Vec<K>, is_asked: bool) {
    for object in live {
        let same = |entry: &&mut Entry<K>| {
            entry.object.namespace() == object.namespace()
                && entry.object.name_any() == object.name_any()
        };
        match entries.iter_mut().find(same) {
            Some(entry) => on_top(entry, &object),
            None => entries.push(Entry { object, is_asked }),
        }
    }
}

/// Gives a manifest's object the metadata and the status of the live one.
fn on_top<K: Kind>(entry: &mut Entry<K>, live: &K) {
    let json = |object: &K| serde_json::to_value(object).expect("an object is plain data");
    let (mut merged, live) = (json(&entry.object), json(live));
    let is_edited = merged["spec"] != live["spec"];
    merged["metadata"] = live["metadata"].clone();
    merged["status"] = live["status"].clone();
    if is_edited && let Some(generation) = live["metadata"]["generation"].as_i64() {
        merged["metadata"]["generation"] = (generation + 1).into();
    }
    entry.object = serde_json::from_value(merged).expect("both were read");
}
