//! Random declarations of clusters and task definitions on their whole surface: each is reached and kept, an edit sends its member alone,
//! taking back an edit takes back AWS, and what is taken out leaves nothing behind.

use ecs_operator::{
    api::{EcsCluster, EcsTaskDefinition},
    plan::State,
};
use proptest::{prelude::*, sample::Index};
use serde_json::Value;

use crate::{
    block_on::block_on,
    declaring::{Declare, config, looks_again, mostly},
    edits,
    every_member::merge,
    looking::installation,
    members::{ID, object},
    rig::Rig,
    subject::Subject,
};

/// Members that a declaration has at most.
const MEMBERS: usize = 40;

/// Whether the operator takes it.
fn is_valid<K: Subject>(spec: &Value) -> bool {
    let desired = |object: K| {
        object
            .desired(ID, &K::References::default(), &installation())
            .is_ok()
    };
    object::<K>(spec).is_ok_and(desired)
}

/// Whether the operator and AWS take it.
fn is_good<K: Subject>(spec: &Value) -> bool {
    let is_taken = async { Rig::<K>::new().await.declare(spec).await.is_ok() };
    is_valid::<K>(spec) && block_on(is_taken)
}

/// Any declaration; up to `MEMBERS` members, as far as they go together.
fn any_declaration<K: Subject>() -> impl Strategy<Value = Value> {
    prop::collection::vec(any::<Index>(), 0..MEMBERS).prop_map(|chosen| {
        let together = |is_good: fn(&Value) -> bool| {
            chosen.iter().fold(K::base(), |spec, member| {
                let mut joined = spec.clone();
                merge(&mut joined, member.get(K::members()).clone());
                if is_good(&joined) { joined } else { spec }
            })
        };
        // AWS is asked of each member only if it refuses them all: that takes long.
        let all = together(is_valid::<K>);
        if is_good::<K>(&all) {
            all
        } else {
            together(is_good::<K>)
        }
    })
}

/// Words that only other words of AWS's can take the place of.
const OTHER: [(&str, &str); 12] = [
    ("enhanced", "enabled"),
    ("FARGATE", "FARGATE_SPOT"),
    ("256", "512"),
    ("512", "1024"),
    ("x", "y"),
    ("y", "x"),
    ("CMD", "CMD-SHELL"),
    ("10.0.0.1", "10.0.0.2"),
    ("8000-8010", "8000-8011"),
    ("1", "2"),
    ("nginx:1", "nginx:2"),
    ("arn:aws:s3:::bucket/a.env", "arn:aws:s3:::bucket/b.env"),
];

fn edited<K: Subject>(spec: &Value, path: &str) -> Option<Value> {
    edits::edited(spec, path, K::members(), &OTHER, is_good::<K>)
}

/// Says whether there was an edit to try.
fn is_reached_and_kept<K: Subject>(spec: &Value, leaf: &Index) -> Result<bool, TestCaseError> {
    let leaves = edits::leaves(spec);
    let path: Option<String> = (!leaves.is_empty()).then(|| leaf.get(&leaves).clone());
    let edit = path.and_then(|path| Some((edited::<K>(spec, &path)?, path)));
    block_on(async {
        let mut rig = Rig::<K>::new().await;
        rig.settle(spec).await?;
        let first = rig.aws_state();
        rig.stay(spec, looks_again()).await?;
        rig.restart().await;
        rig.stay(spec, 1).await?;
        let Some((other, path)) = edit else {
            return Ok(false);
        };
        let made = rig.settle(&other).await?.made;
        let calls: Vec<_> = made
            .iter()
            .map(|entry| format!("{} {}", entry.operation, entry.request))
            .collect();
        let mut fresh = Rig::<K>::new().await;
        fresh.settle(&other).await?;
        let wanted = fresh.aws_state();
        prop_assert_eq!(rig.aws_state(), wanted, "edited: {} of {}", path, spec);
        // Another word for what AWS has is no change.
        let is_sent = match made.is_empty() {
            true => first == fresh.aws_state(),
            false => K::is_sent(&path, &made),
        };
        prop_assert!(is_sent, "{} of {}: {:?}", path, spec, calls);
        rig.settle(spec).await?;
        prop_assert_eq!(rig.aws_state(), first, "taken back: {} of {}", path, spec);
        Ok(true)
    })
}

fn is_as_if_new<K: Subject>(way: &[&Value], last: &Value) -> Result<(), TestCaseError> {
    block_on(async {
        let (mut rig, mut fresh) = (Rig::<K>::new().await, Rig::<K>::new().await);
        let mut specs = way.to_vec();
        specs.push(last);
        for (index, spec) in specs.iter().enumerate() {
            let failed = |what: String| TestCaseError::fail(format!("{what}: {specs:?}"));
            let state = rig.declare(spec).await.map_err(failed)?.state;
            if index > 0
                && let State::Blocked(_, message) = &state
            {
                // AWS has no way back, and the object says so.
                prop_assert!(
                    message.contains("was taken out"),
                    "{}: {:?}",
                    message,
                    specs
                );
                return Ok(());
            }
            prop_assert_eq!(state, State::Settled);
            rig.restart().await;
        }
        fresh.settle(last).await?;
        prop_assert_eq!(rig.aws_state(), fresh.aws_state(), "{:?}", specs);
        Ok(())
    })
}

fn is_forgotten<K: Subject>(spec: &Value, leaf: &Index) -> Result<(), TestCaseError> {
    let leaves = edits::leaves(spec);
    if leaves.is_empty() {
        return Ok(());
    }
    let path: &String = leaf.get(&leaves);
    match edits::without(spec, path, is_good::<K>) {
        Some(less) => is_as_if_new::<K>(&[spec], &less),
        None => Ok(()),
    }
}

#[test]
fn cluster_is_reached_and_kept_and_each_edit_sends_its_member_alone() {
    let edits = (any_declaration::<EcsCluster>(), any::<Index>());
    mostly(25, edits, |(spec, leaf)| {
        is_reached_and_kept::<EcsCluster>(&spec, &leaf)
    });
}

#[test]
fn task_definition_is_reached_and_kept_and_each_edit_registers_one_revision() {
    let edits = (any_declaration::<EcsTaskDefinition>(), any::<Index>());
    mostly(25, edits, |(spec, leaf)| {
        is_reached_and_kept::<EcsTaskDefinition>(&spec, &leaf)
    });
}

proptest! {
    #![proptest_config(config(25))]

    #[test]
    fn what_is_taken_out_of_a_cluster_leaves_nothing_behind(spec in any_declaration::<EcsCluster>(), leaf in any::<Index>()) {
        is_forgotten::<EcsCluster>(&spec, &leaf)?;
    }

    #[test]
    fn way_to_a_cluster_does_not_matter(zero in any_declaration::<EcsCluster>(), one in any_declaration::<EcsCluster>(), two in any_declaration::<EcsCluster>()) {
        is_as_if_new::<EcsCluster>(&[&zero, &one], &two)?;
    }

    #[test]
    fn what_is_taken_out_of_a_task_definition_leaves_nothing_behind(spec in any_declaration::<EcsTaskDefinition>(), leaf in any::<Index>()) {
        is_forgotten::<EcsTaskDefinition>(&spec, &leaf)?;
    }

    #[test]
    fn way_to_a_task_definition_does_not_matter(zero in any_declaration::<EcsTaskDefinition>(), one in any_declaration::<EcsTaskDefinition>(), two in any_declaration::<EcsTaskDefinition>()) {
        is_as_if_new::<EcsTaskDefinition>(&[&zero, &one], &two)?;
    }
}
