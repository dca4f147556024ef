//! Reading service deployments and service revisions.

use serde_json::{Value, json};

use super::State;
use super::failure::{invalid, missing, service_not_found};
use super::input::{integer, text, texts};
use super::service::{Service, ServiceKey};
use super::{arn, paging};
use crate::Call;
use crate::error::Answer;

/// Most ARNs in one DescribeServiceDeployments or DescribeServiceRevisions [M].
const DESCRIBE_MAX: usize = 20;

impl State {
    /// A service's deployments, newest first, filtered by status and time of creation.
    pub(super) fn list_service_deployments(&self, call: &Call) -> Answer {
        let named = text(call.input, "service").unwrap_or_default();
        let cluster = arn::cluster_of(named).or(text(call.input, "cluster"));
        let cluster = self.active_cluster(cluster)?.name.clone();
        let service = self
            .find_service(&cluster, named)
            .filter(|service| !service.is_gone())
            .ok_or_else(service_not_found)?;
        let statuses = texts(call.input, "status");
        let bound = |name: &str| call.input["createdAt"][name].as_f64();
        let (after, before) = (bound("after"), bound("before"));
        let matching: Vec<&_> = service
            .history
            .iter()
            .rev()
            .filter(|d| statuses.is_empty() || statuses.contains(&d.status.name()))
            .filter(|d| {
                after.is_none_or(|t| d.created_at > t) && before.is_none_or(|t| d.created_at < t)
            })
            .collect();
        let ids = matching
            .iter()
            .map(|deployment| deployment.id.clone())
            .collect();
        let default = integer(call.input, "maxResults").unwrap_or(20);
        let mut page = paging::page(call.input, "serviceDeployments", ids, default)?;
        let shown = texts(&page, "serviceDeployments");
        let briefs: Vec<Value> = matching
            .iter()
            .filter(|deployment| shown.contains(&deployment.id.as_str()))
            .map(|deployment| deployment.brief(service))
            .collect();
        page["serviceDeployments"] = json!(briefs);
        Ok(page)
    }

    /// Describes service deployments by ARN.
    pub(super) fn describe_service_deployments(&self, call: &Call) -> Answer {
        self.describe_by_arn(call, "serviceDeployment", |state, service, id| {
            let found = service
                .history
                .iter()
                .find(|deployment| deployment.id == id)?;
            Some(state.view_service_deployment(service, found))
        })
    }

    /// Describes service revisions by ARN.
    pub(super) fn describe_service_revisions(&self, call: &Call) -> Answer {
        self.describe_by_arn(call, "serviceRevision", |_, service, id| {
            service.revisions.get(id).map(|revision| revision.view())
        })
    }

    fn describe_by_arn(
        &self,
        call: &Call,
        what: &str,
        view: impl Fn(&Self, &Service, &str) -> Option<Value>,
    ) -> Answer {
        let named = texts(call.input, &format!("{what}Arns"));
        if named.is_empty() || named.len() > DESCRIBE_MAX {
            return Err(invalid(format!(
                "{what}Arns must have between 1 and 20 elements."
            )));
        }
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for full in named {
            let (service, id) = self.service_and_id(full);
            match service.and_then(|service| view(self, service, id)) {
                Some(view) => found.push(view),
                None => failures.push(missing(full)),
            }
        }
        let mut answer = json!({ "failures": failures });
        answer[format!("{what}s")] = json!(found);
        Ok(answer)
    }

    /// `arn:…:service-deployment/<cluster>/<service>/<id>` → the service and the id.
    pub(super) fn service_and_id<'a>(&self, full: &'a str) -> (Option<&Service>, &'a str) {
        let parts: Vec<&str> = arn::resource(full).split('/').collect();
        match parts.as_slice() {
            [_, cluster, service, id] => {
                (self.services.get(&ServiceKey::new(cluster, service)), id)
            }
            _ => (None, full),
        }
    }
}
