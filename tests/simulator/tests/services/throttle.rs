use serde_json::json;
use simulator::service::Service;
use simulator::throttle::bucket_of;
use simulator::{Options, Simulator};

use crate::client::{ecs, elb};

#[test]
fn buckets_are_the_published_ones() {
    let figures = |service, operation| bucket_of(service, operation).map(|b| (b.burst, b.refill));
    let table = [
        (Service::Ecs, "CreateCluster", 20.0, 1.0),
        (Service::Ecs, "DescribeClusters", 50.0, 20.0),
        (Service::Ecs, "RegisterTaskDefinition", 20.0, 1.0),
        (Service::Ecs, "DeregisterTaskDefinition", 20.0, 1.0),
        (Service::Ecs, "DescribeTaskDefinition", 50.0, 20.0),
        (Service::Ecs, "DeleteTaskDefinitions", 5.0, 1.0),
        (Service::Ecs, "UpdateService", 50.0, 5.0),
        (Service::Ecs, "DescribeServices", 100.0, 20.0),
        (Service::Ecs, "TagResource", 20.0, 10.0),
        (Service::Ecs, "RunTask", 100.0, 40.0),
        (Service::Ecs, "DescribeTasks", 100.0, 20.0),
        (Service::Elbv2, "CreateRule", 20.0, 3.0),
        (Service::Elbv2, "AddTags", 20.0, 3.0),
        (Service::Elbv2, "DescribeTags", 40.0, 10.0),
        (Service::Elbv2, "RegisterTargets", 20.0, 4.0),
        (Service::Elbv2, "CreateLoadBalancer", 10.0, 0.2),
    ];
    for (service, operation, burst, refill) in table {
        assert_eq!(
            figures(service, operation),
            Some((burst, refill)),
            "{operation}"
        );
    }
    assert_eq!(figures(Service::Sqs, "ReceiveMessage"), None);
}

#[tokio::test]
async fn bucket_empties_and_refills_on_virtual_time() {
    let aws = Simulator::new(Options {
        throttling: true,
        ..Options::default()
    });
    let read = async || {
        elb(&aws, "Action=DescribeTargetGroups")
            .await
            .expect("an answer")
            .0
    };
    for _ in 0..40 {
        assert_eq!(read().await, 200);
    }
    assert_eq!(read().await, 400);
    assert_eq!(
        aws.journal().pop().expect("an entry").code(),
        Some("Throttling")
    );
    aws.advance(0.1);
    assert_eq!((read().await, read().await), (200, 400));
    // Another bucket of the same account is untouched, and a wish for tokens fills no bucket beyond its burst.
    aws.advance(3600.0);
    for _ in 0..40 {
        assert_eq!(read().await, 200);
    }
    assert_eq!(read().await, 400);
}

#[tokio::test]
async fn ecs_says_it_in_its_own_words() {
    let aws = Simulator::new(Options {
        throttling: true,
        ..Options::default()
    });
    for _ in 0..20 {
        ecs(&aws, "DeleteCluster", json!({ "cluster": "none" })).await;
    }
    let (status, body) = ecs(&aws, "DeleteCluster", json!({ "cluster": "none" })).await;
    assert_eq!(
        (status, body),
        (
            400,
            json!({ "__type": "ThrottlingException", "message": "Rate exceeded" })
        )
    );
}

#[tokio::test]
async fn buckets_are_off_by_default() {
    let aws = Simulator::new(Options::default());
    for _ in 0..100 {
        assert_eq!(
            elb(&aws, "Action=DescribeTargetGroups")
                .await
                .expect("an answer")
                .0,
            200
        );
    }
}
