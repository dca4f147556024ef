//! The kinds whose declarations are made up at random: their members, what AWS has of them, and what their edits send.

use std::sync::LazyLock;

use ecs_operator::{
    api::{EcsCluster, EcsTaskDefinition},
    controllers::kind::Kind,
    model::defaults,
};
use serde_json::{Value, json};
use simulator::{Entry, Simulator};

use crate::{
    compare::ecs,
    every_member::{self, CLUSTER, TASK_DEFINITION, cases},
    said::strip,
};

/// A kind under test.
pub trait Subject: Kind<References: Default> {
    /// Every member, one a declaration.
    fn members() -> &'static [Value];
    /// What every declaration has.
    fn base() -> Value;
    /// Gives an object its status.
    fn set(object: &mut Self, status: Self::Status);
    /// What AWS has of the object, without what depends on when and in which order things happened.
    fn aws_state(simulator: &Simulator) -> Value;
    /// Whether an edit at the path made the calls that it should.
    fn is_sent(path: &str, made: &[Entry]) -> bool;
}

/// Members of a kind from AWS's model, and tags.
fn members_of(kind: &every_member::Kind) -> Vec<Value> {
    let mut members = cases(&ecs(), kind);
    members.pop();
    let members = members.into_iter().map(|case| case.spec);
    let tags = [
        json!({"tags": {"team": "a"}}),
        json!({"tags": {"cost": "1"}}),
    ];
    members.chain(tags).collect()
}

fn without_members(mut value: Value, members: &[&str]) -> Value {
    for member in members {
        value.as_object_mut().expect("an object").remove(*member);
    }
    value
}

impl Subject for EcsCluster {
    fn members() -> &'static [Value] {
        static MEMBERS: LazyLock<Vec<Value>> = LazyLock::new(|| {
            let mut members = members_of(&CLUSTER);
            // The name is the same for good.
            members.retain(|member| member.get("clusterName").is_none());
            members
        });
        &MEMBERS
    }

    fn base() -> Value {
        json!({})
    }

    fn set(object: &mut Self, status: Self::Status) {
        object.status = Some(status);
    }

    fn aws_state(simulator: &Simulator) -> Value {
        let input =
            json!({"clusters": ["team-web"], "include": ["TAGS", "SETTINGS", "CONFIGURATIONS"]});
        let mut cluster = simulator.console("ecs", "DescribeClusters", input)["clusters"][0].take();
        strip(&mut cluster);
        cluster
    }

    fn is_sent(path: &str, made: &[Entry]) -> bool {
        let sent: Vec<_> = made
            .iter()
            .flat_map(|entry| entry.request.as_object().expect("an object").keys())
            .filter(|member| *member != "cluster")
            .collect();
        let wanted: &[&str] = match path.split('/').nth(1).unwrap_or_default() {
            "tags" => &["resourceArn", "tags"],
            // AWS takes both or neither.
            "capacityProviders" | "defaultCapacityProviderStrategy" => {
                &["capacityProviders", "defaultCapacityProviderStrategy"]
            }
            // A tag says which name was declared: AWS answers with an ARN.
            "serviceConnectDefaults" => &["serviceConnectDefaults", "resourceArn", "tags"],
            "settings" => &["settings"],
            "configuration" => &["configuration"],
            _ => &[],
        };
        sent == wanted
    }
}

impl Subject for EcsTaskDefinition {
    fn members() -> &'static [Value] {
        static MEMBERS: LazyLock<Vec<Value>> = LazyLock::new(|| {
            let mut members = members_of(&TASK_DEFINITION);
            members.retain(|member| member.get("family").is_none());
            members
        });
        &MEMBERS
    }

    fn base() -> Value {
        (TASK_DEFINITION.base)()
    }

    fn set(object: &mut Self, status: Self::Status) {
        object.status = Some(status);
    }

    fn aws_state(simulator: &Simulator) -> Value {
        let input = json!({"taskDefinition": "team-web", "include": ["TAGS"]});
        let mut described = simulator.console("ecs", "DescribeTaskDefinition", input);
        let passing = ["taskDefinitionArn", "revision", "registeredAt"];
        let mut revision = without_members(described["taskDefinition"].take(), &passing);
        // A default that was written out stays in the revision when it is taken out: that says the same.
        if let Some(members) = revision.as_object_mut() {
            defaults::strip(members, defaults::TASK_DEFINITION, &|_| false);
        }
        // ECS gives containers back in an order of its own, in which such a default can play a part.
        if let Some(containers) = revision["containerDefinitions"].as_array_mut() {
            containers.sort_by_key(|container| container["name"].to_string());
        }
        json!([revision, described["tags"]])
    }

    fn is_sent(path: &str, made: &[Entry]) -> bool {
        let wanted = if path.starts_with("/tags/") {
            "TagResource"
        } else {
            "RegisterTaskDefinition"
        };
        matches!(made, [only] if only.operation == wanted)
    }
}
