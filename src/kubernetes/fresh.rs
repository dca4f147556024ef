//! Whether what a watch shows is what is: a watch can be late, and after a restart it can begin in the past.

use kube::Client;

use super::{Object, metadata};

/// Whether the object still has this spec and this UID, asked of the API server itself: nothing is changed in AWS on the word
/// of a watch alone, for what was created for an object that is gone is nobody's to delete.
pub async fn is_current<K: Object>(client: &Client, object: &K) -> Result<bool, kube::Error> {
    let now = metadata::get(client, object).await?;
    let seen = object.meta();
    Ok(now.is_some_and(|now| {
        // A deletion counts as a new generation.
        (&now.uid, now.generation) == (&seen.uid, seen.generation)
    }))
}
