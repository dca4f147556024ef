//! The operator's Kubernetes requests, from the API server's audit log.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::Result;

/// The audit log, read for one user.
#[derive(Clone, Debug)]
pub struct AuditLog {
    file: PathBuf,
    user: String,
}

/// A line of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    verb: String,
    user: User,
    object_ref: Option<ObjectRef>,
    response_status: Option<ResponseStatus>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Deserialize)]
struct ObjectRef {
    #[serde(default)]
    resource: String,
    subresource: Option<String>,
}

#[derive(Deserialize)]
struct ResponseStatus {
    #[serde(default)]
    code: u16,
}

/// Requests of the user, by verb and resource.
#[derive(Debug, Default)]
pub struct Requests {
    /// Those that write.
    pub writes: BTreeMap<String, usize>,
    /// Direct reads of one object.
    pub gets: BTreeMap<String, usize>,
    /// Those that were answered with an error, by code as well.
    pub failed: BTreeMap<String, usize>,
}

impl AuditLog {
    /// The log of a control plane.
    pub fn new(folder: &Path, user: String) -> Self {
        Self {
            file: folder.join("audit.log"),
            user,
        }
    }

    /// A moment: how long the log is.
    pub fn mark(&self) -> Result<u64> {
        std::fs::metadata(&self.file)
            .map(|metadata| metadata.len())
            .map_err(|error| format!("the audit log can't be read: {error}"))
    }

    /// Requests since a moment.
    pub fn since(&self, mark: u64) -> Result<Requests> {
        let failed = |error: std::io::Error| format!("the audit log can't be read: {error}");
        let mut file = File::open(&self.file).map_err(failed)?;
        file.seek(SeekFrom::Start(mark)).map_err(failed)?;
        let mut requests = Requests::default();
        for line in BufReader::new(file).lines() {
            let line = line.map_err(failed)?;
            // Other users' lines are many: they are not parsed.
            if line.contains(&self.user)
                && let Ok(line) = serde_json::from_str::<Line>(&line)
                && line.user.username == self.user
            {
                requests.count(&line);
            }
        }
        Ok(requests)
    }
}

impl Requests {
    fn count(&mut self, line: &Line) {
        let resource = line.object_ref.as_ref().map_or_else(String::new, |object| {
            let sub = object.subresource.as_deref();
            object.resource.clone() + &sub.map_or(String::new(), |sub| format!("/{sub}"))
        });
        let name = format!("{} {resource}", line.verb);
        let code = line
            .response_status
            .as_ref()
            .map_or(0, |status| status.code);
        if code >= 400 {
            *self.failed.entry(format!("{name} {code}")).or_insert(0) += 1;
        }
        match line.verb.as_str() {
            "create" | "update" | "patch" | "delete" | "deletecollection" => {
                *self.writes.entry(name).or_insert(0) += 1;
            }
            "get" => *self.gets.entry(name).or_insert(0) += 1,
            _ => {}
        }
    }
}
