//! Roads to AWS: https with a certificate of one's own, through a proxy.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
};

use crate::harness::{control_plane::scratch, objects::*, world::story};

/// Serves https for a host in front of an address: where, and the certificate to trust, as PEM.
async fn https(host: &str, to: String) -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("key and certificate fit");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (acceptor, to) = (acceptor.clone(), to.clone());
            tokio::spawn(async move {
                // A client that does not trust the certificate ends here.
                let mut client = acceptor.accept(client).await?;
                let mut server = TcpStream::connect(to).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (address, made.cert.pem())
}

/// A proxy that leads every CONNECT to one address: its URL, and the hosts that it was asked for.
async fn proxy(to: SocketAddr) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let hosts = asked.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let hosts = hosts.clone();
            tokio::spawn(async move {
                let mut client = BufReader::new(client);
                let (mut request, mut line) = (String::new(), String::new());
                while line != "\r\n" {
                    line.clear();
                    // A client that is killed before its request has ended asks for nothing.
                    if client.read_line(&mut line).await? == 0 {
                        return Err(std::io::ErrorKind::UnexpectedEof.into());
                    }
                    request.push_str(&line);
                }
                let host = request.split_whitespace().nth(1).unwrap_or_default();
                hosts.lock().expect("no panic").push(host.to_owned());
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                let mut server = TcpStream::connect(to).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (url, asked)
}

#[test]
fn aws_is_reached_through_a_proxy_by_https_with_a_certificate_of_ones_own() {
    story("https", |mut world| async move {
        // A name that nobody resolves: only the proxy leads there.
        const HOST: &str = "aws.invalid";
        let simulator = world.endpoint().trim_start_matches("http://").to_owned();
        let (address, certificate) = https(HOST, simulator.trim_end_matches('/').to_owned()).await;
        let (url, asked) = proxy(address).await;
        let bundle = scratch().join("aws.pem");
        std::fs::write(&bundle, certificate).expect("writable");
        world.flags = vec!["--endpoint-url".into(), format!("https://{HOST}")];
        world.env = vec![
            ("HTTPS_PROXY".into(), url),
            ("NO_PROXY".into(), "127.0.0.1".into()),
        ];
        world.apply(&[cluster()]);
        world.start();
        let is_told = |object: &Value| {
            let error = &object["status"]["lastError"]["message"];
            error
                .as_str()
                .is_some_and(|error| error.contains("certificate"))
        };
        world
            .until(
                "EcsCluster",
                "main",
                "not trusting the certificate",
                is_told,
            )
            .await;
        world.kill();
        world
            .env
            .push(("AWS_CA_BUNDLE".into(), bundle.display().to_string()));
        world.start();
        world.until_ready("EcsCluster", "main").await;
        let asked = asked.lock().expect("no panic").clone();
        assert!(
            asked.iter().all(|host| *host == format!("{HOST}:443")),
            "{asked:?}"
        );
        world.check();
    });
}

#[test]
fn credentials_come_from_the_token_of_a_service_account() {
    story("irsa", |mut world| async move {
        let token = scratch().join("irsa-token");
        std::fs::write(&token, "what EKS signs").expect("writable");
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let sts = world.endpoint().to_owned();
        world.env = vec![
            set("AWS_ENDPOINT_URL_STS", &sts),
            set("AWS_ACCESS_KEY_ID", ""),
            set("AWS_SECRET_ACCESS_KEY", ""),
            // As the webhook of EKS sets them in the Pods of an account with the annotation eks.amazonaws.com/role-arn.
            set(
                "AWS_ROLE_ARN",
                "arn:aws:iam::000000000000:role/ecs-operator",
            ),
            set("AWS_WEB_IDENTITY_TOKEN_FILE", &token.display().to_string()),
        ];
        world.start();
        world.apply(&[cluster()]);
        world.until_ready("EcsCluster", "main").await;
        let journal = world.simulator.journal();
        let created = journal
            .iter()
            .find(|entry| entry.operation == "CreateCluster");
        let key = &created.expect("the cluster was created").access_key;
        assert!(key.starts_with("ASIA"), "{key} is no key of a session");
    });
}
