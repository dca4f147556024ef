//! The finalizer: put on before the first AWS call, taken off when AWS has nothing of ours left.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Client, ResourceExt,
    api::{Patch, PatchParams},
    core::Status,
};
use serde_json::{Value, json};

use super::{FIELD_MANAGER, Object, metadata};
use crate::api::{DECLARED, FINALIZER};

/// Whether the object carries our finalizer.
pub fn is_on(meta: &ObjectMeta) -> bool {
    let mut finalizers = meta.finalizers.iter().flatten();
    finalizers.any(|finalizer| finalizer == FINALIZER)
}

/// Puts the finalizer on, with the annotation of what is declared, and returns the object's metadata as they are then. Server-side apply: it adds ours to those of others whatever
/// they did meanwhile, so that an object that somebody else writes at the same time is no conflict.
pub async fn put_on<K: Object>(
    client: &Client,
    object: &K,
    declared: Option<String>,
) -> Result<ObjectMeta, kube::Error> {
    let annotations = declared.map(|declared| json!({DECLARED: declared}));
    let metadata = json!({"finalizers": [FINALIZER], "annotations": annotations});
    apply(client, object, metadata).await
}

/// Takes the finalizer off. An object that is gone already is fine.
pub async fn take_off<K: Object>(client: &Client, object: &K) -> Result<(), kube::Error> {
    let left = match apply(client, object, json!({"finalizers": []})).await {
        Err(kube::Error::Api(answer)) if is_gone(&answer) => return Ok(()),
        result => result?,
    };
    if !is_on(&left) {
        return Ok(());
    }
    // Somebody else's too, such as a backup that restored the object: taken off by name.
    let finalizers = left.finalizers.iter().flatten();
    let others: Vec<_> = finalizers
        .filter(|finalizer| *finalizer != FINALIZER)
        .collect();
    let patch =
        json!({"metadata": {"resourceVersion": left.resource_version, "finalizers": others}});
    let params = PatchParams::default();
    match metadata::patch(client, object, None, &params, &Patch::Merge(patch)).await {
        Err(kube::Error::Api(answer)) if is_gone(&answer) => Ok(()),
        result => result.map(drop),
    }
}

/// Whether an answer says that there is no such object any more. The API server has a conflict, not "not found", for the server-side
/// apply of an object with a UID that does not exist or has another one now (apiserver: registry/rest/update.go, store.go).
fn is_gone(answer: &Status) -> bool {
    let message = answer.message.to_lowercase();
    answer.is_not_found() || (answer.is_conflict() && message.contains("uid"))
}

/// Says what of the metadata is ours, and takes it when others wrote it too: an annotation that a manifest was exported with. The UID keeps it from an object of the same name that came later, and from making one.
async fn apply<K: Object>(
    client: &Client,
    object: &K,
    mut metadata: Value,
) -> Result<ObjectMeta, kube::Error> {
    metadata["uid"] = json!(object.uid());
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": metadata,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    metadata::patch(client, object, None, &params, &Patch::Apply(patch)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_that_has_another_uid_or_none_is_gone() {
        let cases = [
            (404, "NotFound", "ecsservices \"web\" not found", true),
            (
                409,
                "Conflict",
                "Operation cannot be fulfilled on ecsservices \"web\": uid mismatch: the provided object specified uid a, and no existing object was found",
                true,
            ),
            (
                409,
                "Conflict",
                "Operation cannot be fulfilled on ecsservices \"web\": Precondition failed: UID in precondition: a, UID in object meta: b",
                true,
            ),
            (
                409,
                "Conflict",
                "Operation cannot be fulfilled on ecsservices \"web\": the object has been modified",
                false,
            ),
            (403, "Forbidden", "uid", false),
        ];
        for (code, reason, message, expected) in cases {
            let answer = Status::failure(message, reason).with_code(code);
            assert_eq!(is_gone(&answer), expected, "{message}");
        }
    }
}
