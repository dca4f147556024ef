//! The real binary, as the chart would run it.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::control_plane::signal;

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
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("the log can be written");
        let mut shell = Command::new("sh")
            .args(["-c", LEASH, "sh", env!("CARGO_BIN_EXE_ecs-operator"), "run"])
            .args(flags)
            .env("KUBECONFIG", kubeconfig)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "secret-canary-of-the-operator")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(env.iter().cloned())
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

    /// SIGTERM; waits for the end and returns the exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let _ = signal("TERM", &self.pid);
        line(&mut self.stdout)?.parse().ok()
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
