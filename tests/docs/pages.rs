//! Pages: links lead somewhere, every page is reached, and each reason of a condition has one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use ecs_operator::api::condition::Reason;

use crate::{documents, files, markdown, root};

/// Where files of this repository are on the web.
const OURS: &str = "https://github.com/ecs-operator/ecs-operator/blob/main/";

/// The anchors of a text's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let prose = markdown::prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let anchor = markdown::anchor(line.trim_start_matches('#'));
            let times = seen.entry(anchor.clone()).or_default();
            *times += 1;
            match *times {
                1 => anchor,
                n => format!("{anchor}-{}", n - 1),
            }
        })
        .collect()
}

/// Where the links of a text lead.
fn links(text: &str) -> Vec<String> {
    let prose = markdown::prose(text);
    let targets = prose.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split(')').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let documents = documents();
    let mut count = 0;
    for (path, text) in &documents {
        for link in links(text) {
            count += 1;
            let place = format!("{}: {link}", path.display());
            if link.contains("://") {
                if let Some(own) = link.strip_prefix(OURS) {
                    assert!(root().join(own).exists(), "{place} leads nowhere");
                }
                let host = link
                    .strip_prefix("https://")
                    .and_then(|rest| rest.split('/').next());
                let is_host = host.is_some_and(|host| {
                    host.contains('.')
                        && host
                            .chars()
                            .all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
                });
                assert!(
                    is_host && !link.contains(' '),
                    "{place} is no https address"
                );
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().expect("a folder").join(file),
            };
            assert!(target.exists(), "{place} leads nowhere");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).expect("a page");
                assert!(anchors(&text).contains(anchor), "{place} names no heading");
            }
        }
    }
    assert!(count > 100, "only {count} links were found");
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let mut reached = BTreeSet::from([root().join("README.md")]);
    let mut todo: Vec<_> = reached.iter().cloned().collect();
    while let Some(path) = todo.pop() {
        for link in links(&fs::read_to_string(&path).expect("a page")) {
            let file = link.split('#').next().unwrap_or_default();
            if link.contains("://") || !file.ends_with(".md") {
                continue;
            }
            let target = path.parent().expect("a folder").join(file);
            let target = target.canonicalize().expect("links lead somewhere");
            if reached.insert(target.clone()) {
                todo.push(target);
            }
        }
    }
    let pages = files(&["docs"], "md");
    let lost: Vec<_> = pages
        .iter()
        .filter(|page| !reached.contains(*page))
        .collect();
    assert!(lost.is_empty(), "nothing leads to {lost:?}");
}

#[test]
fn every_reason_has_a_page_and_every_page_a_reason() {
    let folder = root().join("docs/reasons");
    let pages: BTreeSet<_> = files(&["docs/reasons"], "md")
        .iter()
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name != "README")
        .collect();
    let reasons: BTreeSet<_> = Reason::ALL.map(|reason| reason.as_str().to_owned()).into();
    assert_eq!(pages, reasons);
    let index = fs::read_to_string(folder.join("README.md")).expect("an index");
    for reason in reasons {
        let page = fs::read_to_string(folder.join(format!("{reason}.md"))).expect("a page");
        let mut at = 0;
        for part in [
            &format!("# {reason}\n\n**"),
            "\n## Cause\n\n",
            "\n## Fix\n\n",
        ] {
            let found = page[at..].find(part);
            at += found.unwrap_or_else(|| panic!("docs/reasons/{reason}.md lacks {part:?}"));
        }
        let row = index
            .lines()
            .find(|line| line.starts_with(&format!("| [{reason}]({reason}.md) | ")))
            .unwrap_or_else(|| panic!("docs/reasons/README.md has no row of {reason}"));
        let cells: Vec<_> = row
            .split(" | ")
            .map(|cell| cell.trim_matches([' ', '|']))
            .collect();
        let told = format!("**{}.** {}.\n", cells[1], cells[2]);
        assert!(
            page.contains(&told),
            "the page and the index differ on {reason}: {told}"
        );
    }
}
