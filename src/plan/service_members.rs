//! Members of a service: what is to be compared, and where AWS shows it.

use serde_json::{Value, json};

use super::{State, completion, refusal::IMMUTABLE, reset, rollout};
use crate::{
    api::condition::Reason,
    desired::service::DesiredService,
    model::{
        Members, declared as paths, observed,
        service::{ON_DEPLOYMENT, ON_REVISION},
    },
};

const PLATFORM: &str = "platformVersion";

/// Declared members of UpdateService, completed by what was taken out.
pub(super) fn completed(
    desired: &DesiredService,
    mut declared: Members,
    service: &observed::Resource,
) -> completion::Completed {
    // A launch type excludes a strategy: it is left by an empty one.
    if declared.contains_key("launchType") && has_strategy(service) {
        declared.insert("capacityProviderStrategy".into(), json!([]));
    }
    let origin = reset::Origin {
        is_daemon: service.text("schedulingStrategy") == Some("DAEMON"),
        had_launch_type: had_launch_type(service),
    };
    let taken_out = desired.removed.iter().map(String::as_str);
    let of_service =
        taken_out.filter(|path| !path.starts_with("/tags/") && !path.starts_with("/targetGroups/"));
    let mut completed = completion::complete(
        &declared,
        of_service,
        |path, block| reset::service(path, block, origin),
        |item| paths::under(&desired.before, item).next().is_none(),
    );
    let members = &mut completed.members;
    members.retain(|member, _| {
        let is_unread =
            ON_REVISION.contains(&member.as_str()) && !service.members.contains_key(member);
        !IMMUTABLE.contains(&member.as_str()) && !is_unread
    });
    // What LATEST means is decided by AWS at each deployment; only what is surely older is left.
    if members
        .get(PLATFORM)
        .is_some_and(|version| version == "LATEST")
        && !is_behind(service)
    {
        members.remove(PLATFORM);
    }
    completed
}

/// Members of which nothing can be said, as only a service revision has them and it was not read: AWS shows none of the PRIMARY
/// deployment.
pub(super) fn unread(desired: &DesiredService, observed: &observed::Service) -> Option<State> {
    let service = observed.service.as_ref()?;
    let members: Vec<_> = desired
        .on_revision()
        .filter(|member| !service.members.contains_key(*member))
        .collect();
    (!members.is_empty()).then(|| {
        State::Waiting(
            Reason::Updating,
            format!(
                "AWS shows no service revision of the deployment that runs, which alone says what {} is in AWS; looking again. If that stays so, start a deployment: a service from before there were revisions has none",
                members.join(" and ")
            ),
        )
    })
}

/// Whether the service's platform version is older than what LATEST meant when this was written: 1.4.0, for Windows 1.0.0, the
/// first there (Fargate platform versions).
fn is_behind(service: &observed::Resource) -> bool {
    let current = current(service);
    let text = |member: &str| current.get(member).and_then(Value::as_str);
    let Some(version) = text(PLATFORM).filter(|version| *version != "LATEST") else {
        return false;
    };
    let is_windows = text("platformFamily").is_some_and(|family| family.starts_with("Windows"));
    let numbers: Vec<u32> = version.split('.').map_while(|n| n.parse().ok()).collect();
    !is_windows && numbers.len() == 3 && numbers < vec![1, 4, 0]
}

/// Whether the service runs by a capacity provider strategy.
pub(super) fn has_strategy(service: &observed::Resource) -> bool {
    let current = current(service);
    let strategy = current.get("capacityProviderStrategy");
    strategy
        .and_then(Value::as_array)
        .is_some_and(|items| !items.is_empty())
}

/// Whether the service was created with a launch type: only then does AWS show one beside a strategy (Service, member launchType).
pub(super) fn had_launch_type(service: &observed::Resource) -> bool {
    service.text("launchType").is_some()
}

/// What AWS has of the members that CreateService takes: the service's, and what stands at its PRIMARY deployment alone.
pub(super) fn current(service: &observed::Resource) -> Members {
    let mut members = service.members.clone();
    if let Some(role) = members.get("roleArn").cloned() {
        members.insert("role".into(), role);
    }
    if let Some(primary) = rollout::primary(service) {
        for key in ON_DEPLOYMENT {
            if !primary[key].is_null() {
                members.insert(key.into(), primary[key].clone());
            }
        }
    }
    members
}
