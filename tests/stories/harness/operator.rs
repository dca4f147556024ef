//! The real binary, as the chart would run it.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc,
};

use super::{account::Account, control_plane::signal, waiting::DEADLINE};

/// Runs a command, tells its process id and then its exit code; kills it when standard input closes: when this process
/// dies, however that happens, the operator dies too.
const LEASH: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null & operator=$!
echo $operator
{ cat <&3; kill -KILL $operator; } >/dev/null 2>&1 &
wait $operator
echo $?
"#;

/// What a kubelet does for a container, in a mount namespace of its own: the ServiceAccount's files are where every Pod has
/// them. Then it runs a command in this very process.
const CONTAINED: &str = r#"
mount -t tmpfs tmpfs /var/run
mkdir -p /var/run/secrets/kubernetes.io
cp -R "$0" /var/run/secrets/kubernetes.io/serviceaccount
exec "$@"
"#;

/// A shell that runs the operator behind these words, and ends it when this process ends.
fn leashed(prefix: &[String]) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", LEASH, "sh"]).args(prefix);
    shell.args([env!("CARGO_BIN_EXE_ecs-operator"), "run"]);
    shell
}

/// The options of unshare that let this user mount, if the machine lets any.
fn unshare() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    ways.into_iter().find(|way| {
        let mut mount = Command::new("unshare");
        mount
            .args(*way)
            .args(["mount", "-t", "tmpfs", "tmpfs", "/var/run"]);
        mount.output().is_ok_and(|said| said.status.success())
    })
}

/// A running operator.
pub struct Operator {
    shell: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    pid: String,
    log: PathBuf,
}

impl Operator {
    /// Starts it with a kubeconfig and further flags.
    pub fn start(
        kubeconfig: &Path,
        log: PathBuf,
        flags: &[String],
        env: &[(String, String)],
    ) -> Self {
        let mut shell = leashed(&[]);
        shell
            .args(flags)
            .env("KUBECONFIG", kubeconfig)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "secret-canary-of-the-operator")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(env.iter().cloned());
        Self::spawn(shell, log)
    }

    /// Starts it as a kubelet starts a container, with these variables and no others, and with its account where Pods have it.
    /// Where the machine lets nobody mount, as `start` does, with the account in a kubeconfig.
    pub fn start_contained(
        account: &Account,
        log: PathBuf,
        flags: &[String],
        env: &[(String, String)],
    ) -> Self {
        let Some(unshare) = unshare() else {
            eprintln!("nothing can be mounted here: the Pod finds its account in a kubeconfig");
            return Self::start(&account.kubeconfig, log, flags, env);
        };
        let files = account.files().display().to_string();
        let (host, port) = account.server();
        let mut prefix: Vec<String> = ["unshare"]
            .iter()
            .chain(unshare)
            .map(|&word| word.to_owned())
            .collect();
        prefix.extend(["sh", "-euc", CONTAINED, &files, "env", "-i"].map(str::to_owned));
        prefix.push(format!("KUBERNETES_SERVICE_HOST={host}"));
        prefix.push(format!("KUBERNETES_SERVICE_PORT={port}"));
        prefix.extend(env.iter().map(|(name, value)| format!("{name}={value}")));
        let mut shell = leashed(&prefix);
        shell.args(flags);
        Self::spawn(shell, log)
    }

    fn spawn(mut shell: Command, log: PathBuf) -> Self {
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("the log can be written");
        let mut shell = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .expect("sh runs");
        let stdin = shell.stdin.take();
        let mut stdout = BufReader::new(shell.stdout.take().expect("piped"));
        let pid = line(&mut stdout).expect("sh tells the process id");
        Self {
            shell,
            stdin,
            stdout,
            pid,
            log,
        }
    }

    /// SIGKILL; waits for the end.
    pub fn kill(mut self) {
        self.end();
    }

    /// SIGTERM; waits for the end and returns the exit code: that of SIGKILL when there was no end within the deadline.
    pub fn terminate(mut self) -> Option<i32> {
        let stdin = self.stdin.take();
        let (ended, end) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            let _ = end.recv_timeout(DEADLINE);
            drop(stdin);
        });
        let _ = signal("TERM", &self.pid);
        let code = line(&mut self.stdout)?.parse().ok();
        drop(ended);
        code
    }

    /// Its process id.
    pub fn pid(&self) -> &str {
        &self.pid
    }

    /// What it logged so far.
    pub fn logs(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn end(&mut self) {
        drop(self.stdin.take());
        let _ = self.shell.wait();
    }
}

fn line(stdout: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut line = String::new();
    stdout
        .read_line(&mut line)
        .ok()
        .filter(|bytes| *bytes > 0)?;
    Some(line.trim().to_owned())
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.end();
    }
}
