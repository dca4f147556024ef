//! A member that was taken out is declared once more, as AWS's default; then it is compared and sent like any other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::reset::Reset;
use crate::model::{
    Members,
    declared::{DOCUMENTS, below, meant, segments},
};

/// Blocks of which AWS keeps the parts that a call does not name (aws.md 4.1).
const MERGED: [&str; 3] = [
    "/deploymentConfiguration",
    "/deploymentConfiguration/deploymentCircuitBreaker",
    "/configuration",
];

/// Lists of capacity providers with their weights.
const STRATEGIES: [&str; 2] = [
    "capacityProviderStrategy",
    "defaultCapacityProviderStrategy",
];

/// What is to be compared and sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completed {
    /// What is declared, and the defaults of what was taken out.
    pub members: Members,
    /// Members that AWS has no way to reset, by path, with what the user can do.
    pub(super) kept: Vec<(String, &'static str)>,
}

/// What was taken out and stays in AWS: the path below `spec`, what AWS has, what the user can do.
pub type Kept = (String, Value, &'static str);

impl Completed {
    /// What AWS has no way to reset and has.
    pub fn kept_in(&self, observed: &Members) -> Vec<Kept> {
        let all = Value::Object(observed.clone());
        let kept = self.kept.iter();
        kept.filter_map(|(path, way)| {
            let seen = all.pointer(path).filter(|seen| !seen.is_null())?;
            let path = path.trim_start_matches('/').replace('/', ".");
            Some((path, seen.clone(), *way))
        })
        .collect()
    }
}

/// What is declared, completed by what was `removed`. `reset` says what becomes of a member, by its path without list items
/// and by the block that it was in; `is_new`, whether nothing of the list item at a path was declared before.
pub fn complete<'a>(
    declared: &Members,
    removed: impl IntoIterator<Item = &'a str>,
    reset: impl Fn(&str, &Members) -> Reset,
    is_new: impl Fn(&str) -> bool,
) -> Completed {
    let mut completion = Completion {
        reset,
        is_new,
        done: BTreeSet::new(),
        kept: Vec::new(),
    };
    let mut members = declared.clone();
    for path in removed {
        let segments: Vec<String> = segments(path).collect();
        completion.put_back(&mut members, "", "", &segments);
    }
    for strategy in STRATEGIES {
        release_lone_weight(members.get_mut(strategy));
    }
    Completed {
        members,
        kept: completion.kept,
    }
}

/// One provider has all tasks, whatever its weight; which one AWS shows then differs by how it was set (aws.md 4.4).
fn release_lone_weight(strategy: Option<&mut Value>) {
    if let Some([Value::Object(only)]) = strategy
        .and_then(Value::as_array_mut)
        .map(Vec::as_mut_slice)
        && only.get("weight") == Some(&Value::Null)
    {
        only.remove("weight");
    }
}

/// A declaration that is being completed.
struct Completion<R, N> {
    reset: R,
    is_new: N,
    /// Blocks that were set back as a whole.
    done: BTreeSet<String>,
    /// Members that AWS has no way to reset.
    kept: Vec<(String, &'static str)>,
}

impl<R: Fn(&str, &Members) -> Reset, N: Fn(&str) -> bool> Completion<R, N> {
    /// Declares the outermost part of a path that is not declared any more. `path` is where `members` stand, without list
    /// items, `place` the same with them.
    fn put_back(&mut self, members: &mut Members, path: &str, place: &str, segments: &[String]) {
        let Some((key, rest)) = segments.split_first() else {
            return;
        };
        let (path, place) = (format!("{path}/{key}"), below(place, key));
        if MERGED.contains(&path.as_str()) {
            // What nobody declared in it stays: its parts go back one by one.
            members.entry(key.clone()).or_insert_with(|| json!({}));
        }
        match members.get_mut(key) {
            Some(_) if DOCUMENTS.contains(&key.as_str()) || self.done.contains(&path) => {}
            Some(Value::Object(block)) => self.put_back(block, &path, &place, rest),
            // A list that says nothing is as good as none.
            Some(Value::Array(items)) if !items.is_empty() => {
                let Some((item, rest)) = rest.split_first() else {
                    return;
                };
                let is_new = |name: &str| (self.is_new)(&below(&place, name));
                for index in meant(items, item, is_new) {
                    if let Some(members) = items[index].as_object_mut() {
                        self.put_back(members, &path, &below(&place, item), rest);
                    }
                }
            }
            Some(value) if !value.is_array() => {}
            _ => self.reset(members, key, path),
        }
    }

    /// Declares AWS's default of a member that is not declared.
    fn reset(&mut self, members: &mut Members, key: &str, path: String) {
        match (self.reset)(&path, members) {
            Reset::To(value) => {
                if value.is_object() {
                    self.done.insert(path);
                }
                members.insert(key.to_owned(), value);
            }
            Reset::Released => {}
            Reset::Kept(way) => {
                if !self.kept.contains(&(path.clone(), way)) {
                    self.kept.push((path, way));
                }
            }
        }
    }
}
