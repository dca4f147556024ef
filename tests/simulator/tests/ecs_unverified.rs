//! What the ECS part assumes without proof is in the table, and the table names nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use simulator::unverified::UNVERIFIED;

#[test]
fn assumptions_of_ecs_are_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ecs");
    let mut used = BTreeSet::new();
    for file in std::fs::read_dir(folder).expect("the sources") {
        let source = std::fs::read_to_string(file.expect("a file").path()).expect("text");
        for part in source.split("unverified: ").skip(1) {
            let end = part
                .find(|c: char| !c.is_ascii_uppercase() && c != '_')
                .unwrap_or(part.len());
            used.insert(part[..end].to_owned());
        }
    }
    let rows = UNVERIFIED
        .iter()
        .filter(|row| row.place.starts_with("ecs::"));
    let listed: BTreeSet<String> = rows.map(|row| row.id.to_owned()).collect();
    assert_eq!(used, listed);
}
