//! Knobs of leader election, with the names that users of client-go's programs know.

use std::{path::Path, time::Duration};

use clap::Args;

use super::values::duration;

/// Where Kubernetes tells a pod its namespace.
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Flags of leader election.
#[derive(Args, Debug)]
pub struct LeaderElection {
    /// Whether replicas elect one that acts, by a Lease; the others watch and wait. Without it: yes in a pod, no elsewhere.
    #[arg(long, env = "ECS_OPERATOR_LEADER_ELECT", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub leader_elect: Option<bool>,
    /// Namespace of the Lease. Without it the pod's own.
    #[arg(long, env = "ECS_OPERATOR_LEADER_ELECT_RESOURCE_NAMESPACE")]
    pub leader_elect_resource_namespace: Option<String>,
    /// Name of the Lease; the same for the replicas of one installation, another for another.
    #[arg(
        long,
        env = "ECS_OPERATOR_LEADER_ELECT_RESOURCE_NAME",
        default_value = "ecs-operator"
    )]
    pub leader_elect_resource_name: String,
    /// How long a leader that is silent is left alone before another replica takes over. Whole seconds.
    #[arg(long, env = "ECS_OPERATOR_LEADER_ELECT_LEASE_DURATION", default_value = "15s", value_parser = duration)]
    pub leader_elect_lease_duration: Duration,
    /// How long a leader that can't renew goes on; shorter than --leader-elect-lease-duration, so that its last calls have ended by then.
    #[arg(long, env = "ECS_OPERATOR_LEADER_ELECT_RENEW_DEADLINE", default_value = "10s", value_parser = duration)]
    pub leader_elect_renew_deadline: Duration,
    /// Time between attempts to become leader or to stay it; a leader that ends in order is replaced within this time.
    #[arg(long, env = "ECS_OPERATOR_LEADER_ELECT_RETRY_PERIOD", default_value = "2s", value_parser = duration)]
    pub leader_elect_retry_period: Duration,
}

impl LeaderElection {
    /// Rules between flags; the error is a sentence.
    pub fn check(&self) -> Result<(), String> {
        let (lease, deadline, retry) = (
            self.leader_elect_lease_duration,
            self.leader_elect_renew_deadline,
            self.leader_elect_retry_period,
        );
        if lease.subsec_millis() != 0 || i32::try_from(lease.as_secs()).is_err() {
            return Err(format!(
                "--leader-elect-lease-duration {lease:?} is not what a Lease can hold. Give whole seconds."
            ));
        }
        if deadline >= lease {
            return Err(format!(
                "--leader-elect-renew-deadline {deadline:?} is not shorter than --leader-elect-lease-duration {lease:?}: two replicas could act at once. Make it shorter."
            ));
        }
        if retry * 2 > deadline {
            return Err(format!(
                "--leader-elect-retry-period {retry:?} leaves less than two attempts in --leader-elect-renew-deadline {deadline:?}. Make it at most half as long."
            ));
        }
        Ok(())
    }

    /// Namespace of the Lease; none: this process is alone. The error is a sentence.
    pub fn namespace(&self) -> Result<Option<String>, String> {
        self.namespace_of(Path::new(NAMESPACE_FILE))
    }

    fn namespace_of(&self, file: &Path) -> Result<Option<String>, String> {
        let own = || std::fs::read_to_string(file).map(|name| name.trim().to_owned());
        match (self.leader_elect, &self.leader_elect_resource_namespace) {
            (Some(false), _) => Ok(None),
            (Some(true), Some(namespace)) => Ok(Some(namespace.clone())),
            (Some(true), None) => own().map(Some).map_err(|error| format!("--leader-elect: the namespace of the Lease is not known: {} can't be read: {error}. Give --leader-elect-resource-namespace.", file.display())),
            (None, namespace) => Ok(own().ok().map(|own| namespace.clone().unwrap_or(own))),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        election: LeaderElection,
    }

    fn flags(args: &[&str]) -> LeaderElection {
        let args = ["x"].iter().chain(args);
        Flags::try_parse_from(args).expect("valid flags").election
    }

    #[test]
    fn pods_elect_and_nobody_else_does_unless_told() {
        let (pod, elsewhere) = (Path::new("Cargo.toml"), Path::new("/nonexistent"));
        let found = |args: &[&str], file| flags(args).namespace_of(file);
        assert!(found(&[], pod).is_ok_and(|namespace| namespace.is_some()));
        assert_eq!(found(&[], elsewhere), Ok(None));
        assert_eq!(found(&["--leader-elect=false"], pod), Ok(None));
        let named = ["--leader-elect", "--leader-elect-resource-namespace", "a"];
        assert_eq!(found(&named, elsewhere), Ok(Some("a".into())));
        assert_eq!(found(&named[1..], pod), Ok(Some("a".into())));
        assert_eq!(found(&named[1..], elsewhere), Ok(None));
        let error = found(&["--leader-elect"], elsewhere).unwrap_err();
        assert!(
            error.contains("/nonexistent") && error.contains("--leader-elect-resource-namespace")
        );
    }

    #[test]
    fn times_that_let_two_replicas_act_are_refused() {
        assert_eq!(flags(&[]).check(), Ok(()));
        for (args, word) in [
            (["--leader-elect-lease-duration", "1500ms"], "whole seconds"),
            (["--leader-elect-renew-deadline", "15s"], "two replicas"),
            (["--leader-elect-retry-period", "6s"], "two attempts"),
        ] {
            let error = flags(&args).check().unwrap_err();
            assert!(error.contains(word) && error.contains(args[0]), "{error}");
        }
    }
}
