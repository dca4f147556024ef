//! An object as the watches keep it: spec and status as compressed JSON, which take a tenth of the memory of the typed ones and
//! are needed only while the object is reconciled.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    metadata::Metadata,
    outline::{Managed, Outline},
};

/// An object, readable as its kind or not: one bad object must not end a watch.
///
/// It is read from JSON text and from nothing else. kube's `DeserializeGuard` takes every format, for which it builds a tree of
/// the object twice.
#[derive(Clone, Debug)]
pub struct Kept<K: Managed> {
    /// What is asked of its metadata: of annotations those of ours, and neither labels nor `managedFields`, which are often
    /// longer than the object itself.
    pub metadata: ObjectMeta,
    /// What others ask of its last status; the rest is empty.
    pub status: Option<K::Status>,
    /// What others ask of its spec.
    pub outline: Outline,
    /// The whole, or what of it can't be read.
    whole: Result<Box<[u8]>, Box<str>>,
}

/// An object without its metadata.
#[derive(Serialize)]
struct Whole<S, T> {
    metadata: ObjectMeta,
    spec: S,
    status: T,
}

impl<K: Managed> Kept<K> {
    /// What a watch would keep of this object.
    pub fn of(object: &K) -> Self {
        let whole = Whole {
            metadata: ObjectMeta::default(),
            spec: object.spec(),
            status: object.status(),
        };
        Self {
            metadata: object.meta().clone(),
            status: object.status().cloned().map(K::abridged),
            outline: K::outline(object.meta(), object.spec()),
            whole: pack(&whole),
        }
    }

    /// Whether it is an object of its kind.
    pub const fn is_readable(&self) -> bool {
        self.whole.is_ok()
    }

    /// The whole object. The error says what of it can't be read.
    pub fn open(&self) -> Result<K, String> {
        let packed = self.whole.as_ref().map_err(ToString::to_string)?;
        // Errors would be defects: this process has read the text and packed it.
        let text =
            lz4_flex::decompress_size_prepended(packed).map_err(|error| error.to_string())?;
        let mut object: K = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        *object.meta_mut() = self.metadata.clone();
        Ok(object)
    }
}

fn pack(whole: &impl Serialize) -> Result<Box<[u8]>, Box<str>> {
    match serde_json::to_vec(whole) {
        Ok(text) => Ok(lz4_flex::compress_prepend_size(&text).into()),
        Err(error) => Err(error.to_string().into()),
    }
}

/// An object in an answer of the API server.
#[derive(Deserialize)]
struct Answer {
    metadata: Metadata,
    spec: Option<Box<RawValue>>,
    status: Option<Box<RawValue>>,
}

impl<'de, K: Managed> Deserialize<'de> for Kept<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let answer = Answer::deserialize(deserializer)?;
        let metadata = ObjectMeta::from(answer.metadata);
        let read = || {
            let spec = answer.spec.as_deref().ok_or("missing field `spec`")?;
            let outline = K::outline(&metadata, &typed("spec", spec)?);
            let status = answer.status.as_deref();
            let typed_status = status.map(|status| typed("status", status)).transpose()?;
            let whole = pack(&Whole {
                metadata: ObjectMeta::default(),
                spec,
                status,
            })?;
            Ok::<_, Box<str>>((typed_status.flatten(), outline, whole))
        };
        Ok(match read() {
            Ok((status, outline, whole)) => Self {
                status: status.map(K::abridged),
                outline,
                whole: Ok(whole),
                metadata,
            },
            Err(error) => Self {
                status: None,
                outline: Outline::default(),
                whole: Err(error),
                metadata,
            },
        })
    }
}

/// A member of an object; the error names what of it is wrong.
fn typed<T: DeserializeOwned>(member: &str, text: &RawValue) -> Result<T, Box<str>> {
    let text = text.get();
    serde_json::from_str(text).map_err(|error| {
        // Read again, with the path in hand.
        let deserializer = &mut serde_json::Deserializer::from_str(text);
        let Err(error) = serde_path_to_error::deserialize::<_, T>(deserializer) else {
            return error.to_string().into();
        };
        let (path, error) = (error.path().to_string(), error.inner().to_string());
        // Lines and columns are of the API server's answer, which nobody sees.
        let what = error.split(" at line ").next().unwrap_or_default();
        match path.as_str() {
            "." => format!("{member}: {what}"),
            path => format!("{member}.{path}: {what}"),
        }
        .into()
    })
}

