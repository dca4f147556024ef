use std::time::Duration;

use serde_json::json;
use simulator::{Effect, Entry, Fault, FaultId, Outcome, Simulator};
use tokio::task::JoinHandle;

use crate::client::{self, elb, group, person};

const SOON: Duration = Duration::from_secs(10);
const CREATE: &str =
    "Action=CreateTargetGroup&Name=web&Protocol=HTTP&Port=80&VpcId=vpc-1&TargetType=ip";
const LIST: &str = "Action=DescribeTargetGroups";

fn create_fault(effect: Effect) -> Fault {
    Fault::new(effect).operation("CreateTargetGroup")
}

fn groups(aws: &Simulator) -> usize {
    let groups = person(aws, "DescribeTargetGroups", json!({})).expect("groups");
    groups["TargetGroups"].as_array().map_or(0, Vec::len)
}

fn of_create(aws: &Simulator) -> Entry {
    let journal = aws.journal();
    journal
        .into_iter()
        .rfind(|entry| entry.operation == "CreateTargetGroup")
        .expect("an entry")
}

#[tokio::test]
async fn throttled_call_has_no_effect() {
    let (aws, _) = client::with_listener();
    aws.fault(create_fault(Effect::Throttle).times(1));
    let (status, body) = elb(&aws, CREATE).await.expect("an answer");
    assert_eq!(status, 400);
    assert!(
        body.contains("<Code>Throttling</Code><Message>Rate exceeded</Message>"),
        "{body}"
    );
    assert_eq!(
        (of_create(&aws).code(), groups(&aws)),
        (Some("Throttling"), 0)
    );
    assert_eq!(elb(&aws, CREATE).await.expect("an answer").0, 200);
}

#[tokio::test]
async fn scripted_error_is_answered_as_scripted() {
    let (aws, _) = client::with_listener();
    let (code, message) = ("InternalFailure".to_owned(), "sorry".to_owned());
    aws.fault(create_fault(Effect::Error {
        status: 500,
        code,
        message,
    }));
    let (status, body) = elb(&aws, CREATE).await.expect("an answer");
    assert_eq!(status, 500);
    assert!(
        body.contains("<Type>Receiver</Type><Code>InternalFailure</Code><Message>sorry</Message>"),
        "{body}"
    );
    assert_eq!(groups(&aws), 0);
}

#[tokio::test]
async fn lost_reply_took_effect_and_a_reset_did_not() {
    let (aws, _) = client::with_listener();
    aws.fault(create_fault(Effect::Reset).times(1));
    assert_eq!(elb(&aws, CREATE).await, None);
    assert_eq!((of_create(&aws).outcome, groups(&aws)), (Outcome::Reset, 0));
    aws.fault(create_fault(Effect::LoseReply).times(1));
    assert_eq!(elb(&aws, CREATE).await, None);
    assert_eq!(
        (of_create(&aws).outcome.clone(), groups(&aws)),
        (Outcome::Lost, 1)
    );
    let entry = of_create(&aws);
    assert_eq!(entry.before, None);
    assert!(entry.after.is_some());
}

#[tokio::test]
async fn truncated_answer_took_effect() {
    let (aws, _) = client::with_listener();
    aws.fault(create_fault(Effect::Truncate));
    let (_, body) = elb(&aws, CREATE).await.expect("an answer");
    assert!(!body.contains("</CreateTargetGroupResponse>"), "{body}");
    assert_eq!((of_create(&aws).outcome, groups(&aws)), (Outcome::Lost, 1));
}

/// A creation that hangs, with the fault that holds it.
async fn held(aws: &Simulator, effect: Effect) -> (FaultId, JoinHandle<Option<(u16, String)>>) {
    let fault = aws.fault(create_fault(effect));
    let call = tokio::spawn({
        let aws = aws.clone();
        async move { elb(&aws, CREATE).await }
    });
    let is_held = |entry: &Entry| entry.outcome == Outcome::Held;
    aws.journal_until(SOON, |journal| journal.iter().any(is_held))
        .await
        .expect("held");
    (fault, call)
}

