//! What every object was that a story waited for, whenever it changed: tests/argo-cd judges Argo CD's health and kstatus by it.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use serde_json::{Value, json};

/// `recorded-objects` beside the tests' temporary files, emptied by each run of the suite.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded-objects");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
});

/// Adds an object to the file of its story; of the spec only what tells whether it is suspended.
pub fn record(object: &Value) {
    let metadata = &object["metadata"];
    let mut kept = json!({
        "apiVersion": object["apiVersion"], "kind": object["kind"], "spec": {},
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"], "generation": metadata["generation"]},
    });
    for (within, member) in [("metadata", "deletionTimestamp"), ("spec", "suspend")] {
        if let Some(value) = object[within].get(member) {
            kept[within][member] = value.clone();
        }
    }
    if let Some(status) = object.get("status") {
        kept["status"] = status.clone();
    }
    let story = metadata["namespace"].as_str().expect("a namespaced object");
    let file = FOLDER.join(format!("{story}.jsonl"));
    let mut file = File::options()
        .append(true)
        .create(true)
        .open(file)
        .expect("the target folder is writable");
    // One write: a story may wait for two objects at a time.
    file.write_all(format!("{kept}\n").as_bytes())
        .expect("there is room");
}
