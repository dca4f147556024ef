//! Every knob, with unit and default, as flag and environment variable.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

pub mod iam_policy;
pub mod leader_election;
pub mod values;

use self::values::{cluster_id, directives, duration, endpoint, is_namespace, region};

/// Turns custom resources into Amazon ECS clusters, task definitions, services and target groups, and keeps them so.
#[derive(Debug, Parser)]
#[command(name = "ecs-operator", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the operator.
    Run(Box<Run>),
    /// Writes minimal manifests for what exists: in files of task definitions and services, or in AWS.
    Import(Import),
    /// Says what the operator would do in AWS for manifests or for the objects of a Kubernetes cluster. Exit code: 0 in
    /// sync, 2 changes, 1 something can't be planned or needs somebody.
    Plan(Plan),
    /// Prints the IAM policy of the operator's AWS role: every action that it calls and none else.
    IamPolicy(iam_policy::IamPolicy),
    /// Prints the CustomResourceDefinitions as YAML.
    Crds,
    /// Prints the version.
    Version,
}

/// Flags of `run`.
#[derive(Args, Debug)]
pub struct Run {
    /// AWS Region of objects that name none. Without it the SDK's own sources are asked (AWS_REGION, profile, instance).
    #[arg(long, env = "ECS_OPERATOR_REGION", value_parser = region)]
    pub region: Option<String>,
    /// Another endpoint than AWS's, for ECS and Elastic Load Balancing; https unless --allow-insecure-endpoint. For credentials by STS
    /// there is AWS_ENDPOINT_URL_STS.
    #[arg(long, env = "ECS_OPERATOR_ENDPOINT_URL")]
    pub endpoint_url: Option<String>,
    /// Lets --endpoint-url be http, for simulators.
    #[arg(long, env = "ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT")]
    pub allow_insecure_endpoint: bool,
    /// Namespace to watch; repeat it for several. Without it all are watched, which needs cluster-wide rights.
    #[arg(
        long = "watch-namespace",
        env = "ECS_OPERATOR_WATCH_NAMESPACE",
        value_delimiter = ','
    )]
    pub watch_namespaces: Vec<String>,
    /// Identity of this Kubernetes cluster in ownership tags. Without it the UID of the namespace kube-system, which needs the right to get it.
    #[arg(long, env = "ECS_OPERATOR_CLUSTER_ID", value_parser = cluster_id)]
    pub cluster_id: Option<String>,
    /// Objects of a kind that are reconciled at the same time. Each takes up to half a megabyte of memory meanwhile.
    #[arg(long, env = "ECS_OPERATOR_CONCURRENCY", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrency: u16,
    /// Time between looks at a steady object, for drift. With a unit: 500ms, 30s, 5m.
    #[arg(long, env = "ECS_OPERATOR_DRIFT_PERIOD", default_value = "5m", value_parser = duration)]
    pub drift_period: Duration,
    /// Time between looks at an object that is on its way: rolling out, draining, being created. The first look after a change comes
    /// after a tenth of it.
    #[arg(long, env = "ECS_OPERATOR_POLL_PERIOD", default_value = "5s", value_parser = duration)]
    pub poll_period: Duration,
    /// First wait after a failed AWS or Kubernetes call; it doubles with every failure up to --retry-max, with jitter.
    #[arg(long, env = "ECS_OPERATOR_RETRY_MIN", default_value = "1s", value_parser = duration)]
    pub retry_min: Duration,
    /// Longest wait after failed calls, and the wait of objects that need somebody (access denied, not owned, conflict).
    #[arg(long, env = "ECS_OPERATOR_RETRY_MAX", default_value = "5m", value_parser = duration)]
    pub retry_max: Duration,
    /// Longest time for one AWS call.
    #[arg(long, env = "ECS_OPERATOR_AWS_TIMEOUT", default_value = "15s", value_parser = duration)]
    pub aws_timeout: Duration,
    /// Does not wait for tokens of AWS's published buckets before calls; for simulators.
    #[arg(long, env = "ECS_OPERATOR_NO_RATE_LIMITS")]
    pub no_rate_limits: bool,
    /// PEM file with the only certificates that AWS endpoints may have. Without it the system's.
    #[arg(long, env = "AWS_CA_BUNDLE")]
    pub ca_bundle: Option<PathBuf>,
    /// Which of several replicas acts.
    #[command(flatten)]
    pub leader_election: leader_election::LeaderElection,
    /// Address of /metrics, /healthz and /readyz.
    #[arg(long, env = "ECS_OPERATOR_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,
    /// Collector of OpenTelemetry traces (OTLP, HTTP with protobuf), for example http://collector:4318. Without it nothing is traced.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Form of log lines.
    #[arg(long, env = "ECS_OPERATOR_LOG_FORMAT", default_value = "json")]
    pub log_format: LogFormat,
    /// What is logged: error, warn, info, debug, trace, or directives such as ecs_operator=debug.
    #[arg(long, env = "ECS_OPERATOR_LOG", default_value = "info", value_parser = directives)]
    pub log: String,
}

