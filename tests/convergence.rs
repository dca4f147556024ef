//! Eventually stable reconciliation: for random desired states, looking, planning and executing reaches an empty plan within
//! a bounded number of waves and stays there, also when the process dies after every k-th call. The real code against the simulator.

#[path = "common/block_on.rs"]
mod block_on;
#[path = "common/in_memory.rs"]
mod in_memory;

use std::sync::Arc;

use block_on::block_on;
use ecs_operator::{
    api::{EcsCluster, EcsService, EcsTaskDefinition},
    aws::Aws,
    controllers::kind::Kind,
    desired::{Identity, service::References},
    model::Installation,
    plan::{Plan, State},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use simulator::{REGION, Simulator};

/// Waves that a service with everything may take: target group, rule, service and a look, with room for retries.
const WAVES: usize = 12;

/// Looks at an object that is on its way, 30 virtual seconds apart, until it must be steady.
const LOOKS: usize = 40;

fn installation() -> Installation {
    Installation {
        cluster_id: "c1".into(),
        region: REGION.into(),
    }
}

/// An object as the API server would hold it.
fn object<K: Kind>(name: &str, spec: &Value) -> K {
    let (version, kind) = (K::api_version(&()), K::kind(&()));
    let metadata =
        json!({"namespace": "team", "name": name, "uid": format!("uid-{name}"), "generation": 1});
    serde_json::from_value(
        json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}),
    )
    .expect("a valid object")
}

/// How often the process dies: after every so many calls.
#[derive(Clone, Copy, Debug)]
struct Crashes(Option<usize>);

/// The process under test: its clients are made anew at every crash, and with them all that it remembered.
struct Process {
    simulator: Simulator,
    aws: Arc<Aws>,
    crashes: Crashes,
    calls: usize,
}

impl Process {
    async fn new(simulator: &Simulator, crashes: Crashes) -> Self {
        Self {
            simulator: simulator.clone(),
            aws: in_memory::aws(simulator).await,
            crashes,
            calls: 0,
        }
    }

