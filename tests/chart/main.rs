//! The charts as helm renders them, without a cluster; the stories install them on one. `make tools` builds helm,
//! helm-unittest and kubeconform.

#[path = "../common/charts.rs"]
mod charts;
mod conforming;
mod rendering;
mod rights;
mod values;
