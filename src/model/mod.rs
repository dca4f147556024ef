//! Small words of ours: names and their limits, ownership, hashes, and what was seen in AWS.
//!
//! Values only: no client, no clock, no AWS SDK.

pub mod absent;
pub mod arn;
pub mod content;
pub mod declared;
pub mod defaults;
pub mod hash;
pub mod name;
pub mod observed;
pub mod ownership;
pub mod rule;
pub mod service;
pub mod target_group;
pub mod text;

/// The members of an AWS structure as JSON, by the API's own camelCase names.
///
/// ECS members go from the object to the call in this form, so that a member that is added to `api/` needs no mapping.
pub type Members = serde_json::Map<String, serde_json::Value>;

/// AWS tags by key.
pub type Tags = std::collections::BTreeMap<String, String>;

/// This installation of the operator: what every desired state depends on besides the objects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Installation {
    /// Identity of the Kubernetes cluster: part of every ownership tag.
    pub cluster_id: String,
    /// Region of objects that name none.
    pub region: String,
}
