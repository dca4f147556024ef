//! Services as they are read: DescribeServices and ListServices.

use serde_json::{Value, json};

use super::State;
use super::deployment::Counts;
use super::failure::{invalid, missing};
use super::input::{includes, text, texts};
use super::service::{Service, ServiceKey, Status};
use super::service_deployment;
use super::{arn, paging, tags};
use crate::Call;
use crate::error::Answer;

/// Most services in one DescribeServices [M].
const DESCRIBE_MAX: usize = 10;

impl State {
    /// The services of one cluster.
    pub(super) fn services_of(&self, cluster: &str) -> impl Iterator<Item = &Service> {
        self.services
            .range(ServiceKey::new(cluster, "")..)
            .take_while(move |(key, _)| key.cluster == cluster)
            .map(|(_, service)| service)
    }

    /// The service that a request names by name or ARN; an ARN must be of this cluster.
    pub(super) fn find_service(&self, cluster: &str, named: &str) -> Option<&Service> {
        let service = self
            .services
            .get(&ServiceKey::new(cluster, arn::name(named)))?;
        (!named.starts_with("arn:") || named == service.arn).then_some(service)
    }

    /// Describes services of one cluster, INACTIVE ones too; those never heard of are `failures`.
    pub(super) fn describe_services(&self, call: &Call) -> Answer {
        let cluster = self
            .active_cluster(text(call.input, "cluster"))?
            .name
            .clone();
        let named = texts(call.input, "services");
        if named.is_empty() {
            return Err(invalid("Services cannot be empty."));
        }
        if named.len() > DESCRIBE_MAX {
            return Err(invalid("Services cannot have more than 10 elements."));
        }
        let tags = includes(call.input, "TAGS");
        let (mut services, mut failures) = (Vec::new(), Vec::new());
        for name in named {
            match self.find_service(&cluster, name) {
                Some(service) => services.push(self.view_service(service, tags)),
                None if name.starts_with("arn:") => failures.push(missing(name)),
                None => {
                    failures.push(missing(&arn::ecs(
                        call,
                        &format!("service/{cluster}/{name}"),
                    )));
                }
            }
        }
        Ok(json!({ "services": services, "failures": failures }))
    }

    /// ARNs of services that are not INACTIVE, 10 to a page unless said otherwise [M].
    pub(super) fn list_services(&self, call: &Call) -> Answer {
        let cluster = self
            .active_cluster(text(call.input, "cluster"))?
            .name
            .clone();
        let launch = text(call.input, "launchType");
        let scheduling = text(call.input, "schedulingStrategy");
        let has = |members: &super::input::Object, name: &str, wanted: Option<&str>| {
            wanted.is_none() || members.get(name).and_then(Value::as_str) == wanted
        };
        let arns: Vec<String> = self
            .services_of(&cluster)
            .filter(|service| !service.is_gone())
            .filter(|service| has(&service.revision.members, "launchType", launch))
            .filter(|service| has(&service.settings, "schedulingStrategy", scheduling))
            .map(|service| service.arn.clone())
            .collect();
        paging::page(call.input, "serviceArns", arns, 10)
    }

    /// Tasks of one of the service's revisions, or of all.
    pub(super) fn counts(&self, service: &Service, revision: Option<&str>) -> Counts {
        let mut counts = Counts::default();
        for task in service.tasks.iter().filter_map(|id| self.tasks.get(id)) {
            if revision.is_none_or(|revision| task.is_of(revision)) {
                counts.running += i64::from(task.is_running());
                counts.pending += i64::from(task.is_pending());
            }
        }
        counts
    }

    /// A service as AWS describes it. Without `TAGS` in `include` its tags are left out [D].
    pub(super) fn view_service(&self, service: &Service, with_tags: bool) -> Value {
        let counts = self.counts(service, None);
        let mut view = service.settings.clone();
        view.extend(service.revision.on_service());
        let (mut deployments, mut revisions) = (Vec::new(), Vec::new());
        for (index, deployment) in service.deployments.iter().enumerate() {
            let counts = self.counts(service, Some(&deployment.revision.id));
            deployments.push(deployment.view(index == 0, counts));
            revisions.push(service_deployment::summary(
                &deployment.revision,
                deployment.desired,
                counts,
            ));
        }
        for (member, value) in [
            ("serviceArn", json!(service.arn)),
            ("serviceName", json!(service.key.name)),
            ("clusterArn", json!(service.cluster_arn)),
            ("status", json!(status(service.status))),
            ("desiredCount", json!(service.desired)),
            ("runningCount", json!(counts.running)),
            ("pendingCount", json!(counts.pending)),
            ("deployments", json!(deployments)),
            ("events", json!(service.events)),
            ("createdAt", json!(service.created_at)),
            (
                "createdBy",
                json!(format!("arn:aws:iam::{}:root", arn::account(&service.arn))),
            ),
        ] {
            view.insert(member.to_owned(), value);
        }
        if let Some(current) = service.history.last().filter(|_| !service.is_gone()) {
            view.insert(
                "currentServiceDeployment".into(),
                json!(current.arn(service)),
            );
            view.insert("currentServiceRevisions".into(), json!(revisions));
        }
        if with_tags {
            view.insert("tags".into(), tags::write(&service.tags));
        }
        Value::Object(view)
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "ACTIVE",
        Status::Draining => "DRAINING",
        Status::Inactive => "INACTIVE",
    }
}
