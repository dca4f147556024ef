//! What a kind says of itself: its steps of the line.

use std::future::Future;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::reflector::Store;

use crate::{
    api::{
        Lifecycle,
        condition::Reason,
        lifecycle::{Drift, LastError, PlannedStep},
        service::Rollout,
    },
    aws::{Aws, AwsError, execute::Applied, observe::Look},
    desired::{Identity, Invalid},
    kubernetes::{kept::Kept, outline::Managed, stores::Stores},
    model::{Installation, Tags, arn, declared::Paths},
    plan::{Plan, Step},
};

/// The members that the status of every kind has.
pub struct Common {
    /// The generation that was looked at.
    pub observed_generation: i64,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// The error that hinders the object.
    pub last_error: Option<LastError>,
    /// What AWS had otherwise.
    pub drift: Vec<Drift>,
    /// What would be done: of an object that is only observed, or that is about to be adopted.
    pub plan: Vec<PlannedStep>,
}

/// A reference that leads nowhere yet: wait for a watch event, make no AWS call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pending {
    /// `DependencyNotFound` or `DependencyNotReady`.
    pub reason: Reason,
    /// Whether what it refers to is there and was not looked at yet: this operator is about to.
    pub is_next: bool,
    /// Which object, and what it lacks.
    pub message: String,
}

/// Whether this status says nothing yet.
pub fn is_unsaid<K: Kind>(status: Option<&K::Status>) -> bool {
    status.map(K::conditions).is_none_or(<[_]>::is_empty)
}

/// A managed kind: its steps of the line, in order.
pub trait Kind: Managed {
    /// Where its references lead.
    type References: Default + Send + Sync;
    /// Which AWS resources it means.
    type Target: Send + Sync;
    /// Those resources as declared.
    type Desired: Send + Sync;
    /// Those resources as seen.
    type Observed: Clone + Default + Send + Sync;

    /// Label of metrics, name of logs.
    const CONTROLLER: &'static str;
    /// Whether becoming Ready is an event. It is not for what is ready as soon as it is made: its status says the same.
    const ANNOUNCES_READY: bool = true;

    /// The members that every kind has.
    fn lifecycle(&self) -> &Lifecycle;
    /// Whether nothing was ever said of the object. The API server gives it a status with defaults when it is created.
    fn is_unsaid(&self) -> bool {
        is_unsaid::<Self>(self.status())
    }
    /// The conditions of a status.
    fn conditions(status: &Self::Status) -> &[Condition];
    /// The calls that a status foretells.
    fn planned(status: &Self::Status) -> &[PlannedStep];
    /// Writes the members that every status has.
    fn set_common(status: &mut Self::Status, common: Common);
    /// The declared members that a status records as possibly in AWS.
    fn applied(status: &mut Self::Status) -> &mut Vec<String>;

    /// The latest rollout that a status tells of.
    fn rollout(_status: &Self::Status) -> Option<&Rollout> {
        None
    }

    /// Reads what the object refers to.
    fn resolve(&self, stores: &Stores) -> Result<Self::References, Pending>;
    /// The desired state. Pure.
    fn desired(
        &self,
        id: Identity<'_>,
        references: &Self::References,
        installation: &Installation,
    ) -> Result<Self::Desired, Invalid>;
    /// The declared members that could be taken out again. Pure.
    fn declared(desired: &Self::Desired) -> Paths;
    /// Whether what is desired is known to differ from what the status says of AWS. Pure.
    fn is_due(_status: &Self::Status, _desired: &Self::Desired) -> bool {
        false
    }
    /// The AWS resource that the status tells of.
    fn known_arn(status: &Self::Status) -> Option<&str>;
    /// ARN of what the object is known to have in AWS.
    fn arn(&self) -> Option<&str> {
        self.status().and_then(Self::known_arn)
    }
    /// The Region of what it has in AWS, else the declared one; none: the operator's.
    fn region(&self) -> Option<&str> {
        let declared = self.lifecycle().region.as_deref();
        self.arn().and_then(arn::region).or(declared)
    }
    /// The error that the last status tells.
    fn last_error(status: &Self::Status) -> Option<&LastError>;
    /// Reads AWS.
    fn observe(
        aws: &Aws,
        desired: &Self::Desired,
    ) -> impl Future<Output = Result<Look<Self::Observed>, AwsError>> + Send;
    /// The steps. Pure.
    fn plan(&self, desired: &Self::Desired, observed: &Self::Observed) -> Plan;
    /// Takes a call's answer for a look, where it says all that a look would. Says whether it did.
    fn absorb(_observed: &mut Self::Observed, _applied: &Applied) -> bool {
        false
    }
    /// What a step would do to what was seen, as far as the next plan depends on it. Pure.
    fn foresee(observed: &mut Self::Observed, step: &Step);
    /// The tags that say whose it is; none: there is nothing.
    fn tags(observed: &Self::Observed) -> Option<&Tags>;
    /// Updates the facts of the status. Pure.
    fn facts(
        status: &mut Self::Status,
        desired: &Self::Desired,
        observed: &Self::Observed,
        plan: &Plan,
    );
    /// Records in the status what the steps create that could not be found again without it. Says whether that is new. Pure.
    fn intend(_status: &mut Self::Status, _desired: &Self::Desired, _plan: &Plan) -> bool {
        false
    }
    /// What the user asked for by an annotation and can't have: told once. Pure.
    fn refused(_status: &Self::Status) -> Option<&str> {
        None
    }
    /// Whether a change that was seen is drift, or follows from something the object refers to.
    fn is_drift(_path: &str) -> bool {
        true
    }
    /// It is settled, and its status, which is about to be written, says this: tells those who wait for it.
    fn tell(&self, _status: &Self::Status, _stores: &Stores) {}
    /// In words: all is well.
    fn settled(desired: &Self::Desired, observed: &Self::Observed) -> String;

    /// Objects that still use this one, so that it can't go yet.
    fn users(&self, stores: &Stores) -> Vec<String>;
    /// The watch that knows all objects of the kind.
    fn store(stores: &Stores) -> &Store<Kept<Self>>;
    /// What to delete; none: nothing was ever made.
    fn target(
        &self,
        id: Identity<'_>,
        stores: &Stores,
        installation: &Installation,
    ) -> Option<Self::Target>;
    /// Reads AWS for deletion.
    fn observe_deletion(
        aws: &Aws,
        target: &Self::Target,
    ) -> impl Future<Output = Result<Look<Self::Observed>, AwsError>> + Send;
    /// Whether AWS shows what is created last for the object, or has somebody else's in its place: then nothing else can
    /// show up. Pure.
    fn is_seen(&self, observed: &Self::Observed) -> bool;
    /// The steps of deletion. Pure.
    fn plan_deletion(&self, target: &Self::Target, observed: &Self::Observed) -> Plan;
}
