//! The faults that are set, and which of them a call meets.

use crate::FaultId;
use crate::faults::{Effect, Fault};
use crate::world::Request;

struct Active {
    id: FaultId,
    fault: Fault,
    seen: u32,
    hits: u32,
}

/// Faults in the order in which they were set.
#[derive(Default)]
pub(crate) struct ActiveFaults {
    all: Vec<Active>,
    last: u64,
}

impl ActiveFaults {
    pub fn add(&mut self, fault: Fault) -> FaultId {
        self.last += 1;
        let id = FaultId(self.last);
        self.all.push(Active {
            id,
            fault,
            seen: 0,
            hits: 0,
        });
        id
    }

    pub fn remove(&mut self, id: FaultId) {
        self.all.retain(|active| active.id != id);
    }

    pub fn clear(&mut self) {
        self.all.clear();
    }

    pub fn contains(&self, id: FaultId) -> bool {
        self.all.iter().any(|active| active.id == id)
    }

    /// Faults with how often each was hit.
    pub fn iter(&self) -> impl Iterator<Item = (FaultId, &Fault, u32)> {
        self.all
            .iter()
            .map(|active| (active.id, &active.fault, active.hits))
    }

    /// What befalls this call. Every fault that matches counts it; the first that is due hits.
    pub fn strike(&mut self, request: &Request) -> Option<(FaultId, Effect)> {
        let text = self
            .all
            .iter()
            .any(|active| active.fault.contains.is_some());
        let text = if text {
            request.input.to_string()
        } else {
            String::new()
        };
        let mut struck = None;
        for active in self
            .all
            .iter_mut()
            .filter(|active| matches(&active.fault, request, &text))
        {
            active.seen += 1;
            let due = active.seen > active.fault.skip;
            let left = active.fault.times.is_none_or(|times| active.hits < times);
            if struck.is_none() && due && left {
                active.hits += 1;
                struck = Some((active.id, active.fault.effect.clone()));
            }
        }
        struck
    }
}

fn matches(fault: &Fault, request: &Request, text: &str) -> bool {
    let name = request.service.signing_name();
    let mutating = request.service.mutating(&request.operation);
    fault.service.as_ref().is_none_or(|service| service == name)
        && fault
            .operation
            .as_ref()
            .is_none_or(|operation| *operation == request.operation)
        && fault.mutating.is_none_or(|wanted| wanted == mutating)
        && fault
            .access_key
            .as_ref()
            .is_none_or(|key| *key == request.access_key)
        && fault
            .contains
            .as_ref()
            .is_none_or(|part| text.contains(part.as_str()))
}
