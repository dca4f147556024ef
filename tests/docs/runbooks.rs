//! What pages tell people to look at: every Pod, the operator's own rights, and panels that the dashboard has.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{documents, files, markdown, root};

/// What it takes to find a cause must not lead astray: of two Pods one leads, and a reader's own rights are not the operator's.
#[test]
fn runbooks_ask_every_pod_and_for_the_operators_rights() {
    let (mut logs, mut rights) = (0, 0);
    for path in files(&["docs/runbooks"], "md") {
        let text = fs::read_to_string(&path).expect("text");
        for block in markdown::blocks(&text) {
            for line in block.text.lines().map(str::trim) {
                let place = format!("{}: {line}", path.display());
                if line.starts_with("kubectl logs ") {
                    logs += 1;
                    assert!(line.contains(" --all-pods"), "{place}: one of two Pods");
                    let of_ended = line.ends_with(" -p");
                    assert_eq!(of_ended, line.contains(" --ignore-errors"), "{place}");
                }
                if line.starts_with("kubectl auth can-i ") {
                    rights += 1;
                    let account = " --as system:serviceaccount:ecs-operator:ecs-operator";
                    assert!(line.ends_with(account), "{place}: the reader's rights");
                }
            }
        }
    }
    assert!(
        logs >= 7 && rights >= 2,
        "{logs} of logs, {rights} of rights"
    );
}

/// Rows and panels of the dashboard that pages name.
#[test]
fn rows_and_panels_that_pages_name_exist() {
    let dashboard = root().join("charts/ecs-operator/files/dashboard.json");
    let dashboard = fs::read_to_string(dashboard).expect("text");
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let titles = |row: bool| -> BTreeSet<_> {
        let wanted = panels
            .iter()
            .filter(|panel| (panel["type"] == "row") == row);
        wanted.filter_map(|panel| panel["title"].as_str()).collect()
    };
    let mut count = 0;
    for (path, text) in documents() {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for (noun, known) in [("row *", titles(true)), ("panel *", titles(false))] {
            for named in words.split(noun).skip(1) {
                let title = named.split('*').next().unwrap_or_default();
                count += 1;
                assert!(
                    known.contains(title),
                    "{}: no {noun}{title}*",
                    path.display()
                );
            }
        }
    }
    assert!(count >= 2, "no page names a row and a panel");
}
