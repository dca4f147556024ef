//! Random declarations of clusters and task definitions on their whole surface: each is reached and kept, an edit sends its member alone,
//! taking back an edit takes back AWS, and what is taken out leaves nothing behind.

use std::sync::{Arc, LazyLock};

use ecs_operator::{
    api::{EcsCluster, EcsTaskDefinition},
    aws::Aws,
    controllers::kind::Kind,
    plan::State,
};
use proptest::{prelude::*, sample::Index, test_runner::RngSeed};
use serde_json::{Value, json};
use simulator::{Entry, Simulator};

use crate::{
    compare::ecs,
    edits,
    every_member::{self, CLUSTER, TASK_DEFINITION, cases, merge},
    in_memory::{self, ACCOUNT, REGION},
    looking::{self, installation},
    members::ID,
    said::strip,
};

/// Looks after which an object must be as declared.
const LOOKS: usize = 8;

/// Members that a declaration has at most.
const MEMBERS: usize = 40;

/// A kind under test.
trait Subject: Kind<References: Default> {
    /// Every member, one a declaration.
    fn members() -> &'static [Value];
    /// What every declaration has.
    fn base() -> Value;
    /// Gives an object its status.
    fn set(object: &mut Self, status: Self::Status);
    /// What AWS has of the object, without what depends on when and in which order things happened.
    fn aws_state(simulator: &Simulator) -> Value;
    /// Whether an edit at the path made the calls that it should.
    fn is_sent(path: &str, made: &[Entry]) -> bool;
}

/// Members of a kind from AWS's model, and tags.
fn members_of(kind: &every_member::Kind) -> Vec<Value> {
    let mut members = cases(&ecs(), kind);
    members.pop();
    let members = members.into_iter().map(|case| case.spec);
    let tags = [
        json!({"tags": {"team": "a"}}),
        json!({"tags": {"cost": "1"}}),
    ];
    members.chain(tags).collect()
}

fn call(simulator: &Simulator, operation: &str, input: Value) -> Value {
    simulator
        .api(ACCOUNT, REGION, "ecs", operation, input)
        .unwrap_or_else(|error| panic!("{operation}: {error:?}"))
}

fn without_members(mut value: Value, members: &[&str]) -> Value {
    for member in members {
        value.as_object_mut().expect("an object").remove(*member);
    }
    value
}

impl Subject for EcsCluster {
    fn members() -> &'static [Value] {
        static MEMBERS: LazyLock<Vec<Value>> = LazyLock::new(|| {
            let mut members = members_of(&CLUSTER);
            // The name is the same for good.
            members.retain(|member| member.get("clusterName").is_none());
            members
        });
        &MEMBERS
    }

    fn base() -> Value {
        json!({})
    }

    fn set(object: &mut Self, status: Self::Status) {
        object.status = Some(status);
    }

    fn aws_state(simulator: &Simulator) -> Value {
        let input =
            json!({"clusters": ["team-web"], "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"]});
        let mut cluster = call(simulator, "DescribeClusters", input)["clusters"][0].take();
        strip(&mut cluster);
        cluster
    }

    fn is_sent(path: &str, made: &[Entry]) -> bool {
        let sent: Vec<_> = made
            .iter()
            .flat_map(|entry| entry.request.as_object().expect("an object").keys())
            .filter(|member| *member != "cluster")
            .collect();
        let wanted: &[&str] = match path.split('/').nth(1).unwrap_or_default() {
            "tags" => &["resourceArn", "tags"],
            // AWS takes both or neither.
            "capacityProviders" | "defaultCapacityProviderStrategy" => {
                &["capacityProviders", "defaultCapacityProviderStrategy"]
            }
            // A tag says which name was declared: AWS answers with an ARN.
            "serviceConnectDefaults" => &["serviceConnectDefaults", "resourceArn", "tags"],
            "settings" => &["settings"],
            "configuration" => &["configuration"],
            _ => &[],
        };
        // AWS's default that is declared where another was is no change.
        sent.is_empty() || sent == wanted
    }
}

