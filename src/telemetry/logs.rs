//! Log lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// kube's own span repeats ours in every line. The SDK's runtime writes requests with their bodies and credentials when it
/// may: it never may. Directives that name a target win over general ones.
const QUIET: &str = "kube_runtime=warn,aws_smithy_runtime=info,aws_smithy_runtime_api=info,aws_smithy_http_client=info,aws_runtime=info,aws_config=info,aws_sdk_ecs=info,aws_sdk_elasticloadbalancingv2=info,hyper=info,hyper_util=info,h2=info,rustls=info";

/// Starts logging: JSON, or text for people, in colour on a terminal only. `directives` were checked when the flags were read.
pub fn start(json: bool, directives: &str) {
    let filter = EnvFilter::new(format!("{directives},{QUIET}"));
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    if json {
        let lines = lines.json().flatten_event(true);
        registry
            .with(lines.with_current_span(true).with_span_list(false))
            .init();
    } else {
        registry.with(lines.with_target(false)).init();
    }
}
