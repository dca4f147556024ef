//! One life of a cluster, a task definition and a balanced service, phase by phase: what a sweep kills the operator in.

use std::time::{Duration, Instant};

use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use simulator::{Entry, Fate};

use super::{
    World, audit,
    gate::{Effect, Gate, Position},
    invariants,
    objects::{self, APPLICATION, is_ready, is_stalled},
};

/// The reads that show that an object was looked at.
const LOOKS: [&str; 3] = [
    "DescribeClusters",
    "DescribeTaskDefinition",
    "DescribeServices",
];

/// Looks at each object, without any effect, that count as peace.
const PEACE: usize = 3;

/// Real time until what must settle counts as stuck; machines under load are slow.
const DEADLINE: Duration = Duration::from_secs(60);

/// Counts that a life declares.
const COUNTS: [i64; 2] = [1, 2];

/// A phase of a life. Each begins where the one before ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// Everything is applied at once.
    Creation,
    /// Everything is edited at once.
    Update,
    /// An image that crashes: ECS rolls back.
    Failure,
    /// The service is pinned to its first revision, the task definition and the cluster are set back.
    Rollback,
    /// Everything is deleted at once.
    Deletion,
}

impl Phase {
    /// In order.
    pub const ALL: [Self; 5] = [
        Self::Creation,
        Self::Update,
        Self::Failure,
        Self::Rollback,
        Self::Deletion,
    ];
}

/// What a phase did.
#[derive(Debug)]
pub struct Lived {
    /// Effects, in order; of a run without a kill.
    pub effects: Vec<Effect>,
    /// I2: what was made and what went.
    pub summary: std::collections::BTreeMap<String, usize>,
    /// Whether the kill took place: timing decides how many status writes there are.
    pub is_killed: bool,
    /// From the restart, or else from the change, until it was as declared.
    pub took: Duration,
}

/// One life.
pub struct Life {
    world: World,
    gate: Gate,
    /// Journal entries before this life.
    born: usize,
    /// The revision that the service first ran.
    first_revision: i64,
}

impl Life {
    /// A world with an operator that runs behind a gate.
    pub async fn new(name: &str) -> Self {
        let mut world = World::new(name).await;
        world.simulator.set_rate(60.0);
        world.simulator.script(|script| {
            let fate = Fate::Exits {
                code: 137,
                after_seconds: 1.0,
            };
            script.set_image("nginx:crash", fate);
        });
        let short = ["--drift-period", "200ms", "--poll-period", "100ms"];
        world.flags.extend(short.map(str::to_owned));
        let gate = world.put_gate(invariants::is_true).await;
        world.start();
        Self {
            world,
            gate,
            born: 0,
            first_revision: 0,
        }
    }

    /// Lives through a phase, killed at a place or not, and checks every invariant at its end.
    pub async fn live(
        &mut self,
        phase: Phase,
        kill: Option<&(Effect, Position)>,
    ) -> Result<Lived, String> {
        let from = self.world.simulator.journal().len();
        if phase == Phase::Creation {
            self.born = from;
        }
        self.gate.recount();
        if let Some((effect, position)) = kill {
            self.gate.set_trap(effect.clone(), *position);
        }
        let mut start = Instant::now();
        self.begin(phase).await;
        let mut settled = self.settle(phase).await?;
        let is_killed = settled.is_none();
        if let (true, Some((_, position))) = (is_killed, kill) {
            self.gate.until_silent(*position).await;
            self.world.kill();
            self.gate.reopen();
            start = Instant::now();
            self.world.start();
            settled = self.settle(phase).await?;
        }
        self.gate.reopen();
        let took = settled.ok_or("the gate closed twice")? - start;
        let effects = self.gate.effects();
        let journal = self.world.simulator.journal();
        let wrong = self.judge(phase, &journal).await;
        if !wrong.is_empty() {
            return Err(format!("{}\n{}", wrong.join("\n"), self.story()));
        }
        self.world.check();
        if phase == Phase::Creation {
            let service = self.world.get("EcsService", "web").await;
            let revision = &service.unwrap_or_default()["status"]["taskDefinition"]["revision"];
            self.first_revision = revision.as_i64().ok_or("no revision")?;
        }
        Ok(Lived {
            effects,
            summary: invariants::summary(&journal[from..]),
            is_killed,
            took,
        })
    }

    /// What the user does.
    async fn begin(&self, phase: Phase) {
        if phase == Phase::Deletion {
            for (kind, name) in APPLICATION {
                let api = self.world.api(kind);
                api.delete(name, &DeleteParams::default())
                    .await
                    .expect("the object is there");
            }
            return;
        }
        for manifest in self.manifests(phase) {
            let (kind, name) = (&manifest["kind"], &manifest["metadata"]["name"]);
            let api = self.world.api(kind.as_str().expect("a kind"));
            let params = PatchParams::apply("user").force();
            api.patch(
                name.as_str().expect("a name"),
                &params,
                &Patch::Apply(&manifest),
            )
            .await
            .expect("the API server takes it");
        }
    }

