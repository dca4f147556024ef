//! The CustomResourceDefinitions, as `crds/` and the chart carry them.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps,
};
use kube::CustomResourceExt;
use serde_json::json;

use super::{EcsCluster, EcsService, EcsTaskDefinition};

/// Every CustomResourceDefinition of the group, in the order in which they are documented.
pub fn crds() -> Vec<CustomResourceDefinition> {
    [
        EcsCluster::crd(),
        EcsTaskDefinition::crd(),
        EcsService::crd(),
    ]
    .into_iter()
    .map(finish)
    .collect()
}

/// What the derive cannot say: an object that nobody has looked at yet has `observedGeneration: -1`, so that
/// `kubectl wait`, Flux and Argo CD never take "no status" for "ready".
fn finish(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    // Uninstalling the chart must not delete every object, and with them what runs in AWS.
    crd.metadata.annotations =
        Some([("helm.sh/resource-policy".to_owned(), "keep".to_owned())].into());
    for version in &mut crd.spec.versions {
        let schema = version
            .schema
            .as_mut()
            .and_then(|s| s.open_api_v3_schema.as_mut());
        let Some(properties) = schema.and_then(|s| s.properties.as_mut()) else {
            continue;
        };
        if let Some(status) = properties.get_mut("status") {
            status.default = Some(JSON(json!({"observedGeneration": -1})));
            status.description =
                Some("What the operator knows. Written by the operator only.".to_owned());
            status.nullable = None;
        }
        properties.values_mut().for_each(strip);
    }
    crd
}

/// Removes what only costs bytes: `nullable` (absent is how a member is left out; an explicit null is refused)
/// and integer formats, which API servers warn about.
fn strip(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    if schema.type_.as_deref() == Some("integer") {
        schema.format = None;
    }
    if let Some(properties) = &mut schema.properties {
        properties.values_mut().for_each(strip);
    }
    if let Some(items) = &mut schema.items {
        use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaPropsOrArray as Items;
        match items {
            Items::Schema(item) => strip(item),
            Items::Schemas(items) => items.iter_mut().for_each(strip),
        }
    }
    if let Some(k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaPropsOrBool::Schema(values)) =
        &mut schema.additional_properties
    {
        strip(values);
    }
}
