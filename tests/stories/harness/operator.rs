//! The real binary, as the chart would run it.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use super::control_plane::run;

/// Runs a command until its standard input closes: when this process dies, however, the operator dies too.
const LEASH: &str = r#""$@" & echo $!; cat >/dev/null; kill -KILL $! 2>/dev/null; wait"#;

/// A running operator.
pub struct Operator {
    shell: Child,
    stdin: Option<ChildStdin>,
    pid: String,
    /// Where it logs.
    pub log: PathBuf,
}

impl Operator {
    /// Starts it with a kubeconfig and further flags.
    pub fn start(kubeconfig: &Path, log: PathBuf, access_key: &str, flags: &[String]) -> Self {
        let file = File::options().create(true).append(true).open(&log).expect("the log can be written");
        let mut shell = Command::new("sh")
            .args(["-c", LEASH, "sh", env!("CARGO_BIN_EXE_ecs-operator"), "run"])
            .args(flags)
            .env("KUBECONFIG", kubeconfig)
            .env("AWS_ACCESS_KEY_ID", access_key)
            .env("AWS_SECRET_ACCESS_KEY", "secret-canary-of-the-operator")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env_remove("HTTPS_PROXY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .expect("sh runs");
        let stdin = shell.stdin.take();
        let mut pid = String::new();
        BufReader::new(shell.stdout.take().expect("piped")).read_line(&mut pid).expect("sh tells the process id");
        Self { shell, stdin, pid: pid.trim().to_owned(), log }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.end();
    }

    /// SIGTERM; waits for the end.
    pub fn terminate(mut self) {
        let _ = run(Command::new("kill").args(["-TERM", &self.pid]), "");
        while Path::new("/proc").join(&self.pid).join("stat").exists() && !is_zombie(&self.pid) {
            std::thread::yield_now();
        }
        self.end();
    }

    /// What it logged so far.
    pub fn logs(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn end(&mut self) {
        let _ = run(Command::new("kill").args(["-KILL", &self.pid]), "");
        drop(self.stdin.take());
        let _ = self.shell.wait();
    }
}

fn is_zombie(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with('Z'))
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.end();
    }
}