    /// One wave: false when the process died in it.
    async fn execute(&mut self, plan: &Plan) -> Result<bool, String> {
        for step in &plan.steps {
            self.aws
                .execute(std::slice::from_ref(step))
                .await
                .1
                .map_err(|error| error.to_string())?;
            self.calls += 1;
            if self.crashes.0.is_some_and(|k| self.calls.is_multiple_of(k)) {
                self.aws = in_memory::aws(&self.simulator).await;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reconciles until nothing is left to do and AWS is steady; returns the number of mutating waves.
    async fn settle<K: Kind>(
        &mut self,
        object: &mut K,
        references: &K::References,
        set: fn(&mut K, K::Status),
    ) -> Result<usize, String> {
        let meta = object.meta().clone();
        let id = Identity::of(&meta);
        let mut waves = 0;
        for _ in 0..LOOKS {
            let desired = object
                .desired(id, references, &installation())
                .map_err(|error| error.to_string())?;
            let observed = match K::observe(&self.aws, &desired)
                .await
                .map_err(|error| error.to_string())?
            {
                Ok(observed) => observed,
                Err(unseen) => return Err(format!("{} is not visible", unseen.0)),
            };
            let plan = object.plan(&desired, &observed);
            if plan.steps.is_empty() {
                let mut status = object.status().cloned().unwrap_or_default();
                K::facts(&mut status, &desired, &observed, &plan);
                set(object, status);
                match plan.state {
                    State::Settled => return Ok(waves),
                    State::Waiting(..) => self.simulator.advance(30.0),
                    State::Blocked(reason, message) => return Err(format!("{reason}: {message}")),
                }
                continue;
            }
            waves += 1;
            // A crash loses the status as well: nothing is written before the end of a reconcile.
            self.execute(&plan).await?;
        }
        Err("never steady".into())
    }
}

/// Everything of one application, from declared specs.
struct App {
    cluster: EcsCluster,
    task_definition: EcsTaskDefinition,
    service: EcsService,
}

impl App {
    async fn settle(&mut self, process: &mut Process) -> Result<usize, String> {
        let mut waves = process
            .settle(&mut self.cluster, &(), |object, status| {
                object.status = Some(status)
            })
            .await?;
        waves += process
            .settle(&mut self.task_definition, &None, |object, status| {
                object.status = Some(status)
            })
            .await?;
        let references = References {
            cluster: self
                .cluster
                .status
                .as_ref()
                .and_then(|status| status.cluster_name.clone())
                .expect("a cluster"),
            task_definition: self
                .task_definition
                .status
                .as_ref()
                .and_then(|status| status.arn.clone())
                .expect("a revision"),
        };
        Ok(waves
            + process
                .settle(&mut self.service, &references, |object, status| {
                    object.status = Some(status)
                })
                .await?)
    }
}

/// Mutating calls of the operator that AWS took.
fn mutations(simulator: &Simulator) -> Vec<String> {
    simulator
        .journal()
        .iter()
        .filter(|entry| entry.mutating && entry.access_key != "console")
        .map(|entry| entry.operation.clone())
        .collect()
}

fn violations(simulator: &Simulator) -> Vec<String> {
    simulator
        .journal()
        .into_iter()
        .flat_map(|entry| entry.violations)
        .collect()
}

prop_compose! {
    fn cluster()(insights in prop_oneof![Just(None), Just(Some("enabled")), Just(Some("disabled"))], providers in any::<bool>(), tag in any::<bool>()) -> Value {
        let mut spec = json!({});
        if let Some(value) = insights { spec["settings"] = json!([{"name": "containerInsights", "value": value}]); }
        if providers { spec["capacityProviders"] = json!(["FARGATE_SPOT", "FARGATE"]); spec["defaultCapacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE", "weight": 1}]); }
        if tag { spec["tags"] = json!({"team": "a"}); }
        spec
    }
}

prop_compose! {
    fn task_definition()(size in prop_oneof![Just(("256", "512")), Just(("1024", "2048"))], image in 1..4u8, environment in proptest::collection::btree_map("[A-Z]{1,6}", "[ -~]{0,12}", 0..4), sidecar in any::<bool>()) -> Value {
        let environment: Vec<_> = environment.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        let mut containers = json!([{"name": "app", "image": format!("nginx:{image}"), "environment": environment, "portMappings": [{"containerPort": 8080}]}]);
        if sidecar { containers.as_array_mut().unwrap().push(json!({"name": "log", "image": "fluent:1", "essential": false})); }
        json!({"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": size.0, "memory": size.1, "containerDefinitions": containers})
    }
}

prop_compose! {
    fn service()(count in prop_oneof![Just(None), (0..4i32).prop_map(Some)], subnets in 1..4usize, grace in prop_oneof![Just(None), Just(Some(0)), Just(Some(60))],
                 breaker in any::<bool>(), exec in prop_oneof![Just(None), any::<bool>().prop_map(Some)], rules in 0..3usize, priority in any::<bool>(), delay in any::<bool>(), balanced in any::<bool>(),
                 percents in prop_oneof![Just(None), Just(Some((50, 200))), Just(Some((0, 150)))]) -> Value {
        let subnets: Vec<_> = (0..subnets).rev().map(|n| format!("subnet-{n}")).collect();
        let mut spec = json!({"clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": "web"}, "launchType": "FARGATE",
                              "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": ["sg-1"]}}});
        if let Some(count) = count { spec["desiredCount"] = json!(count); }
        if let Some(exec) = exec { spec["enableExecuteCommand"] = json!(exec); }
        if breaker { spec["deploymentConfiguration"]["deploymentCircuitBreaker"] = json!({"enable": true, "rollback": true}); }
        if let Some((minimum, maximum)) = percents { spec["deploymentConfiguration"]["minimumHealthyPercent"] = json!(minimum); spec["deploymentConfiguration"]["maximumPercent"] = json!(maximum); }
        if balanced {
            if let Some(grace) = grace { spec["healthCheckGracePeriodSeconds"] = json!(grace); }
            let rules: Vec<_> = (0..=rules).map(|n| {
                let mut rule = json!({"listenerArn": "LISTENER", "conditions": [{"pathPatternConfig": {"values": [format!("/z{n}/*"), format!("/a{n}")]}}, {"hostHeaderConfig": {"values": ["a.example.com"]}}]});
                if priority { rule["priority"] = json!(100 + n); }
                rule
            }).collect();
            let mut group = json!({"protocol": "HTTP", "port": 80, "vpcId": "vpc-1", "targetType": "ip", "healthCheckPath": "/healthz", "rules": rules});
            if delay { group["attributes"] = json!({"deregistration_delay.timeout_seconds": "30"}); }
            spec["loadBalancers"] = json!([{"containerName": "app", "containerPort": 8080, "targetGroup": group}]);
        }
        spec
    }
}

