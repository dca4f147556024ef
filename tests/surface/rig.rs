//! One object in a simulated account, reconciled as the operator does.

use std::sync::Arc;

use ecs_operator::aws::Aws;
use kube::core::object::HasStatus;
use serde_json::Value;
use simulator::{Entry, Simulator};

use crate::{
    declaring::{Declare, Declared},
    in_memory, looking,
    members::object,
    subject::Subject,
};

/// Looks after which an object must be as declared.
const LOOKS: usize = 8;

/// One object in a simulated account.
pub struct Rig<K> {
    simulator: Simulator,
    aws: Arc<Aws>,
    object: Option<K>,
    looks: i64,
}

impl<K: Subject> Rig<K> {
    /// An account of its own.
    pub async fn new() -> Self {
        let simulator = in_memory::simulator();
        Self {
            aws: in_memory::aws(&simulator).await,
            simulator,
            object: None,
            looks: 0,
        }
    }

    fn mutations(&self) -> Vec<Entry> {
        let journal = self.simulator.journal().into_iter();
        journal.filter(|entry| entry.mutating).collect()
    }

    /// Starts the operator anew: only the object's status is remembered.
    pub async fn restart(&mut self) {
        self.aws = in_memory::aws(&self.simulator).await;
    }

    /// What AWS has of the object.
    pub fn aws_state(&self) -> Value {
        K::aws_state(&self.simulator)
    }
}

impl<K: Subject> Declare for Rig<K> {
    async fn declare(&mut self, spec: &Value) -> Result<Declared, String> {
        let (before, mut writes) = (self.mutations().len(), 0);
        let mut declared: K = object(spec)?;
        if let Some(status) = self.object.as_ref().and_then(HasStatus::status) {
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
                return Declared::kept(found.plan.state, made, writes);
            }
            let (_, result) = self.aws.execute(&found.plan.steps).await;
            result.map_err(|error| error.to_string())?;
        }
        Err("never settles".into())
    }
}
