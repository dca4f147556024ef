//! The program itself: how large it is, what compiling it cost, and what a reconcile of its own costs the processor.

use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use ecs_operator::{
    api::{EcsService, EcsTaskDefinition},
    controllers::kind::Kind,
    desired::{Identity, service::References},
    model::Installation,
};
use serde_json::{Value, json};

use crate::{Result, fleet, progress, settings::Settings, table::Table};

/// Reconciles that are timed: the hundredth part of them is a p99 with twenty behind it.
const RECONCILES: usize = 2000;

/// Containers of the task definition that is reconciled.
const CONTAINERS: usize = 10;

/// Writes the rows.
pub fn measure(settings: &Settings, table: &mut Table) -> Result<()> {
    progress("the program itself");
    table.phase("the program");
    let size = std::fs::metadata(&settings.operator)
        .map_err(|error| format!("{}: {error}", settings.operator.display()))?
        .len();
    table.against(
        ("<= 25 MiB", ""),
        "size",
        format!("{:.1} MiB", size as f64 / 1024.0 / 1024.0),
    );
    compiled(&settings.operator, table);
    let mut times = reconciles()?;
    times.sort();
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        format!("{:.2}", times[index].as_secs_f64() * 1000.0)
    };
    table.against(
        ("<= 2 ms", ""),
        "one reconcile's own processor time, 10 containers, p50 / p99",
        format!("{} / {} ms", at(0.5), at(0.99)),
    );
    table.note("A reconcile's own processor time: reading the two objects, what is desired of them, the plan and the status, without Kubernetes and AWS; timed by the clock, so that other work on the machine is in its p99.");
    Ok(())
}

/// What cargo says of the last build, if it compiled anything: `cargo build --timings` leaves it beside the program.
fn compiled(program: &Path, table: &mut Table) {
    let report = program
        .parent()
        .and_then(Path::parent)
        .map(|target| target.join("cargo-timings/cargo-timing.html"));
    let page = report.and_then(|file| std::fs::read_to_string(file).ok());
    let Some(mut units) = page.as_deref().and_then(units) else {
        return;
    };
    units.sort_by(|a, b| b.1.total_cmp(&a.1));
    let all: f64 = units.iter().map(|(_, seconds)| seconds).sum();
    let most: Vec<_> = units
        .iter()
        .take(5)
        .map(|(name, seconds)| format!("{name} {seconds:.0} s"))
        .collect();
    table.row(
        "compiled in the last build: crates, seconds of one core",
        format!("{}, {all:.0} s", units.len()),
    );
    table.row("  of which most", most.join(", "));
}

/// Crates and seconds in cargo's report.
fn units(page: &str) -> Option<Vec<(String, f64)>> {
    let data = page.split("const UNIT_DATA = ").nth(1)?;
    let end = data.find("];")?;
    let units: Vec<Value> = serde_json::from_str(&data[..=end]).ok()?;
    let compiled = units.iter().filter_map(|unit| {
        let name = unit["name"].as_str()?.to_owned();
        Some((name, unit["duration"].as_f64()?))
    });
    Some(compiled.collect())
}

/// The times of a task definition's and its service's pure steps, together.
fn reconciles() -> Result<Vec<Duration>> {
    let object = |kind: &str, spec: Value| {
        json!({
            "apiVersion": "ecs-operator.dev/v1alpha1",
            "kind": kind,
            "metadata": {"namespace": "fleet", "name": "web", "uid": "uid-web", "generation": 1},
            "spec": spec,
        })
        .to_string()
    };
    let family = object(
        "EcsTaskDefinition",
        fleet::task_definition("web", 1, CONTAINERS),
    );
    let service = object("EcsService", fleet::service("web"));
    let installation = Installation {
        cluster_id: "bench".to_owned(),
        region: "us-east-1".to_owned(),
    };
    let references = References {
        cluster: "fleet-main".to_owned(),
        task_definition: "arn:aws:ecs:us-east-1:000000000000:task-definition/fleet-web:1"
            .to_owned(),
    };
    let id = Identity {
        namespace: "fleet",
        name: "web",
        uid: "uid-web",
    };
    (0..RECONCILES)
        .map(|_| {
            let start = Instant::now();
            let family: EcsTaskDefinition = read(&family)?;
            steps(&family, id, &Default::default(), &installation)?;
            let service: EcsService = read(&service)?;
            steps(&service, id, &references, &installation)?;
            Ok(start.elapsed())
        })
        .collect()
}

fn read<K: Kind>(text: &str) -> Result<K> {
    serde_json::from_str(text).map_err(|error| format!("a manifest of ours: {error}"))
}

/// The pure steps of one reconcile.
fn steps<K: Kind>(
    object: &K,
    id: Identity<'_>,
    references: &K::References,
    installation: &Installation,
) -> Result<()> {
    let desired = object
        .desired(id, references, installation)
        .map_err(|invalid| format!("a manifest of ours: {invalid}"))?;
    let observed = K::Observed::default();
    let plan = object.plan(&desired, &observed);
    let mut status = K::Status::default();
    K::facts(&mut status, &desired, &observed, &plan);
    let status = serde_json::to_vec(&status).map_err(|error| error.to_string())?;
    black_box((status, plan));
    Ok(())
}
