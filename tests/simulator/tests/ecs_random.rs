//! Whatever is done to a service in whatever order, it comes to rest once its image works and a deployment is forced.

mod ecs_support;

use ecs_support::{Aws, behind, breaker, cannot_pull, merge};
use serde_json::{Value, json};
use simulator::Fate;

/// Numbers that look random and are the same every time (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn act(aws: &Aws, dice: &mut Dice) {
    let change = match dice.roll(12) {
        0 => json!({ "desiredCount": dice.roll(6) }),
        1 => json!({ "forceNewDeployment": true }),
        2 | 3 => {
            json!({ "taskDefinition": aws.register(["nginx:1", "bad", "exits", "sick"][dice.roll(4) as usize]) })
        }
        4 => breaker(dice.roll(2) == 0),
        5 => {
            json!({ "deploymentConfiguration": { "minimumHealthyPercent": dice.roll(100), "maximumPercent": 101 + dice.roll(100) } })
        }
        6 => {
            json!({ "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": dice.roll(3) } })
        }
        7 => json!({ "deploymentConfiguration": { "strategy": "ROLLING" } }),
        8 => return stop_a_task(aws),
        9 => return stop_the_deployment(aws, dice),
        _ => return aws.0.advance(dice.roll(40_000) as f64 / 100.0),
    };
    aws.update(change);
}

fn stop_a_task(aws: &Aws) {
    if let Some(task) = aws.tasks("RUNNING").first() {
        aws.ecs(
            "StopTask",
            json!({ "cluster": "shop", "task": task["taskArn"] }),
        );
    }
}

fn stop_the_deployment(aws: &Aws, dice: &mut Dice) {
    let arn = aws.service()["currentServiceDeployment"].clone();
    let kind = ["ROLLBACK", "ABORT"][dice.roll(2) as usize];
    // Refused unless one is in progress, and that is fine.
    let _ = aws.try_ecs(
        "StopServiceDeployment",
        json!({ "serviceDeploymentArn": arn, "stopType": kind }),
    );
}

fn assert_sound(service: &Value) {
    let deployments = service["deployments"].as_array().expect("deployments");
    assert_eq!(
        deployments
            .iter()
            .filter(|d| d["status"] == "PRIMARY")
            .count(),
        1,
        "{service}"
    );
    assert_eq!(deployments[0]["taskDefinition"], service["taskDefinition"]);
    for member in ["runningCount", "pendingCount"] {
        let sum: i64 = deployments.iter().filter_map(|d| d[member].as_i64()).sum();
        assert_eq!(Some(sum), service[member].as_i64(), "{member} of {service}");
    }
}

#[test]
fn every_history_comes_to_rest() {
    for seed in 0..16 {
        let (aws, mut dice) = (Aws::new(), Dice(seed));
        let group = aws.target_group("web");
        let mut extra = json!({});
        if seed % 2 == 0 {
            merge(&mut extra, behind(&group));
        }
        merge(&mut extra, breaker(seed % 3 == 0));
        aws.fate("bad", cannot_pull());
        aws.fate(
            "exits",
            Fate::Exits {
                code: 1,
                after_seconds: 3.0,
            },
        );
        aws.fate("sick", Fate::Unhealthy);
        aws.create(2, extra);
        for _ in 0..60 {
            act(&aws, &mut dice);
            assert_sound(&aws.service());
        }
        let percent =
            json!({ "minimumHealthyPercent": 50, "maximumPercent": 200, "strategy": "ROLLING" });
        aws.update(json!({ "taskDefinition": aws.register("nginx:1"), "desiredCount": 3, "deploymentConfiguration": percent }));
        aws.0.advance(3600.0);
        let service = aws.service();
        assert_eq!(
            service["deployments"][0]["rolloutState"], "COMPLETED",
            "seed {seed}: {service}"
        );
        assert_eq!(
            service["deployments"].as_array().map(Vec::len),
            Some(1),
            "seed {seed}"
        );
        assert_eq!(service["runningCount"], 3, "seed {seed}");
        assert_eq!(aws.tasks("RUNNING").len(), 3, "seed {seed}");
        let healthy = aws
            .health(&group)
            .iter()
            .filter(|state| *state == "healthy")
            .count();
        assert_eq!(healthy, if seed % 2 == 0 { 3 } else { 0 }, "seed {seed}");
        aws.ecs(
            "DeleteService",
            json!({ "cluster": "shop", "service": "web", "force": true }),
        );
        aws.0.advance(60.0);
        assert_eq!(aws.service()["status"], "INACTIVE", "seed {seed}");
        assert_eq!(aws.health(&group), Vec::<String>::new(), "seed {seed}");
    }
}
