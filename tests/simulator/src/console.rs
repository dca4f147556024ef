//! What people do in AWS past the operator, in the account and Region that tests and the demo have.

use serde_json::{Value, json};

use crate::Simulator;

/// The account, unless [`crate::Options`] name others.
pub const ACCOUNT: &str = "000000000000";

/// The Region.
pub const REGION: &str = "us-east-1";

impl Simulator {
    /// A call of a person with all rights in that account and Region; panics when AWS refuses it. `service` is a signing name.
    pub fn console(&self, service: &str, operation: &str, input: Value) -> Value {
        self.api(ACCOUNT, REGION, service, operation, input)
            .unwrap_or_else(|error| panic!("{operation}: {error:?}"))
    }

    /// A load balancer with a listener that answers 404, as a platform team makes them; the listener's ARN. The listener speaks
    /// HTTP on port 80 unless `otherwise`, members of CreateListener, says another thing.
    pub fn listener(&self, balancer: &str, otherwise: Value) -> String {
        let call = |operation: &str, input| self.console("elasticloadbalancing", operation, input);
        let balancer = call(
            "CreateLoadBalancer",
            json!({"Name": balancer, "Subnets": ["subnet-a", "subnet-b"]}),
        );
        let response =
            json!({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}});
        let mut input = json!({
            "LoadBalancerArn": balancer["LoadBalancers"][0]["LoadBalancerArn"],
            "Protocol": "HTTP", "Port": 80, "DefaultActions": [response],
        });
        for (member, value) in otherwise.as_object().into_iter().flatten() {
            input[member] = value.clone();
        }
        let listener = call("CreateListener", input);
        let arn = listener["Listeners"][0]["ListenerArn"].as_str();
        arn.expect("CreateListener answers with an ARN").to_owned()
    }
}
