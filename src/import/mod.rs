//! What exists, as people keep it in files or as AWS answers → minimal manifests. No client, no clock, no files:
//! texts and values in, manifests and sentences out.
//!
//! Everything follows from the schemas of the kinds, so that a member that is added to `api/` is imported as well.
//! Sentences name members by path and never a value: environments and options hold secrets.

pub mod account;
pub mod check;
pub mod locate;
pub mod names;
pub mod objects;
pub mod prune;
#[cfg(test)]
mod prune_tests;
pub mod read;
pub mod recognise;
pub mod shape;
pub mod skeleton;

use serde_json::{Value, json};

use crate::{api::GROUP, model::Members};
use recognise::Kind;

/// What is imported: objects, and what their reader must know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// In the order in which they refer to each other.
    pub objects: Vec<Object>,
    /// What was left out and what was assumed, a sentence each.
    pub notes: Vec<String>,
}

/// An object to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its name in Kubernetes.
    pub name: String,
    /// Its spec.
    pub spec: Members,
    /// Where it was read: a file, or an ARN.
    pub source: String,
    /// Lines to be written above it.
    pub comments: Vec<String>,
}

impl Object {
    /// The manifest, in a namespace or in the one of whoever applies it.
    pub fn manifest(&self, namespace: Option<&str>) -> Value {
        let mut metadata = json!({"name": self.name});
        if let Some(namespace) = namespace {
            metadata["namespace"] = namespace.into();
        }
        json!({
            "apiVersion": format!("{GROUP}/v1alpha1"),
            "kind": self.kind.name(),
            "metadata": metadata,
            "spec": self.spec,
        })
    }
}

/// Why a file can't be imported. Displays as `file:line: member: what is wrong`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{file}{}: {}{message}", .line.map_or(String::new(), |line| format!(":{line}")), if .path.is_empty() { String::new() } else { format!("{}: ", .path) })]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The member; empty: the whole file.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}
