//! Lists of task definitions and families.

use super::input::text;
use super::task_definition::{Family, Status};
use super::{State, paging};
use crate::Call;
use crate::error::Answer;

impl State {
    /// ARNs of one status (ACTIVE if none is given), by family and revision. `familyPrefix` is a whole family name [M].
    pub(super) fn list_task_definitions(&self, call: &Call) -> Answer {
        let status = text(call.input, "status").unwrap_or("ACTIVE");
        let wanted = text(call.input, "familyPrefix");
        let families = self.families.iter();
        let mut arns: Vec<String> = families
            .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name.as_str()))
            .flat_map(|(_, family)| family.revisions.values())
            .filter(|found| found.status.name() == status)
            .map(|found| found.arn.clone())
            .collect();
        if text(call.input, "sort") == Some("DESC") {
            arns.reverse();
        }
        paging::page(call.input, "taskDefinitionArns", arns, 100)
    }

    /// Names of families; ACTIVE ones have an ACTIVE revision, INACTIVE ones have not.
    pub(super) fn list_task_definition_families(&self, call: &Call) -> Answer {
        let prefix = text(call.input, "familyPrefix").unwrap_or_default();
        let status = text(call.input, "status").unwrap_or("ALL");
        let names: Vec<String> = self
            .families
            .iter()
            .filter(|(name, family)| name.starts_with(prefix) && has_status(family, status))
            .map(|(name, _)| name.clone())
            .collect();
        paging::page(call.input, "families", names, 100)
    }
}

fn has_status(family: &Family, status: &str) -> bool {
    let active = family
        .revisions
        .values()
        .any(|found| found.status == Status::Active);
    match status {
        "ACTIVE" => active,
        "INACTIVE" => !active,
        _ => true,
    }
}
