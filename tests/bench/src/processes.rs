//! Programs that run beside this one, and what /proc says of them.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::Result;

/// How long the control plane may take to start: 5 s on an idle machine.
const START: Duration = Duration::from_secs(90);

/// What a process has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Seconds of processor time, user and system.
    pub cpu: f64,
    /// Memory now, in MiB.
    pub rss: f64,
    /// Most memory so far, in MiB.
    pub peak: f64,
}

impl Usage {
    /// Of the process with this id.
    pub fn of(pid: i32) -> Result<Self> {
        let read = |file: &str| {
            std::fs::read_to_string(format!("/proc/{pid}/{file}"))
                .map_err(|error| format!("process {pid} is gone ({file}: {error})"))
        };
        let (stat, status) = (read("stat")?, read("status")?);
        // The name, in brackets, may hold spaces: count from behind it. utime and stime are fields 14 and 15 of proc(5).
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kib.map_or(0.0, |kib| kib / 1024.0)
        };
        Ok(Self {
            cpu: ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
            rss: mib("VmRSS:"),
            peak: mib("VmHWM:"),
        })
    }
}

/// Whether a process runs; one that has ended but that nobody has waited for does not.
pub fn runs(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let fields = stat.rsplit(')').next().unwrap_or_default();
        fields.split_whitespace().next() != Some("Z")
    })
}

/// Asks a process to end.
pub fn terminate(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// The control plane with every package optimised, as Kubernetes releases its programs: what it takes is most of what is measured.
pub const CONTROL_PLANE: &str = ".cache/bin/control-plane-optimised";

/// A Kubernetes control plane. It ends with this process, however that ends.
pub struct ControlPlane {
    child: Child,
    /// Where its kubeconfig and its audit log are.
    pub folder: PathBuf,
}

impl ControlPlane {
    /// Starts one and waits until it answers. `environment` is added to ours.
    pub async fn start(folder: &Path, environment: &[(&str, &str)]) -> Result<Self> {
        let mut child = Command::new(CONTROL_PLANE)
            .envs(environment.iter().copied())
            .arg("up")
            .arg("--dir")
            .arg(folder)
            .args(["--keep", "--until-exit-of"])
            .arg(std::process::id().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{CONTROL_PLANE} does not start: {error}"))?;
        let stdout = child.stdout.take().ok_or("its output is not ours")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(START, lines.next_line()).await;
        match line {
            Ok(Ok(Some(line))) if line == "ready" => Ok(Self {
                child,
                folder: folder.to_owned(),
            }),
            Ok(_) => Err("the control plane ended before it was ready".to_owned()),
            Err(_) => Err(format!("the control plane is not ready after {START:?}")),
        }
    }

    /// Its process id.
    pub fn pid(&self) -> Option<i32> {
        self.child.id().and_then(|pid| pid.try_into().ok())
    }

    /// What it has used.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.pid().ok_or("the control plane ended by itself")?)
    }

    /// Ends it and waits until it has removed what it wrote.
    pub async fn stop(mut self) {
        if let Some(pid) = self.pid() {
            terminate(pid);
        }
        // It ends with this process in any case.
        let _ = tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await;
    }
}
