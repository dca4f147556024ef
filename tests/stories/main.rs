//! User stories: the real binary, under the chart's own rights, on a real Kubernetes control plane, against the simulator.
//! Each test is a fact that users rely on. `make tools` builds what they need.

mod crashing;
mod creating;
mod deleting;
mod failing;
mod harness;
mod load_balancing;
mod losing;
mod operating;
mod owning;
mod rolling_out;
mod seeing;
mod staying;
mod sweeping;
mod trimming;