#[tokio::test]
async fn hanging_call_waits_before_its_effect() {
    let (aws, _) = client::with_listener();
    let (fault, call) = held(&aws, Effect::Hang).await;
    assert_eq!(groups(&aws), 0);
    aws.release(fault);
    assert_eq!(call.await.expect("no panic").expect("an answer").0, 200);
    assert_eq!((of_create(&aws).outcome, groups(&aws)), (Outcome::Ok, 1));
}

#[tokio::test]
async fn hanging_reply_waits_after_the_effect() {
    let (aws, _) = client::with_listener();
    let (fault, call) = held(&aws, Effect::HangAfter).await;
    assert_eq!(groups(&aws), 1);
    aws.release(fault);
    assert_eq!(call.await.expect("no panic").expect("an answer").0, 200);
    assert_eq!(of_create(&aws).outcome, Outcome::Ok);
}

#[tokio::test]
async fn call_whose_client_goes_away_while_it_hangs_never_takes_effect() {
    let (aws, _) = client::with_listener();
    aws.fault(create_fault(Effect::Hang));
    let call = tokio::spawn({
        let aws = aws.clone();
        async move { elb(&aws, CREATE).await }
    });
    let held = |e: &Entry| e.outcome == Outcome::Held;
    aws.journal_until(SOON, |journal| journal.iter().any(held))
        .await
        .expect("held");
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()));
    aws.clear_faults();
    let end = (of_create(&aws).outcome, groups(&aws));
    assert_eq!(end, (Outcome::GivenUp, 0));
}

#[tokio::test]
async fn skip_and_times_choose_the_calls() {
    let (aws, _) = client::with_listener();
    let fault = aws.fault(
        Fault::new(Effect::Throttle)
            .mutating(false)
            .skip(2)
            .times(2),
    );
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(elb(&aws, LIST).await.expect("an answer").0);
    }
    assert_eq!(statuses, [200, 200, 400, 400, 200, 200]);
    assert_eq!(aws.fault_hits(fault), Some(2));
}

#[tokio::test]
async fn filters_choose_the_calls() {
    let (aws, _) = client::with_listener();
    aws.fault(create_fault(Effect::Throttle).contains("\"Name\":\"api\""));
    aws.fault(Fault::new(Effect::Throttle).service("ecs"));
    assert_eq!(elb(&aws, CREATE).await.expect("an answer").0, 200);
    assert_eq!(
        elb(&aws, &CREATE.replace("web", "api"))
            .await
            .expect("an answer")
            .0,
        400
    );
}

#[tokio::test]
async fn created_resource_is_invisible_for_a_while() {
    let (aws, _) = client::with_listener();
    group(&aws, "old");
    aws.fault(create_fault(Effect::InvisibleFor { seconds: 8.0 }).times(1));
    assert_eq!(elb(&aws, CREATE).await.expect("an answer").0, 200);
    let named = async || {
        elb(&aws, &format!("{LIST}&Names.member.1=web"))
            .await
            .expect("an answer")
    };
    assert_eq!(named().await.0, 400);
    assert_eq!(groups(&aws), 1);
    aws.advance(8.0);
    assert_eq!(named().await.0, 200);
    assert_eq!(groups(&aws), 2);
}

#[tokio::test]
async fn violation_does_not_use_a_fault_up() {
    let (aws, _) = client::with_listener();
    let fault = aws.fault(create_fault(Effect::Throttle).times(1));
    elb(&aws, &format!("{CREATE}&Nope=1"))
        .await
        .expect("an answer");
    assert_eq!(aws.fault_hits(fault), Some(0));
}

#[tokio::test]
async fn waiting_for_what_does_not_come_tells_what_came() {
    let (aws, _) = client::with_listener();
    let waited = aws.journal_until(Duration::from_millis(1), |_| false).await;
    assert!(waited.expect_err("never").contains("CreateListener Ok"));
}
