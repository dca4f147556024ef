//! What was seen in AWS. ECS members stay as AWS wrote them; ELBv2's are put into the same camelCase form.

use super::{Members, Tags, content::Content};

/// A cluster, a task definition revision or a service: AWS's members and its tags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// Its members.
    pub members: Members,
    /// Its tags.
    pub tags: Tags,
}

impl Resource {
    /// A member that is a string.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member)?.as_str()
    }

    /// A member that is a whole number.
    pub fn number(&self, member: &str) -> Option<i64> {
        self.members.get(member)?.as_i64()
    }
}

/// A cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// The cluster; none when AWS has none or an INACTIVE one.
    pub cluster: Option<Resource>,
    /// Names of services in it, at most 100; read only for deletion.
    pub services: Vec<String>,
}

/// A target group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its settings.
    pub members: Members,
    /// Its tags.
    pub tags: Tags,
    /// Its attributes; read only when some are declared.
    pub attributes: Tags,
    /// Targets and how many of them are healthy; read only when it matters.
    pub health: Option<Health>,
}

/// Targets of a target group.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Health {
    /// Healthy ones.
    pub healthy: i64,
    /// All others but those that are draining.
    pub unhealthy: i64,
}

/// A listener rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Its ARN.
    pub arn: String,
    /// ARN of its listener.
    pub listener_arn: String,
    /// Its priority; none for the default rule.
    pub priority: Option<i32>,
    /// Conditions in canonical form.
    pub conditions: Vec<serde_json::Value>,
    /// Actions in the API's form.
    pub actions: Vec<serde_json::Value>,
    /// Transforms in the API's form.
    pub transforms: Vec<serde_json::Value>,
    /// Its tags, read only for rules that may be ours.
    pub tags: Option<Tags>,
}

/// A service with all that belongs to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// The service; none when AWS has none or an INACTIVE one.
    pub service: Option<Resource>,
    /// When the INACTIVE service of the same name was created, as AWS writes it: part of the next client token.
    pub ghost: Option<String>,
    /// Managed target groups, by name.
    pub target_groups: std::collections::BTreeMap<String, TargetGroup>,
    /// Rules of every listener that is declared or that a rule of ours was on.
    pub rules: Vec<Rule>,
    /// Priorities for new rules, by listener, that no other object of this process will choose.
    pub priorities: std::collections::BTreeMap<String, Vec<i32>>,
    /// Listeners that are declared and that AWS does not have.
    pub missing_listeners: std::collections::BTreeSet<String>,
    /// The newest service deployment, when ECS gave it up.
    pub failed_deployment: Option<FailedDeployment>,
    /// Where the PRIMARY deployment waits for an answer.
    pub pause: Option<Pause>,
    /// Why tasks of a failing deployment stopped, newest first.
    pub stopped_tasks: Vec<String>,
}

/// A service deployment that ECS gave up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FailedDeployment {
    /// ID of the deployment, `ecs-svc/…`.
    pub id: String,
    /// `ROLLBACK_SUCCESSFUL`, `ROLLBACK_IN_PROGRESS`, `ROLLBACK_FAILED`, `STOPPED`.
    pub status: String,
    /// ECS's words.
    pub reason: Option<String>,
    /// The revision it was to roll out.
    pub task_definition: Option<String>,
}

/// A lifecycle hook of type PAUSE at which a deployment waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pause {
    /// ID of the deployment, `ecs-svc/…`.
    pub deployment: String,
    /// ARN of the service deployment.
    pub service_deployment: String,
    /// ID of the hook.
    pub hook: String,
    /// The stage that was reached, in AWS's words.
    pub stage: Option<String>,
    /// What ECS does when nobody answers in time: `ROLLBACK` or `CONTINUE`.
    pub timeout_action: Option<String>,
}

/// A task definition family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    /// The newest ACTIVE revision that may count: the family's newest or, if that is another's, ours.
    pub latest: Option<Resource>,
    /// What that revision says.
    pub content: Option<Content>,
    /// Every ACTIVE revision; read only for deletion and when older ones may go.
    pub active: Vec<Resource>,
    /// INACTIVE revisions; read only when older ones are to be deleted.
    pub inactive: Vec<Resource>,
    /// ARNs of revisions that a service or a task in the Region uses; none: not read, so that nothing may go.
    pub used: Option<std::collections::BTreeSet<String>>,
}
