//! AWS's published token buckets, on virtual time. Sources: "Request throttling for the Amazon ECS API" and "Request throttling for the Elastic Load Balancing API" [D].

use std::collections::HashMap;

use crate::clock::Time;
use crate::service::Service;

/// A published bucket; all its operations share it, per account and Region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Our name for it.
    pub name: &'static str,
    /// Tokens when full.
    pub burst: f64,
    /// Tokens a second.
    pub refill: f64,
}

const fn bucket(name: &'static str, burst: u16, refill: f64) -> Bucket {
    Bucket {
        name,
        burst: burst as f64,
        refill,
    }
}

/// The bucket that an operation draws from; none: no published limit.
pub fn bucket_of(service: Service, operation: &str) -> Option<Bucket> {
    match service {
        Service::Ecs => Some(ecs(operation)),
        Service::Elbv2 => Some(elbv2(operation)),
        // [D] no published request rates for Application Auto Scaling; STS and SQS are far beyond ours.
        Service::Autoscaling | Service::Sts | Service::Sqs => None,
    }
}

fn ecs(operation: &str) -> Bucket {
    match operation {
        "CreateCluster"
        | "DeleteCluster"
        | "UpdateCluster"
        | "UpdateClusterSettings"
        | "PutClusterCapacityProviders" => bucket("cluster-modify", 20, 1.0),
        "DescribeClusters" | "ListClusters" => bucket("cluster-read", 50, 20.0),
        "RegisterTaskDefinition" | "DeregisterTaskDefinition" => {
            bucket("task-definition-modify", 20, 1.0)
        }
        "DescribeTaskDefinition" | "ListTaskDefinitions" | "ListTaskDefinitionFamilies" => {
            bucket("task-definition-read", 50, 20.0)
        }
        "DeleteTaskDefinitions" => bucket("task-definition-delete", 5, 1.0),
        "CreateCapacityProvider" | "UpdateCapacityProvider" | "DeleteCapacityProvider" => {
            bucket("capacity-provider-modify", 10, 1.0)
        }
        "DescribeCapacityProviders" => bucket("capacity-provider-read", 50, 20.0),
        "TagResource" | "UntagResource" => bucket("tag-modify", 20, 10.0),
        "ListTagsForResource" => bucket("tag-read", 50, 20.0),
        "PutAccountSetting" | "PutAccountSettingDefault" | "DeleteAccountSetting" => {
            bucket("setting-modify", 10, 1.0)
        }
        "ListAccountSettings" => bucket("setting-read", 50, 20.0),
        "CreateService" | "UpdateService" | "DeleteService" => bucket("service-modify", 50, 5.0),
        "DescribeServices" | "ListServices" => bucket("service-read", 100, 20.0),
        "DescribeServiceDeployments" | "ListServiceDeployments" => {
            bucket("service-deployment-read", 50, 20.0)
        }
        "DescribeServiceRevisions" => bucket("service-revision-read", 50, 20.0),
        "RunTask" | "StartTask" | "StopTask" | "ExecuteCommand" | "PutAttributes"
        | "DeleteAttributes" => bucket("cluster-resource-modify", 100, 40.0),
        "DescribeTasks" | "ListTasks" | "DescribeContainerInstances" | "ListContainerInstances" => {
            bucket("cluster-resource-read", 100, 20.0)
        }
        "GetTaskProtection" | "UpdateTaskProtection" => bucket("task-protection", 200, 80.0),
        "ListServicesByNamespace" => bucket("by-namespace", 10, 1.0),
        // Not in the published table. Unverified: UNLISTED_BUCKET.
        _ => bucket("unlisted", 5, 1.0),
    }
}

fn elbv2(operation: &str) -> Bucket {
    match operation {
        "CreateLoadBalancer" | "SetSubnets" => bucket("resource-intensive", 10, 0.2),
        "RegisterTargets" | "DeregisterTargets" => bucket("registration", 20, 4.0),
        _ if !Service::Elbv2.mutating(operation) => bucket("non-mutating", 40, 10.0),
        _ => bucket("mutating", 20, 3.0),
    }
}

/// The buckets of all accounts and Regions.
#[derive(Clone, Debug, Default)]
pub struct Buckets(HashMap<(String, String, Service, &'static str), (f64, Time)>);

impl Buckets {
    /// Takes a token; false: the bucket is empty.
    pub fn take(
        &mut self,
        place: (&str, &str),
        service: Service,
        operation: &str,
        now: Time,
    ) -> bool {
        let Some(bucket) = bucket_of(service, operation) else {
            return true;
        };
        let key = (place.0.to_owned(), place.1.to_owned(), service, bucket.name);
        let (tokens, at) = self.0.entry(key).or_insert((bucket.burst, now));
        *tokens = (*tokens + (now - *at) * bucket.refill).min(bucket.burst);
        *at = now;
        // A hair of tolerance: a second's refill in ten steps of 0.1 is one token.
        let enough = *tokens >= 1.0 - 1e-6;
        *tokens -= if enough { 1.0 } else { 0.0 };
        enough
    }
}
