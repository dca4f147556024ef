//! User stories: the real binary, under the chart's own rights, on a real Kubernetes control plane, against the simulator.
//! Each test is a fact that users rely on. `make tools` builds what they need.

mod creating;
mod harness;
