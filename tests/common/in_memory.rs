//! The AWS SDK's requests go straight into the simulator: the real serialisation, signing and error reading, without sockets.

use std::{sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{
        HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use ecs_operator::{
    aws::{Aws, Clients, clients::Settings},
    telemetry::metrics::Metrics,
};
use simulator::{ACCOUNT, Account, Options, REGION, Simulator};
use tokio::sync::watch;

/// The access key of the SDK's test credentials.
const ACCESS_KEY: &str = "ANOTREAL";

#[derive(Clone)]
struct InMemory(Simulator);

impl std::fmt::Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InMemory")
    }
}

impl HttpConnector for InMemory {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let simulator = self.0.clone();
        HttpConnectorFuture::new(async move {
            let lost =
                |what: &str| ConnectorError::io(std::io::Error::other(what.to_owned()).into());
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::other(error.into(), None))?;
            let request =
                request.map(|body| body.bytes().map(<[u8]>::to_vec).unwrap_or_default().into());
            let response = simulator
                .handle(request)
                .await
                .ok_or_else(|| lost("the connection was cut"))?;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// A simulator whose clock moves only by hand.
pub fn simulator() -> Simulator {
    Simulator::new(Options {
        accounts: vec![Account {
            id: ACCOUNT.into(),
            access_key: ACCESS_KEY.into(),
        }],
        ..Options::default()
    })
}

/// AWS in the tests' Region, as a process that has just started has it.
pub async fn aws(simulator: &Simulator) -> Arc<Aws> {
    clients(simulator).await.region(REGION)
}

/// Clients of the simulator.
pub async fn clients(simulator: &Simulator) -> Clients {
    let connector = SharedHttpConnector::new(InMemory(simulator.clone()));
    let settings = Settings {
        endpoint_url: Some("http://simulator.invalid".into()),
        timeout: Duration::from_secs(5),
        limits: false,
        ca_bundle: None,
        http_client: Some(SharedHttpClient::new(http_client_fn(move |_, _| {
            connector.clone()
        }))),
    };
    Clients::new(
        Some(REGION),
        settings,
        watch::channel(false).1,
        Arc::new(Metrics::default()),
    )
    .await
    .expect("no certificates to read")
}
