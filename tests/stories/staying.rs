//! Steady means quiet: no call that changes anything, no write; what others change is told and repaired.

use std::cell::RefCell;

use serde_json::{Value, json};
use simulator::Entry;

use crate::harness::{World, objects::*, scraping::Record, world::story};

#[test]
fn unchanged_apply_restart_and_forced_reconciles_change_nothing() {
    story("steady", |mut world| async move {
        let listener = world.listener.clone();
        let mut service = balanced("web", &listener, "/");
        service["spec"]["loadBalancers"][0]["targetGroup"]["attributes"] =
            json!({"deregistration_delay.timeout_seconds": "30"});
        service["spec"]["tags"] = json!({"team": "a"});
        world.bring_up(service.clone()).await;
        // The cluster counts its services: let it count this one before the baseline.
        world.reconcile_now("EcsCluster", "main", "0");
        let counted = |object: &Value| object["status"]["activeServicesCount"] == 1;
        world.until("EcsCluster", "main", "counting", counted).await;
        let (mutations, writes) = (world.mutations(), world.writes());
        world.apply(&[cluster(), task_definition("web", "nginx:1"), service]);
        for round in 0..20 {
            let before = world.looks();
            world.reconcile_now("EcsService", "web", &round.to_string());
            world.until_looks(before + 1).await;
        }
        for kind in ["EcsCluster", "EcsTaskDefinition"] {
            let name = if kind == "EcsCluster" { "main" } else { "web" };
            let before = world.journal().len();
            world.reconcile_now(kind, name, "1");
            world
                .until_called("a forced look", |entries| entries.len() > before)
                .await;
        }
        world.terminate();
        let before = world.looks();
        world.start();
        world.until_looks(before + 1).await;
        // One more look after it: the first one's writes, if there were any, are in the audit log by then.
        let before = world.looks();
        world.reconcile_now("EcsService", "web", "last");
        world.until_looks(before + 1).await;
        assert_eq!(world.mutations(), mutations);
        assert_eq!(world.writes(), writes);
        world.check();
    });
}

#[test]
fn absent_desired_count_is_left_alone_after_creation() {
    story("count_is_hands_off", |mut world| async move {
        let mut open = service("web");
        open["spec"]
            .as_object_mut()
            .expect("a spec")
            .remove("desiredCount");
        world.bring_up(open).await;
        let name = world.aws_name("web");
        world.aws(
            "ecs",
            "UpdateService",
            json!({"cluster": world.aws_name("main"), "service": name, "desiredCount": 3}),
        );
        world.simulator.advance(120.0);
        world.reconcile_now("EcsService", "web", "1");
        world.until_scaled("web", 3).await;
        assert_eq!(world.count("UpdateService"), 0);
        world.check();
    });
}

#[test]
fn absent_desired_count_that_is_seeded_once_belongs_to_an_autoscaler() {
    story("count_is_seeded", |mut world| async move {
        let mut open = service("web");
        open["spec"]
            .as_object_mut()
            .expect("a spec")
            .remove("desiredCount");
        world.bring_up(open.clone()).await;
        world.kubectl(&["scale", "ecsservice", "web", "--replicas=1"]);
        let path = format!(
            "/apis/ecs-operator.dev/v1alpha1/namespaces/{}/ecsservices/web/scale",
            world.namespace
        );
        // What a HorizontalPodAutoscaler asks for before it does anything.
        let scale = world.kubectl(&["get", "--raw", &path]);
        let scale: Value = serde_json::from_str(&scale).expect("a Scale");
        assert_eq!(scale["spec"]["replicas"], 1, "{scale}");
        assert_eq!(scale["status"]["replicas"], 1, "{scale}");
        let selector = scale["status"]["selector"].as_str().expect("a selector");
        let pods = world.kubectl(&[
            "get",
            "pods",
            "--all-namespaces",
            "-o",
            "name",
            "-l",
            selector,
        ]);
        assert_eq!(pods, "", "it selects no Pod");
        // What it writes then is applied, and stays when the manifest without a count is applied again.
        world.kubectl(&["scale", "ecsservice", "web", "--replicas=3"]);
        let scaled = |object: &Value| is_ready(object) && object["status"]["runningCount"] == 3;
        world
            .until("EcsService", "web", "Ready with 3", scaled)
            .await;
        world.apply(&[open]);
        let service = world.get("EcsService", "web").await.expect("a service");
        assert_eq!(service["spec"]["desiredCount"], 3);
        world.check();
    });
}

