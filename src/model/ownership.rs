//! Whose AWS resource it is. Proved by tags on the AWS side, never by a name or by anything in Kubernetes.

use super::Tags;

/// Tag: identity of the Kubernetes cluster.
pub const CLUSTER_ID: &str = "ecs-operator.dev/cluster-id";
/// Tag: namespace of the object.
pub const NAMESPACE: &str = "ecs-operator.dev/namespace";
/// Tag: name of the object.
pub const NAME: &str = "ecs-operator.dev/name";
/// Tag: UID of the object, so that an object of the same name that comes later is told from it.
pub const UID: &str = "ecs-operator.dev/uid";
/// Tag on a task definition revision: hash of the declared content.
pub const HASH: &str = "ecs-operator.dev/hash";
/// Tag on a cluster or service: hash of the declared namespace of Service Connect. AWS answers a name with an ARN, which does not say the name.
pub const NAMESPACE_HASH: &str = "ecs-operator.dev/service-connect-namespace";
/// Tag on a listener rule: check value of the declared client secrets, which ELBv2 never shows.
pub const CLIENT_SECRET: &str = "ecs-operator.dev/client-secret";
/// Tag that somebody with AWS rights puts on a resource: `<cluster-id or any>/<namespace>/<name>` may adopt it.
/// (AWS takes no `*` in a tag's value; see its pattern in the ECS model.)
pub const ADOPT: &str = "ecs-operator.dev/adopt";
/// In the adoption tag: any Kubernetes cluster. No cluster may be called so.
pub const ANY: &str = "any";
/// Tombstone: the object was deleted with `Retain`; the same namespace and name may take the resource back.
pub const RETAINED: &str = "ecs-operator.dev/retained";

/// Every tag of ours begins with it.
pub const PREFIX: &str = "ecs-operator.dev/";

/// The object that owns an AWS resource.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owner {
    /// Identity of the Kubernetes cluster.
    pub cluster_id: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// UID of the object.
    pub uid: String,
}

/// What the tags of an AWS resource say to an owner.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claim {
    /// It is the owner's.
    Ours,
    /// It was retained by an earlier object of the same namespace and name, or its adoption is consented to: put the owner's tags on it first.
    Available,
    /// It is somebody else's, in words for a person.
    Foreign(String),
}

impl Owner {
    /// The tags that prove ownership.
    pub fn tags(&self) -> Tags {
        [
            (CLUSTER_ID, &self.cluster_id),
            (NAMESPACE, &self.namespace),
            (NAME, &self.name),
            (UID, &self.uid),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
    }

    /// Whose the resource with these tags is.
    pub fn claim(&self, tags: &Tags) -> Claim {
        let tag = |key: &str| tags.get(key).map(String::as_str);
        let same_name = tag(CLUSTER_ID) == Some(&self.cluster_id)
            && tag(NAMESPACE) == Some(&self.namespace)
            && tag(NAME) == Some(&self.name);
        match (same_name, tag(UID)) {
            (true, Some(uid)) if uid == self.uid => Claim::Ours,
            (true, _) if tags.contains_key(RETAINED) || self.is_consented(tag(ADOPT)) => {
                Claim::Available
            }
            (true, uid) => Claim::Foreign(format!(
                "it belongs to an earlier object {}/{} (UID {})",
                self.namespace,
                self.name,
                uid.unwrap_or("missing")
            )),
            (false, _) if tag(CLUSTER_ID).is_some() => Claim::Foreign(format!(
                "it belongs to {}/{} of Kubernetes cluster {}",
                tag(NAMESPACE).unwrap_or("?"),
                tag(NAME).unwrap_or("?"),
                tag(CLUSTER_ID).unwrap_or("?")
            )),
            (false, _) if self.is_consented(tag(ADOPT)) => Claim::Available,
            (false, _) => {
                Claim::Foreign("it carries no ownership tags of this operator".to_owned())
            }
        }
    }

    /// Whether an earlier object of the same namespace and name left the resource with these tags behind, with a tombstone.
    pub fn has_left(&self, tags: &Tags) -> bool {
        let tag = |key: &str| tags.get(key).map(String::as_str);
        tag(CLUSTER_ID) == Some(&self.cluster_id)
            && tag(NAMESPACE) == Some(&self.namespace)
            && tag(NAME) == Some(&self.name)
            && tag(UID) != Some(&self.uid)
            && tags.contains_key(RETAINED)
    }

    /// Whether the resource with these tags is another object's of the same Kubernetes cluster: two objects mean one resource.
    pub fn is_anothers(&self, tags: &Tags) -> bool {
        let tag = |key: &str| tags.get(key).map(String::as_str);
        tag(CLUSTER_ID) == Some(&self.cluster_id)
            && (tag(NAMESPACE) != Some(&self.namespace) || tag(NAME) != Some(&self.name))
    }

    /// The value of the `adopt` tag that lets this owner adopt a resource.
    pub fn consent(&self) -> String {
        format!("{}/{}/{}", self.cluster_id, self.namespace, self.name)
    }

    fn is_consented(&self, adopt: Option<&str>) -> bool {
        adopt.is_some_and(|adopt| {
            adopt == self.consent() || adopt == format!("{ANY}/{}/{}", self.namespace, self.name)
        })
    }
}

/// Whether the resource was adopted, not created, by the operator: `Retain` is then the default.
pub fn is_adopted(tags: &Tags) -> bool {
    tags.contains_key(ADOPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            cluster_id: "c1".into(),
            namespace: "team".into(),
            name: "web".into(),
            uid: "u1".into(),
        }
    }

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn own_tags_prove_ownership() {
        assert_eq!(owner().claim(&owner().tags()), Claim::Ours);
    }

    #[test]
    fn nothing_is_owned_without_every_tag() {
        for missing in [CLUSTER_ID, NAMESPACE, NAME, UID] {
            let mut tags = owner().tags();
            tags.remove(missing);
            assert!(
                matches!(owner().claim(&tags), Claim::Foreign(_)),
                "{missing}"
            );
        }
        assert!(matches!(owner().claim(&Tags::new()), Claim::Foreign(_)));
    }

    #[test]
    fn another_uid_is_foreign_until_a_tombstone_says_otherwise() {
        let mut tags = owner().tags();
        tags.insert(UID.into(), "u0".into());
        assert!(matches!(owner().claim(&tags), Claim::Foreign(_)));
        tags.insert(RETAINED.into(), "true".into());
        assert_eq!(owner().claim(&tags), Claim::Available);
    }

    #[test]
    fn consent_must_name_this_object() {
        for good in ["c1/team/web", "any/team/web"] {
            assert_eq!(
                owner().claim(&tags(&[(ADOPT, good)])),
                Claim::Available,
                "{good}"
            );
        }
        for bad in [
            "c2/team/web",
            "any/team/any",
            "any/any/web",
            "*",
            "",
            "c1/team/web2",
        ] {
            assert!(
                matches!(owner().claim(&tags(&[(ADOPT, bad)])), Claim::Foreign(_)),
                "{bad}"
            );
        }
    }

    #[test]
    fn consent_does_not_take_a_resource_from_another_owner() {
        let mut tags = tags(&[(ADOPT, "any/team/web")]);
        tags.insert(CLUSTER_ID.into(), "c2".into());
        assert!(matches!(owner().claim(&tags), Claim::Foreign(_)));
    }
}
