//! What a new object declares, on record before anything of it is in AWS: what is taken out of the spec later is then known to
//! have been there, whatever happens to this process before the first status. The record is an annotation and goes with the
//! finalizer, so that it costs no write; from the first status on it is the status that says.

use kube::{Resource, ResourceExt};
use serde::Deserialize;
use serde_json::json;

use super::{
    context::Context,
    kind::{Kind, Pending, is_unsaid},
};
use crate::{
    api::DECLARED,
    desired::{Identity, Invalid},
    kubernetes::kept::Kept,
    model::declared::Paths,
};

/// The annotation's value.
#[derive(Deserialize)]
struct Record {
    /// Whose: a manifest that was exported with the annotation makes another object.
    uid: String,
    /// The declared members, as paths.
    members: Vec<String>,
}

/// What a new object declares, also when what it refers to is not there yet: nothing that could be taken out depends on that.
pub fn declared<K: Kind>(
    object: &K,
    id: Identity<'_>,
    desired: &Result<Result<K::Desired, Invalid>, Pending>,
    context: &Context,
) -> Vec<String> {
    let paths = match desired {
        Ok(Ok(desired)) => K::declared(desired),
        Ok(Err(_)) => Paths::new(),
        Err(_) => {
            let desired = object.desired(id, &K::References::default(), &context.installation);
            desired.map_or_else(|_| Paths::new(), |desired| K::declared(&desired))
        }
    };
    paths.into_iter().collect()
}

/// The annotation of an object that declares this; none: it declares nothing that could be taken out.
pub fn annotation<K: Resource>(object: &K, declared: &[String]) -> Option<String> {
    let uid = object.meta().uid.as_deref()?;
    (!declared.is_empty()).then(|| json!({"uid": uid, "members": declared}).to_string())
}

/// Takes the record out of the memory of an object whose status says it.
pub fn forget<K: Kind>(object: &mut Kept<K>) {
    if !is_unsaid::<K>(object.status.as_ref()) {
        object.annotations_mut().remove(DECLARED);
    }
}

/// The whole object, with what is on record of it. The error says what of it can't be read.
pub fn opened<K: Kind>(kept: &Kept<K>) -> Result<K, String> {
    let mut object = kept.open()?;
    restore(&mut object);
    Ok(object)
}

/// Makes the record of an object without a status part of its status, as all else reads it there.
fn restore<K: Kind>(object: &mut K) {
    let is_unsaid = object.is_unsaid();
    let Some(said) = object.annotations_mut().remove(DECLARED) else {
        return;
    };
    if let Ok(record) = serde_json::from_str::<Record>(&said)
        && is_unsaid
        && Some(&record.uid) == object.meta().uid.as_ref()
    {
        let applied = K::applied(object.status_mut().get_or_insert_default());
        if applied.is_empty() {
            *applied = record.members;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::EcsService;

    fn service(uid: &str, status: serde_json::Value, annotation: &str) -> EcsService {
        serde_json::from_value(json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsService",
            "metadata": {"name": "web", "uid": uid, "annotations": {DECLARED: annotation, "team": "a"}},
            "spec": {}, "status": status,
        }))
        .expect("a service")
    }

    #[test]
    fn record_is_read_until_a_status_says_it() {
        let declared = ["/enableExecuteCommand".to_owned()];
        let blank = service("u1", json!(null), "");
        let annotation = annotation(&blank, &declared).expect("an annotation");
        let condition = json!({"type": "Ready", "status": "False", "reason": "Creating", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
        for (uid, status, said, expected) in [
            ("u1", json!(null), annotation.as_str(), Some(&declared[..])),
            (
                "u1",
                json!({"applied": ["/role"]}),
                &annotation,
                Some(&["/role".to_owned()][..]),
            ),
            (
                "u1",
                json!({"conditions": [condition]}),
                &annotation,
                Some(&[][..]),
            ),
            ("u2", json!(null), &annotation, None),
            ("u1", json!(null), "no record", None),
        ] {
            let mut object = service(uid, status, said);
            restore(&mut object);
            let applied = object.status.as_ref().map(|status| &status.applied[..]);
            assert_eq!(applied, expected, "{uid} {said}");
            let left: Vec<_> = object.annotations().keys().collect();
            assert_eq!(left, ["team"], "it is not kept in memory");
        }
    }

    #[test]
    fn object_that_declares_nothing_to_take_out_has_no_record() {
        assert_eq!(annotation(&service("u1", json!(null), ""), &[]), None);
    }
}
