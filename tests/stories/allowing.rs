//! What AWS lets the operator do: every story runs under the policy that the operator prints, and these look at its edges.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use simulator::Fate;

use crate::{
    harness::{objects::*, rights, world::story},
    pausing::{self, ANNOTATION, approved},
};

#[test]
fn every_action_of_the_printed_policy_is_used_and_no_other_is_needed() {
    story("every_right", |mut world| async move {
        world
            .flags
            .extend(["--drift-period", "300ms"].map(str::to_owned));
        world.simulator.script(|script| {
            let code = Fate::Exits {
                code: 1,
                after_seconds: 1.0,
            };
            script.set_image("nginx:crash", code);
        });
        world.start();
        let listener = world.listener.clone();
        let role = "arn:aws:iam::000000000000:role/execution";
        let declared = |edit: i32, image: &str| {
            let mut cluster = cluster();
            cluster["spec"]["capacityProviders"] = json!(["FARGATE"]);
            let mut task_definition = task_definition("web", image);
            task_definition["spec"]["executionRoleArn"] = json!(role);
            task_definition["spec"]["revisionHistoryLimit"] = json!(1);
            task_definition["spec"]["deleteOldRevisions"] = json!(true);
            let mut service = with_breaker(balanced("web", &listener, "/a"));
            if edit == 1 {
                service["spec"]["tags"] = json!({"team": "a"});
            }
            let group = &mut service["spec"]["loadBalancers"][0]["targetGroup"];
            let rule = |path: &str, priority: i32| json!({"listenerArn": listener, "priority": priority, "conditions": [{"pathPatternConfig": {"values": [path]}}]});
            group["rules"] = json!([rule("/a", 10), rule("/b", 20)]);
            let insights = ["disabled", "enabled"][usize::from(edit == 1)];
            cluster["spec"]["settings"] = json!([{"name": "containerInsights", "value": insights}]);
            if edit == 1 {
                cluster["spec"]["capacityProviders"] = json!(["FARGATE", "FARGATE_SPOT"]);
                group["healthCheckPath"] = json!("/ready");
                group["attributes"] = json!({"deregistration_delay.timeout_seconds": "5"});
                group["rules"] = json!([rule("/a", 20), rule("/c", 10)]);
            }
            [cluster, task_definition, service]
        };
        world.apply(&declared(0, "nginx:1"));
        world.apply(&[task_definition("gate", "nginx:1"), approved("gate")]);
        world.until_runs("web", 1).await;
        world.until_ready("EcsService", "gate").await;
        // Somebody lets a deployment go on that waits for it.
        world.apply(&[task_definition("gate", "nginx:2")]);
        let id = pausing::paused(&world, "gate").await;
        let answer = format!("{ANNOTATION}={id}=Continue");
        world.kubectl(&["annotate", "ecsservice/gate", &answer]);
        world.until_runs("gate", 2).await;
        world.apply(&declared(1, "nginx:2"));
        world.until_runs("web", 2).await;
        world.apply(&declared(2, "nginx:crash"));
        world
            .until_stalled("EcsService", "web", "RolloutFailed")
            .await;
        world.apply(&declared(2, "nginx:4"));
        world.until_runs("web", 4).await;
        let trimmed = |object: &Value| {
            let known = object["status"]["revisions"].as_array();
            is_ready(object) && known.is_some_and(|known| known.len() == 2)
        };
        world
            .until("EcsTaskDefinition", "web", "trimmed", trimmed)
            .await;
        for kind in [
            "ecsservice/gate",
            "ecstaskdefinition/gate",
            "ecsservice/web",
            "ecstaskdefinition/web",
            "ecscluster/main",
        ] {
            world.kubectl(&["delete", kind]);
        }
        let journal = world.journal();
        let denied = journal.iter().find(|entry| {
            entry
                .code()
                .is_some_and(|code| code.starts_with("AccessDenied"))
        });
        assert_eq!(denied, None);
        let used: BTreeSet<_> = journal
            .iter()
            .map(|entry| format!("{}:{}", entry.service, entry.operation))
            .collect();
        let mut allowed = rights::actions();
        // Not a call: asked about when a call names a role.
        assert!(allowed.remove("iam:PassRole"));
        assert_eq!(used, allowed);
        world.check();
    });
}

#[test]
fn policy_of_another_cluster_lets_nothing_be_made_and_the_object_says_which_right_is_missing() {
    story("foreign_policy", |mut world| async move {
        rights::allow(&world.simulator, "another");
        world.start();
        world.apply(&[cluster()]);
        let object = world
            .until_stalled("EcsCluster", "main", "AccessDenied")
            .await;
        let (_, _, message) = condition(&object, "Stalled").expect("stalled");
        assert!(message.contains("ecs:CreateCluster"), "{message}");
        let clusters = world.aws("ecs", "ListClusters", json!({}));
        assert_eq!(clusters["clusterArns"], json!([]));
        // With the right policy it goes on.
        rights::allow(&world.simulator, "stories");
        world.reconcile_now("ecscluster", "main", "now");
        world.until_ready("EcsCluster", "main").await;
        world.check();
    });
}

#[test]
fn rules_and_deployments_of_another_cluster_can_be_neither_moved_nor_answered() {
    story("foreign_rights", |mut world| async move {
        let listener = world.listener.clone();
        let with = |first, second| behind_two_rules("web", &listener, [first, second]);
        world.start();
        world.apply(&[
            cluster(),
            task_definition("web", "nginx:1"),
            with(10, 20),
            task_definition("gate", "nginx:1"),
            approved("gate"),
        ]);
        for name in ["web", "gate"] {
            world.until_ready("EcsService", name).await;
        }
        world.apply(&[task_definition("gate", "nginx:2")]);
        let id = pausing::paused(&world, "gate").await;
        // To the policy of another cluster all this is foreign, though the operator takes it for its own.
        rights::allow(&world.simulator, "another");
        world.apply(&[with(20, 10)]);
        let answer = format!("{ANNOTATION}={id}=Continue");
        world.kubectl(&["annotate", "ecsservice/gate", &answer]);
        for (name, action) in [
            ("web", "elasticloadbalancing:SetRulePriorities"),
            ("gate", "ecs:ContinueServiceDeployment"),
        ] {
            let object = world
                .until_stalled("EcsService", name, "AccessDenied")
                .await;
            let (_, _, message) = condition(&object, "Stalled").expect("stalled");
            assert!(message.contains(action), "{message}");
        }
        // They are its own again, and only their tags say so.
        rights::allow(&world.simulator, "stories");
        for name in ["web", "gate"] {
            world.reconcile_now("ecsservice", name, "now");
            world.until_ready("EcsService", name).await;
        }
        world.check();
    });
}
