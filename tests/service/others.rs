//! What others own in the account, and do with it.

use serde_json::{Value, json};
use simulator::Simulator;

fn elb(simulator: &Simulator, operation: &str, input: Value) -> Value {
    simulator.console("elasticloadbalancing", operation, input)
}

/// ARN of a target group that is not ours, behind a rule that is not ours.
pub fn target_group(simulator: &Simulator, listener: &str, target_type: &str) -> Value {
    let group = elb(
        simulator,
        "CreateTargetGroup",
        json!({"Name": format!("other-{target_type}"), "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": target_type}),
    );
    let arn = group["TargetGroups"][0]["TargetGroupArn"].clone();
    let condition = json!({"Field": "path-pattern", "Values": [format!("/{target_type}")]});
    elb(
        simulator,
        "CreateRule",
        json!({"ListenerArn": listener, "Priority": 50_000 - target_type.len(), "Conditions": [condition], "Actions": [{"Type": "forward", "TargetGroupArn": arn}]}),
    );
    arn
}

/// Has somebody lead a listener of a Network Load Balancer to each target group that no rule can lead to.
pub fn lead(simulator: &Simulator) {
    let groups = elb(simulator, "DescribeTargetGroups", json!({}))["TargetGroups"].take();
    for group in groups.as_array().expect("groups") {
        let protocol = group["Protocol"].as_str().unwrap_or_default();
        let balancers = group["LoadBalancerArns"].as_array();
        let is_led = balancers.is_some_and(|arns| !arns.is_empty());
        if is_led || protocol.starts_with("HTTP") {
            continue;
        }
        let balancer = elb(
            simulator,
            "CreateLoadBalancer",
            json!({"Name": "network", "Type": "network", "Subnets": ["subnet-a", "subnet-b"]}),
        );
        let forward = json!([{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]);
        let mut listener = json!({"LoadBalancerArn": balancer["LoadBalancers"][0]["LoadBalancerArn"], "Protocol": protocol, "Port": 80, "DefaultActions": forward});
        if protocol == "TLS" {
            listener["Certificates"] =
                json!([{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1"}]);
        }
        elb(simulator, "CreateListener", listener);
    }
}
