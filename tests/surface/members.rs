//! Every member once through the real serialisation and AWS's rules: what is declared is what is sent, what AWS answers is what is seen,
//! and then nothing is left to do.

use std::sync::Arc;

use ecs_operator::{
    api::{EcsCluster, EcsTaskDefinition},
    aws::Aws,
    controllers::kind::Kind,
    desired::Identity,
    kubernetes::kept::Kept,
    plan::State,
};
use serde_json::{Value, json};
use simulator::{Entry, Simulator};

use crate::{
    compare::ecs,
    every_member::{CLUSTER, Case, TASK_DEFINITION, cases, merge},
    in_memory,
    looking::installation,
};

/// Waves after which an object must be as declared.
const WAVES: usize = 4;

/// The object `team/web`.
pub const ID: Identity<'static> = Identity {
    namespace: "team",
    name: "web",
    uid: "u1",
};

/// The object with this spec, as the API server would hold it.
pub fn object<K: Kind>(spec: &Value) -> Result<K, String> {
    let metadata =
        json!({"namespace": ID.namespace, "name": ID.name, "uid": ID.uid, "generation": 1});
    let object = json!({"apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": metadata, "spec": spec});
    // As a watch keeps it and gives it back.
    let kept: Result<Kept<K>, _> = serde_json::from_str(&object.to_string());
    kept.map_err(|error| error.to_string())?.open()
}

/// Reconciles until nothing is left to do; what was seen last.
async fn settle<K: Kind<References: Default>>(
    aws: &Arc<Aws>,
    object: &K,
) -> Result<K::Observed, String> {
    let desired = object
        .desired(ID, &K::References::default(), &installation())
        .map_err(|e| e.to_string())?;
    for _ in 0..WAVES {
        let look = K::observe(aws, &desired).await.map_err(|e| e.to_string())?;
        let observed = look.map_err(|unseen| format!("{} is not visible", unseen.0))?;
        let plan = object.plan(&desired, &observed);
        if plan.steps.is_empty() {
            return match plan.state {
                State::Settled => Ok(observed),
                other => Err(format!("{other:?}")),
            };
        }
        let (_, result) = aws.execute(&plan.steps).await;
        result.map_err(|error| error.to_string())?;
    }
    Err("never settles".into())
}

fn mutations(simulator: &Simulator) -> Vec<Entry> {
    let journal = simulator.journal().into_iter();
    journal.filter(|entry| entry.mutating).collect()
}

/// One member, declared from the start or added to `before`: the requests that were made for it and what was seen in the end.
async fn drive<K: Kind<References: Default>>(
    before: Option<&Value>,
    case: &Case,
) -> Result<(Vec<Entry>, K::Observed), String> {
    let simulator = in_memory::simulator();
    let aws = in_memory::aws(&simulator).await;
    if let Some(before) = before {
        settle(&aws, &object::<K>(before)?).await?;
    }
    let earlier = mutations(&simulator).len();
    let object: K = object(&case.spec)?;
    settle(&aws, &object).await?;
    let made = mutations(&simulator).split_off(earlier);
    let violations: Vec<_> = made.iter().flat_map(|entry| &entry.violations).collect();
    if !violations.is_empty() {
        return Err(format!("{violations:?}"));
    }
    // Another process, which remembers nothing, sees the same.
    let seen = settle(&in_memory::aws(&simulator).await, &object).await?;
    match mutations(&simulator).len() - earlier - made.len() {
        0 => Ok((made, seen)),
        more => Err(format!("{more} more calls when nothing had changed")),
    }
}

/// The request without what the operator adds to every declaration.
fn declared(entry: &Entry, added: &[&str]) -> Value {
    let mut request = entry.request.clone();
    for member in added {
        request.as_object_mut().expect("an object").remove(*member);
    }
    request
}

/// Drives every member, and fails with all that went otherwise.
fn every<K: Kind<References: Default>>(
    cases: &[Case],
    before: Option<Value>,
    check: impl Fn(&Case, &[Entry], &K::Observed) -> Result<(), String>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut wrong = Vec::new();
    for case in cases {
        let driven = runtime.block_on(drive::<K>(before.as_ref(), case));
        if let Err(error) = driven.and_then(|(made, seen)| check(case, &made, &seen)) {
            wrong.push(format!("{}: {error}", case.name));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

fn same(what: &str, wanted: &Value, found: &Value) -> Result<(), String> {
    (wanted == found)
        .then_some(())
        .ok_or_else(|| format!("{what}: {found} instead of {wanted}"))
}

#[test]
fn every_member_of_a_task_definition_is_registered_as_declared_and_seen() {
    every::<EcsTaskDefinition>(
        &cases(&ecs(), &TASK_DEFINITION),
        None,
        |case, made, seen| {
            let [registered] = made else {
                return Err(format!("{} calls", made.len()));
            };
            let mut wanted = case.spec.clone();
            if wanted.get("family").is_none() {
                wanted["family"] = json!("team-web");
            }
            same("sent", &wanted, &declared(registered, &["tags"]))?;
            // The containers are not kept: their environment may hold what nobody else is to see.
            let mut answered = registered.response["taskDefinition"].clone();
            answered
                .as_object_mut()
                .expect("an object")
                .remove("containerDefinitions");
            let seen = &seen.latest.as_ref().ok_or("nothing was seen")?.members;
            same("seen", &answered, &Value::Object(seen.clone()))
        },
    );
}

#[test]
fn every_member_of_a_cluster_is_sent_as_declared_and_seen() {
    every::<EcsCluster>(&cases(&ecs(), &CLUSTER), None, |case, made, seen| {
        let [created] = made else {
            return Err(format!("{} calls", made.len()));
        };
        let mut wanted = case.spec.clone();
        if wanted.get("clusterName").is_none() {
            wanted["clusterName"] = json!("team-web");
        }
        // AWS takes providers and strategy as a pair.
        if wanted.get("capacityProviders").is_some()
            && wanted.get("defaultCapacityProviderStrategy").is_none()
        {
            wanted["defaultCapacityProviderStrategy"] = json!([]);
        }
        same("sent", &wanted, &declared(created, &["tags"]))?;
        seen.cluster
            .as_ref()
            .map(|_| ())
            .ok_or_else(|| "nothing was seen".to_owned())
    });
}

/// The members of a request, whichever call they went by.
fn sent(made: &[Entry]) -> Value {
    let mut all = json!({});
    for entry in made.iter().filter(|entry| entry.operation != "TagResource") {
        merge(&mut all, declared(entry, &["cluster"]));
    }
    all
}

#[test]
fn every_member_that_is_added_to_a_cluster_is_sent_alone() {
    let mut cases = cases(&ecs(), &CLUSTER);
    // The name can't be added later.
    cases.retain(|case| !case.name.starts_with("clusterName"));
    for case in &mut cases {
        case.spec
            .as_object_mut()
            .expect("an object")
            .remove("clusterName");
    }
    every::<EcsCluster>(&cases, Some(json!({})), |case, made, _| {
        // What AWS has by itself is not sent: false, or the account's setting.
        let is_default = case.name.ends_with("= false") || case.name.starts_with("settings");
        if is_default && made.is_empty() {
            return Ok(());
        }
        let mut wanted = case.spec.clone();
        if wanted.get("capacityProviders").is_some()
            && wanted.get("defaultCapacityProviderStrategy").is_none()
        {
            wanted["defaultCapacityProviderStrategy"] = json!([]);
        }
        same("sent", &wanted, &sent(made))
    });
}