/// Flags of commands that read AWS once.
#[derive(Args, Clone, Debug)]
pub struct Aws {
    /// AWS Region. Without it the SDK's own sources are asked (AWS_REGION, profile, instance).
    #[arg(long, env = "ECS_OPERATOR_REGION", value_parser = region)]
    pub region: Option<String>,
    /// Another endpoint than AWS's, for ECS and Elastic Load Balancing; https unless --allow-insecure-endpoint. For credentials by STS
    /// there is AWS_ENDPOINT_URL_STS.
    #[arg(long, env = "ECS_OPERATOR_ENDPOINT_URL")]
    pub endpoint_url: Option<String>,
    /// Lets --endpoint-url be http, for simulators.
    #[arg(long, env = "ECS_OPERATOR_ALLOW_INSECURE_ENDPOINT")]
    pub allow_insecure_endpoint: bool,
    /// Longest time for one AWS call. With a unit: 500ms, 30s, 5m.
    #[arg(long, env = "ECS_OPERATOR_AWS_TIMEOUT", default_value = "15s", value_parser = duration)]
    pub aws_timeout: Duration,
    /// PEM file with the only certificates that AWS endpoints may have. Without it the system's.
    #[arg(long, env = "AWS_CA_BUNDLE")]
    pub ca_bundle: Option<PathBuf>,
}

/// Flags of `import`.
#[derive(Args, Debug)]
pub struct Import {
    /// JSON file of task definitions, services or clusters: as AWS prints or takes it, a CLI skeleton, or as ecspresso
    /// and the GitHub Action keep it. A folder stands for its .json files, - for standard input. Can be repeated.
    #[arg(short = 'f', long = "file", required_unless_present = "cluster", conflicts_with_all = ["services", "all"])]
    pub files: Vec<PathBuf>,
    /// ECS cluster to read from AWS. With --file: the cluster of services that name none.
    #[arg(long)]
    pub cluster: Option<String>,
    /// Service of the cluster to read; repeat it for several.
    #[arg(long = "service", conflicts_with = "all")]
    pub services: Vec<String>,
    /// Reads every service of the cluster.
    #[arg(long)]
    pub all: bool,
    /// Namespace of the manifests. Without it none is written, and consent tags name the namespace default.
    #[arg(short = 'n', long)]
    pub namespace: Option<String>,
    /// Where AWS is.
    #[command(flatten)]
    pub aws: Aws,
}

/// Flags of `plan`.
#[derive(Args, Debug)]
pub struct Plan {
    /// Manifest, folder of manifests, or - for standard input; repeat it for several. Without it the live objects are planned.
    #[arg(short = 'f', long = "file")]
    pub files: Vec<PathBuf>,
    /// Namespace of the live objects, and of manifests that name none. Without it the kubeconfig's.
    #[arg(short = 'n', long)]
    pub namespace: Option<String>,
    /// Plans the live objects of every namespace.
    #[arg(long, conflicts_with_all = ["namespace", "files"])]
    pub all: bool,
    /// Form of the plan.
    #[arg(short = 'o', long, default_value = "text")]
    pub output: Output,
    /// The operator's --cluster-id. Without it the UID of the namespace kube-system.
    #[arg(long, env = "ECS_OPERATOR_CLUSTER_ID", value_parser = cluster_id)]
    pub cluster_id: Option<String>,
    /// Where AWS is.
    #[command(flatten)]
    pub aws: Aws,
}

