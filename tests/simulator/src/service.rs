//! The five services: their names, protocols and models.

use std::sync::OnceLock;

use crate::contract::Model;

/// A simulated service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Elastic Container Service.
    Ecs,
    /// Elastic Load Balancing v2.
    Elbv2,
    /// Application Auto Scaling.
    Autoscaling,
    /// Security Token Service.
    Sts,
    /// Simple Queue Service.
    Sqs,
}

/// All of them, in the order of their signing names' tables below.
pub const SERVICES: [Service; 5] = [
    Service::Ecs,
    Service::Elbv2,
    Service::Autoscaling,
    Service::Sts,
    Service::Sqs,
];

/// How requests and answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// awsJson: `X-Amz-Target` names the operation.
    Json,
    /// awsQuery: the form member `Action` names it, the answer is XML.
    Query,
}

impl Service {
    /// The service of this signing name (the last but one word of the SigV4 scope).
    pub fn from_signing_name(name: &str) -> Option<Self> {
        SERVICES
            .into_iter()
            .find(|service| service.signing_name() == name)
    }

    /// The name in the SigV4 scope, in faults and in the journal.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Ecs => "ecs",
            Self::Elbv2 => "elasticloadbalancing",
            Self::Autoscaling => "application-autoscaling",
            Self::Sts => "sts",
            Self::Sqs => "sqs",
        }
    }

    /// AWS's model of the service, parsed once.
    pub fn model(self) -> &'static Model {
        static MODELS: [OnceLock<Model>; 5] = [const { OnceLock::new() }; 5];
        MODELS[self as usize].get_or_init(|| Model::parse(self.source()))
    }

    /// Its protocol.
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Ecs | Self::Autoscaling | Self::Sqs => Protocol::Json,
            Self::Elbv2 | Self::Sts => Protocol::Query,
        }
    }

    /// Whether the operation changes something that a person declared. Taking messages from a queue and asking for credentials is not that.
    pub fn mutating(self, operation: &str) -> bool {
        const READS: [&str; 5] = ["Describe", "List", "Get", "Discover", "Poll"];
        match self {
            Self::Ecs | Self::Elbv2 | Self::Autoscaling => {
                !READS.iter().any(|prefix| operation.starts_with(prefix))
            }
            Self::Sqs => matches!(
                operation,
                "CreateQueue" | "DeleteQueue" | "SetQueueAttributes"
            ),
            Self::Sts => false,
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Ecs => include_str!("../models/ecs.json"),
            Self::Elbv2 => include_str!("../models/elbv2.json"),
            Self::Autoscaling => include_str!("../models/application-autoscaling.json"),
            Self::Sts => include_str!("../models/sts.json"),
            Self::Sqs => include_str!("../models/sqs.json"),
        }
    }
}
