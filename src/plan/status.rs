//! AWS's words for how a cluster or a service stands. What AWS adds one day is shown as it is, and nothing is done upon it.

use super::Plan;
use crate::{api::condition::Reason, model::observed::Resource};

/// Statuses of a cluster (Cluster, member status).
pub const CLUSTER: [&str; 5] = [
    "ACTIVE",
    "PROVISIONING",
    "DEPROVISIONING",
    "FAILED",
    "INACTIVE",
];

/// Statuses of a service (Service, member status).
pub const SERVICE: [&str; 3] = ["ACTIVE", "DRAINING", "INACTIVE"];

/// The status of what was seen, if it is none of those that are known.
pub fn unknown_status<'a>(seen: &'a Resource, known: &[&str]) -> Option<&'a str> {
    seen.text("status").filter(|status| !known.contains(status))
}

/// No step, until AWS says something that we know.
pub fn wait_for_known(what: &str, name: &str, status: &str) -> Plan {
    Plan::waiting(
        Reason::Updating,
        format!(
            "AWS says the {what} \"{name}\" is {status}, which this version of the operator does not know: nothing is changed until that is over"
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        desired::testing::{WEB, installation, spec},
        model::{declared::Paths, observed},
        plan::{
            State, cluster, delete,
            rollout::{self, History},
            service,
            service_tests::{TD1, TD2, balanced, declared, steady},
        },
    };

    /// What is planned for a changed service that AWS says is so.
    fn of_service(status: &str) -> [Plan; 2] {
        let before = declared(balanced(), TD1);
        let mut seen = steady(&before);
        let members = &mut seen.service.as_mut().unwrap().members;
        members.insert("status".into(), json!(status));
        let mut wanted = balanced();
        wanted["tags"] = json!({"team": "a"});
        wanted["loadBalancers"][0]["targetGroup"]["healthCheckPath"] = json!("/ready");
        let wanted = declared(wanted, TD2);
        [
            service::plan(&wanted, &seen, &History::default()),
            delete::service(&wanted.target, &seen, |_| false),
        ]
    }

    /// What is planned for a changed cluster that AWS says is so.
    fn of_cluster(status: &str) -> [Plan; 2] {
        let wanted = json!({"capacityProviders": ["FARGATE"], "settings": [{"name": "containerInsights", "value": "enabled"}], "tags": {"team": "a"}});
        let wanted =
            crate::desired::cluster::desired(WEB, &spec(wanted), None, &installation()).unwrap();
        let members = json!({"clusterName": "team-web", "clusterArn": "arn:c", "status": status});
        let seen = Resource {
            members: members.as_object().unwrap().clone(),
            tags: wanted.target.owner.tags(),
        };
        let planned = cluster::plan(&wanted, Some(&seen), None, &Paths::new());
        let seen = observed::Cluster {
            cluster: Some(seen),
            services: Vec::new(),
        };
        [planned, delete::cluster(&wanted.target, &seen, false)]
    }

    #[test]
    fn nothing_is_done_upon_a_status_that_aws_added() {
        for plan in [of_service("HIBERNATING"), of_cluster("HIBERNATING")]
            .iter()
            .flatten()
        {
            assert_eq!((&plan.steps, &plan.changes), (&vec![], &vec![]));
            assert!(
                matches!(&plan.state, State::Waiting(_, why) if why.contains("HIBERNATING")),
                "{plan:?}"
            );
        }
        for plan in [of_service("ACTIVE"), of_cluster("ACTIVE")]
            .iter()
            .flatten()
        {
            assert!(!plan.steps.is_empty(), "{plan:?}");
        }
    }

    #[test]
    fn rollout_in_a_state_that_aws_added_is_waited_for_in_its_word() {
        let desired = declared(balanced(), TD1);
        let mut seen = steady(&desired);
        let service = seen.service.as_mut().unwrap();
        service.members["deployments"][0]["rolloutState"] = json!("HIBERNATING");
        let plan = service::plan(&desired, &seen, &History::default());
        assert!(plan.steps.is_empty(), "{plan:?}");
        assert!(
            matches!(&plan.state, State::Waiting(Reason::RolloutInProgress, why) if why.contains("is HIBERNATING: 2 of 2")),
            "{plan:?}"
        );
    }

    #[test]
    fn only_known_words_say_that_a_deployment_was_given_up() {
        for (status, is_given_up) in [
            ("PENDING", false),
            ("IN_PROGRESS", false),
            ("SUCCESSFUL", false),
            ("STOP_REQUESTED", false),
            ("STOPPED", true),
            ("ROLLBACK_REQUESTED", true),
            ("ROLLBACK_IN_PROGRESS", true),
            ("ROLLBACK_SUCCESSFUL", true),
            ("ROLLBACK_FAILED", true),
            ("ROLLBACK_HIBERNATING", false),
            ("HIBERNATING", false),
        ] {
            assert_eq!(rollout::is_given_up(status), is_given_up, "{status}");
        }
    }
}
