//! What is told beforehand is what happens: for changes of every sort, the calls that a forecast names are the calls
//! that are made until the service is steady. The real code against the simulator.

#[path = "common/in_memory.rs"]
mod in_memory;

use ecs_operator::{
    api::{EcsService, lifecycle::Effect},
    aws::Aws,
    controllers::kind::Kind,
    desired::{Identity, service::References},
    model::Installation,
    plan::{State, forecast::forecast},
};
use serde_json::{Value, json};
use simulator::{REGION, Simulator};

const ID: Identity<'static> = Identity {
    namespace: "team",
    name: "web",
    uid: "uid-web",
};

/// Looks, 30 virtual seconds apart, until a service must be steady.
const LOOKS: usize = 40;

/// A cluster, two revisions and a listener, as they were before.
fn surroundings(simulator: &Simulator) -> String {
    simulator.console("ecs", "CreateCluster", json!({"clusterName": "main"}));
    for image in ["nginx:1", "nginx:2"] {
        let container =
            json!({"name": "app", "image": image, "portMappings": [{"containerPort": 8080}]});
        simulator.console(
            "ecs",
            "RegisterTaskDefinition",
            json!({"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "containerDefinitions": [container]}),
        );
    }
    simulator.listener("shared", json!({}))
}

fn object(spec: &Value) -> EcsService {
    serde_json::from_value(json!({"apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsService",
        "metadata": {"namespace": "team", "name": "web", "uid": "uid-web", "generation": 1}, "spec": spec}))
    .expect("a service")
}

/// What an object's forecast and its reconciling need.
struct World<'a> {
    aws: &'a Aws,
    simulator: &'a Simulator,
    object: EcsService,
}

impl World<'_> {
    async fn look(
        &self,
    ) -> (
        <EcsService as Kind>::Desired,
        <EcsService as Kind>::Observed,
    ) {
        let installation = Installation {
            cluster_id: "c1".into(),
            region: REGION.into(),
        };
        let references = References {
            cluster: "main".into(),
            task_definition: self.object.spec.task_definition.clone().expect("one"),
        };
        let desired = self
            .object
            .desired(ID, &references, &installation)
            .expect("valid");
        let observed = EcsService::observe(self.aws, &desired).await;
        (desired, observed.expect("AWS answers").expect("visible"))
    }

    /// Operations and effects that are told beforehand.
    async fn told(&self) -> Vec<(String, Effect)> {
        let (desired, observed) = self.look().await;
        let told = forecast(
            observed,
            |seen| self.object.plan(&desired, seen),
            EcsService::foresee,
        );
        assert_eq!(told.state, State::Settled, "{:?}", told.steps);
        let steps = told.steps.into_iter();
        steps.map(|step| (step.operation, step.effect)).collect()
    }

    /// Operations that are done until the service is steady.
    async fn done(&mut self) -> Vec<String> {
        let before = self.simulator.journal().len();
        for _ in 0..LOOKS {
            let (desired, observed) = self.look().await;
            let plan = self.object.plan(&desired, &observed);
            if plan.steps.is_empty() {
                let mut status = self.object.status.clone().unwrap_or_default();
                EcsService::facts(&mut status, &desired, &observed, &plan);
                self.object.status = Some(status);
                match plan.state {
                    State::Settled => {
                        let journal = self.simulator.journal().split_off(before);
                        let mutating = journal.into_iter().filter(|entry| entry.mutating);
                        return mutating.map(|entry| entry.operation).collect();
                    }
                    State::Waiting(..) => self.simulator.advance(30.0),
                    State::Blocked(reason, message) => panic!("{reason}: {message}"),
                }
                continue;
            }
            self.aws.execute(&plan.steps).await.1.expect("AWS takes it");
        }
        panic!("never steady")
    }
}

#[tokio::test]
async fn calls_that_are_told_are_the_calls_that_are_made() {
    /// What is edited, how, and what is told of it.
    type Case<'a> = (&'a str, fn(&mut Value, &str), &'a [(&'a str, Effect)]);
    let simulator = in_memory::simulator();
    let listener = surroundings(&simulator);
    let aws = in_memory::aws(&simulator).await;
    let mut spec = json!({"cluster": "main", "taskDefinition": "web:1", "desiredCount": 2, "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}}});
    let mut world = World {
        aws: &aws,
        simulator: &simulator,
        object: object(&spec),
    };
    let edits: [Case<'_>; 8] = [
        (
            "nothing yet",
            |_, _| {},
            &[("CreateService", Effect::Create)],
        ),
        ("nothing", |_, _| {}, &[]),
        (
            "the count",
            |s, _| s["desiredCount"] = json!(3),
            &[("UpdateService", Effect::Update)],
        ),
        (
            "the revision",
            |s, _| s["taskDefinition"] = json!("web:2"),
            &[("UpdateService", Effect::Roll)],
        ),
        (
            "a target group",
            |s, listener| {
                s["loadBalancers"] = json!([{"containerName": "app", "containerPort": 8080, "targetGroup": {
                    "protocol": "HTTP", "port": 80, "vpcId": "vpc-a", "targetType": "ip",
                    "attributes": {"deregistration_delay.timeout_seconds": "30"},
                    "rules": [{"listenerArn": listener, "conditions": [{"pathPatternConfig": {"values": ["/a"]}}]}]}}]);
            },
            &[
                ("CreateTargetGroup", Effect::Create),
                ("ModifyTargetGroupAttributes", Effect::Update),
                ("CreateRule", Effect::Create),
                ("UpdateService", Effect::Roll),
            ],
        ),
        (
            "a condition and a health check",
            |s, _| {
                let group = &mut s["loadBalancers"][0]["targetGroup"];
                group["rules"][0]["conditions"][0]["pathPatternConfig"]["values"] = json!(["/b"]);
                group["healthCheckPath"] = json!("/healthz");
            },
            &[
                ("ModifyTargetGroup", Effect::Update),
                ("ModifyRule", Effect::Update),
            ],
        ),
        (
            "a tag",
            |s, _| s["tags"] = json!({"team": "a"}),
            &[
                ("AddTags", Effect::Update),
                ("AddTags", Effect::Update),
                ("TagResource", Effect::Update),
            ],
        ),
        (
            "no target group",
            |s, _| s["loadBalancers"] = json!([]),
            &[
                ("UpdateService", Effect::Roll),
                ("DeleteRule", Effect::Destroy),
                ("DeleteTargetGroup", Effect::Destroy),
            ],
        ),
    ];
    for (what, edit, expected) in edits {
        edit(&mut spec, &listener);
        world.object.spec = object(&spec).spec;
        let told = world.told().await;
        let expected: Vec<_> = expected
            .iter()
            .map(|(operation, effect)| ((*operation).to_owned(), *effect))
            .collect();
        assert_eq!(told, expected, "{what}");
        let told: Vec<_> = told.into_iter().map(|(operation, _)| operation).collect();
        assert_eq!(world.done().await, told, "{what}");
    }
}
