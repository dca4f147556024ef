//! The namespace of a service's Service Connect, which AWS answers with its ARN: that does not say the name that was declared.

use serde_json::Value;

use super::tags::{self, TagChanges};
use crate::model::{Members, Tags, hash, ownership::NAMESPACE_HASH};

const BLOCK: &str = "serviceConnectConfiguration";

/// The tag that says which namespace was sent by name; none when none is declared so. It is written after the call that sends
/// the name, so that a crash between them sends it again.
pub fn tag(declared: &Members) -> Tags {
    let hash = by_name(declared).map(|name| hash::hex(&[name], 32));
    hash.map(|hash| (NAMESPACE_HASH.to_owned(), hash))
        .into_iter()
        .collect()
}

/// What to change of that tag on a service.
pub fn tag_changes(declared: &Members, observed: &Tags) -> TagChanges {
    let own = observed.get_key_value(NAMESPACE_HASH);
    let own = own.map(|(key, value)| (key.clone(), value.clone()));
    let own: Tags = own.into_iter().collect();
    tags::changes(&tag(declared), &own, &[NAMESPACE_HASH.to_owned()])
}

/// What was seen, in the words of the declaration: the ARN that AWS has for the name that was sent is that name.
pub fn in_words_of(declared: &Members, mut seen: Members) -> Members {
    if let Some(name) = by_name(declared)
        && let Some(namespace) = seen
            .get_mut(BLOCK)
            .and_then(|block| block.get_mut("namespace"))
        && is_arn(namespace)
    {
        *namespace = name.into();
    }
    seen
}

fn by_name(members: &Members) -> Option<&str> {
    let namespace = &members.get(BLOCK)?["namespace"];
    namespace.as_str().filter(|_| !is_arn(namespace))
}

fn is_arn(namespace: &Value) -> bool {
    namespace
        .as_str()
        .is_some_and(|text| text.starts_with("arn:"))
}