#[test]
fn selector_for_autoscalers_is_there_without_a_write() {
    story("selector", |mut world| async move {
        world.bring_up(service("web")).await;
        // As an operator that did not know it left it.
        let status = json!({"status": {"selector": null}}).to_string();
        world.kubectl(&[
            "patch",
            "ecsservice/web",
            "--subresource=status",
            "--type=merge",
            "-p",
            &status,
        ]);
        let service = world.get("EcsService", "web").await.expect("a service");
        assert_eq!(
            service["status"]["selector"],
            "ecs-operator.dev/pod,!ecs-operator.dev/pod"
        );
        world.check();
    });
}

#[test]
fn kubectl_scale_scales() {
    story("kubectl_scale", |mut world| async move {
        world.bring_up(service("web")).await;
        world.kubectl(&["scale", "ecsservice", "web", "--replicas=3"]);
        let service = world.until_scaled("web", 3).await;
        assert_eq!(service["status"]["taskDefinition"]["revision"], 1);
        let update = world
            .journal()
            .into_iter()
            .rfind(|entry| entry.operation == "UpdateService")
            .expect("an update");
        assert_eq!(update.request["desiredCount"], 3);
        world.check();
    });
}

#[test]
fn drift_of_count_tag_and_rule_is_told_and_repaired() {
    story("drift", |mut world| async move {
        let listener = world.listener.clone();
        let mut service = balanced("web", &listener, "/");
        service["spec"]["tags"] = json!({"team": "a"});
        world.bring_up(service).await;
        let (cluster, name) = (world.aws_name("main"), world.aws_name("web"));
        let arn = world.ecs_service(&name)["serviceArn"].clone();
        let rule = world.rules()[0]["RuleArn"].clone();
        world.aws(
            "ecs",
            "UpdateService",
            json!({"cluster": cluster, "service": name, "desiredCount": 4}),
        );
        world.aws(
            "ecs",
            "TagResource",
            json!({"resourceArn": arn, "tags": [{"key": "team", "value": "b"}]}),
        );
        world.aws(
            "elasticloadbalancing",
            "DeleteRule",
            json!({"RuleArn": rule}),
        );
        world.reconcile_now("EcsService", "web", "1");
        let repaired = |object: &Value| {
            is_ready(object)
                && object["status"]["desiredCount"] == 1
                && object["status"]["rules"][0]["arn"] != rule
        };
        world.until("EcsService", "web", "repaired", repaired).await;
        let service = world.ecs_service(&name);
        assert_eq!(service["desiredCount"], 1);
        assert!(
            service["tags"]
                .as_array()
                .expect("tags")
                .contains(&json!({"key": "team", "value": "a"})),
            "{service:#}"
        );
        assert_eq!(world.rules().len(), 1);
        let events = world.kubectl(&["get", "events.events.k8s.io", "-o", "json"]);
        let events: Value = serde_json::from_str(&events).expect("JSON");
        let notes: Vec<_> = events["items"]
            .as_array()
            .expect("events")
            .iter()
            .filter(|event| event["reason"] == "DriftDetected")
            .map(|event| event["note"].to_string())
            .collect();
        let told = |word: &str| notes.iter().any(|note| note.contains(word));
        assert!(
            told("desiredCount") && told("team") && told("rules"),
            "{notes:?}"
        );
        world.check();
    });
}

#[test]
fn suspended_object_is_left_alone() {
    story("suspended", |mut world| async move {
        world.bring_up(service("web")).await;
        let mut suspended = service("web");
        suspended["spec"]["suspend"] = json!(true);
        suspended["spec"]["desiredCount"] = json!(5);
        world.apply(&[suspended]);
        let seen = |object: &Value| {
            is_observed(object)
                && condition(object, "Ready")
                    .is_some_and(|(status, reason, _)| status == "True" && reason == "Suspended")
        };
        world.until("EcsService", "web", "suspended", seen).await;
        assert_eq!(world.count("UpdateService"), 0);
        let mut resumed = service("web");
        resumed["spec"]["desiredCount"] = json!(2);
        world.apply(&[resumed]);
        world.until_scaled("web", 2).await;
        world.check();
    });
}

