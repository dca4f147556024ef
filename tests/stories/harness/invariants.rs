//! What must hold whatever happened in between: judged from what AWS has, from the simulator's journal, and from what the
//! operator wrote to Kubernetes at the moment when it wrote it.
//!
//! Every function returns what is wrong, in words; nothing is what everybody hopes for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use simulator::{Entry, Outcome, Simulator};

use super::{
    gate::Write,
    held::{Held, PREFIX, held, list, read_tags, text},
    objects,
};

/// The tags that say whose something is.
const OWNER_TAGS: [&str; 4] = ["cluster-id", "namespace", "name", "uid"];

/// I1: what carries our tags belongs to an object that is there, and each object has all of its own, once.
pub fn one_of_everything(simulator: &Simulator, objects: &[Value]) -> Vec<String> {
    let held = held(simulator);
    let mut wrong: Vec<_> = held
        .iter()
        .filter(|held| !objects.iter().any(|object| held.is_of(object)))
        .map(|held| format!("I1: the {} {} is nobody's", held.what, held.arn))
        .collect();
    for object in objects {
        let name = format!(
            "{} {}",
            text(&object["kind"]),
            text(&object["metadata"]["name"])
        );
        let of = |what: &'static str| {
            held.iter()
                .filter(move |h| h.what == what && h.is_of(object))
        };
        let groups = || {
            list(&object["spec"]["loadBalancers"])
                .iter()
                .map(|entry| &entry["targetGroup"])
                .filter(|group| group.is_object())
        };
        let rules = || groups().map(|group| list(&group["rules"]).len()).sum();
        let wanted: &[(&'static str, usize)] = match object["kind"].as_str() {
            Some("EcsCluster") => &[("cluster", 1)],
            Some("EcsService") => &[
                ("service", 1),
                ("target group", groups().count()),
                ("rule", rules()),
            ],
            _ => &[],
        };
        for (what, wanted) in wanted {
            let found = of(what).count();
            if found != *wanted {
                wrong.push(format!("I1: {name} has {found} of {wanted} {what}s"));
            }
        }
        if object["kind"] == "EcsTaskDefinition" {
            let mut revisions: Vec<_> = of("revision").collect();
            revisions.sort_by_key(|held| held.view["revision"].as_i64());
            if revisions.is_empty() {
                wrong.push(format!("I1: {name} has no revision"));
            }
            let twice = revisions
                .windows(2)
                .find(|pair| pair[0].tag("hash") == pair[1].tag("hash"));
            if let Some(pair) = twice {
                wrong.push(format!("I1: {name} has {} twice", pair[0].arn));
            }
        }
    }
    wrong
}

/// I2: effective creations and deletions, and rollouts, by operation. Two runs of one story have the same.
pub fn summary(entries: &[Entry]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let counted = |operation: &str| {
        ["Create", "Register", "Delete", "Deregister"]
            .iter()
            .any(|verb| operation.starts_with(verb))
    };
    for entry in operators(entries).filter(|entry| entry.changed()) {
        let rolls =
            entry.operation == "UpdateService" && entry.request["taskDefinition"].is_string();
        if counted(&entry.operation) || rolls {
            // How many revisions one call deletes is a matter of when it looks.
            let times = list(&entry.request["taskDefinitions"]).len().max(1);
            *counts.entry(entry.operation.clone()).or_default() += times;
        }
    }
    counts
}

/// I3: nothing was changed that the operator had not made itself, with its whole owner tuple in the creating call.
/// `entries` begin before the operator does. (Stories about adoption have other proofs.)
pub fn nothing_foreign(entries: &[Entry]) -> Vec<String> {
    let mut ours = BTreeSet::new();
    let mut wrong = Vec::new();
    for entry in operators(entries) {
        let creates = ["Create", "Register"]
            .iter()
            .any(|verb| entry.operation.starts_with(verb));
        let Some(resource) = &entry.resource else {
            // Refused, or of something that is gone (ELBv2 takes that). Else the journal lacks what ECS changed.
            if entry.service == "ecs" && entry.outcome == Outcome::Ok {
                wrong.push(format!("I3: {} of nothing known", entry.operation));
            }
            continue;
        };
        if creates {
            // Refused, or there already: what is named may be anybody's.
            if !entry.changed() {
                continue;
            }
            let tags = ["tags", "Tags"].map(|key| read_tags(&entry.request[key]));
            let is_owned = tags.iter().any(|tags| {
                OWNER_TAGS
                    .iter()
                    .all(|tag| tags.contains_key(&format!("{PREFIX}{tag}")))
            });
            if !is_owned {
                wrong.push(format!(
                    "I3: {} of {resource} without owner",
                    entry.operation
                ));
            }
            ours.insert(resource.clone());
            continue;
        }
        // Of calls that name several the journal has one: the listener of the rules, the first revision's family.
        let rules = list(&entry.request["RulePriorities"]).iter();
        let revisions = list(&entry.request["taskDefinitions"]).iter();
        let mut named: Vec<_> = rules
            .map(|pair| text(&pair["RuleArn"]))
            .chain(revisions.map(family))
            .collect();
        if named.is_empty() {
            named.push(resource.clone());
        }
        for resource in named {
            if !ours.contains(&resource) {
                wrong.push(format!("I3: {} of the foreign {resource}", entry.operation));
            }
        }
    }
    wrong
}

