//! User stories: the real binary, under the chart's own rights, on a real Kubernetes control plane, against the simulator.
//! Each test is a fact that users rely on. `make tools` builds what they need.

mod admitting;
mod alerting;
mod allowing;
mod bypassing;
#[path = "../common/charts.rs"]
mod charts;
mod clearing;
mod crashing;
mod creating;
mod deleting;
mod demonstrating;
mod documenting;
#[path = "../common/every_member/mod.rs"]
mod every_member;
mod exemplifying;
mod failing;
mod harness;
mod importing;
mod installing;
mod kubelet;
mod leading;
mod load_balancing;
mod losing;
#[path = "../common/markdown.rs"]
#[allow(dead_code, reason = "each test binary reads what it is about")]
mod markdown;
mod observing;
mod operating;
mod owning;
mod pausing;
mod planning;
mod reaching;
mod rejecting;
#[path = "../common/rejections.rs"]
mod rejections;
mod rolling_out;
mod seeing;
mod staying;
mod sweeping;
mod tracing;
mod trimming;
