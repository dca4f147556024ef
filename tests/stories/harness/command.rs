//! The binary's commands that end by themselves, as a person with a kubeconfig and AWS credentials runs them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use simulator::REGION;

use super::World;

/// What a command said.
pub struct Said {
    /// Exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl World {
    /// Runs `ecs-operator` with the administrator's kubeconfig against the story's AWS.
    pub fn ecs_operator(&self, args: &[&str], stdin: &str) -> Said {
        let kubeconfig = self.plane().kubeconfig();
        self.ecs_operator_with(args, stdin, &kubeconfig.display().to_string())
    }

    /// The same with another kubeconfig.
    pub fn ecs_operator_with(&self, args: &[&str], stdin: &str, kubeconfig: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ecs-operator"))
            .args(args)
            .args(["--region", REGION, "--allow-insecure-endpoint"])
            .args(["--endpoint-url", self.endpoint()])
            .env("KUBECONFIG", kubeconfig)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "secret-canary-of-a-person")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        // A command that ends without reading closes the pipe.
        let _ = child
            .stdin
            .take()
            .expect("piped")
            .write_all(stdin.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}
