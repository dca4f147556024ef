//! Which members an object declares: paths without values, so that they can be kept in a status. An item of a list is told by
//! what names it, never by its place: others come and go.
//!
//! What an earlier declaration had and this one has not was taken out, and is set back in AWS.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Members;

/// JSON Pointers (RFC 6901) of declared members, down to single values and lists of them.
pub type Paths = BTreeSet<String>;

/// Members that AWS calls documents: any JSON, the user's own, one value.
pub const DOCUMENTS: [&str; 1] = ["hookDetails"];

/// What names an item of a list, the first that does so alone. (A load balancer's target group may not be known yet.)
const NAMES: [&[&str]; 14] = [
    &["name"],
    &["key"],
    &["capacityProvider"],
    &["registryArn"],
    &["containerName", "containerPort"],
    &["targetGroupArn"],
    &["portName"],
    &["hookTargetArn"],
    &["hookTargetArn", "lifecycleStages"],
    &["targetType"],
    &["targetType", "lifecycleStages"],
    &["port"],
    &["metricNames"],
    &["resourceType"],
];

/// The paths of `members` below `prefix`.
pub fn paths(prefix: &str, members: &Members) -> Paths {
    let mut paths = Paths::new();
    for (key, value) in members {
        collect(&below(prefix, key), key, value, &mut paths);
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

/// The places of the items that a path may mean by `name`: the one that is named so. When none is, the item is gone, or what named
/// it was edited: then those that nothing names, and those whose name `is_new`.
pub fn meant(items: &[Value], name: &str, is_new: impl Fn(&str) -> bool) -> Vec<usize> {
    let names: Vec<_> = (0..items.len())
        .map(|place| identity(items, place))
        .collect();
    let is_named = |known: &Option<String>| known.as_deref() == Some(name);
    if let Some(place) = names.iter().position(is_named) {
        return vec![place];
    }
    // A list that is shorter than before differs from what AWS has, and is sent whole.
    if name.parse().is_ok_and(|place: usize| place >= items.len()) {
        return Vec::new();
    }
    let may_be = |known: &Option<String>| known.as_deref().is_none_or(&is_new);
    let places = names.iter().enumerate();
    places
        .filter(|(_, known)| may_be(known))
        .map(|(place, _)| place)
        .collect()
}

/// `member=value` of what names an item among the others; none when nothing does.
fn identity(items: &[Value], place: usize) -> Option<String> {
    let named = |item: &Value, names: &[&str]| {
        let parts = names.iter().map(|name| match item.get(*name)? {
            Value::String(text) => Some(format!("{name}={text}")),
            value => Some(format!("{name}={value}")),
        });
        Some(parts.collect::<Option<Vec<_>>>()?.join(","))
    };
    NAMES.iter().find_map(|names| {
        let own = named(items.get(place)?, names)?;
        let same = |item: &&Value| named(item, names).as_deref() == Some(&own);
        (items.iter().filter(same).count() == 1).then_some(own)
    })
}

fn collect(path: &str, key: &str, value: &Value, paths: &mut Paths) {
    match value {
        _ if DOCUMENTS.contains(&key) => drop(paths.insert(path.to_owned())),
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                collect(&below(path, key), key, value, paths);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (place, item) in items.iter().enumerate() {
                let identity = identity(items, place).unwrap_or_else(|| place.to_string());
                collect(&below(path, &identity), "", item, paths);
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
            "hooks": [{"stages": ["A", "B"], "hookDetails": {"password": "hush"}}, {}],
            "services": [{"portName": "a/b", "timeout": {"idle": 1}}, {"portName": "c"}],
            "balancers": [{"containerName": "a", "containerPort": 1}, {"containerName": "a", "containerPort": 2}],
            "options": {"a/b": "x", "c.d": "y"},
        });
        let found = paths("/service", declared.as_object().unwrap());
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        assert_eq!(
            found,
            [
                "/service/balancers/containerName=a,containerPort=1/containerName",
                "/service/balancers/containerName=a,containerPort=1/containerPort",
                "/service/balancers/containerName=a,containerPort=2/containerName",
                "/service/balancers/containerName=a,containerPort=2/containerPort",
                "/service/desiredCount",
                "/service/hooks/0/hookDetails",
                "/service/hooks/0/stages",
                "/service/hooks/1",
                "/service/options/a~1b",
                "/service/options/c.d",
                "/service/services/portName=a~1b/portName",
                "/service/services/portName=a~1b/timeout/idle",
                "/service/services/portName=c/portName",
            ]
        );
    }

    #[test]
    fn items_are_found_by_what_names_them_alone_else_any_that_may_be_meant_is() {
        let items = [
            json!({"portName": "a", "port": 1}),
            json!({"portName": "a", "port": 2}),
            json!({"portName": "b"}),
            json!({"weight": 1}),
        ];
        for (name, found) in [
            ("portName=b", vec![2]),
            ("port=2", vec![1]),
            ("portName=a", vec![2, 3]),
            ("3", vec![2, 3]),
            ("4", vec![]),
        ] {
            let is_new = |name: &str| name == "portName=b";
            assert_eq!(meant(&items, name, is_new), found, "{name}");
        }
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
