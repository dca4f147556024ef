//! Log lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// kube's own span repeats ours in every line; directives that name it win over this.
const QUIET: &str = "kube_runtime=warn";

/// Starts logging: JSON, or text for people, in colour on a terminal only. `directives` were checked when the flags were read.
pub fn start(json: bool, directives: &str) {
    let filter = EnvFilter::new(format!("{QUIET},{directives}"));
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
