//! How many calls looks take: few on a busy operator, at once on an idle one, none on one that does not lead.

#[path = "common/in_memory.rs"]
mod in_memory;

use std::collections::BTreeSet;

use ecs_operator::{
    aws::{Kind, ecs::Operation, observe::Interest},
    desired::service::Target,
    leadership::contested,
    model::{Members, ownership::Owner},
};
use futures::future::join_all;

fn target(name: usize) -> Target {
    Target {
        cluster: "apps".into(),
        name: format!("service-{name}"),
        owner: Owner {
            cluster_id: "c1".into(),
            namespace: "team".into(),
            name: format!("service-{name}"),
            uid: format!("uid-{name}"),
        },
        target_groups: BTreeSet::new(),
        listeners: BTreeSet::new(),
        known_parts: BTreeSet::new(),
        foreign_target_groups: BTreeSet::new(),
        known_arn: None,
        known_deployment: None,
    }
}

#[tokio::test(start_paused = true)]
async fn looks_at_once_share_calls_and_a_single_one_waits_for_nothing() {
    let simulator = in_memory::simulator();
    let aws = in_memory::aws(&simulator).await;
    let looks = async |names: std::ops::Range<usize>| {
        let targets: Vec<_> = names.map(target).collect();
        let interest = Interest::default();
        let looks = targets.iter().map(|target| aws.service(target, &interest));
        for look in join_all(looks).await {
            let look = look.expect("AWS answers").expect("nothing is new");
            assert!(look.service.is_none());
        }
    };
    let calls = || {
        simulator
            .journal()
            .iter()
            .filter(|entry| entry.operation == "DescribeServices")
            .count()
    };
    let start = tokio::time::Instant::now();
    looks(0..1).await;
    assert_eq!((calls(), start.elapsed().as_millis()), (1, 0));
    looks(1..101).await;
    assert_eq!(calls(), 11);
    // One by one: some at once, the rest together.
    let before = start.elapsed();
    join_all((0..100).map(async |n| {
        tokio::time::sleep(std::time::Duration::from_millis(1) * n).await;
        looks(n as usize..n as usize + 1).await;
    }))
    .await;
    assert!((11 + 10..=11 + 20).contains(&calls()), "{} calls", calls());
    assert!((start.elapsed() - before).as_millis() <= 200);
}

#[tokio::test(start_paused = true)]
async fn replica_calls_aws_only_while_it_leads() {
    let simulator = in_memory::simulator();
    let (seat, leadership) = contested();
    let clients = in_memory::clients(&simulator).await.led(leadership);
    let aws = clients.region(simulator::REGION);
    let create = async || {
        let created = aws.ecs(Operation::CreateCluster, &Members::new()).await;
        created.map(drop).map_err(|error| error.kind)
    };
    assert_eq!(create().await, Err(Kind::Stopping));
    seat.hold(tokio::time::Instant::now() + std::time::Duration::from_secs(10));
    assert_eq!(create().await, Ok(()));
    // Nobody said so: its time is over.
    tokio::time::advance(std::time::Duration::from_secs(10)).await;
    assert_eq!(create().await, Err(Kind::Stopping));
    seat.hold(tokio::time::Instant::now() + std::time::Duration::from_secs(10));
    seat.give_up();
    assert_eq!(create().await, Err(Kind::Stopping));
    assert_eq!(simulator.journal().len(), 1);
}
