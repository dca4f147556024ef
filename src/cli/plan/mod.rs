//! `ecs-operator plan`: what the operator would do for manifests or for the objects of a cluster, before it does. Reads only.

mod assess;
mod objects;
mod render;

use std::io::IsTerminal;

use kube::{Client, Config};

use super::{files, import, run::kube_system_uid};
use crate::{
    config::{Output, Plan},
    controllers::kind::Kind,
    kubernetes::stores::Stores,
    model::Installation,
};
use assess::{Assessed, Assessor};
use objects::{Entry, Objects};

/// Exit code: AWS is as declared.
const IN_SYNC: u8 = 0;
/// Exit code: something can't be planned or needs somebody.
const TROUBLE: u8 = 1;
/// Exit code: something would be done.
const CHANGES: u8 = 2;

/// What the command says.
pub struct Said {
    /// Standard output.
    pub out: String,
    /// Standard error, a sentence each.
    pub notes: Vec<String>,
    /// Exit code: 0 in sync, 2 changes, 1 trouble.
    pub code: u8,
}

/// Plans. The error is a sentence.
pub async fn run(flags: Plan) -> Result<Said, String> {
    flags.aws.check()?;
    let texts = files::read(&flags.files, &["yaml", "yml", "json"])?;
    let mut notes = Vec::new();
    let (client, default_namespace) = kubernetes(&flags, &mut notes).await?;
    let namespace = flags.namespace.clone().unwrap_or(default_namespace);
    let mut objects = Objects::default();
    for text in &texts {
        objects.read(text, &namespace, &mut notes)?;
    }
    if let Some(client) = &client {
        let scope = (!flags.all).then_some(namespace.as_str());
        objects
            .add_live(client, scope, flags.files.is_empty())
            .await?;
    }
    let cluster_id = match (&flags.cluster_id, &client) {
        (Some(id), _) => Some(id.clone()),
        (None, Some(client)) => Some(kube_system_uid(client).await?),
        (None, None) => None,
    };
    let (clients, region) = import::clients(&flags.aws).await?;
    let assessor = Assessor {
        clients,
        installation: Installation {
            cluster_id: cluster_id.unwrap_or_else(|| "unknown".into()),
            region,
        },
        trusts_tags: client.is_none(),
        knows_cluster: client.is_some() || flags.cluster_id.is_some(),
    };
    let assessed = assess(objects, &assessor).await;
    let out = match flags.output {
        Output::Text => render::text(&assessed, has_colours()),
        Output::Json => render::json(&assessed),
    };
    Ok(Said {
        out,
        notes,
        code: code(&assessed),
    })
}

/// Clusters, then task definitions, then the services that refer to them, each as it would be when those before are done.
async fn assess(mut objects: Objects, assessor: &Assessor) -> Vec<Assessed> {
    let stores = objects.stores();
    let mut assessed = of_kind(
        &mut objects.clusters,
        &stores,
        assessor,
        |cluster, status| {
            cluster.status = Some(status);
        },
    )
    .await;
    let definitions = &mut objects.task_definitions;
    assessed.extend(
        of_kind(definitions, &stores, assessor, |definition, status| {
            definition.status = Some(status);
        })
        .await,
    );
    let stores = objects.stores();
    assessed.extend(
        of_kind(
            &mut objects.services,
            &stores,
            assessor,
            |service, status| {
                service.status = Some(status);
            },
        )
        .await,
    );
    assessed.append(&mut objects.unreadable);
    assessed
}

async fn of_kind<K: Kind>(
    entries: &mut [Entry<K>],
    stores: &Stores,
    assessor: &Assessor,
    set: fn(&mut K, K::Status),
) -> Vec<Assessed> {
    let mut all = Vec::new();
    for entry in entries.iter_mut().filter(|entry| entry.is_asked) {
        let (assessed, status) = assessor.assess(&entry.object, stores).await;
        if let Some(status) = status {
            set(&mut entry.object, status);
        }
        all.push(assessed);
    }
    all
}

/// Kubernetes, and the namespace that its configuration names. With manifests it may be missing.
async fn kubernetes(
    flags: &Plan,
    notes: &mut Vec<String>,
) -> Result<(Option<Client>, String), String> {
    match Config::infer().await {
        Ok(mut config) => {
            config.default_retry = false;
            let namespace = config.default_namespace.clone();
            let client = Client::try_from(config)
                .map_err(|error| format!("no way to Kubernetes: {error}. Check KUBECONFIG."))?;
            Ok((Some(client), namespace))
        }
        Err(_) if !flags.files.is_empty() => {
            notes.push("no way to Kubernetes: references are resolved among the manifests only, and what carries the ownership tags of an object's namespace and name counts as its own; what earlier manifests declared is not known, so that the effect of taking a member out is not told, nor are conflicts with objects that only Kubernetes has".into());
            Ok((None, "default".into()))
        }
        Err(error) => Err(format!(
            "no way to Kubernetes: {error}. Set KUBECONFIG, or give manifests with --file."
        )),
    }
}

fn has_colours() -> bool {
    let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !is_unwanted
}

fn code(assessed: &[Assessed]) -> u8 {
    if assessed.iter().any(|one| one.state.is_trouble()) {
        TROUBLE
    } else if assessed.iter().any(|one| !one.steps.is_empty()) {
        CHANGES
    } else {
        IN_SYNC
    }
}
