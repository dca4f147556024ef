use http::Request;
use serde_json::{Value, json};
use simulator::{ACCOUNT, Options, REGION, Simulator};

use crate::client::{self, elb, read};

async fn get(aws: &Simulator, path: &str) -> (u16, String) {
    let request = Request::get(format!("/_control{path}")).body(Default::default());
    read(
        aws.handle(request.expect("a request"))
            .await
            .expect("an answer"),
    )
}

async fn post(aws: &Simulator, path: &str, body: Value) -> (u16, Value) {
    let request = Request::post(format!("/_control{path}")).body(body.to_string().into());
    let (status, body) = read(
        aws.handle(request.expect("a request"))
            .await
            .expect("an answer"),
    );
    (status, serde_json::from_str(&body).expect("JSON"))
}

#[tokio::test]
async fn help_names_every_lever() {
    let aws = Simulator::new(Options::default());
    let (_, help) = get(&aws, "").await;
    for lever in [
        "journal",
        "clock",
        "state",
        "advance",
        "rate",
        "throttling",
        "script",
        "faults",
        "release",
        "api",
        "reset",
    ] {
        assert!(help.contains(&format!("_control/{lever}")), "{lever}");
    }
}

#[tokio::test]
async fn clock_moves_by_hand() {
    let aws = Simulator::new(Options::default());
    let (_, clock) = post(&aws, "/advance", json!({ "seconds": 300 })).await;
    assert_eq!(clock["iso"], "2026-01-01T00:05:00.000Z");
    assert_eq!(post(&aws, "/advance", json!({ "minutes": 5 })).await.0, 400);
    post(&aws, "/rate", json!({ "rate": 2 })).await;
    assert!(get(&aws, "/clock").await.1.contains("\"rate\":2.0"));
}

#[tokio::test]
async fn fault_is_set_counted_and_released() {
    let aws = Simulator::new(Options::default());
    let fault = json!({ "operation": "DescribeTargetGroups", "times": 1, "effect": "error", "status": 503, "code": "Busy" });
    let (_, id) = post(&aws, "/faults", fault).await;
    assert_eq!(
        elb(&aws, "Action=DescribeTargetGroups")
            .await
            .expect("an answer")
            .0,
        503
    );
    let (_, faults) = get(&aws, "/faults").await;
    assert!(faults.contains("\"hits\":1"), "{faults}");
    post(&aws, "/release", json!({ "id": id["id"] })).await;
    assert_eq!(get(&aws, "/faults").await.1, "[]\n");
}

#[tokio::test]
async fn every_effect_can_be_posted() {
    let aws = Simulator::new(Options::default());
    let plain = [
        "throttle",
        "deny",
        "reset",
        "lose-reply",
        "hang",
        "hang-after",
        "truncate",
    ];
    let plain = plain.map(|effect| json!({ "effect": effect }));
    let more = [
        json!({ "effect": "delay", "millis": 1 }),
        json!({ "effect": "invisible-for", "seconds": 8 }),
    ];
    for fault in plain.into_iter().chain(more) {
        assert_eq!(post(&aws, "/faults", fault.clone()).await.0, 200, "{fault}");
    }
    for fault in [
        json!({}),
        json!({ "effect": "explode" }),
        json!({ "effect": "hang", "oparation": "x" }),
    ] {
        assert_eq!(post(&aws, "/faults", fault.clone()).await.0, 400, "{fault}");
    }
}

#[tokio::test]
async fn script_is_patched() {
    let aws = Simulator::new(Options::default());
    let exits = json!({ "fate": "exits", "code": 137, "after_seconds": 3.0 });
    post(
        &aws,
        "/script",
        json!({ "images": { "a": exits, "b": { "fate": "unhealthy" } } }),
    )
    .await;
    let (_, script) = post(
        &aws,
        "/script",
        json!({ "images": { "b": null }, "pull_seconds": 1 }),
    )
    .await;
    assert_eq!(script["images"], json!({ "a": exits }));
    let (_, script) = post(
        &aws,
        "/script",
        json!({ "images": { "a": { "fate": "runs" } } }),
    )
    .await;
    assert_eq!(script["images"], json!({ "a": { "fate": "runs" } }));
    assert_eq!(post(&aws, "/script", json!({ "image": {} })).await.0, 400);
}

#[tokio::test]
async fn family_is_busy_for_so_many_registrations() {
    let aws = Simulator::new(Options::default());
    let (_, script) = post(&aws, "/script", json!({ "busy_families": { "web": 2 } })).await;
    assert_eq!(script["busy_families"], json!({ "web": 2 }));
    let register = async |family: &str| {
        let container = json!({ "name": "web", "image": "web:1", "memory": 128 });
        let input = json!({ "family": family, "containerDefinitions": [container] });
        client::ecs(&aws, "RegisterTaskDefinition", input).await
    };
    assert_eq!(register("api").await.0, 200);
    for _ in 0..2 {
        let refused = json!({
            "__type": "ClientException",
            "message": "Too many concurrent attempts to create a new revision of the specified family.",
        });
        assert_eq!(register("web").await, (400, refused));
    }
    let (status, registered) = register("web").await;
    assert_eq!(
        (status, &registered["taskDefinition"]["revision"]),
        (200, &json!(1))
    );
    assert!(
        get(&aws, "/script")
            .await
            .1
            .contains("\"busy_families\":{}")
    );
}

#[tokio::test]
async fn journal_is_a_json_object_a_line() {
    let (aws, _) = client::with_listener();
    let (_, lines) = get(&aws, "/journal?from=2").await;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["seq"], &lines[0]["operation"]),
        (&json!(2), &json!("CreateListener"))
    );
    assert_eq!(lines[0]["outcome"], json!({ "kind": "ok" }));
}

#[tokio::test]
async fn person_calls_and_state_is_shown_and_reset() {
    let aws = Simulator::new(Options::default());
    let call = json!({ "service": "elasticloadbalancing", "operation": "CreateTargetGroup", "input": client::group_input("web") });
    assert_eq!(post(&aws, "/api", call).await.0, 200);
    assert!(get(&aws, "/state").await.1.contains("targetgroup/web/*"));
    post(&aws, "/reset", json!({})).await;
    assert!(!get(&aws, "/state").await.1.contains("targetgroup/web"));
    assert_eq!(aws.journal(), []);
}

#[tokio::test]
async fn unknown_lever_is_said_so() {
    let aws = Simulator::new(Options::default());
    assert_eq!(get(&aws, "/nope").await.0, 404);
    assert_eq!(post(&aws, "/nope", json!({})).await.0, 404);
}

#[tokio::test]
async fn same_calls_give_the_same_journal() {
    let run = async || {
        let (aws, listener) = client::with_listener();
        let web = client::group(&aws, "web");
        client::rule(&aws, &listener, 1, &web);
        aws.advance(5.0);
        elb(&aws, "Action=DescribeTargetGroups").await;
        (aws.journal(), aws.snapshot(ACCOUNT, REGION))
    };
    assert_eq!(run().await, run().await);
}
