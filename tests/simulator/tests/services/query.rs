use serde_json::json;

use crate::client::{self, at, elb, person};

#[tokio::test]
async fn nested_lists_come_in_and_go_out() {
    let (aws, listener) = client::with_listener();
    let group = client::group(&aws, "web");
    let form = format!(
        "Action=CreateRule&Version=2015-12-01&ListenerArn={listener}&Priority=7\
         &Conditions.member.1.Field=host-header&Conditions.member.1.Values.member.1=a.example.com&Conditions.member.1.Values.member.2=b.example.com\
         &Actions.member.1.Type=forward&Actions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn={group}\
         &Actions.member.1.ForwardConfig.TargetGroups.member.1.Weight=3\
         &Tags.member.1.Key=team&Tags.member.1.Value=a%20b%2Bc+d"
    );
    let (status, body) = elb(&aws, &form).await.expect("an answer");
    assert_eq!(status, 200, "{body}");
    assert!(body.starts_with("<CreateRuleResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><CreateRuleResult><Rules><member>"), "{body}");
    assert!(
        body.contains(
            "<Values><member>a.example.com</member><member>b.example.com</member></Values>"
        ),
        "{body}"
    );
    assert!(body.contains("<Weight>3</Weight>"), "{body}");
    assert!(body.contains("<ResponseMetadata><RequestId>"), "{body}");
    let entry = aws.journal().pop().expect("an entry");
    assert_eq!(
        entry.request["Tags"],
        json!([{ "Key": "team", "Value": "a b+c d" }])
    );
    assert_eq!(entry.request["Priority"], 7);
}

#[tokio::test]
async fn empty_list_unknown_member_and_wrong_type_are_told_apart() {
    let (aws, listener) = client::with_listener();
    let violations = async |form: &str| {
        elb(&aws, &form.replace("LISTENER", &listener))
            .await
            .expect("an answer");
        aws.journal().pop().expect("an entry").violations
    };
    let form = "Action=DescribeRules&ListenerArn=LISTENER&RuleArns=";
    assert_eq!(violations(form).await, Vec::<String>::new());
    let form = "Action=DescribeRules&ListenerArn=LISTENER&Nope.member.1=x";
    assert_eq!(violations(form).await, ["Nope.member.1: unknown member"]);
    let form = "Action=DescribeRules&ListenerArn=LISTENER&PageSize=many";
    assert_eq!(
        violations(form).await,
        ["PageSize: \"many\" is not a integer"]
    );
}

#[tokio::test]
async fn error_carries_code_message_and_request_id() {
    let (aws, _) = client::with_listener();
    let (status, body) = elb(&aws, "Action=DeleteRule&RuleArn=%3Carn%3E")
        .await
        .expect("an answer");
    let id = aws.journal().pop().expect("an entry").request_id;
    assert_eq!(status, 400);
    assert_eq!(
        body,
        format!(
            "<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><Error><Type>Sender</Type><Code>RuleNotFound</Code><Message>One or more rules not found</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
        )
    );
}

#[tokio::test]
async fn text_and_times_are_written_as_xml_wants_them() {
    let (aws, listener) = client::with_listener();
    let group = client::group(&aws, "web");
    let mut input = client::rule_input(&listener, 1, &group);
    input["Conditions"] = json!([{ "Field": "path-pattern", "Values": ["/a&b"] }]);
    person(&aws, "CreateRule", input).expect("a rule");
    let (_, body) = elb(
        &aws,
        &format!("Action=DescribeRules&ListenerArn={listener}"),
    )
    .await
    .expect("an answer");
    assert!(body.contains("<member>/a&amp;b</member>"), "{body}");
    let (_, body) = elb(&aws, "Action=DescribeLoadBalancers")
        .await
        .expect("an answer");
    assert!(
        body.contains("<CreatedTime>2026-01-01T00:00:00.000Z</CreatedTime>"),
        "{body}"
    );
}

#[test]
fn arns_depend_on_names_alone() {
    let (first, listener) = client::with_listener();
    let (second, _) = client::with_listener();
    client::group(&second, "other");
    assert_eq!(client::group(&first, "web"), client::group(&second, "web"));
    let again = person(
        &second,
        "DescribeListeners",
        json!({ "ListenerArns": [listener] }),
    );
    assert_eq!(
        at(&again.expect("the listener"), "/Listeners/0/Protocol"),
        "HTTP"
    );
}

#[test]
fn group_made_again_under_its_name_has_another_arn() {
    let (aws, _) = client::with_listener();
    let first = client::group(&aws, "web");
    person(
        &aws,
        "DeleteTargetGroup",
        json!({ "TargetGroupArn": first }),
    )
    .expect("deleted");
    assert_ne!(client::group(&aws, "web"), first);
}
