//! From `kubectl apply` to a steady service.

use crate::harness::{objects::*, world::story};

#[test]
fn everything_applied_at_once_is_created_in_dependency_order() {
    story("everything_at_once", |mut world| async move {
        world.start();
        let listener = world.listener.clone();
        world.apply(&[balanced("web", &listener, "/web/*"), task_definition("web", "nginx:1"), cluster()]);
        let service = world.until_ready("EcsService", "web").await;
        assert_eq!(service["status"]["runningCount"], 1);
        assert_eq!(service["status"]["taskDefinition"]["revision"], 1);
        assert_eq!(service["status"]["targetGroups"][0]["healthy"], 1);
        assert_eq!(service["status"]["rules"][0]["priority"], 1);
        assert_eq!(service["status"]["rollout"]["state"], "Completed");
        let mutations = world.mutations();
        let position = |operation: &str| mutations.iter().position(|m| m == operation).unwrap_or_else(|| panic!("{operation} is not in {mutations:?}"));
        assert!(position("CreateCluster") < position("CreateService") && position("RegisterTaskDefinition") < position("CreateService"));
        assert!(position("CreateTargetGroup") < position("CreateRule") && position("CreateRule") < position("CreateService"));
        assert_eq!(mutations.len(), 5, "one call each: {mutations:?}");
        world.check();
    });
}
