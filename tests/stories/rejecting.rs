//! Mistakes are found where the user is: the API server refuses them, naming the field and what to do.

use futures::{StreamExt, stream};
use kube::{
    Api,
    api::{DynamicObject, PostParams},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};
use simulator::contract::Model;

use crate::{
    every_member::{CLUSTER, TASK_DEFINITION, cases, declaration, whole},
    harness::{World, objects::manifest, world::story},
    rejections::{By, Case, Table, has_way_out, table},
};

/// Requests at once.
const AT_ONCE: usize = 8;

fn api(world: &World, kind: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("ecs-operator.dev", "v1alpha1", kind);
    let resource = ApiResource::from_gvk(&kind);
    Api::namespaced_with(world.client.clone(), &world.namespace, &resource)
}

fn object(kind: &str, name: &str, spec: &Value) -> DynamicObject {
    serde_json::from_value(manifest(kind, name, spec.clone())).expect("an object")
}

fn dry_run() -> PostParams {
    PostParams {
        dry_run: true,
        ..PostParams::default()
    }
}

/// What the API server answers to a new object; nothing is kept.
async fn created(world: &World, kind: &str, spec: &Value) -> Result<(), String> {
    let created = api(world, kind)
        .create(&dry_run(), &object(kind, "web", spec))
        .await;
    created.map(drop).map_err(|error| error.to_string())
}

/// What the API server answers to a case. A change needs an object, which is kept.
async fn answer(world: &World, table: &Table, case: &Case) -> Result<(), String> {
    let Some(before) = table.spec_before(case) else {
        return created(world, &table.kind, &table.spec(case)).await;
    };
    let name = case.case.to_ascii_lowercase().replace(' ', "-");
    let api = api(world, &table.kind);
    let before = object(&table.kind, &name, &before);
    let mut changed = api
        .create(&PostParams::default(), &before)
        .await
        .map_err(|error| format!("the object before: {error}"))?;
    changed.data["spec"] = table.spec(case);
    let replaced = api.replace(&name, &dry_run(), &changed).await;
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
        let asked = answer(world, &table, case);
        async move { (case, asked.await) }
    });
    let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
    let mut wrong = Vec::new();
    for (case, answer) in answers {
        let is_wrong = match &answer {
            Ok(()) => !case.says.is_empty(),
            Err(error) => {
                case.says.is_empty() || !case.says.iter().all(|words| error.contains(words))
            }
        };
        if is_wrong {
            wrong.push(format!("{}: {answer:?}", case.case));
        } else if let Err(error) = answer {
            if !has_way_out(&error) {
                wrong.push(format!("{}: no way out: {error}", case.case));
            }
            if !case.names_value(&error) {
                wrong.push(format!("{}: names no value: {error}", case.case));
            }
        }
    }
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
fn mistakes_in_services_are_refused_with_the_way_out() {
    story("rejecting_services", |world| async move {
        check(&world, include_str!("../rejections/service.yaml"), 80).await;
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

/// Fails with every spec that the API server does not take.
async fn check_taken(world: &World, kind: &str, specs: &[(&str, Value)]) {
    let answers = stream::iter(specs).map(|(name, spec)| {
        let asked = created(world, kind, spec);
        async move { (name, asked.await) }
    });
    let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
    let refused: Vec<String> = answers
        .into_iter()
        .filter_map(|(name, answer)| Some(format!("{name}: {}", answer.err()?)))
        .collect();
    assert!(refused.is_empty(), "{kind}:\n{}", refused.join("\n"));
}

#[test]
fn every_member_and_word_of_awss_is_taken() {
    story("rejecting_nothing", |world| async move {
        let model = Model::parse(include_str!("../simulator/models/ecs.json"));
        for (kind, of) in [
            ("EcsTaskDefinition", &TASK_DEFINITION),
            ("EcsCluster", &CLUSTER),
        ] {
            let cases = cases(&model, of);
            let specs = cases.iter().map(|case| (&*case.name, case.spec.clone()));
            check_taken(&world, kind, &specs.collect::<Vec<_>>()).await;
        }
        let elbv2 = Model::parse(include_str!("../simulator/models/elbv2.json"));
        let cases = whole(&model, &elbv2);
        // Those that the operator takes nowhere are named in tests/service/members.rs.
        let specs = cases
            .iter()
            .filter_map(|case| Some((&*case.name, declaration(case)?)));
        let specs: Vec<_> = specs.collect();
        assert!(specs.len() >= 275, "{} of {}", specs.len(), cases.len());
        check_taken(&world, "EcsService", &specs).await;
    });
}

#[test]
fn sixty_kilobytes_of_environment_are_taken() {
    story("rejecting_no_size", |world| async move {
        let value = "x".repeat(80);
        let environment: Vec<_> = (0..530)
            .map(|n| json!({"name": format!("VARIABLE_{n:04}"), "value": value}))
            .collect();
        let spec = json!({"containerDefinitions": [{"name": "a", "image": "i", "memory": 128, "environment": environment}]});
        assert!(spec.to_string().len() > 60_000);
        created(&world, "EcsTaskDefinition", &spec)
            .await
            .expect("it is taken");
    });
}
