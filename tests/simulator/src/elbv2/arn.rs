//! ARNs of ELBv2, all made of names and hashes, so that the same name gives the same ARN.

use crate::Call;
use crate::ids::named;

fn prefix(call: &Call) -> String {
    format!(
        "arn:aws:elasticloadbalancing:{}:{}",
        call.region, call.account
    )
}

fn id(call: &Call, words: &[&str]) -> String {
    named(&[&[call.account, call.region], words].concat(), 16)
}

/// `kind` is `app`, `net` or `gwy`; `time` tells uses of the same name apart.
pub fn load_balancer(call: &Call, kind: &str, name: &str, time: &str) -> String {
    format!(
        "{}:loadbalancer/{kind}/{name}/{}",
        prefix(call),
        id(call, &["load balancer", name, time])
    )
}

/// Below its load balancer's path.
pub fn listener(call: &Call, load_balancer: &str, port: i64, time: &str) -> String {
    let path = load_balancer
        .split_once("loadbalancer/")
        .map_or("", |(_, path)| path);
    let id = id(call, &["listener", load_balancer, &port.to_string(), time]);
    format!("{}:listener/{path}/{id}", prefix(call))
}

/// Below its listener's path.
pub fn rule(call: &Call, listener: &str, time: &str) -> String {
    let path = listener
        .split_once("listener/")
        .map_or("", |(_, path)| path);
    format!(
        "{}:listener-rule/{path}/{}",
        prefix(call),
        id(call, &["rule", listener, time])
    )
}

/// A target group's.
pub fn target_group(call: &Call, name: &str, time: &str) -> String {
    format!(
        "{}:targetgroup/{name}/{}",
        prefix(call),
        id(call, &["target group", name, time])
    )
}
