use std::time::Duration;

use serde_json::{Value, json};
use simulator::{ACCOUNT, Options, REGION, Simulator};
use tokio::task::JoinHandle;

use crate::client::{json_request, read};

fn sqs(aws: &Simulator, operation: &str, input: Value) -> Value {
    aws.console("sqs", operation, input)
}

fn queue(aws: &Simulator) -> Value {
    sqs(aws, "CreateQueue", json!({ "QueueName": "ecs-events" }))["QueueUrl"].clone()
}

#[test]
fn received_message_comes_again_unless_it_is_deleted() {
    let aws = Simulator::new(Options::default());
    let url = queue(&aws);
    sqs(
        &aws,
        "SendMessage",
        json!({ "QueueUrl": url, "MessageBody": "hello" }),
    );
    let receive = || {
        sqs(
            &aws,
            "ReceiveMessage",
            json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 }),
        )
    };
    assert_eq!(receive()["Messages"][0]["Body"], "hello");
    assert_eq!(receive(), json!({}));
    aws.advance(30.0);
    let receipt = receive()["Messages"][0]["ReceiptHandle"].clone();
    let entries = json!([{ "Id": "1", "ReceiptHandle": receipt }]);
    sqs(
        &aws,
        "DeleteMessageBatch",
        json!({ "QueueUrl": url, "Entries": entries }),
    );
    aws.advance(30.0);
    assert_eq!(receive(), json!({}));
}

/// A reader that waits twenty virtual seconds for a message.
fn polling(aws: &Simulator, url: &Value) -> JoinHandle<Option<(u16, String)>> {
    let input = json!({ "QueueUrl": url, "WaitTimeSeconds": 20 });
    let request = json_request("test", "sqs", "AmazonSQS.ReceiveMessage", &input);
    let aws = aws.clone();
    tokio::spawn(async move { aws.handle(request).await.map(read) })
}

#[tokio::test]
async fn long_poll_ends_with_a_message() {
    let aws = Simulator::new(Options::default());
    let url = queue(&aws);
    let poll = polling(&aws, &url);
    sqs(
        &aws,
        "SendMessage",
        json!({ "QueueUrl": url, "MessageBody": "hello" }),
    );
    let (status, body) = poll.await.expect("no panic").expect("an answer");
    assert!(status == 200 && body.contains("hello"), "{body}");
}

#[tokio::test]
async fn long_poll_ends_in_virtual_time() {
    let aws = Simulator::new(Options::default());
    let url = queue(&aws);
    let poll = polling(&aws, &url);
    tokio::task::yield_now().await;
    aws.advance(20.0);
    let ended = tokio::time::timeout(Duration::from_secs(10), poll)
        .await
        .expect("at once");
    assert_eq!(ended.expect("no panic"), Some((200, "{}".to_owned())));
}

#[test]
fn missing_queue_is_said_so() {
    let aws = Simulator::new(Options::default());
    let error = aws.api(
        ACCOUNT,
        REGION,
        "sqs",
        "GetQueueUrl",
        json!({ "QueueName": "none" }),
    );
    assert_eq!(error.expect_err("missing").code, "QueueDoesNotExist");
}
