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
    model::{Installation, observed},
    plan::{Step, foresee},
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
    let objects = Objects::new();
    let steady = objects.steady()?;
    for (what, seen) in [("new", &Seen::default()), ("steady", &steady)] {
        let mut times = objects.reconciles(seen)?;
        times.sort();
        let at = |share: f64| {
            let index = (times.len() as f64 * share) as usize;
            format!("{:.2}", times[index].as_secs_f64() * 1000.0)
        };
        table.against(
            ("<= 2 ms", ""),
            &format!("one reconcile's own processor time, 10 containers, {what}, p50 / p99"),
            format!("{} / {} ms", at(0.5), at(0.99)),
        );
    }
    table.note("A reconcile's own processor time: reading the two objects (a task definition, and a service of full size with a load balancer), what is desired of them, the plan and the status, without Kubernetes and AWS; new: nothing is in AWS yet, steady: all is as declared. Timed by the clock, so that other work on the machine is in its p99.");
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

/// Steps that lead to a steady service, at most: target group, rule, service.
const WAVES: usize = 8;

/// The listener of the service's rule.
const LISTENER: &str = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/fleet/1/2";

/// A task definition and its service, as the API server has them.
struct Objects {
    family: String,
    service: String,
    installation: Installation,
    references: References,
}

/// What AWS has of them.
#[derive(Default)]
struct Seen {
    family: observed::Family,
    service: observed::Service,
}

const ID: Identity<'static> = Identity {
    namespace: "fleet",
    name: "web",
    uid: "uid-web",
};

impl Objects {
    fn new() -> Self {
        let object = |kind: &str, spec: Value| {
            json!({
                "apiVersion": "ecs-operator.dev/v1alpha1",
                "kind": kind,
                "metadata": {"namespace": ID.namespace, "name": ID.name, "uid": ID.uid, "generation": 1},
                "spec": spec,
            })
            .to_string()
        };
        let mut service = fleet::service("web", CONTAINERS);
        let rule = json!({"listenerArn": LISTENER, "conditions": [{"pathPatternConfig": {"values": ["/"]}}]});
        let group = json!({
            "protocol": "HTTP", "port": 80, "vpcId": "vpc-1", "targetType": "ip", "healthCheckPath": "/health",
            "attributes": {"deregistration_delay.timeout_seconds": "30"}, "rules": [rule],
        });
        service["loadBalancers"] =
            json!([{"containerName": "container-0", "containerPort": 8080, "targetGroup": group}]);
        Self {
            family: object(
                "EcsTaskDefinition",
                fleet::task_definition("web", 1, CONTAINERS),
            ),
            service: object("EcsService", service),
            installation: Installation {
                cluster_id: "bench".to_owned(),
                region: "us-east-1".to_owned(),
            },
            references: References {
                cluster: "fleet-main".to_owned(),
                task_definition: "arn:aws:ecs:us-east-1:000000000000:task-definition/fleet-web:1"
                    .to_owned(),
            },
        }
    }

    /// What AWS has when all that is planned was done.
    fn steady(&self) -> Result<Seen> {
        let mut seen = Seen::default();
        let family: EcsTaskDefinition = read(&self.family)?;
        let service: EcsService = read(&self.service)?;
        self.settle(
            &family,
            &Default::default(),
            &mut seen.family,
            foresee::family,
        )?;
        self.settle(
            &service,
            &self.references,
            &mut seen.service,
            foresee::service,
        )?;
        Ok(seen)
    }

    fn settle<K: Kind>(
        &self,
        object: &K,
        references: &K::References,
        seen: &mut K::Observed,
        foresee: impl Fn(&mut K::Observed, &Step),
    ) -> Result<()> {
        for _ in 0..WAVES {
            let desired = object
                .desired(ID, references, &self.installation)
                .map_err(|invalid| format!("a manifest of ours: {invalid}"))?;
            let plan = object.plan(&desired, seen);
            if plan.steps.is_empty() {
                return Ok(());
            }
            plan.steps.iter().for_each(|step| foresee(seen, step));
        }
        Err(format!("a plan of ours for an {} never ends", K::kind(&())))
    }

    /// The times of a task definition's and its service's pure steps, together.
    fn reconciles(&self, seen: &Seen) -> Result<Vec<Duration>> {
        (0..RECONCILES)
            .map(|_| {
                let start = Instant::now();
                let family: EcsTaskDefinition = read(&self.family)?;
                self.steps(&family, &Default::default(), &seen.family)?;
                let service: EcsService = read(&self.service)?;
                self.steps(&service, &self.references, &seen.service)?;
                Ok(start.elapsed())
            })
            .collect()
    }

    /// The pure steps of one reconcile.
    fn steps<K: Kind>(
        &self,
        object: &K,
        references: &K::References,
        seen: &K::Observed,
    ) -> Result<()> {
        let desired = object
            .desired(ID, references, &self.installation)
            .map_err(|invalid| format!("a manifest of ours: {invalid}"))?;
        let plan = object.plan(&desired, seen);
        let mut status = K::Status::default();
        K::facts(&mut status, &desired, seen, &plan);
        let status = serde_json::to_vec(&status).map_err(|error| error.to_string())?;
        black_box((status, plan));
        Ok(())
    }
}

fn read<K: Kind>(text: &str) -> Result<K> {
    serde_json::from_str(text).map_err(|error| format!("a manifest of ours: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_objects_have_a_service_a_group_a_rule_and_a_revision() {
        let objects = Objects::new();
        let seen = objects.steady().unwrap();
        assert!(seen.service.service.is_some() && seen.family.latest.is_some());
        assert_eq!(
            (seen.service.target_groups.len(), seen.service.rules.len()),
            (1, 1)
        );
        let service: EcsService = read(&objects.service).unwrap();
        let desired = service
            .desired(ID, &objects.references, &objects.installation)
            .unwrap();
        assert_eq!(service.plan(&desired, &seen.service).operations(), "");
    }
}
