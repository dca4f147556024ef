//! `ecs-operator crds`: the CustomResourceDefinitions as YAML.

use crate::api::crd;

/// Every CustomResourceDefinition, as one YAML stream.
pub fn yaml() -> String {
    files()
        .into_iter()
        .map(|(_, yaml)| format!("---\n{yaml}"))
        .collect()
}

/// Name and content of each file of `crds/`.
pub fn files() -> Vec<(String, String)> {
    crd::crds()
        .into_iter()
        .map(|crd| {
            let name = format!("{}.yaml", crd.spec.names.plural);
            let yaml =
                serde_saphyr::to_string(&crd).expect("a CustomResourceDefinition is plain data");
            (name, yaml)
        })
        .collect()
}
