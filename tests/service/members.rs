//! Every member of AWS's model once: what is declared is what is sent, what AWS answers is what is seen, and then nothing is left to do.

use ecs_operator::plan::State;
use serde_json::{Value, json};

use crate::{
    block_on::block_on,
    declarations::{BASES, MEMBERS, joined},
    declaring::Declare,
    rig::Rig,
};

/// Members that have no place where tasks run on addresses of their own and are counted: refused, and that is tested elsewhere.
const REFUSED: [&str; 3] = [
    "{\"deploymentController\":{\"type\":\"CODE_DEPLOY\"}}",
    "{\"deploymentController\":{\"type\":\"EXTERNAL\"}}",
    "{\"schedulingStrategy\":\"DAEMON\"}",
];

/// A declaration of the member, on the first base that takes it.
fn declaration(member: &Value) -> Option<Value> {
    let on = |base: &Value| joined(base.clone(), member);
    BASES.iter().find_map(on)
}

async fn drive(member: &Value) -> Result<(), String> {
    let spec = declaration(member).ok_or("no declaration takes it")?;
    let mut rig = Rig::new().await;
    let declared = rig.declare(&spec).await?;
    if declared.state != State::Settled {
        return Err(format!("{:?}", declared.state));
    }
    let created = declared
        .made
        .iter()
        .find(|entry| entry.operation == "CreateService");
    let request = &created.ok_or("no CreateService")?.request;
    for (key, value) in member.as_object().expect("an object") {
        let is_other = ["loadBalancers", "tags"].contains(&key.as_str());
        if !is_other && request[key] != spec[key] {
            return Err(format!("sent {} for {value}", request[key]));
        }
    }
    rig.restart().await;
    let again = rig.declare(&spec).await?;
    match again.state {
        State::Settled if again.made.is_empty() => Ok(()),
        state => Err(format!("{state:?} after {} more calls", again.made.len())),
    }
}

#[test]
fn every_member_is_sent_as_declared_and_seen() {
    let wrong: Vec<String> = MEMBERS
        .iter()
        .filter(|member| !REFUSED.contains(&member.to_string().as_str()))
        .filter_map(|member| {
            let error = block_on(drive(member)).err()?;
            Some(format!("{member}: {error}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        MEMBERS.len(),
        wrong.join("\n")
    );
}

#[test]
fn members_that_are_refused_are_refused_everywhere() {
    for member in REFUSED {
        let member = serde_json::from_str(member).expect("JSON");
        assert_eq!(declaration(&member), None, "{member}");
    }
    assert!(declaration(&json!({"desiredCount": 2})).is_some());
}
