//! The API server's audit log: the ground truth of what the operator wrote and read.

use std::{
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom},
    path::Path,
};

use serde_json::Value;

/// Requests of a user that are complete, without watches.
pub fn requests(dir: &Path, user: &str) -> Vec<Value> {
    let log = std::fs::read_to_string(dir.join("audit.log")).unwrap_or_default();
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|event| event["user"]["username"] == user && event["verb"] != "watch")
        .collect()
}

/// How long the log is now.
pub fn length(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("audit.log")).map_or(0, |file| file.len())
}

/// Whether a user wrote anything after the log was so long.
pub fn wrote_since(dir: &Path, user: &str, length: u64) -> bool {
    let mut log = File::open(dir.join("audit.log")).expect("the API server writes it");
    log.seek(SeekFrom::Start(length)).expect("it only grows");
    let user = format!("\"username\":\"{user}\"");
    BufReader::new(log)
        .lines()
        .map_while(Result::ok)
        .filter(|line| line.contains(&user))
        .filter_map(|line| serde_json::from_str::<Value>(&line).ok())
        .any(|event| !matches!(event["verb"].as_str(), Some("get" | "list" | "watch")))
}

/// Those that write, as `verb resource/subresource name`.
pub fn writes(dir: &Path, user: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    requests(dir, user)
        .iter()
        .filter(|event| !matches!(event["verb"].as_str(), Some("get" | "list")))
        .map(|event| {
            let object = &event["objectRef"];
            format!(
                "{} {}/{} {}",
                text(&event["verb"]),
                text(&object["resource"]),
                text(&object["subresource"]),
                text(&object["name"])
            )
        })
        .collect()
}
