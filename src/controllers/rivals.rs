//! Two objects that mean one resource of AWS, before either has made it: the older one owns it. Afterwards AWS's tags say whose it is.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::kind::Kind;
use crate::{
    kubernetes::{kept::Kept, outline::Outline, stores::Stores},
    model::{Installation, arn},
};

/// The older of two objects, by the API server's time and then by UID, which it also gave.
fn age(meta: &ObjectMeta) -> (Option<&Time>, Option<&str>) {
    (meta.creation_timestamp.as_ref(), meta.uid.as_deref())
}

/// The AWS name of an object whose resource AWS is not known to have, and an older object that declares the same.
pub fn older<K: Kind>(
    object: &K,
    stores: &Stores,
    installation: &Installation,
) -> Option<(String, String)> {
    if object.arn().is_some() || object.lifecycle().observes_only() {
        return None;
    }
    let (meta, outline) = (object.meta(), K::outline(object.meta(), object.spec()));
    let (own, own_region) = (age(meta), object.region().unwrap_or(&installation.region));
    let own_place = place(meta, &outline, stores);
    let is_in_region = |other: &Kept<K>| {
        let known = other.status.as_ref().and_then(K::known_arn);
        let region = known
            .and_then(arn::region)
            .or(other.outline.region.as_deref());
        region.unwrap_or(&installation.region) == own_region
    };
    let all = K::store(stores).state();
    let rival = all.iter().find(|other| {
        let meta = &other.metadata;
        // The cheap questions first: all objects are asked.
        age(meta) < own
            && meta.uid != object.meta().uid
            && meta.deletion_timestamp.is_none()
            && other.outline.aws_name == outline.aws_name
            && !other.outline.observes_only
            && is_in_region(other)
            && place(meta, &other.outline, stores) == own_place
    })?;
    let meta = &rival.metadata;
    let [namespace, rival] = [&meta.namespace, &meta.name].map(|it| it.as_deref().unwrap_or("?"));
    Some((outline.aws_name, format!("{namespace}/{rival}")))
}

/// Where in AWS a name is an object's own alone, besides account and Region: a service's cluster.
fn place(meta: &ObjectMeta, outline: &Outline, stores: &Stores) -> Option<String> {
    let named = outline.cluster.as_deref().map(arn::last_segment);
    let of_reference = || {
        let namespace = meta.namespace.as_deref().unwrap_or_default();
        let cluster = stores.cluster(namespace, outline.cluster_ref.as_deref()?)?;
        Some(cluster.outline.aws_name.clone())
    };
    named.map(str::to_owned).or_else(of_reference)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{EcsCluster, EcsService};

    fn object<K: Kind>(name: &str, uid: &str, created: &str, spec: Value) -> K {
        serde_json::from_value(json!({
            "apiVersion": K::api_version(&()), "kind": K::kind(&()),
            "metadata": {"namespace": "team", "name": name, "uid": uid, "creationTimestamp": created},
            "spec": spec,
        }))
        .unwrap()
    }

    fn installation() -> Installation {
        Installation {
            cluster_id: "c1".into(),
            region: "us-east-1".into(),
        }
    }

    const EARLY: &str = "2026-01-01T00:00:00Z";
    const LATE: &str = "2026-01-01T00:00:01Z";

    #[test]
    fn older_object_of_the_same_name_owns_it_and_uid_decides_in_one_second() {
        let cluster = |uid: &str, created: &str, spec: Value| -> EcsCluster {
            object(&format!("c-{uid}"), uid, created, spec)
        };
        let same = || json!({"clusterName": "shared"});
        let cases = [
            (
                cluster("u2", EARLY, same()),
                cluster("u1", LATE, same()),
                true,
            ),
            (
                cluster("u1", LATE, same()),
                cluster("u2", EARLY, same()),
                false,
            ),
            (
                cluster("u1", EARLY, same()),
                cluster("u2", EARLY, same()),
                true,
            ),
            (
                cluster("u1", EARLY, json!({"clusterName": "other"})),
                cluster("u2", LATE, same()),
                false,
            ),
            (
                cluster(
                    "u1",
                    EARLY,
                    json!({"clusterName": "shared", "region": "eu-west-1"}),
                ),
                cluster("u2", LATE, same()),
                false,
            ),
            (
                cluster(
                    "u1",
                    EARLY,
                    json!({"clusterName": "shared", "managementPolicy": "Observe"}),
                ),
                cluster("u2", LATE, same()),
                false,
            ),
        ];
        for (other, own, yields) in cases {
            let what = format!("{:?}", other.spec);
            let rival = format!("team/{}", other.metadata.name.clone().unwrap());
            let stores = Stores::of(
                [other, own.clone()].into_iter(),
                [].into_iter(),
                [].into_iter(),
            );
            let found = older(&own, &stores, &installation());
            assert_eq!(
                found,
                yields.then(|| ("shared".to_owned(), rival)),
                "{what}"
            );
        }
    }

    #[test]
    fn what_aws_has_is_not_given_up_to_an_older_object() {
        let spec = || json!({"clusterName": "shared"});
        let mut own: EcsCluster = object("b", "u2", LATE, spec());
        own.status = Some(serde_json::from_value(json!({"arn": "arn:c"})).unwrap());
        let others = [object("a", "u1", EARLY, spec()), own.clone()];
        let stores = Stores::of(others.into_iter(), [].into_iter(), [].into_iter());
        assert_eq!(older(&own, &stores, &installation()), None);
    }

    #[test]
    fn services_of_one_name_in_two_clusters_are_two() {
        let service = |name: &str, uid: &str, created: &str, cluster: &str| -> EcsService {
            let spec = json!({"serviceName": "web", "cluster": cluster, "taskDefinition": "web:1"});
            object(name, uid, created, spec)
        };
        let own = service("b", "u2", LATE, "arn:aws:ecs:us-east-1:0:cluster/main");
        for (cluster, yields) in [("main", true), ("other", false)] {
            let others = [service("a", "u1", EARLY, cluster), own.clone()];
            let stores = Stores::of([].into_iter(), [].into_iter(), others.into_iter());
            let found = older(&own, &stores, &installation());
            assert_eq!(found.is_some(), yields, "{cluster}");
        }
    }
}
