use http::Request;
use serde_json::json;
use simulator::{Account, Effect, Fault, Options, REGION, Simulator};

use crate::client::{self, ELB, json_request, query_request, read};

const CLUSTERS: &str = "AmazonEC2ContainerServiceV20141113.ListClusters";

async fn json_error(aws: &Simulator, key: &str) -> (u16, String) {
    let response = aws
        .handle(json_request(key, "ecs", CLUSTERS, &json!({})))
        .await;
    let (status, body) = read(response.expect("an answer"));
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    (
        status,
        body["__type"].as_str().unwrap_or_default().to_owned(),
    )
}

async fn query_error(aws: &Simulator, key: &str) -> (u16, String) {
    let request = query_request(key, ELB, "Action=DescribeTargetGroups&Version=2015-12-01");
    let (status, body) = read(aws.handle(request).await.expect("an answer"));
    let code = body
        .split("<Code>")
        .nth(1)
        .and_then(|rest| rest.split("</Code>").next());
    (status, code.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn unknown_access_key_is_refused_in_each_protocols_words() {
    let aws = Simulator::new(Options::default());
    assert_eq!(
        json_error(&aws, "AKIDOTHER").await,
        (400, "UnrecognizedClientException".into())
    );
    assert_eq!(
        query_error(&aws, "AKIDOTHER").await,
        (403, "InvalidClientTokenId".into())
    );
}

#[tokio::test]
async fn expired_session_is_refused_until_it_is_not() {
    let aws = Simulator::new(Options::default());
    aws.script(|script| script.expired_keys = ["test".into()].into());
    assert_eq!(
        json_error(&aws, "test").await,
        (400, "ExpiredTokenException".into())
    );
    assert_eq!(
        query_error(&aws, "test").await,
        (403, "ExpiredToken".into())
    );
    aws.script(|script| script.expired_keys.clear());
    assert_eq!(query_error(&aws, "test").await, (200, String::new()));
}

#[tokio::test]
async fn denied_operation_is_denied_for_that_key_only() {
    let accounts = ["one", "two"].map(|key| Account {
        id: "111111111111".into(),
        access_key: key.into(),
    });
    let aws = Simulator::new(Options {
        accounts: accounts.into(),
        ..Options::default()
    });
    aws.fault(
        Fault::new(Effect::Deny)
            .operation("DescribeTargetGroups")
            .access_key("one"),
    );
    assert_eq!(query_error(&aws, "one").await, (403, "AccessDenied".into()));
    assert_eq!(query_error(&aws, "two").await, (200, String::new()));
}

#[tokio::test]
async fn unsigned_request_is_refused() {
    let aws = Simulator::new(Options::default());
    let unsigned = Request::post("/")
        .body("Action=DescribeTargetGroups".into())
        .expect("a request");
    let (status, body) = read(aws.handle(unsigned).await.expect("an answer"));
    assert_eq!(status, 403);
    assert!(
        body.contains("<Code>MissingAuthenticationToken</Code>"),
        "{body}"
    );
}

/// Account 111111111111 with the key `one`, and 222222222222 with `two`.
fn with_two_accounts() -> Simulator {
    let accounts = [("111111111111", "one"), ("222222222222", "two")];
    let accounts = accounts.map(|(id, key)| Account {
        id: id.into(),
        access_key: key.into(),
    });
    Simulator::new(Options {
        accounts: accounts.into(),
        ..Options::default()
    })
}

#[tokio::test]
async fn accounts_and_regions_do_not_see_each_other() {
    let aws = with_two_accounts();
    let input = client::group_input("web");
    aws.api("111111111111", REGION, ELB, "CreateTargetGroup", input)
        .expect("a group");
    let seen = async |key: &str| {
        let request = query_request(key, ELB, "Action=DescribeTargetGroups");
        read(aws.handle(request).await.expect("an answer"))
            .1
            .contains("targetgroup/web")
    };
    assert!(seen("one").await);
    assert!(!seen("two").await);
    let other = aws.api(
        "111111111111",
        "eu-west-1",
        ELB,
        "DescribeTargetGroups",
        json!({}),
    );
    assert_eq!(other, Ok(json!({ "TargetGroups": [] })));
}

#[tokio::test]
async fn assumed_role_acts_in_its_account() {
    let aws = with_two_accounts();
    let form = "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fdeploy&RoleSessionName=op";
    let (status, body) = read(
        aws.handle(query_request("one", "sts", form))
            .await
            .expect("an answer"),
    );
    assert_eq!(status, 200, "{body}");
    let key = body
        .split("<AccessKeyId>")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .expect("a key");
    let who = aws
        .handle(query_request(key, "sts", "Action=GetCallerIdentity"))
        .await;
    let (_, body) = read(who.expect("an answer"));
    assert!(
        body.contains("<Arn>arn:aws:sts::222222222222:assumed-role/deploy/op</Arn>"),
        "{body}"
    );
}

#[tokio::test]
async fn role_in_an_unknown_account_is_denied() {
    let aws = Simulator::new(Options::default());
    let form = "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A999999999999%3Arole%2Fdeploy&RoleSessionName=op";
    let (status, body) = read(
        aws.handle(query_request("test", "sts", form))
            .await
            .expect("an answer"),
    );
    assert_eq!(status, 403);
    assert!(body.contains("<Code>AccessDenied</Code>"), "{body}");
}