fn app(cluster: &Value, task_definition: &Value, service: &Value, listener: &str) -> App {
    let service: Value =
        serde_json::from_str(&service.to_string().replace("LISTENER", listener)).expect("JSON");
    App {
        cluster: object("main", cluster),
        task_definition: object("web", task_definition),
        service: object("web", &service),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_desired_state_is_reached_and_kept(cluster in cluster(), task_definition in task_definition(), service in service(), crash in prop_oneof![Just(None), (1..4usize).prop_map(Some)]) {
        block_on(async {
            let simulator = in_memory::simulator();
            let mut app = app(&cluster, &task_definition, &service, &simulator.listener("shared", json!({})));
            let mut process = Process::new(&simulator, Crashes(crash)).await;
            let waves = app.settle(&mut process).await.map_err(TestCaseError::fail)?;
            prop_assert!(waves <= WAVES, "{waves} waves");
            let before = mutations(&simulator);
            prop_assert_eq!(before.iter().filter(|operation| *operation == "RegisterTaskDefinition").count(), 1, "{:?}", before);
            prop_assert_eq!(before.iter().filter(|operation| *operation == "CreateService").count(), 1, "{:?}", before);
            process.aws = in_memory::aws(&simulator).await;
            simulator.advance(600.0);
            for _ in 0..3 {
                app.settle(&mut process).await.map_err(TestCaseError::fail)?;
            }
            prop_assert_eq!(mutations(&simulator), before, "steady means no mutation");
            prop_assert_eq!(violations(&simulator), Vec::<String>::new());
            Ok(())
        })?;
    }

    #[test]
    fn an_edit_ends_where_a_fresh_start_would(first in (task_definition(), service()), second in (task_definition(), service()), crash in prop_oneof![Just(None), (1..4usize).prop_map(Some)]) {
        block_on(async {
            let simulator = in_memory::simulator();
            let listener = simulator.listener("shared", json!({}));
            let mut process = Process::new(&simulator, Crashes(crash)).await;
            let mut app1 = app(&json!({}), &first.0, &first.1, &listener);
            app1.settle(&mut process).await.map_err(TestCaseError::fail)?;
            let App { task_definition: edited_td, service: edited, .. } = app(&json!({}), &second.0, &second.1, &listener);
            (app1.task_definition.spec, app1.service.spec) = (edited_td.spec, edited.spec);
            app1.settle(&mut process).await.map_err(TestCaseError::fail)?;
            let before = mutations(&simulator);
            app1.settle(&mut process).await.map_err(TestCaseError::fail)?;
            prop_assert_eq!(mutations(&simulator), before, "steady means no mutation");
            prop_assert_eq!(violations(&simulator), Vec::<String>::new());
            Ok(())
        })?;
    }
}

#[test]
fn a_deleted_application_leaves_nothing() {
    block_on(async {
        let simulator = in_memory::simulator();
        let listener = simulator.listener("shared", json!({}));
        let before = simulator.console(
            "elasticloadbalancing",
            "DescribeRules",
            json!({"ListenerArn": listener}),
        );
        let service = json!({"clusterRef": {"name": "main"}, "taskDefinitionRef": {"name": "web"}, "desiredCount": 1, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            "loadBalancers": [{"containerName": "app", "containerPort": 8080, "targetGroup": {"protocol": "HTTP", "port": 80, "vpcId": "vpc-1", "targetType": "ip",
                "rules": [{"listenerArn": listener, "conditions": [{"pathPatternConfig": {"values": ["/a"]}}]}]}}]});
        let td = json!({"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", "containerDefinitions": [{"name": "app", "image": "nginx:1", "portMappings": [{"containerPort": 8080}]}]});
        let mut app = app(&json!({}), &td, &service, &listener);
        let mut process = Process::new(&simulator, Crashes(None)).await;
        app.settle(&mut process).await.expect("steady");
        let known = app.service.status.as_ref().expect("a status");
        assert_eq!((known.target_groups.len(), known.rules.len()), (1, 1));
        let id = |name: &'static str, uid: &'static str| Identity {
            namespace: "team",
            name,
            uid,
        };
        let target = ecs_operator::desired::service::target(
            id("web", "uid-web"),
            &app.service.spec,
            "team-main",
            &Default::default(),
            &installation(),
        )
        .expect("a target");
        for _ in 0..20 {
            let observed = EcsService::observe_deletion(&process.aws, &target)
                .await
                .expect("AWS answers")
                .expect("visible");
            let plan = app.service.plan_deletion(&target, &observed);
            if plan.steps.is_empty() && plan.state == State::Settled {
                break;
            }
            process.execute(&plan).await.expect("AWS takes it");
            simulator.advance(30.0);
        }
        let rules = simulator.console(
            "elasticloadbalancing",
            "DescribeRules",
            json!({"ListenerArn": listener}),
        );
        assert_eq!(rules, before);
        let groups = simulator.console("elasticloadbalancing", "DescribeTargetGroups", json!({}));
        assert_eq!(groups["TargetGroups"], json!([]));
    });
}