/// What the full surface names and others own: their ARNs take the words' places.
fn with_foreign(world: &World, text: &str) -> String {
    let elb = |operation: &str, input: Value| world.aws("elasticloadbalancing", operation, input);
    let group = |name: &str| {
        let input = json!({"Name": name, "Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-demo", "TargetType": "ip"});
        elb("CreateTargetGroup", input)["TargetGroups"][0]["TargetGroupArn"].take()
    };
    let [blue, green] = ["blue", "green"].map(group);
    let rule = |priority: i32, path: &str, to: &Value| {
        let conditions = json!([{"Field": "path-pattern", "Values": [path]}]);
        let actions = json!([{"Type": "forward", "TargetGroupArn": to}]);
        let input = json!({"ListenerArn": world.listener, "Priority": priority, "Conditions": conditions, "Actions": actions});
        elb("CreateRule", input)["Rules"][0]["RuleArn"].take()
    };
    let [shifted, trial] = [rule(900, "/shifted", &blue), rule(901, "/trial", &green)];
    let certificates =
        json!([{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/a"}]);
    let answer = json!([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]);
    // A target group is behind one load balancer.
    let balancers = elb("DescribeLoadBalancers", json!({}));
    let balancer = &balancers["LoadBalancers"][0]["LoadBalancerArn"];
    let secure = elb(
        "CreateListener",
        json!({"LoadBalancerArn": balancer, "Protocol": "HTTPS", "Port": 443, "Certificates": certificates, "DefaultActions": answer}),
    );
    let secure = &secure["Listeners"][0]["ListenerArn"];
    let words = [
        ("SECURE", secure),
        ("LISTENER", &json!(world.listener)),
        ("BLUE", &blue),
        ("GREEN", &green),
        ("RULE", &shifted),
        ("TRIAL", &trial),
        ("REVISION", &json!("1")),
    ];
    words.iter().fold(text.to_owned(), |text, (word, arn)| {
        text.replace(word, arn.as_str().expect("text"))
    })
}

#[test]
fn all_that_can_be_declared_is_left_alone_for_a_hundred_looks() {
    // A deadline for each quarter: a hundred looks at seven objects take a while beside other stories.
    const QUARTER: usize = 25;
    story("quiet", |mut world| async move {
        let port = world.serve_metrics();
        world
            .flags
            .extend(["--drift-period", "100ms"].map(str::to_owned));
        let text = include_str!("../argo-cd/testdata/full-surface.yaml");
        // IAM judges the right to pass a role by its ARN.
        let text = text.replace(
            "role: ecsServiceRole",
            "role: arn:aws:iam::000000000000:role/ecs",
        );
        let text = with_foreign(&world, &text);
        world.start();
        world.kubectl_with(&["apply", "-f", "-"], &text);
        let [shifted, placed, linear, instance] =
            ["shifted", "placed", "linear", "instance"].map(|name| world.aws_name(name));
        let objects = [
            ("EcsCluster", "main", "DescribeClusters", "full-main"),
            ("EcsTaskDefinition", "fargate", "", "full-fargate"),
            ("EcsTaskDefinition", "instance", "", &instance),
            (
                "EcsService",
                "balanced",
                "DescribeServices",
                "full-balanced",
            ),
            ("EcsService", "shifted", "DescribeServices", &shifted),
            ("EcsService", "placed", "DescribeServices", &placed),
            ("EcsService", "linear", "DescribeServices", &linear),
        ];
        for (kind, name, ..) in objects {
            world.until_ready(kind, name).await;
        }
        let counts = |object: &Value| {
            let status = &object["status"];
            (&status["activeServicesCount"], &status["runningTasksCount"]) == (&json!(4), &json!(2))
        };
        world.until("EcsCluster", "main", "counting", counts).await;
        let is_look = |entry: &Entry, operation: &str, name: &str| {
            let is_it = match operation {
                "" => entry.operation == "DescribeTaskDefinition",
                operation => entry.operation == operation,
            };
            is_it && entry.request.to_string().contains(&json!(name).to_string())
        };
        // What the last of these looks wrote, if anything, is in the audit log when the next one comes.
        let each = async |more: usize| {
            let seen = RefCell::new((world.simulator.journal().len(), [0; 7]));
            world
                .until_called("looks at each object", |entries| {
                    let (read, looks) = &mut *seen.borrow_mut();
                    for entry in &entries[*read..] {
                        for ((_, _, operation, name), looks) in objects.iter().zip(&mut *looks) {
                            *looks += usize::from(is_look(entry, operation, name));
                        }
                    }
                    *read = entries.len();
                    looks.iter().all(|looks| *looks >= more)
                })
                .await;
        };
        each(3).await;
        let (mutations, writes) = (world.mutations(), world.writes());
        // tests/observability lets it last for hours: no alert fires.
        let pace = world.scrape_at_a_pace(port, Record::of("steady"));
        for _ in 0..4 {
            each(QUARTER).await;
        }
        pace.end();
        assert_eq!(world.mutations(), mutations);
        assert_eq!(world.writes(), writes);
        world.check();
    });
}
