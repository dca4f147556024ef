//! Time: how often the clock moves does not matter, and idle services cost nothing.

mod ecs_support;

use ecs_support::{Aws, behind, breaker, cannot_pull, merge};
use serde_json::{Value, json};
use simulator::{ACCOUNT, Fate, REGION};

/// A story with rollouts, failures and a rollback; `pass` lets time pass.
fn story(pass: impl Fn(&Aws, f64)) -> Vec<Value> {
    let aws = Aws::new();
    let group = aws.target_group("web");
    let mut extra = behind(&group);
    merge(&mut extra, breaker(true));
    let mut seen = vec![aws.create(3, extra)];
    pass(&aws, 47.0);
    seen.push(aws.service());
    aws.fate("nginx:bad", cannot_pull());
    aws.fate(
        "nginx:flaky",
        Fate::Exits {
            code: 137,
            after_seconds: 20.0,
        },
    );
    for (image, seconds) in [
        ("nginx:2", 13.0),
        ("nginx:bad", 200.0),
        ("nginx:flaky", 100.0),
    ] {
        seen.push(aws.update(json!({ "taskDefinition": aws.register(image) })));
        pass(&aws, seconds);
        seen.push(aws.service());
        seen.push(json!(aws.tasks("RUNNING")));
        seen.push(json!(aws.tasks("STOPPED")));
    }
    aws.ecs(
        "DeleteService",
        json!({ "cluster": "shop", "service": "web", "force": true }),
    );
    pass(&aws, 60.0);
    seen.push(aws.service());
    seen.push(aws.0.snapshot(ACCOUNT, REGION));
    seen
}

#[test]
fn many_small_steps_end_where_one_large_step_ends() {
    let large = story(|aws, seconds| aws.0.advance(seconds));
    for parts in [2, 7, 64] {
        let small = story(|aws, seconds| {
            for _ in 0..parts {
                // A power of two of a second, so that the sum is exact.
                aws.0
                    .advance((seconds / f64::from(parts) * 64.0).floor() / 64.0);
            }
            let passed = (seconds / f64::from(parts) * 64.0).floor() / 64.0 * f64::from(parts);
            aws.0.advance(seconds - passed);
        });
        assert_eq!(small, large, "in {parts} parts");
    }
}

#[test]
fn steady_services_have_nothing_due() {
    let aws = Aws::new();
    aws.create(2, json!({}));
    aws.0.advance(60.0);
    assert_eq!(aws.0.advance_to_next_event(), None);
}

#[test]
fn thousand_services_reach_a_steady_state() {
    let aws = Aws::new();
    for n in 0..1000 {
        let mut input = ecs_support::service(1, json!({}));
        input["serviceName"] = json!(format!("web-{n}"));
        aws.ecs("CreateService", input);
    }
    aws.0.advance(120.0);
    let cluster =
        aws.ecs("DescribeClusters", json!({ "clusters": ["shop"] }))["clusters"][0].clone();
    assert_eq!(
        (
            &cluster["runningTasksCount"],
            &cluster["activeServicesCount"]
        ),
        (&json!(1000), &json!(1000))
    );
    let read = aws.ecs(
        "DescribeServices",
        json!({ "cluster": "shop", "services": ["web-999"] }),
    );
    assert_eq!(
        read["services"][0]["deployments"][0]["rolloutState"],
        "COMPLETED"
    );
}
