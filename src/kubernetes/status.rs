//! The status of an object: one server-side apply, skipped when nothing changed.

use kube::{
    Client, ResourceExt,
    api::{Patch, PatchParams},
};
use serde::Serialize;
use serde_json::json;

use super::{FIELD_MANAGER, Object, metadata};

/// Applies `status` unless it equals `previous`. The new resourceVersion; none when nothing was written: an object that is gone needs no status.
pub async fn apply<K, S>(
    client: &Client,
    object: &K,
    previous: Option<&S>,
    status: &S,
) -> Result<Option<String>, kube::Error>
where
    K: Object,
    S: Serialize + PartialEq,
{
    if previous == Some(status) {
        return Ok(None);
    }
    // The UID keeps a status from landing on an object of the same name that came later.
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"uid": object.uid()},
        "status": status,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let patch = Patch::Apply(patch);
    match metadata::patch(client, object, Some("status"), &params, &patch).await {
        Ok(written) => Ok(written.resource_version),
        Err(kube::Error::Api(answer)) if answer.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
