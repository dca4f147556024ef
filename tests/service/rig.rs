//! One service in a simulated account, reconciled as the operator does, and what AWS has of it in the end.

use std::sync::Arc;

use ecs_operator::{
    api::EcsService,
    aws::Aws,
    controllers::kind::Kind,
    desired::{Identity, service::References},
    kubernetes::kept::Kept,
    plan::State,
};
use kube::Resource;
use serde_json::{Value, json};
use simulator::{Entry, Simulator};

use crate::{
    declaring::{Declare, Declared},
    in_memory,
    looking::{installation, look},
    others,
    said::strip,
};

/// Looks at a service that is on its way, 30 virtual seconds apart, until it must be steady.
const LOOKS: usize = 60;

/// The object `team/web`.
const ID: Identity<'static> = Identity {
    namespace: "team",
    name: "web",
    uid: "u1",
};

/// A simulated account with the operator at work on one service.
pub struct Rig {
    simulator: Simulator,
    aws: Arc<Aws>,
    object: EcsService,
    /// ARN of the listener that rules are on.
    pub listener: String,
    /// ARNs of target groups that are not the operator's.
    foreign: [String; 2],
    /// Looks that were taken.
    looks: i64,
    /// Whether a plan of the last declaration said that tasks roll.
    pub rolls: bool,
}

/// Where the references of a declaration lead.
pub fn references(spec: &Value) -> References {
    References {
        cluster: "main".into(),
        task_definition: task_definition(spec).to_owned(),
    }
}

/// The object with this spec, as the API server would hold it.
pub fn object(spec: &Value) -> Result<EcsService, String> {
    let metadata =
        json!({"namespace": ID.namespace, "name": ID.name, "uid": ID.uid, "generation": 1});
    let mut spec = spec.clone();
    spec["cluster"] = json!("main");
    spec["taskDefinition"] = json!(task_definition(&spec));
    let object = json!({"apiVersion": EcsService::api_version(&()), "kind": EcsService::kind(&()), "metadata": metadata, "spec": spec});
    // As a watch keeps it and gives it back.
    let kept: Result<Kept<EcsService>, _> = serde_json::from_str(&object.to_string());
    kept.map_err(|error| error.to_string())?.open()
}

/// Volumes need a task definition that has them, tasks without a network of their own one that has none.
fn task_definition(spec: &Value) -> &'static str {
    if spec["networkConfiguration"].is_null() && spec.get("launchType").is_some() {
        return "web:3";
    }
    let volumes = spec["volumeConfigurations"].as_array();
    if volumes.is_some_and(|volumes| !volumes.is_empty()) {
        "web:2"
    } else {
        "web:1"
    }
}

/// Whether the operator takes the declaration at all.
pub fn is_valid(spec: &Value) -> bool {
    let object = object(spec).ok();
    object.is_some_and(|object| {
        object
            .desired(ID, &references(spec), &installation())
            .is_ok()
    })
}

