//! Tags: what to put on a resource and what to take off.

use serde_json::{Value, json};

use super::{Change, Step, request};
use crate::model::{Members, Tags, ownership};

/// Differences between declared tags and a resource's.
pub struct TagChanges {
    /// To put on.
    pub add: Tags,
    /// Keys to take off.
    pub remove: Vec<String>,
}

/// What to change. AWS's own tags (`aws:`), the adoption consent and, unless the user once declared them (`removable`), foreign tags stay.
pub fn changes(desired: &Tags, observed: &Tags, removable: &[String]) -> TagChanges {
    TagChanges {
        add: desired
            .iter()
            .filter(|(key, value)| observed.get(*key) != Some(*value))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        remove: observed
            .keys()
            .filter(|key| {
                !desired.contains_key(*key)
                    && (*key == ownership::RETAINED || removable.contains(key))
            })
            .cloned()
            .collect(),
    }
}

impl TagChanges {
    /// The differences, in words.
    pub fn describe(&self, observed: &Tags) -> Vec<Change> {
        let seen = |key: &str| {
            observed
                .get(key)
                .map_or("null".to_owned(), |v| json!(v).to_string())
        };
        self.add
            .iter()
            .map(|(key, value)| Change {
                path: format!("tags[{key:?}]"),
                declared: json!(value).to_string(),
                observed: seen(key),
            })
            .chain(self.remove.iter().map(|key| Change {
                path: format!("tags[{key:?}]"),
                declared: "null".into(),
                observed: seen(key),
            }))
            .collect()
    }

    /// The calls for an ECS resource.
    pub fn ecs(&self, arn: &str) -> Vec<Step> {
        let mut steps = Vec::new();
        if !self.add.is_empty() {
            steps.push(Step::TagResource(
                request! {"resourceArn": arn, "tags": list(&self.add)},
            ));
        }
        if !self.remove.is_empty() {
            steps.push(Step::UntagResource(
                request! {"resourceArn": arn, "tagKeys": self.remove},
            ));
        }
        steps
    }

    /// The calls for an ELBv2 resource.
    pub fn elbv2(&self, arn: &str) -> Vec<Step> {
        let mut steps = Vec::new();
        if !self.add.is_empty() {
            steps.push(Step::AddTags(
                request! {"resourceArns": [arn], "tags": list(&self.add)},
            ));
        }
        if !self.remove.is_empty() {
            steps.push(Step::RemoveTags(
                request! {"resourceArns": [arn], "tagKeys": self.remove},
            ));
        }
        steps
    }
}

/// Tags as AWS writes them: a list of key and value.
pub fn list(tags: &Tags) -> Value {
    Value::Array(
        tags.iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect(),
    )
}

/// A request with tags.
pub fn with(mut request: Members, tags: &Tags) -> Members {
    request.insert("tags".into(), list(tags));
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn foreign_and_aws_tags_stay() {
        let observed = tags(&[
            ("aws:cloudformation:stack", "s"),
            ("cost", "1"),
            ("team", "a"),
            (ownership::ADOPT, "any/a/b"),
        ]);
        let changes = changes(&tags(&[("team", "b")]), &observed, &[]);
        assert_eq!(
            (changes.add, changes.remove),
            (tags(&[("team", "b")]), vec![])
        );
    }

    #[test]
    fn tombstone_goes_and_so_does_what_the_user_no_longer_declares() {
        let observed = tags(&[(ownership::RETAINED, "true"), ("team", "a"), ("cost", "1")]);
        let changes = changes(&Tags::new(), &observed, &["team".to_owned()]);
        assert_eq!(changes.remove, [ownership::RETAINED, "team"]);
    }
}
