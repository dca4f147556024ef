//! The simulator as a program.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::{Value, json};
use simulator::control::ApiCall;
use simulator::{Account, Options, Simulator};
use tokio::signal::unix::{SignalKind, signal};

/// An AWS for tests and demos: ECS, ELBv2, Application Auto Scaling, STS and SQS. `curl URL/_control` tells its levers.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Port on 127.0.0.1; 0: any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Virtual seconds a real second; 0: only by hand.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Apply AWS's published token buckets.
    #[arg(long)]
    throttling: bool,
    /// An account with its access key; repeatable. Default: 000000000000=test.
    #[arg(long = "account", value_name = "ID=KEY", value_parser = account)]
    accounts: Vec<Account>,
    /// A JSON file of calls to make at the start: [{"service": .., "operation": .., "input": {..}}, ..].
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Create the load balancer `demo` with an HTTP listener on port 80 (us-east-1, first account) and print the listener's ARN.
    #[arg(long)]
    with_load_balancer: bool,
    /// End when this process ends.
    #[arg(long, value_name = "PID")]
    until_exit_of: Option<i32>,
}

fn account(text: &str) -> Result<Account, String> {
    let (id, key) = text.split_once('=').ok_or("expected ID=KEY")?;
    if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("account '{id}' is not twelve digits"));
    }
    Ok(Account {
        id: id.to_owned(),
        access_key: key.to_owned(),
    })
}

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("simulator: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), String> {
    let mut options = Options {
        rate: args.rate,
        throttling: args.throttling,
        ..Options::default()
    };
    if !args.accounts.is_empty() {
        options.accounts = args.accounts;
    }
    let account = options.accounts[0].id.clone();
    let simulator = Simulator::new(options);
    if let Some(file) = &args.seed {
        seed(&simulator, file)?;
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| format!("SIGTERM: {e}"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| format!("SIGINT: {e}"))?;
    let server = simulator.listen(args.port).await;
    let server = server.map_err(|e| format!("cannot listen on port {}: {e}", args.port))?;
    if args.with_load_balancer {
        println!("listener {}", demo_listener(&simulator, &account)?);
    }
    println!("ready {}", server.url);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = end_of(args.until_exit_of) => {}
    }
    Ok(())
}

fn seed(simulator: &Simulator, file: &Path) -> Result<(), String> {
    let place = file.display();
    let text = std::fs::read_to_string(file).map_err(|e| format!("{place}: {e}"))?;
    let calls: Vec<ApiCall> = serde_json::from_str(&text).map_err(|e| format!("{place}: {e}"))?;
    for (index, call) in calls.into_iter().enumerate() {
        call.run(simulator)
            .map_err(|e| format!("{place}: call {index}: {}: {}", e.code, e.message))?;
    }
    Ok(())
}

fn demo_listener(simulator: &Simulator, account: &str) -> Result<String, String> {
    let call = |operation: &str, input: Value| {
        let answer = simulator.api(
            account,
            "us-east-1",
            "elasticloadbalancing",
            operation,
            input,
        );
        answer.map_err(|e| format!("{operation}: {}: {}", e.code, e.message))
    };
    let balancer = json!({ "Name": "demo", "Subnets": ["subnet-demo-a", "subnet-demo-b"] });
    let balancer = call("CreateLoadBalancer", balancer)?;
    let not_found = json!({ "StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no such service" });
    let listener = json!({
        "LoadBalancerArn": balancer["LoadBalancers"][0]["LoadBalancerArn"],
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": [{ "Type": "fixed-response", "FixedResponseConfig": not_found }],
    });
    let listener = call("CreateListener", listener)?;
    let arn = listener["Listeners"][0]["ListenerArn"].as_str();
    Ok(arn.expect("CreateListener answers with an ARN").to_owned())
}

/// Resolves when the process has ended; never without one. A thread waits, because a pidfd is no socket.
async fn end_of(pid: Option<i32>) {
    let Some(pid) = pid.and_then(Pid::from_raw) else {
        return std::future::pending().await;
    };
    // No such process: it has ended already.
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    let (ended, wait) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        while poll(&mut [PollFd::new(&process, PollFlags::IN)], None)
            == Err(rustix::io::Errno::INTR)
        {}
        let _ = ended.send(());
    });
    let _ = wait.await;
}