    fn manifests(&self, phase: Phase) -> [Value; 3] {
        let image = match phase {
            Phase::Creation => "nginx:1",
            Phase::Failure => "nginx:crash",
            Phase::Update | Phase::Rollback | Phase::Deletion => "nginx:2",
        };
        let mut cluster = objects::cluster();
        let task_definition = objects::task_definition("web", image);
        let balanced = objects::balanced("web", &self.world.listener, "/old");
        let mut service = objects::with_breaker(balanced);
        if phase != Phase::Creation {
            let tags = json!({"team": "a"});
            cluster["spec"]["tags"] = tags.clone();
            service["spec"]["tags"] = tags;
            service["spec"]["desiredCount"] = json!(2);
            let group = &mut service["spec"]["loadBalancers"][0]["targetGroup"];
            group["healthCheckPath"] = json!("/ready");
            group["attributes"] = json!({"deregistration_delay.timeout_seconds": "5"});
            group["rules"][0]["conditions"][0]["pathPatternConfig"]["values"] = json!(["/new"]);
        }
        let insights = if phase == Phase::Update || phase == Phase::Failure {
            "enabled"
        } else {
            "disabled"
        };
        cluster["spec"]["settings"] = json!([{"name": "containerInsights", "value": insights}]);
        if phase == Phase::Rollback {
            service["spec"]["taskDefinitionRef"]["revision"] = json!(self.first_revision);
        }
        [cluster, task_definition, service]
    }

    /// Whether everything is as the phase would have it.
    async fn is_done(&self, phase: Phase) -> bool {
        let objects = self.world.application().await;
        let [cluster, task_definition, service] = &objects[..] else {
            return phase == Phase::Deletion && objects.is_empty();
        };
        if phase == Phase::Deletion || !is_ready(cluster) || !is_ready(task_definition) {
            return false;
        }
        let running = &service["status"]["taskDefinition"];
        match phase {
            Phase::Failure => {
                let ecs = self.world.ecs_service(&self.world.aws_name("web"));
                let deployments = ecs["deployments"].as_array().map_or(0, Vec::len);
                is_stalled(service, "RolloutFailed")
                    && deployments == 1
                    && ecs["deployments"][0]["rolloutState"] == "COMPLETED"
                    && ecs["taskDefinition"] != task_definition["status"]["arn"]
            }
            Phase::Rollback => is_ready(service) && running["revision"] == self.first_revision,
            _ => is_ready(service) && running["arn"] == task_definition["status"]["arn"],
        }
    }

    /// I4: waits until everything is as it shall be and stays so for some looks, without a call that changes anything and
    /// without a write. Says when it was so first; none: the gate closed.
    async fn settle(&self, phase: Phase) -> Result<Option<Instant>, String> {
        let mut changes = self.gate.changes();
        let settling = async {
            loop {
                if self.gate.is_closed() {
                    return None;
                }
                let before = self.gate.answers();
                if self.is_done(phase).await {
                    let since = Instant::now();
                    if self.is_peaceful(phase).await {
                        return Some(since);
                    }
                    continue;
                }
                while self.gate.answers() == before && !self.gate.is_closed() {
                    // The gate lives in self.
                    let _ = changes.changed().await;
                }
            }
        };
        match tokio::time::timeout(DEADLINE, settling).await {
            Ok(settled) => Ok(settled),
            Err(_) => {
                let objects = self.world.application().await;
                Err(format!(
                    "I4: not settled within {DEADLINE:?}: {:#}\n{}",
                    json!(objects),
                    self.story()
                ))
            }
        }
    }

    /// Whether some looks pass without an effect. What is gone is not looked at.
    async fn is_peaceful(&self, phase: Phase) -> bool {
        let mut changes = self.gate.changes();
        let dir = &self.world.plane().dir;
        let (effects, length) = (self.gate.effect_count(), audit::length(dir));
        let before = LOOKS.map(|look| self.gate.reads(look));
        while phase != Phase::Deletion
            && !std::iter::zip(LOOKS, before).all(|(look, n)| self.gate.reads(look) >= n + PEACE)
        {
            if self.gate.is_closed() || self.gate.effect_count() > effects {
                return false;
            }
            let _ = changes.changed().await;
        }
        // The audit log is the API server's own word for the same.
        !self.gate.is_closed()
            && self.gate.effect_count() == effects
            && !audit::wrote_since(dir, &self.world.user(), length)
    }

    /// Everything that must hold now.
    async fn judge(&self, phase: Phase, journal: &[Entry]) -> Vec<String> {
        let objects = self.world.application().await;
        let mut wrong = self.gate.complaints();
        wrong.extend(invariants::one_of_everything(
            &self.world.simulator,
            &objects,
        ));
        wrong.extend(invariants::nothing_foreign(journal));
        let is_deleted = phase == Phase::Deletion;
        wrong.extend(invariants::always_available(
            &journal[self.born..],
            &COUNTS,
            is_deleted,
        ));
        let [_, _, service] = &objects[..] else {
            return wrong;
        };
        // I6, the other way round: what is declared is what AWS has.
        let ecs = self.world.ecs_service(&self.world.aws_name("web"));
        if ecs["desiredCount"] != service["spec"]["desiredCount"] {
            wrong.push(format!("I6: AWS has the count {}", ecs["desiredCount"]));
        }
        let declared = &service["spec"]["loadBalancers"][0]["targetGroup"]["rules"][0]["conditions"]
            [0]["pathPatternConfig"]["values"];
        let rules = self.world.rules();
        if rules.len() != 1 || rules[0]["Conditions"][0]["PathPatternConfig"]["Values"] != *declared
        {
            wrong.push(format!("I6: AWS has the rules {}", json!(rules)));
        }
        wrong
    }

    /// What happened, for whoever must find out why.
    fn story(&self) -> String {
        format!("{}\n{}", self.world.calls(), self.world.tail())
    }
}
