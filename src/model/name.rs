//! Names in AWS: deterministic, so that a lost reply never loses a resource.

use super::hash;

/// Characters; ECS: cluster, service and family names.
pub const ECS_NAME_MAX: usize = 255;

/// Characters of the object's name in a target group name: 32 (ELBv2 CreateTargetGroup, parameter Name) less a hyphen and 10 digits.
const SLUG_MAX: usize = 21;

/// Name in AWS of an object that declares none.
pub fn default_name(namespace: &str, name: &str) -> String {
    format!("{namespace}-{name}")
}

/// Whether ECS takes this as the name of a cluster, service or family: 1–255 of `[A-Za-z0-9_-]`.
pub fn is_ecs_name(name: &str) -> bool {
    (1..=ECS_NAME_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Name of a managed target group of an object (cluster ID, namespace, name): a readable part and a hash of what it belongs to.
///
/// `place` tells it from others of the object. `settings`, what is immutable of it, are part of it, so that a group with
/// other ones can stand beside it.
pub fn target_group(object: [&str; 3], place: &str, settings: &str) -> String {
    let [cluster_id, namespace, name] = object;
    let slug: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(SLUG_MAX)
        .collect();
    let parts = ["target-group", cluster_id, namespace, name, place, settings];
    format!("{}-{}", slug.trim_matches('-'), hash::hex(&parts, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_group_names_fit_elbv2() {
        for name in [
            "web",
            "a.very.long.name-with-everything-in-it",
            "x".repeat(253).as_str(),
            "abcdefghijklmnopqrst-uvw",
        ] {
            let made = target_group(["id", "team", name], "app:8080", "");
            assert!(made.len() <= 32, "{made}");
            assert!(!made.starts_with('-') && !made.ends_with('-'), "{made}");
            assert!(
                made.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
                "{made}"
            );
        }
    }

    #[test]
    fn target_group_names_differ_by_everything_they_belong_to() {
        let base = target_group(["id", "team", "web"], "app:80", "HTTP");
        for other in [
            target_group(["id2", "team", "web"], "app:80", "HTTP"),
            target_group(["id", "team2", "web"], "app:80", "HTTP"),
            target_group(["id", "team", "web"], "app:81", "HTTP"),
            target_group(["id", "team", "web"], "app:80", "HTTPS"),
        ] {
            assert_ne!(base, other);
        }
        assert_eq!(base, target_group(["id", "team", "web"], "app:80", "HTTP"));
    }

    #[test]
    fn dots_are_not_ecs_names() {
        assert!(is_ecs_name("team-web_1"));
        assert!(!is_ecs_name("team-web.v2") && !is_ecs_name("") && !is_ecs_name(&"x".repeat(256)));
    }
}