impl Subject for EcsTaskDefinition {
    fn members() -> &'static [Value] {
        static MEMBERS: LazyLock<Vec<Value>> = LazyLock::new(|| {
            let mut members = members_of(&TASK_DEFINITION);
            members.retain(|member| member.get("family").is_none());
            members
        });
        &MEMBERS
    }

    fn base() -> Value {
        (TASK_DEFINITION.base)()
    }

    fn set(object: &mut Self, status: Self::Status) {
        object.status = Some(status);
    }

    fn aws_state(simulator: &Simulator) -> Value {
        let input = json!({"taskDefinition": "team-web", "include": ["TAGS"]});
        let mut described = call(simulator, "DescribeTaskDefinition", input);
        let passing = ["taskDefinitionArn", "revision", "registeredAt"];
        json!([
            without_members(described["taskDefinition"].take(), &passing),
            described["tags"]
        ])
    }

    fn is_sent(path: &str, made: &[Entry]) -> bool {
        let wanted = if path.starts_with("/tags/") {
            "TagResource"
        } else {
            "RegisterTaskDefinition"
        };
        let [only] = made else {
            return made.is_empty();
        };
        only.operation == wanted
    }
}

fn object<K: Kind>(spec: &Value) -> Result<K, String> {
    crate::members::object(spec)
}

/// Whether the operator takes it.
fn is_valid<K: Subject>(spec: &Value) -> bool {
    let desired = |object: K| {
        object
            .desired(ID, &K::References::default(), &installation())
            .is_ok()
    };
    object::<K>(spec).is_ok_and(desired)
}