impl<K: Managed> Resource for Kept<K> {
    type DynamicType = ();
    type Scope = K::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        K::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        K::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        K::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use kube::{
        ResourceExt,
        core::{ObjectList, WatchEvent},
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{EcsService, EcsTaskDefinition};

    fn answer(spec: &Value) -> Value {
        json!({
            "apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsTaskDefinition",
            "metadata": {
                "name": "web", "namespace": "team", "uid": "u1", "generation": 3, "resourceVersion": "17",
                "creationTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["ecs-operator.dev/aws-resources"],
                "annotations": {"a": "b", "ecs-operator.dev/reconcile-at": "now"}, "labels": {"c": "d"},
                "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
            },
            "spec": spec,
            "status": {"observedGeneration": 2, "arn": "arn:t", "applied": ["/cpu"]},
        })
    }

    fn container() -> Value {
        json!({"name": "app", "image": "a", "memory": 128, "environment": [{"name": "EMPTY", "value": ""}]})
    }

    /// The text in which the API server tells it.
    fn kept<K: Managed>(answer: &Value) -> Kept<K> {
        serde_json::from_str(&answer.to_string()).expect("an object")
    }

    #[test]
    fn object_is_whole_when_it_is_opened() {
        let answer = answer(&json!({"family": "f", "containerDefinitions": [container()]}));
        let mut typed: EcsTaskDefinition = serde_json::from_value(answer.clone()).expect("typed");
        (typed.metadata.managed_fields, typed.metadata.labels) = (None, None);
        typed.annotations_mut().remove("a");
        let kept: Kept<EcsTaskDefinition> = kept(&answer);
        let json = |object: &EcsTaskDefinition| serde_json::to_value(object).expect("JSON");
        assert_eq!(json(&kept.open().expect("readable")), json(&typed));
        assert_eq!(
            json(&Kept::of(&typed).open().expect("readable")),
            json(&typed)
        );
        assert_eq!(kept.outline, Kept::of(&typed).outline);
        assert_eq!(kept.outline.aws_name, "f");
        let status = kept.status.expect("a status");
        assert_eq!(status.arn.as_deref(), Some("arn:t"));
        assert!(status.applied.is_empty(), "nobody else asks for it");
    }

    #[test]
    fn lists_and_watches_are_read() {
        let answer = answer(&json!({"containerDefinitions": [container()]}));
        let event = format!(r#"{{"type":"MODIFIED","object":{answer}}}"#);
        let event: WatchEvent<Kept<EcsTaskDefinition>> =
            serde_json::from_str(&event).expect("an event");
        let WatchEvent::Modified(object) = event else {
            panic!("{event:?}");
        };
        assert_eq!(object.outline.aws_name, "team-web");
        let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [answer]});
        let list: ObjectList<Kept<EcsTaskDefinition>> =
            serde_json::from_str(&list.to_string()).expect("a list");
        assert!(list.items[0].is_readable());
    }

    #[test]
    fn what_a_service_refers_to_is_known_without_its_spec() {
        let service: Kept<EcsService> = kept(&json!({
            "metadata": {"name": "web", "namespace": "team"},
            "spec": {"clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": "web", "revision": 2}, "region": "eu-west-1", "managementPolicy": "Observe"},
        }));
        let outline = &service.outline;
        assert!(outline.refers_to_cluster("main") && !outline.refers_to_cluster("web"));
        assert!(outline.refers_to_task_definition("web"));
        assert!(outline.observes_only);
        assert_eq!(outline.region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn object_that_cannot_be_read_says_which_member_and_has_its_metadata() {
        let bad = |memory| json!({"name": "app", "image": "a", "memory": memory});
        for (spec, expected) in [
            (
                json!({"containerDefinitions": [container(), bad(json!("lots"))]}),
                "spec.containerDefinitions[1].memory: invalid type: string \"lots\", expected i32",
            ),
            (
                json!({"containerDefinitions": 7}),
                "spec.containerDefinitions: invalid type: integer `7`, expected a sequence",
            ),
            (json!({}), "spec: missing field `containerDefinitions`"),
            (json!(null), "missing field `spec`"),
        ] {
            let kept: Kept<EcsTaskDefinition> = kept(&answer(&spec));
            assert!(!kept.is_readable());
            assert_eq!(kept.open().expect_err("unreadable"), expected);
            assert_eq!(kept.metadata.uid.as_deref(), Some("u1"));
            assert_eq!((kept.outline, kept.status), Default::default());
        }
    }

    #[test]
    fn repetitive_spec_takes_a_fraction_of_its_text() {
        let containers: Vec<_> = (0..10).map(|_| container()).collect();
        let answer = answer(&json!({"containerDefinitions": containers}));
        let kept: Kept<EcsTaskDefinition> = kept(&answer);
        let packed = kept.whole.expect("readable").len();
        assert!(
            packed * 4 < answer["spec"].to_string().len(),
            "{packed} bytes"
        );
    }
}
