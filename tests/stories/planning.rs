//! What would be done is told before it is done, for manifests and for live objects, with exit codes for CI.

use serde_json::{Value, json};

use crate::harness::{World, command::Said, objects::*, world::story};

/// The flag that tells the command whose ownership tags count.
const CLUSTER: [&str; 2] = ["--cluster-id", "stories"];

fn yaml(manifests: &[Value]) -> String {
    let documents = manifests
        .iter()
        .map(|manifest| format!("---\n{manifest}\n"));
    documents.collect()
}

fn plan(world: &World, args: &[&str], stdin: &str) -> Said {
    let mut all = vec!["plan", "-n", &world.namespace];
    all.extend(CLUSTER);
    all.extend(args);
    let said = world.ecs_operator(&all, stdin);
    assert!(
        !format!("{}{}", said.out, said.err).contains("canary"),
        "a secret was told"
    );
    said
}

/// Operations of each object of a plan in JSON, as `Kind: Operation Operation`.
fn operations(said: &Said) -> Vec<String> {
    let plan: Value = serde_json::from_str(&said.out)
        .unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.err));
    let objects = plan["objects"].as_array().expect("objects");
    let of = |object: &Value| {
        let steps = object["steps"].as_array().expect("steps");
        let names: Vec<_> = steps
            .iter()
            .filter_map(|step| step["operation"].as_str())
            .collect();
        format!(
            "{}: {}",
            object["kind"].as_str().expect("a kind"),
            names.join(" ")
        )
    };
    objects.iter().map(of).collect()
}

#[test]
fn edit_of_a_manifest_is_told_with_all_that_follows_from_it() {
    story("plan_edit", |mut world| async move {
        let listener = world.listener.clone();
        let app = |image: &str| {
            [
                cluster(),
                task_definition("web", image),
                balanced("web", &listener, "/"),
            ]
        };
        world.start();
        world.apply(&app("nginx:1"));
        world.until_ready("EcsService", "web").await;
        world.terminate();
        let (mutations, writes) = (world.mutations(), world.writes());

        let live = plan(&world, &[], "");
        assert_eq!(live.code, Some(0), "{}{}", live.out, live.err);
        assert!(
            live.out.contains("EcsService plan-edit/web: in sync") && !live.out.contains('\u{1b}'),
            "{}",
            live.out
        );
        let same = plan(&world, &["-f", "-"], &yaml(&app("nginx:1")));
        assert_eq!(same.code, Some(0), "{}{}", same.out, same.err);

        // Only the task definition is edited; the service that follows it is told as well.
        let edit = yaml(&[task_definition("web", "nginx:2")]);
        let text = plan(&world, &["-f", "-"], &edit);
        assert_eq!(text.code, Some(2), "{}{}", text.out, text.err);
        for words in [
            "EcsTaskDefinition plan-edit/web: changes\n  + RegisterTaskDefinition plan-edit-web\n      containerDefinitions[app].image: changed\n",
            "EcsService plan-edit/web: changes\n  ~ UpdateService plan-edit-web, which replaces the tasks\n      taskDefinition: ",
            "task-definition/plan-edit-web:new\"",
            "Tasks are replaced of: plan-edit/web. Something is destroyed of: none.",
        ] {
            assert!(
                text.out.contains(words),
                "{words} is missing in {}",
                text.out
            );
        }
        let json = plan(&world, &["-f", "-", "-o", "json"], &edit);
        assert_eq!(
            operations(&json),
            [
                "EcsTaskDefinition: RegisterTaskDefinition",
                "EcsService: UpdateService"
            ]
        );
        let json: Value = serde_json::from_str(&json.out).expect("JSON");
        assert_eq!(
            (&json["rollsTasks"], &json["destroys"], &json["inSync"]),
            (&json!(true), &json!(false), &json!(false))
        );

        let mut bare = service("web");
        bare["spec"]["loadBalancers"] = json!([]);
        let bare = plan(&world, &["-f", "-"], &yaml(&[bare]));
        assert!(
            bare.out.contains("- DeleteTargetGroup")
                && bare
                    .out
                    .contains("Something is destroyed of: plan-edit/web"),
            "{}",
            bare.out
        );

        assert_eq!(
            (world.mutations(), world.writes()),
            (mutations, writes),
            "planning only reads"
        );
        world.check();
    });
}

#[test]
fn manifests_are_planned_without_kubernetes() {
    story("plan_offline", |mut world| async move {
        let listener = world.listener.clone();
        let mut app = [
            cluster(),
            task_definition("web", "nginx:1"),
            balanced("web", &listener, "/"),
        ];
        for manifest in &mut app {
            manifest["metadata"]["namespace"] = json!(world.namespace);
        }
        let offline = |world: &World| {
            let args = ["plan", "-f", "-", "-o", "json"];
            world.ecs_operator_with(&args, &yaml(&app), "/nowhere/kubeconfig")
        };
        let said = offline(&world);
        assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
        assert!(said.err.contains("no way to Kubernetes"), "{}", said.err);
        assert_eq!(
            operations(&said),
            [
                "EcsCluster: CreateCluster",
                "EcsTaskDefinition: RegisterTaskDefinition",
                "EcsService: CreateTargetGroup CreateRule CreateService",
            ]
        );
        world.start();
        world.apply(&app);
        world.until_ready("EcsService", "web").await;
        let said = offline(&world);
        assert_eq!(
            (said.code, operations(&said)),
            (
                Some(0),
                vec![
                    "EcsCluster: ".into(),
                    "EcsTaskDefinition: ".into(),
                    "EcsService: ".into()
                ]
            ),
            "{}",
            said.out
        );
        world.check();
    });
}

#[test]
fn trouble_ends_with_exit_code_1_and_the_way_out() {
    story("plan_trouble", |world| async move {
        world.aws(
            "ecs",
            "CreateCluster",
            json!({"clusterName": world.aws_name("main")}),
        );
        let foreign = plan(&world, &["-f", "-"], &yaml(&[cluster(), service("web")]));
        assert_eq!(foreign.code, Some(1));
        assert!(
            foreign
                .out
                .contains("EcsCluster plan-trouble/main: blocked: NotOwned")
                && foreign
                    .out
                    .contains("ecs-operator.dev/adopt=stories/plan-trouble/main"),
            "{}",
            foreign.out
        );
        let mut misspelt = task_definition("web", "nginx:1");
        misspelt["spec"]["containerDefinitions"][0]["imgae"] = json!("secret-canary");
        let cases = [
            (
                yaml(&[misspelt]),
                "standard input: EcsTaskDefinition web: spec.containerDefinitions[0].imgae: there is no such member; did you mean image?",
            ),
            ("a: [".to_owned(), "standard input: this is no YAML"),
            (
                yaml(&[json!({"apiVersion": "ecs-operator.dev/v1alpha1", "kind": "EcsServce"})]),
                "\"EcsServce\" is no kind",
            ),
        ];
        for (stdin, words) in cases {
            let said = plan(&world, &["-f", "-"], &stdin);
            assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
            assert!(said.err.contains(words), "{}", said.err);
        }
        let others = plan(
            &world,
            &["-f", "-"],
            &yaml(&[json!({"apiVersion": "v1", "kind": "ConfigMap"})]),
        );
        assert_eq!(others.code, Some(0), "{}", others.err);
        assert!(
            others.err.contains("passed over") && others.err.contains("ConfigMap"),
            "{}",
            others.err
        );
        assert_eq!(world.mutations(), Vec::<String>::new());
    });
}
