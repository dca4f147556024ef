//! Plans for people and for programs.

use serde_json::json;

use super::assess::{Assessed, Standing};
use crate::{
    api::lifecycle::{Drift, Effect, PlannedStep},
    plan::task_definition::HIDDEN,
};

/// Escape sequences of terminals (ECMA-48, Select Graphic Rendition).
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// For programs: one JSON object.
pub fn json(assessed: &[Assessed]) -> String {
    let has = |effect: Effect| steps(assessed).any(|step| step.effect == effect);
    let all = json!({
        "objects": assessed,
        "inSync": assessed.iter().all(|one| one.steps.is_empty() && !one.state.is_trouble()),
        "rollsTasks": has(Effect::Roll),
        "replaces": has(Effect::Replace),
        "destroys": has(Effect::Destroy),
    });
    format!("{all:#}\n")
}

/// For people.
pub fn text(assessed: &[Assessed], has_colours: bool) -> String {
    let paint = |colour: &str, text: &str| {
        if has_colours {
            format!("{colour}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    };
    let mut out = String::new();
    for one in assessed {
        let title = format!("{} {}/{}", one.kind, one.namespace, one.name);
        let state = match one.state {
            Standing::InSync => "in sync",
            Standing::Underway => "on its way",
            Standing::Changes => "changes",
            Standing::Observed => "differs",
            Standing::Suspended => "suspended",
            Standing::Blocked => "blocked",
            Standing::Error => "error",
        };
        let colour = match one.state {
            Standing::Blocked | Standing::Error => RED,
            Standing::Changes | Standing::Observed => YELLOW,
            _ => GREEN,
        };
        let message = match one.message.as_str() {
            "" => String::new(),
            message => format!(": {message}"),
        };
        out.push_str(&format!(
            "{}: {}{message}\n",
            paint(BOLD, &title),
            paint(colour, state)
        ));
        for step in &one.steps {
            let (sign, colour, what) = match step.effect {
                Effect::Create => ("+", GREEN, ""),
                Effect::Update => ("~", YELLOW, ""),
                Effect::Roll => ("~", YELLOW, ", which replaces the tasks"),
                Effect::Replace => ("±", RED, ", in place of one that is destroyed"),
                Effect::Destroy => ("-", RED, ", which is destroyed"),
            };
            let line = format!("{sign} {} {}{what}", step.operation, step.resource);
            out.push_str(&format!("  {}\n", paint(colour, &line)));
            for change in &step.changes {
                out.push_str(&format!("      {}\n", sentence(change)));
            }
        }
    }
    out.push_str(&summary(assessed));
    out
}

fn sentence(change: &Drift) -> String {
    let Drift {
        path,
        declared,
        observed,
    } = change;
    match (observed.as_str(), declared.as_str()) {
        ("null", HIDDEN) => format!("{path}: added"),
        (HIDDEN, "null") => format!("{path}: removed"),
        (HIDDEN, HIDDEN) => format!("{path}: changed"),
        _ => format!("{path}: {observed} -> {declared}"),
    }
}

fn summary(assessed: &[Assessed]) -> String {
    let count = |is: &dyn Fn(&Assessed) -> bool| assessed.iter().filter(|one| is(one)).count();
    let with = |effect: Effect| {
        let names: Vec<_> = assessed
            .iter()
            .filter(|one| one.steps.iter().any(|step| step.effect == effect))
            .map(|one| format!("{}/{}", one.namespace, one.name))
            .collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    format!(
        "Objects: {}, {} with changes, {} in trouble. Tasks are replaced of: {}. Something is destroyed of: {}.\n",
        assessed.len(),
        count(&|one| !one.steps.is_empty()),
        count(&|one| one.state.is_trouble()),
        with(Effect::Roll),
        with(Effect::Destroy)
    )
}

fn steps(assessed: &[Assessed]) -> impl Iterator<Item = &PlannedStep> {
    assessed.iter().flat_map(|one| &one.steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assessed() -> Vec<Assessed> {
        let one = |kind: &str, state: Standing, message: &str, steps| Assessed {
            kind: kind.into(),
            namespace: "team".into(),
            name: "web".into(),
            state,
            message: message.into(),
            steps,
        };
        let step = |operation: &str, effect, change: (&str, &str, &str)| PlannedStep {
            operation: operation.into(),
            resource: "team-web".into(),
            effect,
            changes: vec![Drift {
                path: change.0.into(),
                declared: change.1.into(),
                observed: change.2.into(),
            }],
        };
        vec![
            one("EcsCluster", Standing::Blocked, "NotOwned: no", vec![]),
            one(
                "EcsTaskDefinition",
                Standing::Changes,
                "",
                vec![step(
                    "RegisterTaskDefinition",
                    Effect::Create,
                    ("cpu", HIDDEN, "null"),
                )],
            ),
            one(
                "EcsService",
                Standing::Changes,
                "",
                vec![step(
                    "UpdateService",
                    Effect::Roll,
                    ("desiredCount", "2", "1"),
                )],
            ),
        ]
    }

    #[test]
    fn text_tells_before_and_after_and_what_happens_to_tasks() {
        let expected = "EcsCluster team/web: blocked: NotOwned: no\n\
            EcsTaskDefinition team/web: changes\n  + RegisterTaskDefinition team-web\n      cpu: added\n\
            EcsService team/web: changes\n  ~ UpdateService team-web, which replaces the tasks\n      desiredCount: 1 -> 2\n\
            Objects: 3, 2 with changes, 1 in trouble. Tasks are replaced of: team/web. Something is destroyed of: none.\n";
        assert_eq!(text(&assessed(), false), expected);
        let coloured = text(&assessed(), true);
        assert!(
            coloured.contains("\u{1b}[31mblocked\u{1b}[0m"),
            "{coloured:?}"
        );
    }

    #[test]
    fn json_sums_up() {
        let value: serde_json::Value = serde_json::from_str(&json(&assessed())).expect("JSON");
        assert_eq!(value["rollsTasks"], true);
        assert_eq!(
            (&value["destroys"], &value["inSync"]),
            (&false.into(), &false.into())
        );
        assert_eq!(value["objects"][2]["steps"][0]["effect"], "Roll");
    }
}
