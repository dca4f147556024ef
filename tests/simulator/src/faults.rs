//! What goes wrong on purpose: scripted behaviour of the world, and faults of single calls.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What befalls a container when its task starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fate {
    /// It starts and runs until it is stopped.
    #[default]
    Runs,
    /// The image cannot be pulled.
    PullFails {
        /// The end of ECS's stopped reason.
        #[serde(default = "pull_reason")]
        reason: String,
    },
    /// It starts and ends by itself.
    Exits {
        /// Exit code.
        code: i64,
        /// Seconds after its start.
        #[serde(default)]
        after_seconds: f64,
    },
    /// It runs, but its health check and its targets never become healthy.
    Unhealthy,
}

fn pull_reason() -> String {
    "pull image manifest has been retried 1 time(s): failed to resolve ref: not found".to_owned()
}

/// Scripted behaviour of the world, read by the ECS engine and by target groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// By image, or by its beginning when the key ends in `*`; the longest key wins.
    pub images: BTreeMap<String, Fate>,
    /// Names or ARNs of target groups whose targets never become healthy.
    pub unhealthy_target_groups: BTreeSet<String>,
    /// Families in which somebody else registers too: so many of the next registrations are refused. It counts down.
    pub busy_families: BTreeMap<String, u32>,
    /// Access keys whose session has expired.
    pub expired_keys: BTreeSet<String>,
    /// Seconds a task is PENDING before RUNNING.
    pub pull_seconds: f64,
    /// Seconds a target is `initial` before it is `healthy`.
    pub health_seconds: f64,
    /// Seconds between two looks of the service scheduler.
    pub tick_seconds: f64,
    /// Seconds a task takes to stop.
    pub stop_seconds: f64,
    /// Longest time that a deregistered target drains, whatever its deregistration delay says.
    pub drain_seconds: f64,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            images: BTreeMap::new(),
            unhealthy_target_groups: BTreeSet::new(),
            busy_families: BTreeMap::new(),
            expired_keys: BTreeSet::new(),
            pull_seconds: 5.0,
            health_seconds: 10.0,
            tick_seconds: 1.0,
            stop_seconds: 2.0,
            drain_seconds: 5.0,
        }
    }
}

impl Script {
    /// What befalls a container with this image when its task starts.
    pub fn image(&self, image: &str) -> Fate {
        let matching = |key: &str| match key.strip_suffix('*') {
            Some(prefix) => image.starts_with(prefix),
            None => image == key,
        };
        let longest = self
            .images
            .iter()
            .filter(|(key, _)| matching(key))
            .max_by_key(|(k, _)| k.len());
        longest.map(|(_, fate)| fate.clone()).unwrap_or_default()
    }

    /// Whether targets of this target group, by name or ARN, can become healthy.
    pub fn target_healthy(&self, target_group: &str) -> bool {
        let name = target_group.split('/').nth(1).unwrap_or(target_group);
        let scripted = &self.unhealthy_target_groups;
        !scripted.contains(target_group) && !scripted.contains(name)
    }

    /// Seconds that a target drains, given its group's deregistration delay.
    pub fn draining(&self, deregistration_delay: f64) -> f64 {
        deregistration_delay.min(self.drain_seconds)
    }

    /// Whether somebody else registers in the family at this moment: true as often as the script has it.
    pub(crate) fn take_busy(&mut self, family: &str) -> bool {
        let times = self.busy_families.remove(family).unwrap_or_default();
        if times > 1 {
            self.busy_families.insert(family.to_owned(), times - 1);
        }
        times > 0
    }

    /// Refuses so many of the next registrations in the family.
    pub fn set_busy(&mut self, family: &str, times: u32) {
        self.busy_families.insert(family.to_owned(), times);
    }

    /// From now on, what befalls containers with this image.
    pub fn set_image(&mut self, image: &str, fate: Fate) {
        self.images.insert(image.to_owned(), fate);
    }
}

/// What happens to a call that a [`Fault`] matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Effect {
    /// AWS's throttling answer of the protocol; no effect.
    Throttle,
    /// AWS's "access denied" answer of the protocol; no effect.
    Deny,
    /// This error; no effect.
    Error {
        /// HTTP status.
        status: u16,
        /// Code on the wire.
        code: String,
        /// Sentence beside it.
        #[serde(default)]
        message: String,
    },
    /// The connection is cut before the effect.
    Reset,
    /// The effect happens, then the connection is cut.
    LoseReply,
    /// Nothing happens until the fault is released or the client goes away.
    Hang,
    /// The effect happens; the reply waits until the fault is released.
    HangAfter,
    /// The call waits so long, in real time, before the effect.
    Delay {
        /// Milliseconds.
        millis: u64,
    },
    /// What this call creates is not seen by reads for so long.
    InvisibleFor {
        /// Virtual seconds.
        seconds: f64,
    },
    /// The effect happens; the second half of the answer's body is missing.
    Truncate,
}

/// Which calls an [`Effect`] befalls. Absent filters match everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Service by its signing name, for example `ecs` or `elasticloadbalancing`.
    #[serde(default)]
    pub service: Option<String>,
    /// Operation, for example `CreateService`.
    #[serde(default)]
    pub operation: Option<String>,
    /// Only mutating calls, or only reads.
    #[serde(default)]
    pub mutating: Option<bool>,
    /// Only calls of this access key.
    #[serde(default)]
    pub access_key: Option<String>,
    /// Only calls whose request JSON contains this text.
    #[serde(default)]
    pub contains: Option<String>,
    /// So many matching calls pass before the first is hit.
    #[serde(default)]
    pub skip: u32,
    /// So many are hit; absent: all.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens to them.
    #[serde(flatten)]
    pub effect: Effect,
}

impl Fault {
    /// This effect for every call, for ever; narrow it with the methods below.
    pub fn new(effect: Effect) -> Self {
        Self {
            service: None,
            operation: None,
            mutating: None,
            access_key: None,
            contains: None,
            skip: 0,
            times: None,
            effect,
        }
    }

    /// Only this service.
    pub fn service(self, service: &str) -> Self {
        Self {
            service: Some(service.to_owned()),
            ..self
        }
    }

    /// Only this operation.
    pub fn operation(self, operation: &str) -> Self {
        Self {
            operation: Some(operation.to_owned()),
            ..self
        }
    }

    /// Only mutating calls (true) or only reads (false).
    pub fn mutating(self, mutating: bool) -> Self {
        Self {
            mutating: Some(mutating),
            ..self
        }
    }

    /// Only calls of this access key.
    pub fn access_key(self, key: &str) -> Self {
        Self {
            access_key: Some(key.to_owned()),
            ..self
        }
    }

    /// Only calls whose request JSON contains this text.
    pub fn contains(self, text: &str) -> Self {
        Self {
            contains: Some(text.to_owned()),
            ..self
        }
    }

    /// So many matching calls pass first.
    pub fn skip(self, calls: u32) -> Self {
        Self {
            skip: calls,
            ..self
        }
    }

    /// So many calls are hit.
    pub fn times(self, calls: u32) -> Self {
        Self {
            times: Some(calls),
            ..self
        }
    }
}
