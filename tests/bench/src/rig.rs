//! Everything that runs, put together.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use kube::Client;
use serde_json::json;
use simulator::{ACCOUNT, Options, REGION, Server, Simulator};

use crate::{
    Result,
    board::Board,
    chart,
    fleet::{Fleet, Kind},
    operator::{Launch, Operator},
    processes::{ControlPlane, Usage},
    progress,
    requests::AuditLog,
    settings::Settings,
    yardstick,
};

/// The operator's access key, by which its calls are told from others in the journal.
pub const ACCESS_KEY: &str = "test";

/// How long the API server takes to have done what it was asked for: the documentation of all kinds is made late.
const SETTLED: Duration = Duration::from_secs(5);

/// Everything that runs, except the operator.
pub struct Rig {
    /// What is asked for.
    pub settings: Settings,
    /// AWS.
    pub simulator: Simulator,
    /// Its virtual seconds a real second, now.
    pub rate: f64,
    /// Kubernetes, with all rights.
    pub client: Client,
    /// What is seen there.
    pub board: Board,
    /// What the operator asks there.
    pub audit: AuditLog,
    control_plane: ControlPlane,
    server: Server,
    folder: PathBuf,
    /// The API server's memory in MiB before and after it learned of the CustomResourceDefinitions.
    pub memory: (f64, f64),
    operators: usize,
}

impl Rig {
    /// Starts everything in `folder`.
    pub async fn start(settings: &Settings, folder: &Path) -> Result<Self> {
        progress("starting the control plane and the simulator");
        let simulator = Simulator::new(Options {
            rate: settings.rate,
            ..Options::default()
        });
        let server = simulator.listen(0).await;
        let server = server.map_err(|error| format!("the simulator can't listen: {error}"))?;
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("{} can't be made: {error}", folder.display()))?;
        let memory = memory_of_definitions(&folder.join("memory")).await?;
        let control_plane = ControlPlane::start(&folder.join("control-plane"), &[]).await?;
        let admin = control_plane.folder.join("kubeconfig");
        let client = chart::client(&admin).await?;
        let account = chart::install(&client).await?;
        yardstick::create(&client).await?;
        tokio::time::sleep(SETTLED).await;
        chart::kubeconfig(
            &client,
            &account,
            &admin,
            &folder.join("operator.kubeconfig"),
        )
        .await?;
        Ok(Self {
            settings: settings.clone(),
            rate: settings.rate,
            board: Board::watch(&client),
            audit: AuditLog::new(&control_plane.folder, chart::user(&account)),
            memory,
            simulator,
            client,
            control_plane,
            server,
            folder: folder.to_owned(),
            operators: 0,
        })
    }

    /// Starts an operator.
    pub async fn operator(&mut self, arguments: &[&str]) -> Result<Operator> {
        self.operators += 1;
        Operator::start(Launch {
            program: &self.settings.operator,
            kubeconfig: &self.folder.join("operator.kubeconfig"),
            endpoint: &self.server.url,
            log: self.folder.join(format!("operator-{}.log", self.operators)),
            arguments,
        })
        .await
    }

    /// A namespace with a cluster that is Ready, and no services yet.
    pub async fn fleet(&self, namespace: &'static str, count: usize) -> Result<Fleet> {
        let fleet = Fleet::new(&self.client, namespace, count, self.settings.containers).await?;
        let patience = Duration::from_secs(60);
        self.board
            .ready((Kind::Cluster, namespace), 0, 1, patience)
            .await?;
        Ok(fleet)
    }

    /// Lets virtual time run otherwise.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
        self.simulator.set_rate(rate);
    }

    /// Deployments that ECS has started for the services of a fleet so far.
    pub fn deployments(&self, fleet: &Fleet) -> Result<usize> {
        let mut count = 0;
        for name in fleet.names() {
            let input = json!({
                "cluster": format!("{}-main", fleet.namespace),
                "service": format!("{}-{name}", fleet.namespace),
            });
            let answer = self
                .simulator
                .api(ACCOUNT, REGION, "ecs", "ListServiceDeployments", input)
                .map_err(|error| format!("ListServiceDeployments: {}", error.message))?;
            count += answer["serviceDeployments"].as_array().map_or(0, Vec::len);
        }
        Ok(count)
    }

    /// What the control plane has used.
    pub fn control_plane_usage(&self) -> Result<Usage> {
        self.control_plane.usage()
    }

    /// Ends everything.
    pub async fn stop(self) {
        self.control_plane.stop().await;
    }
}

/// An API server's memory in MiB without and with the CustomResourceDefinitions, of a control plane of its own, which collects
/// garbage as a kube-apiserver does: the one that is measured with lets it gather.
async fn memory_of_definitions(folder: &Path) -> Result<(f64, f64)> {
    let control_plane = ControlPlane::start(folder, &[("GOGC", "100")]).await?;
    let client = chart::client(&control_plane.folder.join("kubeconfig")).await?;
    // What starting costs must not count for the definitions.
    tokio::time::sleep(SETTLED).await;
    let before = control_plane.usage()?.rss;
    chart::install(&client).await?;
    tokio::time::sleep(SETTLED).await;
    let after = control_plane.usage()?.rss;
    control_plane.stop().await;
    Ok((before, after))
}