/// Form of a plan.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Run {
    /// Rules between flags; the error is a sentence.
    pub fn check(&self) -> Result<(), String> {
        endpoint(self.endpoint_url.as_deref(), self.allow_insecure_endpoint)?;
        self.leader_election.check()?;
        if self.retry_min > self.retry_max {
            return Err(format!(
                "--retry-min {:?} is longer than --retry-max {:?}. Make it shorter.",
                self.retry_min, self.retry_max
            ));
        }
        if let Some(bad) = { self.watch_namespaces.iter() }.find(|name| !is_namespace(name)) {
            return Err(format!(
                "--watch-namespace {bad:?} is no namespace. Name one, or leave the flag out to watch all."
            ));
        }
        if !self.watch_namespaces.is_empty() && self.cluster_id.is_none() {
            return Err("--watch-namespace needs --cluster-id: with rights in namespaces only, the UID of kube-system cannot be read. Give it an identity of this cluster that never changes.".into());
        }
        Ok(())
    }
}

impl Aws {
    /// Rules between flags; the error is a sentence.
    pub fn check(&self) -> Result<(), String> {
        endpoint(self.endpoint_url.as_deref(), self.allow_insecure_endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str]) -> Result<Box<Run>, String> {
        let cli = Cli::try_parse_from(["ecs-operator", "run"].iter().chain(args))
            .map_err(|error| error.to_string())?;
        let Command::Run(run) = cli.command else {
            unreachable!("run was given")
        };
        run.check().map(|()| run)
    }

    #[test]
    fn defaults_are_valid() {
        let run = run(&[]).unwrap();
        assert_eq!(
            (run.drift_period, run.poll_period),
            (Duration::from_secs(300), Duration::from_secs(5))
        );
    }

    #[test]
    fn bad_flags_end_with_a_sentence_that_names_flag_and_value() {
        let cases: [(&[&str], &[&str]); 14] = [
            (
                &["--drift-period", "5"],
                &["--drift-period", "\"5\"", "30s"],
            ),
            (&["--drift-period", "0s"], &["--drift-period", "\"0s\""]),
            (
                &["--poll-period", "99999999999999999999s"],
                &["--poll-period"],
            ),
            (
                &["--endpoint-url", "http://x"],
                &["--endpoint-url", "http://x", "--allow-insecure-endpoint"],
            ),
            (
                &["--endpoint-url", "x"],
                &["--endpoint-url", "\"x\"", "https://"],
            ),
            (
                &["--endpoint-url", "https://"],
                &["--endpoint-url", "\"https://\""],
            ),
            (
                &["--endpoint-url", "https://a b"],
                &["--endpoint-url", "\"https://a b\""],
            ),
            (
                &["--endpoint-url", "ftp://a"],
                &["--endpoint-url", "\"ftp://a\""],
            ),
            (&["--region", ""], &["--region", "eu-west-1"]),
            (
                &["--watch-namespace", "Not Valid!", "--cluster-id", "a"],
                &["--watch-namespace", "\"Not Valid!\""],
            ),
            (
                &["--watch-namespace", "a,,b", "--cluster-id", "a"],
                &["--watch-namespace", "\"\""],
            ),
            (&["--retry-min", "10m"], &["--retry-min", "--retry-max"]),
            (
                &["--watch-namespace", "a"],
                &["--watch-namespace", "--cluster-id"],
            ),
            (&["--cluster-id", "a/b"], &["--cluster-id", "a/b"]),
        ];
        for (args, words) in cases {
            let error = run(args).unwrap_err();
            assert!(
                words.iter().all(|word| error.contains(word)),
                "{args:?}: {error}"
            );
        }
    }

    #[test]
    fn commands_that_read_once_want_to_know_what() {
        let parse = |args: &[&str]| Cli::try_parse_from(["ecs-operator"].iter().chain(args));
        for good in [
            &["import", "-f", "a.json", "-f", "-", "--cluster", "main"][..],
            &[
                "import",
                "--cluster",
                "main",
                "--service",
                "a",
                "--service",
                "b",
            ],
            &["import", "--cluster", "main", "--all", "-n", "team"],
            &["plan"],
            &["plan", "-f", "a.yaml", "-n", "team", "-o", "json"],
            &["plan", "--all"],
        ] {
            assert!(parse(good).is_ok(), "{good:?}");
        }
        for bad in [
            &["import"][..],
            &["import", "--all"],
            &["import", "-f", "a.json", "--all"],
            &["import", "--cluster", "main", "--all", "--service", "a"],
            &["plan", "--all", "-f", "a.yaml"],
            &["plan", "-o", "yaml"],
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
