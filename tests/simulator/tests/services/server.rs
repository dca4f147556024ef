use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use simulator::{Effect, Fault, Options, Outcome, Simulator};

use crate::client::{ELB, authorization};

fn send(port: u16, connection: &str, form: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let (auth, length) = (authorization("test", ELB), form.len());
    let request = format!(
        "POST / HTTP/1.1\r\nhost: aws\r\nconnection: {connection}\r\nauthorization: {auth}\r\ncontent-length: {length}\r\n\r\n{form}"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    stream
}

fn answer(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A cut connection may end in an error; what came before it counts.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn call(port: u16, form: &'static str) -> String {
    tokio::task::spawn_blocking(move || answer(send(port, "close", form)))
        .await
        .expect("no panic")
}

#[tokio::test]
async fn server_answers_cuts_and_truncates() {
    let aws = Simulator::new(Options::default());
    let server = aws.listen(0).await.expect("a server");
    let text = call(server.port, "Action=DescribeTargetGroups").await;
    assert!(
        text.starts_with("HTTP/1.1 200 OK") && text.contains("x-amzn-requestid: "),
        "{text}"
    );
    aws.fault(Fault::new(Effect::Reset).times(1));
    assert_eq!(call(server.port, "Action=DescribeTargetGroups").await, "");
    aws.fault(Fault::new(Effect::Truncate).times(1));
    let text = call(server.port, "Action=DescribeTargetGroups").await;
    assert!(
        text.starts_with("HTTP/1.1 200 OK") && !text.ends_with("Response>"),
        "{text}"
    );
}

#[tokio::test]
async fn client_that_goes_away_ends_its_hanging_call() {
    let aws = Simulator::new(Options::default());
    let server = aws.listen(0).await.expect("a server");
    aws.fault(Fault::new(Effect::Hang).times(1));
    // As an SDK's connection: hyper does not look for the end of one that is to be closed anyway.
    let stream = send(
        server.port,
        "keep-alive",
        "Action=CreateTargetGroup&Name=web&Protocol=HTTP&Port=80&VpcId=v",
    );
    let soon = std::time::Duration::from_secs(10);
    aws.journal_until(soon, |journal| journal.len() == 1)
        .await
        .expect("held");
    drop(stream);
    aws.journal_until(soon, |journal| journal[0].outcome == Outcome::GivenUp)
        .await
        .expect("given up");
    aws.clear_faults();
    let text = call(server.port, "Action=DescribeTargetGroups").await;
    assert!(!text.contains("targetgroup/web"), "{text}");
}

#[tokio::test]
async fn dropped_server_is_gone() {
    let aws = Simulator::new(Options::default());
    let server = aws.listen(0).await.expect("a server");
    let port = server.port;
    drop(server);
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        tokio::task::yield_now().await;
    }
}

fn start(arguments: &[&str]) -> (Child, Vec<String>) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_simulator"));
    let mut child = program
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let output = child.stdout.take().expect("piped");
    let mut lines = Vec::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let ready = line.starts_with("ready ");
        lines.push(line);
        if ready {
            break;
        }
    }
    (child, lines)
}

#[test]
fn program_makes_the_demo_listener_and_ends_with_its_parent() {
    let mut parent = Command::new("cat")
        .stdin(Stdio::piped())
        .spawn()
        .expect("a process");
    let pid = parent.id().to_string();
    let (mut child, lines) = start(&["--with-load-balancer", "--until-exit-of", &pid]);
    let listener = "listener arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/demo/91d1c2634c041279/d9f52e69bafbf5c2";
    assert_eq!(lines[0], listener);
    assert!(lines[1].starts_with("ready http://127.0.0.1:"), "{lines:?}");
    drop(parent.stdin.take());
    parent.wait().expect("it ends");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn program_refuses_a_bad_account() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_simulator"));
    let output = program
        .args(["--account", "12=x"])
        .output()
        .expect("the program");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("account '12' is not twelve digits"));
}
