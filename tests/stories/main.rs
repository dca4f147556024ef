//! User stories: the real binary, under the chart's own rights, on a real Kubernetes control plane, against the simulator.
//! Each test is a fact that users rely on. `make tools` builds what they need.

mod alerting;
mod clearing;
mod crashing;
mod creating;
mod deleting;
#[path = "../common/every_member/mod.rs"]
mod every_member;
mod failing;
mod harness;
mod importing;
mod load_balancing;
mod losing;
mod observing;
mod operating;
mod owning;
mod planning;
mod rejecting;
#[path = "../common/rejections.rs"]
mod rejections;
mod rolling_out;
mod seeing;
mod staying;
mod sweeping;
mod trimming;