/// I5: no rule leads to a target group that is gone, no rule of a living service goes before another stands, no count
/// is set that nobody declared, and no service goes that is wanted. How many tasks run in between is ECS's.
pub fn always_available(entries: &[Entry], counts: &[i64], is_deleted: bool) -> Vec<String> {
    let mut rules: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    let mut deleted = BTreeSet::new();
    let mut wrong = Vec::new();
    for entry in operators(entries) {
        let operation = entry.operation.as_str();
        let resource = entry.resource.clone().unwrap_or_default();
        if let Some(count) = entry.request["desiredCount"].as_i64()
            && !counts.contains(&count)
        {
            wrong.push(format!(
                "I5: {operation} sets the count {count}, which nobody declared"
            ));
        }
        if !entry.changed() {
            continue;
        }
        match operation {
            "CreateRule" | "ModifyRule" => {
                let uid = read_tags(&entry.request["Tags"])
                    .remove(&format!("{PREFIX}uid"))
                    .or_else(|| rules.get(&resource).map(|(uid, _)| uid.clone()))
                    .unwrap_or_default();
                let groups: BTreeSet<_> = list(&entry.request["Actions"])
                    .iter()
                    .filter_map(|action| action["TargetGroupArn"].as_str())
                    .map(str::to_owned)
                    .collect();
                rules.insert(resource, (uid, groups));
            }
            "DeleteTargetGroup" => {
                if let Some((rule, _)) = rules.iter().find(|(_, (_, g))| g.contains(&resource)) {
                    wrong.push(format!("I5: {rule} leads to the deleted {resource}"));
                }
            }
            "DeleteRule" => {
                let uid = rules.remove(&resource).map(|(uid, _)| uid);
                let is_last = rules.values().all(|(of, _)| Some(of) != uid.as_ref());
                if is_last && deleted.is_empty() {
                    wrong.push(format!("I5: {resource} went while its service lives"));
                }
            }
            "DeleteService" => {
                deleted.insert(resource);
            }
            _ => {}
        }
    }
    if !is_deleted && !deleted.is_empty() {
        wrong.push(format!("I5: nobody wanted {deleted:?} deleted"));
    }
    wrong
}

/// I6 and I8, at the moment of a write: a Ready that AWS does not bear out, a finalizer that leaves too early.
pub fn is_true(simulator: &Simulator, write: &Write<'_>) -> Vec<String> {
    let (resource, name) = write.about.split_once(' ').unwrap_or((write.about, ""));
    let kind = match resource.split('/').next() {
        Some("ecsclusters") => "EcsCluster",
        Some("ecstaskdefinitions") => "EcsTaskDefinition",
        Some("ecsservices") => "EcsService",
        _ => return Vec::new(),
    };
    let of_object = |held: &Held| held.kind() == kind && held.tag("name") == name;
    if let Some(finalizers) = write.body["metadata"]["finalizers"].as_array() {
        let stays = finalizers.iter().any(|f| text(f).starts_with(PREFIX));
        if stays {
            return Vec::new();
        }
        return held(simulator)
            .iter()
            .filter(|held| of_object(held) && held.tag("retained").is_empty())
            .map(|held| {
                format!(
                    "I8: {kind} {name} lets go of the {} {}",
                    held.what, held.arn
                )
            })
            .collect();
    }
    let ready = objects::condition(write.body, "Ready");
    if !ready.is_some_and(|(status, reason, _)| status == "True" && reason != "Suspended") {
        return Vec::new();
    }
    let status = &write.body["status"];
    let Some(held) = held(simulator)
        .into_iter()
        .find(|held| of_object(held) && status["arn"] == held.arn)
    else {
        return vec![format!(
            "I6: {kind} {name} is Ready without {}",
            status["arn"]
        )];
    };
    let is_so = match kind {
        "EcsService" => {
            let view = &held.view;
            let deployments = list(&view["deployments"]);
            deployments.len() == 1
                && deployments[0]["rolloutState"] == "COMPLETED"
                && deployments[0]["taskDefinition"] == status["taskDefinition"]["arn"]
                && view["runningCount"] == view["desiredCount"]
        }
        _ => held.view["status"] == "ACTIVE",
    };
    (!is_so)
        .then(|| format!("I6: {kind} {name} is Ready and AWS has {:#}", held.view))
        .into_iter()
        .collect()
}

/// The journal's name for the family of a revision's ARN.
fn family(arn: &Value) -> String {
    let arn = text(arn);
    let name = arn.rsplit('/').next().unwrap_or_default();
    let family = name.split(':').next().unwrap_or_default();
    format!("task-definition/{family}")
}

/// Calls of the operator that change something.
fn operators(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries
        .iter()
        .filter(|entry| entry.mutating && entry.access_key != "console")
}
