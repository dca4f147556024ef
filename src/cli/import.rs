//! `ecs-operator import`: minimal manifests for what exists, in files or in AWS.

use std::{collections::BTreeSet, sync::Arc};

use futures::future::try_join_all;
use tokio::sync::watch;

use super::files;
use crate::{
    aws::{Aws, AwsError, Clients, clients::Settings},
    config::{self, Import},
    import::{
        Imported,
        account::{self, Account, Described},
        objects,
        read::File,
    },
    model::{arn, observed::Resource},
    telemetry::metrics::Metrics,
};

/// Namespace of consent tags when none is given.
const DEFAULT_NAMESPACE: &str = "default";

/// What is written.
pub struct Written {
    /// A YAML stream of manifests.
    pub manifests: String,
    /// What their reader must know, a sentence each.
    pub notes: Vec<String>,
}

/// Imports. The error is a sentence, or several on lines of their own.
pub async fn run(flags: Import) -> Result<Written, String> {
    flags.aws.check()?;
    let imported = if flags.files.is_empty() {
        from_aws(&flags).await?
    } else {
        from_files(&flags)?
    };
    Ok(Written {
        manifests: yaml(&imported, flags.namespace.as_deref()),
        notes: imported.notes,
    })
}

fn from_files(flags: &Import) -> Result<Imported, String> {
    let texts = files::read(&flags.files, &["json"])?;
    let files: Vec<_> = texts
        .iter()
        .map(|file| File {
            name: &file.name,
            text: &file.text,
        })
        .collect();
    objects::import(&files, flags.cluster.as_deref()).map_err(|problems| sentences(&problems))
}

async fn from_aws(flags: &Import) -> Result<Imported, String> {
    let name = flags.cluster.as_deref().map_or("", arn::last_segment);
    let (aws, region) = aws(&flags.aws).await?;
    let account = read(&aws, name, flags).await?;
    let namespace = flags.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    let mut imported = account::import(&account, &region, namespace);
    imported.notes.push(format!("nothing was changed in AWS; the commands above the manifests consent to the adoption of what exists by objects in the namespace {namespace}"));
    Ok(imported)
}

/// Clients of the Region that the flags or the SDK's own sources name.
pub async fn aws(flags: &config::Aws) -> Result<(Arc<Aws>, String), String> {
    let (clients, region) = clients(flags).await?;
    Ok((clients.region(&region), region))
}

/// Clients of every Region, and the Region of objects that name none.
pub async fn clients(flags: &config::Aws) -> Result<(Clients, String), String> {
    let settings = Settings {
        endpoint_url: flags.endpoint_url.clone(),
        timeout: flags.aws_timeout,
        // The account's buckets are shared with the operator.
        limits: true,
        ca_bundle: flags.ca_bundle.clone(),
        http_client: None,
    };
    let metrics = Arc::new(Metrics::default());
    let (_, never) = watch::channel(false);
    let clients = Clients::new(flags.region.as_deref(), settings, never, metrics).await?;
    let region = clients
        .default_region()
        .ok_or("no AWS Region: give --region, or set AWS_REGION")?
        .to_owned();
    Ok((clients, region))
}

async fn read(aws: &Aws, cluster: &str, flags: &Import) -> Result<Account, String> {
    let failed = |error: AwsError| format!("{error}. Nothing was written.");
    // This process created nothing that could be unseen yet.
    let found = aws.cluster(cluster).await.map_err(failed)?;
    let found = found.unwrap_or_default().ok_or_else(|| {
        format!("--cluster {cluster:?}: AWS has no such cluster in this account and Region. Give the name of one (aws ecs list-clusters).")
    })?;
    let mut account = Account {
        cluster: described(found, "clusterArn"),
        ..Account::default()
    };
    let names = if flags.all {
        aws.service_names(cluster).await.map_err(failed)?
    } else {
        flags.services.clone()
    };
    // Asked for together, so that they are read in batches.
    let found = names
        .iter()
        .map(|name| aws.whole_service(cluster, arn::last_segment(name)));
    let found = try_join_all(found).await.map_err(failed)?;
    let mut families = BTreeSet::new();
    for (name, service) in names.iter().zip(found) {
        match service {
            Some(service) => {
                let task_definition = service.text("taskDefinition").unwrap_or_default();
                families.insert(arn::family(task_definition).to_owned());
                account.services.push(described(service, "serviceArn"));
            }
            // One that went between two calls.
            None if flags.all => {}
            None => {
                return Err(format!(
                    "--service {name:?}: the cluster {cluster:?} has no such ACTIVE service. Give the name of one (aws ecs list-services), or --all."
                ));
            }
        }
    }
    families.remove("");
    let found = families.iter().map(|family| aws.definition(family));
    for (mut revision, content) in try_join_all(found)
        .await
        .map_err(failed)?
        .into_iter()
        .flatten()
    {
        revision.members.clone_from(content.members());
        account
            .task_definitions
            .push(described(revision, "taskDefinitionArn"));
    }
    Ok(account)
}

fn described(resource: Resource, arn: &str) -> Described {
    Described {
        arn: resource.text(arn).unwrap_or_default().to_owned(),
        members: resource.members,
        tags: resource.tags,
    }
}

fn sentences(problems: &[impl std::fmt::Display]) -> String {
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    format!("nothing was imported:\n{}", lines.join("\n"))
}

fn yaml(imported: &Imported, namespace: Option<&str>) -> String {
    let mut out = String::new();
    for object in &imported.objects {
        out.push_str("---\n");
        for comment in &object.comments {
            out.push_str(&format!("# {comment}\n"));
        }
        let manifest = object.manifest(namespace);
        out.push_str(&serde_saphyr::to_string(&manifest).expect("a manifest is plain data"));
    }
    out
}
