//! A client without a socket, and an AWS with a listener in it.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use simulator::{ACCOUNT, ApiError, Options, REGION, Simulator};

pub const ELB: &str = "elasticloadbalancing";

/// A signed awsJson request.
pub fn json_request(key: &str, service: &str, target: &str, input: &Value) -> Request<Bytes> {
    let request = Request::post("/").header("x-amz-target", target);
    let request = request.header("content-type", "application/x-amz-json-1.1");
    let request = request.header("authorization", authorization(key, service));
    request
        .body(Bytes::from(input.to_string()))
        .expect("a request")
}

/// A signed awsQuery request.
pub fn query_request(key: &str, service: &str, form: &str) -> Request<Bytes> {
    let request = Request::post("/").header("authorization", authorization(key, service));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request
        .body(Bytes::from(form.to_owned()))
        .expect("a request")
}

pub fn authorization(key: &str, service: &str) -> String {
    let signature = "0123456789abcdef".repeat(4);
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}"
    )
}

/// Status and body.
pub fn read(response: Response<Bytes>) -> (u16, String) {
    (
        response.status().as_u16(),
        String::from_utf8(response.body().to_vec()).expect("UTF-8"),
    )
}

/// Sends an ECS call with the key `test`.
pub async fn ecs(aws: &Simulator, operation: &str, input: Value) -> (u16, Value) {
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    let response = aws
        .handle(json_request("test", "ecs", &target, &input))
        .await
        .expect("an answer");
    let (status, body) = read(response);
    (status, serde_json::from_str(&body).expect("JSON"))
}

/// Sends an ELBv2 form with the key `test`.
pub async fn elb(aws: &Simulator, form: &str) -> Option<(u16, String)> {
    aws.handle(query_request("test", ELB, form)).await.map(read)
}

/// An ELBv2 call by a person.
pub fn person(aws: &Simulator, operation: &str, input: Value) -> Result<Value, ApiError> {
    aws.api(ACCOUNT, REGION, ELB, operation, input)
}

/// The code with which AWS refuses the call.
pub fn refused(aws: &Simulator, operation: &str, input: Value) -> String {
    person(aws, operation, input).expect_err(operation).code
}

/// The string at a pointer.
pub fn at(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{pointer} in {value}"))
        .to_owned()
}

/// An AWS with the listener that it returns.
pub fn with_listener() -> (Simulator, String) {
    let aws = Simulator::new(Options::default());
    let listener = aws.listener("main", json!({}));
    (aws, listener)
}

pub fn group_input(name: &str) -> Value {
    json!({ "Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "ip" })
}

pub fn group(aws: &Simulator, name: &str) -> String {
    let group = person(aws, "CreateTargetGroup", group_input(name)).expect("a target group");
    at(&group, "/TargetGroups/0/TargetGroupArn")
}

pub fn forward(group: &str) -> Value {
    json!({ "Type": "forward", "TargetGroupArn": group })
}

pub fn rule_input(listener: &str, priority: i64, group: &str) -> Value {
    let condition = json!({ "Field": "path-pattern", "Values": [format!("/{priority}")] });
    json!({ "ListenerArn": listener, "Priority": priority, "Conditions": [condition], "Actions": [forward(group)] })
}

pub fn rule(aws: &Simulator, listener: &str, priority: i64, group: &str) -> String {
    let rule = person(aws, "CreateRule", rule_input(listener, priority, group)).expect("a rule");
    at(&rule, "/Rules/0/RuleArn")
}
