//! Desired state and what was seen → the AWS calls that lead from one to the other. Pure and infallible: no client, no clock, no randomness.
//!
//! A plan holds only steps whose inputs are known. What needs an ARN that an earlier step creates is planned after
//! the next look, so that a crash between any two calls is just another look.

pub mod cluster;
pub mod completion;
#[cfg(test)]
mod completion_tests;
pub mod delete;
pub mod diff;
pub mod filter;
pub mod forecast;
pub mod foresee;
pub mod namespace;
pub mod pause;
pub mod refusal;
pub mod reset;
pub mod rollout;
pub mod rule;
#[cfg(test)]
mod rule_tests;
pub mod service;
#[cfg(test)]
mod service_balancing_tests;
#[cfg(test)]
mod service_diff_tests;
mod service_members;
#[cfg(test)]
mod service_reset_tests;
#[cfg(test)]
mod service_restart_tests;
#[cfg(test)]
mod service_tests;
pub mod status;
pub mod tags;
pub mod target_group;
pub mod task_definition;
mod wanted_rule;

use crate::{api::condition::Reason, model::Members};

/// Declares [`Step`]. An operation is named once, so that no list of them lacks one.
macro_rules! steps {
    ($($operation:ident),* $(,)?) => {
        /// One AWS call with everything it needs: the request in AWS's members (ELBv2's in camelCase).
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the operations' own names")]
        pub enum Step {
            $($operation(Members),)*
        }

        impl Step {
            /// AWS's names of all calls.
            pub const OPERATIONS: &[&str] = &[$(stringify!($operation)),*];

            /// AWS's name of the call.
            pub const fn operation(&self) -> &'static str {
                match self {
                    $(Self::$operation(_) => stringify!($operation),)*
                }
            }

            /// The request.
            pub const fn input(&self) -> &Members {
                match self {
                    $(Self::$operation(input))|* => input,
                }
            }
        }
    };
}

steps! {
    CreateCluster,
    UpdateCluster,
    PutClusterCapacityProviders,
    DeleteCluster,
    RegisterTaskDefinition,
    DeregisterTaskDefinition,
    DeleteTaskDefinitions,
    CreateService,
    UpdateService,
    ContinueServiceDeployment,
    DeleteService,
    TagResource,
    UntagResource,
    CreateTargetGroup,
    ModifyTargetGroup,
    ModifyTargetGroupAttributes,
    DeleteTargetGroup,
    CreateRule,
    ModifyRule,
    SetRulePriorities,
    DeleteRule,
    AddTags,
    RemoveTags,
}

impl Step {
    /// Whether the step makes a resource that was not there.
    pub const fn creates(&self) -> bool {
        matches!(
            self,
            Self::CreateCluster(_)
                | Self::RegisterTaskDefinition(_)
                | Self::CreateService(_)
                | Self::CreateTargetGroup(_)
                | Self::CreateRule(_)
        )
    }
}

/// A declared member that AWS has otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Path below `spec`.
    pub path: String,
    /// What the object declares, as JSON.
    pub declared: String,
    /// What AWS has, as JSON.
    pub observed: String,
}

impl Change {
    /// The member of the request that carries it: the path up to its first dot or bracket.
    pub fn member(&self) -> &str {
        self.path.split(['.', '[']).next().unwrap_or_default()
    }
}

/// How things stand when a plan's steps are done or there are none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    /// AWS is as declared, steady; or, for a deletion, nothing is left.
    Settled,
    /// AWS is on its way: look again.
    Waiting(Reason, String),
    /// Somebody must do something; the steps, if any, were dropped.
    Blocked(Reason, String),
}

/// The steps that lead from what was seen to what is desired, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The calls. None: in sync, or nothing can be done now.
    pub steps: Vec<Step>,
    /// Declared members that AWS has otherwise.
    pub changes: Vec<Change>,
    /// How things stand besides.
    pub state: State,
    /// ECS gave the declared rollout up, and it is not tried again: the steps, if any, are others.
    pub is_held: bool,
}

impl Plan {
    /// Nothing to do, nothing to wait for.
    pub const fn settled() -> Self {
        Self {
            steps: Vec::new(),
            changes: Vec::new(),
            state: State::Settled,
            is_held: false,
        }
    }

    /// Only steps.
    pub const fn steps(steps: Vec<Step>) -> Self {
        Self {
            steps,
            changes: Vec::new(),
            state: State::Settled,
            is_held: false,
        }
    }

    /// Nothing to do but wait.
    pub fn waiting(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            steps: Vec::new(),
            changes: Vec::new(),
            state: State::Waiting(reason, message.into()),
            is_held: false,
        }
    }

    /// Nothing can be done without somebody.
    pub fn blocked(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            steps: Vec::new(),
            changes: Vec::new(),
            state: State::Blocked(reason, message.into()),
            is_held: false,
        }
    }

    /// Whether the steps replace running tasks: they start a deployment of a service that is there.
    pub fn rolls_tasks(&self) -> bool {
        self.steps.iter().any(
            |step| matches!(step, Step::UpdateService(input) if service::starts_deployment(input)),
        )
    }

    /// Whether the steps only clear away what is not needed any more: whatever comes of them, the object is as declared.
    pub fn is_cleanup(&self) -> bool {
        let clears = |step: &Step| {
            matches!(
                step,
                Step::DeregisterTaskDefinition(_) | Step::DeleteTaskDefinitions(_)
            )
        };
        !self.steps.is_empty() && self.steps.iter().all(clears)
    }

    /// The names of the calls, for people.
    pub fn operations(&self) -> String {
        self.steps
            .iter()
            .map(Step::operation)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A JSON object from pairs.
macro_rules! request {
    ($($key:literal : $value:expr),* $(,)?) => {
        $crate::model::Members::from_iter([$(($key.to_owned(), ::serde_json::json!($value))),*])
    };
}
pub(crate) use request;
