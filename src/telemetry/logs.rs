//! Log lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::traces::Traces;

/// kube's own span repeats ours in every line. The SDK's runtime writes requests with their bodies and credentials when it
/// may: it never may. Directives that name a target win over general ones.
const QUIET: &str = "kube_runtime=warn,aws_smithy_runtime=info,aws_smithy_runtime_api=info,aws_smithy_http_client=info,aws_runtime=info,aws_config=info,aws_sdk_ecs=info,aws_sdk_elasticloadbalancingv2=info,hyper=info,hyper_util=info,h2=info,rustls=info,aws_call=off,opentelemetry=info,opentelemetry_sdk=info,opentelemetry_otlp=info";

/// Starts logging: JSON, or text for people, in colour on a terminal only. `directives` were checked when the flags were read.
/// Spans go to `traces` as well, whatever is logged.
pub fn start(json: bool, directives: &str, traces: Option<&Traces>) {
    let filter = EnvFilter::new(format!("{directives},{QUIET}"));
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry();
    if json {
        let lines = lines.json().flatten_event(true);
        let lines = lines.with_current_span(true).with_span_list(false);
        let registry = registry.with(lines.with_filter(filter));
        registry.with(traces.map(Traces::layer)).init();
    } else {
        let registry = registry.with(lines.with_target(false).with_filter(filter));
        registry.with(traces.map(Traces::layer)).init();
    }
}
