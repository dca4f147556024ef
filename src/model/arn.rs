//! Amazon Resource Names, as far as we read them.

/// The part after the last `/`: the name of a cluster or service, the id of a task. A bare name is itself.
pub fn last_segment(arn_or_name: &str) -> &str {
    arn_or_name.rsplit('/').next().unwrap_or(arn_or_name)
}

/// Region of an ARN.
pub fn region(arn: &str) -> Option<&str> {
    let region = arn.split(':').nth(3)?;
    (!region.is_empty()).then_some(region)
}

/// Name of the cluster, service or family in an ARN of ECS; none: it is no such ARN.
pub fn name(arn: &str) -> Option<&str> {
    Some(arn.split(':').nth(5)?.rsplit_once('/')?.1)
}

/// Revision of `…task-definition/family:7` or `family:7`.
pub fn revision(task_definition: &str) -> Option<i64> {
    last_segment(task_definition)
        .rsplit_once(':')?
        .1
        .parse()
        .ok()
}

/// Family of `…task-definition/family:7`, `family:7` or `family`.
pub fn family(task_definition: &str) -> &str {
    let tail = last_segment(task_definition);
    tail.rsplit_once(':').map_or(tail, |(family, _)| family)
}

/// The cluster's name in a service ARN of the long form: `arn:…:service/<cluster>/<service>`.
pub fn cluster_of_service(arn: &str) -> Option<&str> {
    let mut parts = arn.split_once(":service/")?.1.split('/');
    let cluster = parts.next()?;
    parts.next().map(|_| cluster)
}

/// Whether two names of a task definition (ARN or `family:revision`) mean the same revision.
pub fn same_task_definition(a: &str, b: &str) -> bool {
    match (a.starts_with("arn:"), b.starts_with("arn:")) {
        (true, true) | (false, false) => a == b,
        _ => last_segment(a) == last_segment(b),
    }
}

/// ARN of another revision of the same family.
pub fn with_revision(arn: &str, revision: i64) -> Option<String> {
    arn.rsplit_once(':')
        .map(|(head, _)| format!("{head}:{revision}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TD: &str = "arn:aws:ecs:us-east-1:000000000000:task-definition/web:7";

    #[test]
    fn task_definitions_are_read_in_every_form() {
        assert_eq!((family(TD), revision(TD)), ("web", Some(7)));
        assert_eq!((family("web:7"), revision("web:7")), ("web", Some(7)));
        assert_eq!((family("web"), revision("web")), ("web", None));
        assert!(same_task_definition(TD, "web:7") && !same_task_definition(TD, "web:8"));
        assert_eq!(
            with_revision(TD, 3).as_deref(),
            Some("arn:aws:ecs:us-east-1:000000000000:task-definition/web:3")
        );
    }

    #[test]
    fn region_and_name_are_read_from_arns_only() {
        let service = "arn:aws-cn:ecs:cn-north-1:000000000000:service/main/web";
        assert_eq!((region(TD), name(TD)), (Some("us-east-1"), Some("web")));
        assert_eq!(
            (region(service), name(service)),
            (Some("cn-north-1"), Some("web"))
        );
        assert_eq!((region("web:7"), name("web:7")), (None, None));
    }

    #[test]
    fn cluster_is_read_from_long_service_arns_only() {
        assert_eq!(
            cluster_of_service("arn:aws:ecs:us-east-1:000000000000:service/main/web"),
            Some("main")
        );
        assert_eq!(
            cluster_of_service("arn:aws:ecs:us-east-1:000000000000:service/web"),
            None
        );
        assert_eq!(cluster_of_service("web"), None);
    }
}