impl Rig {
    /// An account with a cluster, task definitions and a listener.
    pub async fn new() -> Self {
        let simulator = in_memory::simulator();
        let ecs = |operation: &str, input: Value| simulator.console("ecs", operation, input);
        ecs(
            "CreateCluster",
            json!({"clusterName": "main", "capacityProviders": ["FARGATE", "FARGATE_SPOT"]}),
        );
        for (volumes, network) in [
            (json!([]), "awsvpc"),
            (
                json!([{"name": "data", "configuredAtLaunch": true}]),
                "awsvpc",
            ),
            (json!([]), "bridge"),
        ] {
            let places = match network {
                "awsvpc" => json!(["FARGATE", "EC2"]),
                _ => json!(["EC2", "EXTERNAL"]),
            };
            let ports =
                json!([{"containerPort": 8080, "name": "x"}, {"containerPort": 8081, "name": "y"}]);
            ecs(
                "RegisterTaskDefinition",
                json!({"family": "web", "networkMode": network, "requiresCompatibilities": places, "cpu": "256", "memory": "512", "volumes": volumes,
                       "containerDefinitions": [{"name": "app", "image": "nginx:1", "portMappings": ports}]}),
            );
        }
        let certificates =
            json!([{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1"}]);
        let listener = simulator.listener(
            "shared",
            json!({"Protocol": "HTTPS", "Port": 443, "Certificates": certificates}),
        );
        let foreign = ["foreign-1", "foreign-2"].map(|name| {
            let group = json!({"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "ip"});
            let group = simulator.console("elasticloadbalancing", "CreateTargetGroup", group);
            let arn = group["TargetGroups"][0]["TargetGroupArn"].as_str();
            arn.expect("an ARN").to_owned()
        });
        Self {
            aws: in_memory::aws(&simulator).await,
            simulator,
            object: object(&json!({})).expect("an object"),
            listener,
            foreign,
            looks: 0,
            rolls: false,
        }
    }

    /// The declaration with the rig's listener in it, and with target groups of others where it names them.
    pub fn here(&self, spec: &Value) -> Value {
        let [one, other] = &self.foreign;
        let text = spec.to_string().replace("LISTENER", &self.listener);
        let mut text = text.replace("FOREIGN-1", one).replace("FOREIGN-2", other);
        for (name, target_type) in [("OTHER", "ip"), ("OF-INSTANCES", "instance")] {
            let quoted = json!(name).to_string();
            if text.contains(&quoted) {
                let arn = others::target_group(&self.simulator, &self.listener, target_type);
                text = text.replace(&quoted, &arn.to_string());
            }
        }
        serde_json::from_str(&text).expect("JSON")
    }

    /// Has a person answer the pauses of the service's deployment.
    fn approve(&self) {
        let ecs = |operation: &str, input: Value| self.simulator.console("ecs", operation, input);
        let name = self.object.spec.service_name.as_deref();
        let service = json!({"cluster": "main", "services": [name.unwrap_or("team-web")]});
        let service = ecs("DescribeServices", service)["services"][0].take();
        let Some(arn) = service["currentServiceDeployment"].as_str() else {
            return;
        };
        let deployments = json!({"serviceDeploymentArns": [arn]});
        let deployment =
            ecs("DescribeServiceDeployments", deployments)["serviceDeployments"][0].take();
        let hooks = deployment["lifecycleHookDetails"].as_array();
        for hook in hooks.into_iter().flatten() {
            if hook["status"] == "AWAITING_ACTION" {
                let answer = json!({"serviceDeploymentArn": arn, "hookId": hook["hookId"]});
                ecs("ContinueServiceDeployment", answer);
            }
        }
    }

    /// The service's newest deployment.
    pub fn deployment(&self) -> Value {
        let service = json!({"cluster": "main", "services": ["team-web"]});
        let mut found = self.simulator.console("ecs", "DescribeServices", service);
        found["services"][0]["currentServiceDeployment"].take()
    }

    /// Starts the operator anew: only the object's status is remembered.
    pub async fn restart(&mut self) {
        self.aws = in_memory::aws(&self.simulator).await;
    }

    fn mutations(&self) -> Vec<Entry> {
        let journal = self.simulator.journal().into_iter();
        journal
            .filter(|entry| entry.mutating && entry.access_key != "console")
            .collect()
    }

    /// What AWS has of the service, without what depends on when and in which order things happened.
    pub fn aws_state(&self) -> Value {
        let ecs = |operation: &str, input: Value| self.simulator.console("ecs", operation, input);
        let elb = |operation: &str, input: Value| {
            self.simulator
                .console("elasticloadbalancing", operation, input)
        };
        let mut described = ecs(
            "DescribeServices",
            json!({"cluster": "main", "services": ["team-web"], "include": ["TAGS"]}),
        )["services"][0]
            .take();
        let revision = described["currentServiceRevisions"][0]["arn"].take();
        let mut revision = ecs(
            "DescribeServiceRevisions",
            json!({"serviceRevisionArns": [revision]}),
        )["serviceRevisions"][0]
            .take();
        for passing in [
            "deployments",
            "events",
            "createdAt",
            "currentServiceDeployment",
            "currentServiceRevisions",
            "runningCount",
            "pendingCount",
            // Set when the service was made with a load balancer.
            "roleArn",
        ] {
            described
                .as_object_mut()
                .expect("a service")
                .remove(passing);
        }
        for passing in ["serviceRevisionArn", "createdAt", "resolvedConfiguration"] {
            revision
                .as_object_mut()
                .expect("a revision")
                .remove(passing);
        }
        let mut groups = elb("DescribeTargetGroups", json!({}))["TargetGroups"].take();
        for group in groups.as_array_mut().expect("groups") {
            let arn = group["TargetGroupArn"].clone();
            group["Attributes"] = elb(
                "DescribeTargetGroupAttributes",
                json!({"TargetGroupArn": arn}),
            )["Attributes"]
                .take();
            group["Tags"] = elb("DescribeTags", json!({"ResourceArns": [arn]}))["TagDescriptions"]
                [0]["Tags"]
                .take();
        }
        let mut rules = elb("DescribeRules", json!({"ListenerArn": self.listener}))["Rules"].take();
        for rule in rules.as_array_mut().expect("rules") {
            let rule = rule.as_object_mut().expect("a rule");
            rule.remove("RuleArn");
            rule.remove("Priority");
        }
        let mut rules = rules.as_array().expect("rules").clone();
        rules.sort_by_key(Value::to_string);
        let names: Vec<(String, String)> = groups
            .as_array()
            .into_iter()
            .flatten()
            .map(|group| {
                (
                    group["TargetGroupArn"].as_str().expect("an ARN").to_owned(),
                    group["TargetGroupName"]
                        .as_str()
                        .expect("a name")
                        .to_owned(),
                )
            })
            .collect();
        let state =
            json!({"service": described, "revision": revision, "groups": groups, "rules": rules})
                .to_string();
        let state = names
            .iter()
            .fold(state, |state, (arn, name)| state.replace(arn, name));
        let mut state =
            serde_json::from_str(&state.replace(&self.listener, "LISTENER")).expect("JSON");
        strip(&mut state);
        state
    }
}

impl Declare for Rig {
    async fn declare(&mut self, spec: &Value) -> Result<Declared, String> {
        let before = self.mutations().len();
        self.rolls = false;
        let spec = self.here(spec);
        self.object.spec = object(&spec)?.spec;
        let (references, mut writes, mut last) = (references(&spec), 0, String::new());
        let set = |object: &mut EcsService, status| object.status = Some(status);
        for _ in 0..LOOKS {
            self.looks += 1;
            let found = look(&self.aws, &mut self.object, &references, set, self.looks).await?;
            writes += usize::from(found.writes);
            if !found.plan.steps.is_empty() {
                last = found.plan.operations();
                self.rolls |= found.plan.rolls_tasks();
                let (_, result) = self.aws.execute(&found.plan.steps).await;
                result.map_err(|error| error.to_string())?;
                if last.contains("CreateTargetGroup") {
                    others::lead(&self.simulator);
                }
                continue;
            }
            match found.plan.state {
                State::Waiting(_, message) => {
                    last = message;
                    self.approve();
                    self.simulator.advance(30.0);
                }
                state => {
                    let made = self.mutations().split_off(before);
                    return Declared::kept(state, made, writes);
                }
            }
        }
        Err(format!("never steady, at last: {last}"))
    }
}
