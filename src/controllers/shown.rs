//! What a watch tells, not before the store shows it.
//!
//! kube puts a list that is made again, after a watch was lost, into the store when it is whole. Who were woken by an object of
//! the list before that would see it as it was, and nothing would wake them again.

use std::{collections::HashMap, sync::Arc};

use kube::runtime::{
    reflector::{ObjectRef, ObjectRefExtra, Store},
    watcher::Event,
};

use super::kind::Kind;
use crate::kubernetes::kept::Kept;

/// The objects that came, changed or went with an event which the store has taken. A list: all that it has.
pub fn shown<K: Kind>(store: &Store<Kept<K>>, event: Event<Kept<K>>) -> Vec<Arc<Kept<K>>> {
    match event {
        Event::Init | Event::InitApply(_) => Vec::new(),
        Event::InitDone => store.state(),
        Event::Apply(object) | Event::Delete(object) => vec![Arc::new(object)],
    }
}

/// Whether an object is new, or is not as it was the last time in what `of` gives of it. What the store does not have is forgotten.
pub fn is_changed<K: Kind>(
    store: Store<Kept<K>>,
    of: fn(&Kept<K>) -> u64,
) -> impl FnMut(&Kept<K>) -> bool + Send {
    let mut known: HashMap<ObjectRef<Kept<K>>, u64> = HashMap::new();
    move |object| {
        let mut key = ObjectRef::from_obj(object);
        key.extra = ObjectRefExtra::default();
        let now = of(object);
        if store.get(&key).is_none() {
            return known.remove(&key) != Some(now);
        }
        known.insert(key, now) != Some(now)
    }
}

#[cfg(test)]
mod tests {
    use kube::ResourceExt;
    use serde_json::json;

    use super::*;
    use crate::{api::EcsCluster, kubernetes::stores::Stores};

    fn cluster(name: &str, generation: i64) -> Kept<EcsCluster> {
        let object = json!({"apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsCluster", "spec": {},
            "metadata": {"namespace": "team", "name": name, "uid": name, "generation": generation}});
        serde_json::from_value(object).expect("a cluster")
    }

    #[test]
    fn nothing_is_told_before_the_store_shows_it() {
        let (stores, mut writers) = Stores::new();
        let mut told = |event: Event<Kept<EcsCluster>>| {
            writers.clusters.apply_watcher_event(&event);
            let told = shown(&stores.clusters, event);
            for object in &told {
                let kept = stores.clusters.get(&ObjectRef::from_obj(&**object));
                let is_shown =
                    kept.is_none_or(|kept| kept.metadata.generation == object.metadata.generation);
                assert!(is_shown, "{object:?}");
            }
            let mut names: Vec<_> = told.iter().map(|object| object.name_any()).collect();
            names.sort();
            names.join(" ")
        };
        for (event, expected) in [
            (Event::Init, ""),
            (Event::InitApply(cluster("a", 1)), ""),
            (Event::InitDone, "a"),
            (Event::Apply(cluster("b", 1)), "b"),
            // The watch was lost, and everything changed meanwhile.
            (Event::Init, ""),
            (Event::InitApply(cluster("a", 2)), ""),
            (Event::InitApply(cluster("b", 2)), ""),
            (Event::InitDone, "a b"),
            (Event::Delete(cluster("b", 2)), "b"),
        ] {
            assert_eq!(told(event.clone()), expected, "{event:?}");
        }
    }

    #[test]
    fn object_is_changed_once_a_change() {
        let (stores, mut writers) = Stores::new();
        let mut changed = is_changed(stores.clusters, |object: &Kept<EcsCluster>| {
            object.metadata.generation.map_or(0, i64::unsigned_abs)
        });
        for (event, expected) in [
            (Event::Apply(cluster("a", 1)), true),
            (Event::Apply(cluster("a", 1)), false),
            (Event::Apply(cluster("b", 1)), true),
            (Event::Apply(cluster("a", 2)), true),
            (Event::Delete(cluster("a", 2)), false),
            (Event::Apply(cluster("a", 2)), true),
            (Event::Delete(cluster("a", 3)), true),
        ] {
            writers.clusters.apply_watcher_event(&event);
            let (Event::Apply(object) | Event::Delete(object)) = &event else {
                continue;
            };
            assert_eq!(changed(object), expected, "{event:?}");
        }
    }
}
