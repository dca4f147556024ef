//! Mistakes are found where the user is: the API server refuses them, naming the field and what to do.

use futures::{StreamExt, stream};
use kube::{
    Api, Client,
    api::{DynamicObject, PostParams},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};

use crate::{
    harness::{World, objects::manifest, world::story},
    rejections::{By, Case, Table, table},
};

/// Requests at once.
const AT_ONCE: usize = 8;

/// What the API server answers to the object of a case; nothing is kept but what a change needs.
async fn answer(client: Client, namespace: &str, table: &Table, case: &Case) -> Result<(), String> {
    let kind = GroupVersionKind::gvk("ecs-operator.dev", "v1alpha1", &table.kind);
    let api: Api<DynamicObject> =
        Api::namespaced_with(client, namespace, &ApiResource::from_gvk(&kind));
    let name: String = case
        .case
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let object = |spec: Value| -> DynamicObject {
        serde_json::from_value(manifest(&table.kind, &name, spec)).expect("an object")
    };
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let Some(before) = table.spec_before(case) else {
        let created = api.create(&dry_run, &object(table.spec(case))).await;
        return created.map(drop).map_err(|error| error.to_string());
    };
    let mut changed = api
        .create(&PostParams::default(), &object(before))
        .await
        .map_err(|error| format!("the object before: {error}"))?;
    changed.data["spec"] = table.spec(case);
    let replaced = api.replace(&name, &dry_run, &changed).await;
    replaced.map(drop).map_err(|error| error.to_string())
}

/// Fails with every case that the API server answers otherwise than the table says.
async fn check(world: &World, yaml: &str, least: usize) {
    let table = table(yaml);
    let asked: Vec<&Case> = (table.refused.iter())
        .filter(|case| case.by != By::Operator)
        .chain(&table.accepted)
        .collect();
    assert!(asked.len() >= least, "the table lost cases");
    let answers = stream::iter(asked).map(|case| {
        let asked = answer(world.client.clone(), &world.namespace, &table, case);
        async move { (case, asked.await) }
    });
    let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
    let wrong: Vec<String> = answers
        .into_iter()
        .filter(|(case, answer)| match answer {
            Ok(()) => !case.says.is_empty(),
            Err(error) => {
                case.says.is_empty() || !case.says.iter().all(|words| error.contains(words))
            }
        })
        .map(|(case, answer)| format!("{}: {answer:?}", case.case))
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", table.kind, wrong.join("\n"));
}

#[test]
fn mistakes_in_task_definitions_are_refused_with_the_way_out() {
    story("rejecting_task_definitions", |world| async move {
        check(
            &world,
            include_str!("../rejections/task_definition.yaml"),
            80,
        )
        .await;
    });
}

#[test]
fn mistakes_in_clusters_are_refused_with_the_way_out() {
    story("rejecting_clusters", |world| async move {
        check(&world, include_str!("../rejections/cluster.yaml"), 18).await;
    });
}

#[test]
fn unknown_member_is_refused_by_name() {
    story("rejecting_unknown", |world| async move {
        let spec = json!({"containerDefinitions": [{"name": "a", "image": "i", "memory": 128, "enviroment": []}]});
        let error = world
            .try_apply(&[manifest("EcsTaskDefinition", "web", spec)])
            .unwrap_err();
        assert!(error.contains("enviroment"), "{error}");
    });
}
