//! What AWS has that carries the operator's tags, and how AWS's descriptions are read.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use simulator::Simulator;

/// What the operator's tags and finalizers begin with.
pub const PREFIX: &str = "ecs-operator.dev/";

/// Something in AWS that carries our tags.
#[derive(Clone, Debug)]
pub struct Held {
    /// `cluster`, `revision`, `service`, `target group` or `rule`.
    pub what: &'static str,
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// As AWS describes it.
    pub view: Value,
}

impl Held {
    /// The value of one of the operator's tags; empty: it is not there.
    pub fn tag(&self, name: &str) -> &str {
        self.tags
            .get(&format!("{PREFIX}{name}"))
            .map_or("", String::as_str)
    }

    /// The kind of object that it belongs to.
    pub fn kind(&self) -> &'static str {
        match self.what {
            "cluster" => "EcsCluster",
            "revision" => "EcsTaskDefinition",
            _ => "EcsService",
        }
    }

    /// Whether it is this very object's.
    pub fn is_of(&self, object: &Value) -> bool {
        let metadata = &object["metadata"];
        object["kind"] == self.kind()
            && metadata["namespace"] == self.tag("namespace")
            && metadata["name"] == self.tag("name")
            && metadata["uid"] == self.tag("uid")
    }
}

/// Everything in AWS that carries our tags; what is INACTIVE is gone.
pub fn held(simulator: &Simulator) -> Vec<Held> {
    let ecs = |operation: &str, input: Value| simulator.console("ecs", operation, input);
    let mut all = Vec::new();
    let mut add = |what, arn: &Value, tags: &Value, view: &Value| {
        let tags = read_tags(tags);
        if tags.keys().any(|key| key.starts_with(PREFIX)) {
            let arn = text(arn);
            let view = view.clone();
            all.push(Held {
                what,
                arn,
                tags,
                view,
            });
        }
    };
    let clusters = ecs("ListClusters", json!({}))["clusterArns"].take();
    let described = ecs(
        "DescribeClusters",
        json!({"clusters": clusters, "include": ["TAGS"]}),
    );
    for cluster in list(&described["clusters"]) {
        if cluster["status"] != "INACTIVE" {
            add("cluster", &cluster["clusterArn"], &cluster["tags"], cluster);
        }
        let input = json!({"cluster": cluster["clusterArn"], "maxResults": 100});
        let services = ecs("ListServices", input)["serviceArns"].take();
        for names in list(&services).chunks(10) {
            let input =
                json!({"cluster": cluster["clusterArn"], "services": names, "include": ["TAGS"]});
            for service in list(&ecs("DescribeServices", input)["services"]) {
                if service["status"] != "INACTIVE" {
                    add("service", &service["serviceArn"], &service["tags"], service);
                }
            }
        }
    }
    let revisions = ecs("ListTaskDefinitions", json!({"status": "ACTIVE"}));
    for arn in list(&revisions["taskDefinitionArns"]) {
        let input = json!({"taskDefinition": arn, "include": ["TAGS"]});
        let found = ecs("DescribeTaskDefinition", input);
        add("revision", arn, &found["tags"], &found["taskDefinition"]);
    }
    for (what, arn, view) in balancing(simulator) {
        let input = json!({"ResourceArns": [arn]});
        let tags = simulator.console("elasticloadbalancing", "DescribeTags", input);
        add(what, &arn, &tags["TagDescriptions"][0]["Tags"], &view);
    }
    all
}

/// Every target group and rule.
fn balancing(simulator: &Simulator) -> Vec<(&'static str, Value, Value)> {
    let elb =
        |operation: &str, input: Value| simulator.console("elasticloadbalancing", operation, input);
    let groups = elb("DescribeTargetGroups", json!({}));
    let mut all: Vec<_> = list(&groups["TargetGroups"])
        .iter()
        .map(|group| {
            (
                "target group",
                group["TargetGroupArn"].clone(),
                group.clone(),
            )
        })
        .collect();
    let balancers = elb("DescribeLoadBalancers", json!({}));
    for balancer in list(&balancers["LoadBalancers"]) {
        let input = json!({"LoadBalancerArn": balancer["LoadBalancerArn"]});
        for listener in list(&elb("DescribeListeners", input)["Listeners"]) {
            let input = json!({"ListenerArn": listener["ListenerArn"]});
            let rules = elb("DescribeRules", input);
            let rules = list(&rules["Rules"]).iter();
            let rules = rules.filter(|rule| rule["IsDefault"] == false);
            all.extend(rules.map(|rule| ("rule", rule["RuleArn"].clone(), rule.clone())));
        }
    }
    all
}

/// The items of a list; absent ones are none.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text; absent, it is empty.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Tags by their keys: ECS writes the members small, ELBv2 large.
pub fn read_tags(tags: &Value) -> BTreeMap<String, String> {
    let either = |tag: &Value, small: &str, large: &str| match &tag[small] {
        Value::Null => text(&tag[large]),
        value => text(value),
    };
    list(tags)
        .iter()
        .map(|tag| (either(tag, "key", "Key"), either(tag, "value", "Value")))
        .collect()
}
