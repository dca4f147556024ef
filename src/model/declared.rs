//! Which members an object declares: paths without values, so that they can be kept in a status.
//!
//! What an earlier declaration had and this one has not was taken out, and is set back in AWS.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Members;

/// JSON Pointers (RFC 6901) of declared members, down to single values and lists of them.
pub type Paths = BTreeSet<String>;

/// The paths of `members` below `prefix`.
pub fn paths(prefix: &str, members: &Members) -> Paths {
    let mut paths = Paths::new();
    for (key, value) in members {
        collect(&below(prefix, key), value, &mut paths);
    }
    paths
}

/// The path of a member of what stands at `prefix`.
pub fn below(prefix: &str, member: &str) -> String {
    format!("{prefix}/{}", member.replace('~', "~0").replace('/', "~1"))
}

/// The member names of a path, from the outside in.
pub fn segments(path: &str) -> impl Iterator<Item = String> {
    let segments = path.split('/').skip(1);
    segments.map(|segment| segment.replace("~1", "/").replace("~0", "~"))
}

/// The paths below `prefix`, without it.
pub fn under<'a>(paths: &'a Paths, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    paths
        .iter()
        .filter_map(move |path| path.strip_prefix(prefix))
        .filter(|rest| rest.starts_with('/'))
}

fn collect(path: &str, value: &Value, paths: &mut Paths) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                collect(&below(path, key), value, paths);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                collect(&format!("{path}/{index}"), item, paths);
            }
        }
        _ => {
            paths.insert(path.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_name_members_and_tell_no_values() {
        let declared = json!({
            "desiredCount": 2,
            "hooks": [{"stages": ["A", "B"], "details": {"password": "hush"}}, {}],
            "options": {"a/b": "x", "c.d": "y"},
        });
        let found = paths("/service", declared.as_object().unwrap());
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        assert_eq!(
            found,
            [
                "/service/desiredCount",
                "/service/hooks/0/details/password",
                "/service/hooks/0/stages",
                "/service/hooks/1",
                "/service/options/a~1b",
                "/service/options/c.d",
            ]
        );
    }

    #[test]
    fn segments_are_read_back() {
        let path = below("/options", "a/b~c");
        assert_eq!(segments(&path).collect::<Vec<_>>(), ["options", "a/b~c"]);
    }

    #[test]
    fn prefix_ends_at_a_member() {
        let all = Paths::from(["/tags/a".to_owned(), "/tagsx/b".to_owned()]);
        assert_eq!(under(&all, "/tags").collect::<Vec<_>>(), ["/a"]);
    }
}
