//! SIGKILL before and after each mutating call, before its reply is read: the end is the same, with one of everything.

use serde_json::json;
use simulator::{Effect, Fault, Outcome};

use crate::harness::{World, objects::*, world::story};

/// Kills the operator in a call: once before its effect and once after it, before the reply is read.
async fn killed_in(world: &mut World, operation: &str) {
    for effect in [Effect::Hang, Effect::HangAfter] {
        // Never released: a call whose client is gone must not take effect later.
        let fault = Fault::new(effect).operation(operation).times(1);
        world.simulator.fault(fault);
        let known = world.simulator.journal().len();
        world.start();
        world
            .until_called(&format!("{operation} is held"), |entries| {
                entries[known..]
                    .iter()
                    .any(|entry| entry.outcome == Outcome::Held)
            })
            .await;
        world.kill();
    }
}

#[test]
fn killed_operator_ends_where_an_undisturbed_one_does() {
    story("killed_everywhere", |mut world| async move {
        let listener = world.listener.clone();
        world.apply(&[task_definition("web", "nginx:1")]);
        killed_in(&mut world, "RegisterTaskDefinition").await;
        world.apply(&[cluster()]);
        killed_in(&mut world, "CreateCluster").await;
        world.apply(&[balanced("web", &listener, "/old")]);
        for call in ["CreateTargetGroup", "CreateRule", "CreateService"] {
            killed_in(&mut world, call).await;
        }
        world.start();
        world.until_ready("EcsService", "web").await;
        world.kill();

        world.apply(&[task_definition("web", "nginx:2")]);
        killed_in(&mut world, "RegisterTaskDefinition").await;
        killed_in(&mut world, "UpdateService").await;
        let mut service = balanced("web", &listener, "/new");
        let group = &mut service["spec"]["loadBalancers"][0]["targetGroup"];
        group["healthCheckPath"] = json!("/ready");
        group["attributes"] = json!({"deregistration_delay.timeout_seconds": "5"});
        world.apply(&[service]);
        for call in [
            "ModifyTargetGroup",
            "ModifyTargetGroupAttributes",
            "ModifyRule",
        ] {
            killed_in(&mut world, call).await;
        }
        world.start();
        world.until_runs("web", 2).await;
        let groups = world.aws("elasticloadbalancing", "DescribeTargetGroups", json!({}));
        let groups = groups["TargetGroups"].as_array().map(Vec::len);
        assert_eq!((groups, world.rules().len()), (Some(1), 1));
        let family = json!({"familyPrefix": world.aws_name("web"), "status": "ACTIVE"});
        let revisions = world.aws("ecs", "ListTaskDefinitions", family);
        assert_eq!(
            revisions["taskDefinitionArns"].as_array().map(Vec::len),
            Some(2),
            "one revision an edit: {revisions}"
        );
        let service = json!({"cluster": world.aws_name("main"), "service": world.aws_name("web")});
        let deployments = world.aws("ecs", "ListServiceDeployments", service);
        assert_eq!(
            deployments["serviceDeployments"].as_array().map(Vec::len),
            Some(2),
            "one rollout a revision: {deployments}"
        );
        world.kill();

        world.kubectl(&["delete", "--wait=false", "ecsservice/web"]);
        for call in ["DeleteService", "DeleteRule", "DeleteTargetGroup"] {
            killed_in(&mut world, call).await;
        }
        world.kubectl(&["delete", "--wait=false", "ecstaskdefinition/web"]);
        killed_in(&mut world, "DeregisterTaskDefinition").await;
        world.kubectl(&["delete", "--wait=false", "ecscluster/main"]);
        killed_in(&mut world, "DeleteCluster").await;
        world.start();
        world.until_application_gone().await;
        assert_eq!(world.rules().len(), 0);
        world.check();
    });
}
