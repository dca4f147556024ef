//! One control plane for all stories: found by `STORIES_KUBECONFIG`, else started; it ends with the process that started it.

use std::{
    fmt::Display,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use kube::{
    Client, Config, Discovery,
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::sync::OnceCell;

pub use crate::charts::{root, tool};

/// A running control plane.
pub struct ControlPlane {
    /// Folder with kubeconfig and audit log.
    pub dir: PathBuf,
    process: Mutex<Option<Child>>,
    kinds: OnceCell<()>,
}

/// A folder for what stories write: kubeconfigs and logs. `tests/chart/rights.rs` finds it afterwards.
pub fn scratch() -> PathBuf {
    static SCRATCH: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let dir = target.join(format!("stories-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("the target folder is writable");
        let last = target.join("stories-last-run");
        std::fs::write(last, dir.display().to_string()).expect("the target folder is writable");
        dir
    };
    SCRATCH.get_or_init(make).clone()
}

impl ControlPlane {
    /// The control plane of this run: all stories share it, a namespace each. It ends by itself when this process does, however that happens.
    pub fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<ControlPlane>> = OnceLock::new();
        let found = |kubeconfig: std::ffi::OsString| Self {
            dir: Path::new(&kubeconfig)
                .parent()
                .expect("a file in a folder")
                .to_owned(),
            process: Mutex::default(),
            kinds: OnceCell::new(),
        };
        let start = || {
            Arc::new(
                std::env::var_os("STORIES_KUBECONFIG")
                    .map_or_else(|| Self::start("control-plane"), found),
            )
        };
        SHARED.get_or_init(start).clone()
    }

    /// Starts one of its own for a story that stops it or changes kinds.
    pub fn start(name: &str) -> Self {
        let this = Self {
            dir: scratch().join(name),
            process: Mutex::default(),
            kinds: OnceCell::new(),
        };
        this.up();
        this
    }

    /// Starts it, anew or on the data that `down` left.
    pub fn up(&self) {
        let mut child = Command::new(tool("control-plane"))
            .args([
                "up",
                "--keep",
                "--until-exit-of",
                &std::process::id().to_string(),
                "--dir",
            ])
            .arg(&self.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the control plane starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("readable");
        if line.trim() != "ready" {
            let mut why = String::new();
            let _ = child.stderr.take().expect("piped").read_to_string(&mut why);
            panic!("the control plane did not start: {line}{why}");
        }
        *self.process.lock().expect("no story panics with it") = Some(child);
    }

    /// SIGTERM, until it is gone; its data stays.
    pub fn down(&self) {
        if let Some(mut child) = self.process.lock().expect("no story panics with it").take() {
            let _ = signal("TERM", child.id());
            let _ = child.wait();
        }
    }

    /// Installs the kinds, once.
    pub async fn install_kinds(&self) {
        self.kinds
            .get_or_init(|| async {
                let crds = root().join("crds").display().to_string();
                self.kubectl(&["apply", "--server-side", "-f", &crds], "");
                self.kubectl(
                    &[
                        "wait",
                        "--for=condition=Established",
                        "--timeout=60s",
                        "-f",
                        &crds,
                    ],
                    "",
                );
                // The API server serves a new kind a moment after saying so.
                let client = self.client().await;
                let served = async {
                    while Discovery::new(client.clone())
                        .run_aggregated()
                        .await
                        .is_ok_and(|found| !found.has_group("ecs-operator.dev"))
                    {
                    }
                };
                tokio::time::timeout(Duration::from_secs(60), served)
                    .await
                    .expect("the kinds are served");
            })
            .await;
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.join("kubeconfig")
    }

    /// A client of the administrator; one a test, because a client belongs to a runtime.
    pub async fn client(&self) -> Client {
        let kubeconfig = Kubeconfig::read_from(self.kubeconfig()).expect("a kubeconfig");
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
            .await
            .expect("a configuration");
        Client::try_from(config).expect("a client")
    }

    /// Runs kubectl as the administrator; returns standard output, panics with standard error.
    pub fn kubectl(&self, args: &[&str], stdin: &str) -> String {
        self.try_kubectl(args, stdin)
            .unwrap_or_else(|error| panic!("kubectl {args:?}: {error}"))
    }

    /// Runs kubectl as the administrator.
    pub fn try_kubectl(&self, args: &[&str], stdin: &str) -> Result<String, String> {
        run(
            Command::new(tool("kubectl"))
                .arg("--kubeconfig")
                .arg(self.kubeconfig())
                .args(args),
            stdin,
        )
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.down();
    }
}

/// Sends a process a signal. By the shell's own `kill`: not every machine has the program.
pub fn signal(name: &str, pid: impl Display) -> Result<String, String> {
    let kill = format!("kill -{name} {pid}");
    run(Command::new("sh").args(["-c", &kill]), "")
}

/// Runs a command to its end: standard output, or standard error when it fails.
pub fn run(command: &mut Command, stdin: &str) -> Result<String, String> {
    use std::io::Write;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    // A command that ends without reading closes the pipe; its exit code says why.
    let _ = child
        .stdin
        .take()
        .expect("piped")
        .write_all(stdin.as_bytes());
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}
