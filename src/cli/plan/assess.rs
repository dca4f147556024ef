//! One object: the reconcile's own steps up to the plan, and all that the plan leads to.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::ResourceExt;
use serde::Serialize;

use crate::{
    api::{
        condition::{READY, Reason},
        lifecycle::PlannedStep,
    },
    aws::Clients,
    controllers::kind::{Common, Kind},
    desired::Identity,
    kubernetes::stores::Stores,
    model::{Installation, Tags, ownership},
    plan::{
        Plan, State,
        forecast::{Forecast, forecast},
    },
};

/// How an object stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum Standing {
    /// AWS is as declared.
    InSync,
    /// AWS is on its way there; nothing more is to be done.
    Underway,
    /// Calls would be made.
    Changes,
    /// Calls would be made, were the object not only observed.
    Observed,
    /// `spec.suspend` is true.
    Suspended,
    /// It needs somebody.
    Blocked,
    /// It can't be planned.
    Error,
}

impl Standing {
    /// Whether somebody must do something first.
    pub const fn is_trouble(self) -> bool {
        matches!(self, Self::Blocked | Self::Error)
    }
}

/// What was found out of an object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Assessed {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: Standing,
    /// Why, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The calls that would be made.
    pub steps: Vec<PlannedStep>,
}

/// What assessing needs.
pub struct Assessor {
    /// AWS.
    pub clients: Clients,
    /// The operator's installation.
    pub installation: Installation,
    /// Whether UIDs are unknown, so that tags with an object's namespace and name are taken for its own.
    pub trusts_tags: bool,
    /// Whether the Kubernetes cluster's identity is known; if not, it is taken from the tags too.
    pub knows_cluster: bool,
}

/// What an attempt says besides a forecast.
type Obstacle = (Standing, String);

impl Assessor {
    /// What would be done for an object, and its status when that is done.
    pub async fn assess<K: Kind>(
        &self,
        object: &K,
        stores: &Stores,
    ) -> (Assessed, Option<K::Status>) {
        let mut assessed = Assessed {
            kind: K::kind(&()).into_owned(),
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            state: Standing::InSync,
            message: String::new(),
            steps: Vec::new(),
        };
        let result = match object.meta().deletion_timestamp {
            _ if object.lifecycle().suspend == Some(true) => Err((
                Standing::Suspended,
                "spec.suspend is true: nothing is read or changed".to_owned(),
            )),
            Some(_) => self
                .deletion(object, stores)
                .await
                .map(|steps| (steps, None)),
            None => self.live(object, stores).await,
        };
        match result {
            Err((state, message)) => {
                (assessed.state, assessed.message) = (state, message);
                (assessed, None)
            }
            Ok(((steps, state), status)) => {
                (assessed.state, assessed.message) = match state {
                    State::Blocked(reason, message) => {
                        (Standing::Blocked, format!("{reason}: {message}"))
                    }
                    _ if !steps.is_empty() && object.lifecycle().observes_only() => (
                        Standing::Observed,
                        "managementPolicy is Observe: nothing is done".into(),
                    ),
                    _ if !steps.is_empty() => (Standing::Changes, String::new()),
                    State::Waiting(_, message) => (Standing::Underway, message),
                    State::Settled => (Standing::InSync, String::new()),
                };
                assessed.steps = steps;
                (assessed, status)
            }
        }
    }

    async fn live<K: Kind>(
        &self,
        object: &K,
        stores: &Stores,
    ) -> Result<((Vec<PlannedStep>, State), Option<K::Status>), Obstacle> {
        let pending =
            |reason: Reason, message: &str| (Standing::Error, format!("{reason}: {message}"));
        let references = object
            .resolve(stores)
            .map_err(|found| pending(found.reason, &found.message))?;
        let aws = self.clients.region(self.region(object));
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let mut uid = object.uid().unwrap_or_default();
        let mut installation = self.installation.clone();
        let (desired, observed) = loop {
            let id = Identity {
                namespace: &namespace,
                name: &name,
                uid: &uid,
            };
            let desired = object
                .desired(id, &references, &installation)
                .map_err(|invalid| (Standing::Error, invalid.to_string()))?;
            let observed = K::observe(&aws, &desired)
                .await
                .map_err(|error| (Standing::Error, error.to_string()))?
                .map_err(|unseen| {
                    (
                        Standing::Error,
                        format!("AWS does not show {} yet", unseen.0),
                    )
                })?;
            match self.known_by_tags(K::tags(&observed), &namespace, &name) {
                Some((owner, cluster)) if owner != uid => {
                    uid = owner;
                    installation.cluster_id = cluster;
                }
                _ => break (desired, observed),
            }
        };
        let seen = forecast(
            observed.clone(),
            |observed| object.plan(&desired, observed),
            K::foresee,
        );
        let Forecast {
            steps,
            state,
            observed: foreseen,
        } = seen;
        // An observed object stays as it is.
        let then = if object.lifecycle().observes_only() {
            observed
        } else {
            foreseen
        };
        let status = (!matches!(state, State::Blocked(..))).then(|| {
            let mut status = object.status().cloned().unwrap_or_default();
            K::facts(&mut status, &desired, &then, &Plan::settled());
            K::set_common(&mut status, ready(object));
            status
        });
        Ok(((steps, state), status))
    }

    async fn deletion<K: Kind>(
        &self,
        object: &K,
        stores: &Stores,
    ) -> Result<(Vec<PlannedStep>, State), Obstacle> {
        let users = object.users(stores);
        if !users.is_empty() {
            let message = format!("goes when EcsService {} is gone", users.join(", "));
            return Err((Standing::Underway, message));
        }
        let id = Identity::of(object.meta());
        let target = object.target(id, stores, &self.installation);
        let Some(target) = target.filter(|_| !object.lifecycle().observes_only()) else {
            return Ok((Vec::new(), State::Settled));
        };
        let aws = self.clients.region(self.region(object));
        let observed = K::observe_deletion(&aws, &target)
            .await
            .map_err(|error| (Standing::Error, error.to_string()))?
            .unwrap_or_default();
        let plan = |observed: &K::Observed| object.plan_deletion(&target, observed);
        let seen = forecast(observed, plan, K::foresee);
        Ok((seen.steps, seen.state))
    }

    /// UID and cluster that the tags of what exists say, if they are of this namespace and name.
    fn known_by_tags(
        &self,
        tags: Option<&Tags>,
        namespace: &str,
        name: &str,
    ) -> Option<(String, String)> {
        let tags = tags.filter(|_| self.trusts_tags)?;
        let is = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value);
        let cluster = tags.get(ownership::CLUSTER_ID)?;
        let is_ours = is(ownership::NAMESPACE, namespace)
            && is(ownership::NAME, name)
            && (!self.knows_cluster || *cluster == self.installation.cluster_id);
        is_ours.then_some((tags.get(ownership::UID)?.clone(), cluster.clone()))
    }

    fn region<'a>(&'a self, object: &'a impl Kind) -> &'a str {
        object.region().unwrap_or(&self.installation.region)
    }
}

/// The status of an object for which all is done, as those that refer to it read it.
fn ready(object: &impl Kind) -> Common {
    let generation = object.meta().generation;
    Common {
        observed_generation: generation.unwrap_or_default(),
        conditions: vec![Condition {
            type_: READY.to_owned(),
            status: "True".into(),
            reason: Reason::Synced.as_str().into(),
            message: String::new(),
            observed_generation: generation,
            last_transition_time: Time(jiff::Timestamp::UNIX_EPOCH),
        }],
        last_error: None,
        drift: Vec::new(),
        plan: Vec::new(),
    }
}
