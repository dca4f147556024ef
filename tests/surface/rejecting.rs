//! What the API server refuses, the operator refuses as well, with the same words: an object that was written around
//! admission gains nothing.

use ecs_operator::{
    api::{EcsClusterSpec, EcsServiceSpec, EcsTaskDefinitionSpec},
    desired::{
        Identity, Invalid, cluster,
        service::{self, Known, References},
        task_definition,
    },
    model::Installation,
};
use serde_json::Value;

use crate::rejections::{By, Table, table};

const WEB: Identity<'static> = Identity {
    namespace: "team",
    name: "web",
    uid: "u1",
};

fn installation() -> Installation {
    Installation {
        cluster_id: "c1".into(),
        region: "us-east-1".into(),
    }
}

/// Fails with every case that the operator answers otherwise than the table says. What can't be read as the kind is refused by
/// the watch, in serde's words.
fn check<S: serde::de::DeserializeOwned>(
    table: &Table,
    desired: impl Fn(&S) -> Result<(), Invalid>,
) {
    let answer = |spec: Value| match serde_json::from_value::<S>(spec) {
        Ok(spec) => desired(&spec).map_err(Some),
        Err(_) => Err(None),
    };
    let mut wrong = Vec::new();
    for case in table.refused.iter().filter(|case| case.by != By::Admission) {
        match answer(table.spec(case)) {
            Ok(()) => wrong.push(format!("{}: taken", case.case)),
            Err(None) => {}
            Err(Some(error)) => {
                let is_there = error.path.starts_with(&case.says[0]);
                let is_said = case.says[1..]
                    .iter()
                    .all(|words| error.message.contains(words));
                if !is_there || !is_said {
                    wrong.push(format!("{}: {error}", case.case));
                } else if !case.names_value(&error.message) {
                    wrong.push(format!("{}: names no value: {error}", case.case));
                }
            }
        }
    }
    for case in &table.accepted {
        if let Err(error) = answer(table.spec(case)) {
            wrong.push(format!("{}: refused: {error:?}", case.case));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", table.kind, wrong.join("\n"));
}

#[test]
fn operator_refuses_what_admission_refuses_of_task_definitions() {
    let table = table(include_str!("../rejections/task_definition.yaml"));
    check(&table, |spec: &EcsTaskDefinitionSpec| {
        task_definition::desired(WEB, spec, None, &installation()).map(drop)
    });
}

#[test]
fn operator_refuses_what_admission_refuses_of_clusters() {
    let table = table(include_str!("../rejections/cluster.yaml"));
    check(&table, |spec: &EcsClusterSpec| {
        cluster::desired(WEB, spec, None, &installation()).map(drop)
    });
}

#[test]
fn operator_refuses_what_admission_refuses_of_services() {
    let table = table(include_str!("../rejections/service.yaml"));
    let references = References {
        cluster: "main".into(),
        task_definition: "web:1".into(),
    };
    check(&table, |spec: &EcsServiceSpec| {
        let known = Known::default();
        service::desired(WEB, spec, &references, &known, &installation()).map(drop)
    });
}