/// Whether the operator and AWS take it.
fn is_good<K: Subject>(spec: &Value) -> bool {
    is_valid::<K>(spec) && {
        let simulator = in_memory::simulator();
        block_on(async {
            let mut rig = Rig::<K>::on(simulator).await;
            rig.declare(spec).await.is_ok()
        })
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// One object in a simulated account.
struct Rig<K> {
    simulator: Simulator,
    aws: Arc<Aws>,
    object: Option<K>,
    looks: i64,
}

/// What came of a declaration: the last word, the mutating calls, and how many statuses were written.
struct Declared {
    state: State,
    made: Vec<Entry>,
    writes: usize,
}

impl<K: Subject> Rig<K> {
    async fn on(simulator: Simulator) -> Self {
        Self {
            aws: in_memory::aws(&simulator).await,
            simulator,
            object: None,
            looks: 0,
        }
    }

    async fn new() -> Self {
        Self::on(in_memory::simulator()).await
    }

    fn mutations(&self) -> Vec<Entry> {
        let journal = self.simulator.journal().into_iter();
        journal.filter(|entry| entry.mutating).collect()
    }

    /// Declares `spec` and reconciles until nothing is left to do.
    async fn declare(&mut self, spec: &Value) -> Result<Declared, String> {
        let (before, mut writes) = (self.mutations().len(), 0);
        let mut declared: K = object(spec)?;
        if let Some(status) = self.object.as_ref().and_then(Kind::status) {
            K::set(&mut declared, status.clone());
        }
        let object = self.object.insert(declared);
        for _ in 0..LOOKS {
            self.looks += 1;
            let references = K::References::default();
            let found = looking::look(&self.aws, object, &references, K::set, self.looks).await?;
            writes += usize::from(found.writes);
            if found.plan.steps.is_empty() {
                let made = self.mutations().split_off(before);
                let violations: Vec<_> = made.iter().flat_map(|e| &e.violations).collect();
                let state = found.plan.state;
                return match violations.is_empty() {
                    true => Ok(Declared {
                        state,
                        made,
                        writes,
                    }),
                    false => Err(format!("{violations:?}")),
                };
            }
            let (_, result) = self.aws.execute(&found.plan.steps).await;
            result.map_err(|error| error.to_string())?;
        }
        Err("never settles".into())
    }

    async fn settle(&mut self, spec: &Value) -> Result<Declared, TestCaseError> {
        let failed = |what: String| TestCaseError::fail(format!("{what} for {spec}"));
        match self.declare(spec).await {
            Ok(declared) if declared.state == State::Settled => Ok(declared),
            Ok(other) => Err(failed(format!("{:?}", other.state))),
            Err(error) => Err(failed(error)),
        }
    }

    /// Looks at what is as declared: nothing is done in AWS, and nothing is written to Kubernetes.
    async fn stay(&mut self, spec: &Value, looks: usize) -> Result<(), TestCaseError> {
        for _ in 0..looks {
            let declared = self.settle(spec).await?;
            let made = declared.made.iter().map(|entry| entry.operation.as_str());
            prop_assert_eq!(made.collect::<Vec<_>>(), Vec::<&str>::new(), "{}", spec);
            prop_assert_eq!(declared.writes, 0, "{}", spec);
        }
        Ok(())
    }

    /// Starts the operator anew: only the object's status is remembered.
    async fn restart(&mut self) {
        self.aws = in_memory::aws(&self.simulator).await;
    }

    fn aws_state(&self) -> Value {
        K::aws_state(&self.simulator)
    }
}

/// Any declaration; up to `MEMBERS` members, as far as they go together.
fn any_declaration<K: Subject>() -> impl Strategy<Value = Value> {
    prop::collection::vec(any::<Index>(), 0..MEMBERS).prop_map(|chosen| {
        let together = |is_good: fn(&Value) -> bool| {
            chosen.iter().fold(K::base(), |spec, member| {
                let mut joined = spec.clone();
                merge(&mut joined, member.get(K::members()).clone());
                if is_good(&joined) { joined } else { spec }
            })
        };
        // AWS is asked of each member only if it refuses them all: that takes long.
        let all = together(is_valid::<K>);
        if is_good::<K>(&all) {
            all
        } else {
            together(is_good::<K>)
        }
    })
}

/// Words that only other words of AWS's can take the place of.
const OTHER: [(&str, &str); 12] = [
    ("enhanced", "enabled"),
    ("FARGATE", "FARGATE_SPOT"),
    ("256", "512"),
    ("512", "1024"),
    ("x", "y"),
    ("y", "x"),
    ("CMD", "CMD-SHELL"),
    ("10.0.0.1", "10.0.0.2"),
    ("8000-8010", "8000-8011"),
    ("1", "2"),
    ("nginx:1", "nginx:2"),
    ("arn:aws:s3:::bucket/a.env", "arn:aws:s3:::bucket/b.env"),
];

fn edited<K: Subject>(spec: &Value, path: &str) -> Option<Value> {
    edits::edited(spec, path, K::members(), &OTHER, is_good::<K>)
}

fn is_reached_and_kept<K: Subject>(spec: &Value, leaf: &Index) -> Result<(), TestCaseError> {
    let leaves = edits::leaves(spec);
    let path: Option<String> = (!leaves.is_empty()).then(|| leaf.get(&leaves).clone());
    let edit = path.and_then(|path| Some((edited::<K>(spec, &path)?, path)));
    block_on(async {
        let mut rig = Rig::<K>::new().await;
        rig.settle(spec).await?;
        let first = rig.aws_state();
        rig.stay(spec, looks_again()).await?;
        rig.restart().await;
        rig.stay(spec, 1).await?;
        let Some((other, path)) = edit else {
            return Ok(());
        };
        let made = rig.settle(&other).await?.made;
        let calls: Vec<_> = made
            .iter()
            .map(|entry| format!("{} {}", entry.operation, entry.request))
            .collect();
        prop_assert!(
            K::is_sent(&path, &made),
            "{} of {}: {:?}",
            path,
            spec,
            calls
        );
        rig.settle(spec).await?;
        prop_assert_eq!(rig.aws_state(), first, "taken back: {} of {}", path, spec);
        Ok(())
    })
}

fn is_as_if_new<K: Subject>(way: &[&Value], last: &Value) -> Result<(), TestCaseError> {
    block_on(async {
        let (mut rig, mut fresh) = (Rig::<K>::new().await, Rig::<K>::new().await);
        let mut specs = way.to_vec();
        specs.push(last);
        for (index, spec) in specs.iter().enumerate() {
            let failed = |what: String| TestCaseError::fail(format!("{what}: {specs:?}"));
            let state = rig.declare(spec).await.map_err(failed)?.state;
            if index > 0
                && let State::Blocked(_, message) = &state
            {
                // AWS has no way back, and the object says so.
                prop_assert!(
                    message.contains("was taken out"),
                    "{}: {:?}",
                    message,
                    specs
                );
                return Ok(());
            }
            prop_assert_eq!(state, State::Settled);
            rig.restart().await;
        }
        fresh.settle(last).await?;
        prop_assert_eq!(rig.aws_state(), fresh.aws_state(), "{:?}", specs);
        Ok(())
    })
}

fn is_forgotten<K: Subject>(spec: &Value, leaf: &Index) -> Result<(), TestCaseError> {
    let leaves = edits::leaves(spec);
    if leaves.is_empty() {
        return Ok(());
    }
    let path: &String = leaf.get(&leaves);
    match edits::without(spec, path, is_good::<K>) {
        Some(less) => is_as_if_new::<K>(&[spec], &less),
        None => Ok(()),
    }
}

/// Reconciles of an object that is as declared: a hundred in a thorough look.
fn looks_again() -> usize {
    if is_thorough() { 100 } else { 5 }
}

/// Whether PROPTEST_CASES says how many declarations are tried.
fn is_thorough() -> bool {
    std::env::var_os("PROPTEST_CASES").is_some()
}

/// How many declarations are tried, unless PROPTEST_CASES says otherwise.
fn cases_of(few: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: if is_thorough() { usual.cases } else { few },
        failure_persistence: None,
        // The same ones at every run; a thorough look draws others.
        rng_seed: if is_thorough() {
            usual.rng_seed
        } else {
            RngSeed::Fixed(1)
        },
        ..usual
    }
}

proptest! {
    #![proptest_config(cases_of(25))]

    #[test]
    fn cluster_is_reached_and_kept_and_each_edit_sends_its_member_alone(spec in any_declaration::<EcsCluster>(), leaf in any::<Index>()) {
        is_reached_and_kept::<EcsCluster>(&spec, &leaf)?;
    }

    #[test]
    fn what_is_taken_out_of_a_cluster_leaves_nothing_behind(spec in any_declaration::<EcsCluster>(), leaf in any::<Index>()) {
        is_forgotten::<EcsCluster>(&spec, &leaf)?;
    }

    #[test]
    fn way_to_a_cluster_does_not_matter(zero in any_declaration::<EcsCluster>(), one in any_declaration::<EcsCluster>(), two in any_declaration::<EcsCluster>()) {
        is_as_if_new::<EcsCluster>(&[&zero, &one], &two)?;
    }

    #[test]
    fn task_definition_is_reached_and_kept_and_each_edit_registers_one_revision(spec in any_declaration::<EcsTaskDefinition>(), leaf in any::<Index>()) {
        is_reached_and_kept::<EcsTaskDefinition>(&spec, &leaf)?;
    }

    #[test]
    fn what_is_taken_out_of_a_task_definition_leaves_nothing_behind(spec in any_declaration::<EcsTaskDefinition>(), leaf in any::<Index>()) {
        is_forgotten::<EcsTaskDefinition>(&spec, &leaf)?;
    }

    #[test]
    fn way_to_a_task_definition_does_not_matter(zero in any_declaration::<EcsTaskDefinition>(), one in any_declaration::<EcsTaskDefinition>(), two in any_declaration::<EcsTaskDefinition>()) {
        is_as_if_new::<EcsTaskDefinition>(&[&zero, &one], &two)?;
    }
}
