//! Labels that metrics of several sorts have.

use prometheus_client::encoding::EncodeLabelSet;

/// A kind of object, `EcsService` for example.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct Kind {
    /// The kind.
    pub kind: &'static str,
}

/// A controller, `ecsservice` for example.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct Controller {
    /// The controller.
    pub controller: &'static str,
}

/// A work queue, which has the name of its controller.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct Name {
    name: &'static str,
    controller: &'static str,
}

impl Name {
    /// The queue of a controller.
    pub fn of(controller: &'static str) -> Self {
        Self {
            name: controller,
            controller,
        }
    }
}
