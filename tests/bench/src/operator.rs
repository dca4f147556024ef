//! The operator under test: the real program, run as in a pod.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

use crate::{
    Result,
    processes::{Usage, runs, terminate},
};

/// Runs the operator in the background, tells its id, and kills it when the pipe from us closes, however we end.
const WRAPPER: &str =
    r#""$@" </dev/null >"$LOG_FILE" 2>&1 & echo $!; cat >/dev/null; kill -9 $! 2>/dev/null"#;

/// How long no reconcile must have ended for the operator to count as quiet.
const QUIET: Duration = Duration::from_secs(2);

/// How an operator is run.
pub struct Launch<'a> {
    /// The program.
    pub program: &'a Path,
    /// A kubeconfig with the token of the chart's ServiceAccount.
    pub kubeconfig: &'a Path,
    /// The simulator.
    pub endpoint: &'a str,
    /// Where its log goes.
    pub log: PathBuf,
    /// More arguments.
    pub arguments: &'a [&'a str],
}

/// A running operator.
pub struct Operator {
    wrapper: Child,
    pid: i32,
    address: SocketAddr,
    started: Instant,
    log: PathBuf,
}

impl Operator {
    /// Starts one.
    pub async fn start(launch: Launch<'_>) -> Result<Self> {
        let address = free_address().await?;
        let started = Instant::now();
        let mut wrapper = Command::new("sh")
            .args(["-c", WRAPPER, "sh"])
            .arg(launch.program)
            .args(["run", "--allow-insecure-endpoint", "--region", "us-east-1"])
            .args(["--cluster-id", "bench", "--log", "warn"])
            .args(["--endpoint-url", launch.endpoint])
            .args(["--listen", &address.to_string()])
            .args(launch.arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LOG_FILE", &launch.log)
            .env("KUBECONFIG", launch.kubeconfig)
            .env("AWS_ACCESS_KEY_ID", crate::rig::ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("sh does not start: {error}"))?;
        let stdout = wrapper.stdout.take().ok_or("its output is not ours")?;
        let line = BufReader::new(stdout).lines().next_line().await;
        let pid = line.ok().flatten().and_then(|line| line.parse().ok());
        Ok(Self {
            wrapper,
            pid: pid.ok_or("the operator did not start")?,
            address,
            started,
            log: launch.log,
        })
    }

    /// Waits until its watches are synced; says how long that took from its start.
    pub async fn ready(&self) -> Result<Duration> {
        let deadline = Duration::from_secs(60);
        while self.started.elapsed() < deadline {
            if let Ok(answer) = self.get("/readyz").await
                && answer.starts_with("HTTP/1.1 200")
            {
                return Ok(self.started.elapsed());
            }
            self.check()?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(format!("the operator is not ready after {deadline:?}"))
    }

    /// Waits until it has nothing to do.
    pub async fn quiet(&self, patience: Duration) -> Result<()> {
        let start = Instant::now();
        let (mut last, mut since) = (self.reconciles().await?, Instant::now());
        while start.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self.reconciles().await?;
            if now != last {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() >= QUIET {
                return Ok(());
            }
        }
        Err(format!("the operator is still busy after {patience:?}"))
    }

    /// Reconciles that have ended.
    pub async fn reconciles(&self) -> Result<f64> {
        let told = self.metrics().await?;
        let lines =
            { told.iter() }.filter(|line| line.starts_with("controller_runtime_reconcile_total{"));
        Ok(lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum())
    }

    /// The series that it tells Prometheus, a line each.
    pub async fn metrics(&self) -> Result<Vec<String>> {
        self.check()?;
        let answer = self
            .get("/metrics")
            .await
            .map_err(|error| format!("the operator's /metrics does not answer: {error}"))?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let series = { body.lines() }.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ok(series.map(str::to_owned).collect())
    }

    /// What it has used.
    pub fn usage(&self) -> Result<Usage> {
        self.check()?;
        Usage::of(self.pid)
    }

    /// Ends it as Kubernetes does.
    pub async fn stop(mut self) -> Result<()> {
        self.check()?;
        terminate(self.pid);
        let asked = Instant::now();
        while runs(self.pid) && asked.elapsed() < Duration::from_secs(15) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let in_time = !runs(self.pid);
        drop(self.wrapper.stdin.take());
        // The wrapper ends when its pipe does.
        let _ = self.wrapper.wait().await;
        if in_time {
            Ok(())
        } else {
            Err("the operator does not end 15 s after SIGTERM".to_owned())
        }
    }

    fn check(&self) -> Result<()> {
        if runs(self.pid) {
            return Ok(());
        }
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last = log.lines().last().unwrap_or("it said nothing");
        Err(format!("the operator ended by itself: {last}"))
    }

    async fn get(&self, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

/// An address that is free now: the operator does not tell which one it chose.
async fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await;
    listener
        .and_then(|listener| listener.local_addr())
        .map_err(|error| format!("127.0.0.1 has no free port: {error}"))
}
