//! The CustomResourceDefinitions, as `crds/` and the chart carry them.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray as Items,
    JSONSchemaPropsOrBool as Values, ValidationRule,
};
use kube::CustomResourceExt;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use super::{
    EcsCluster, EcsClusterSpec, EcsService, EcsServiceSpec, EcsTaskDefinition,
    EcsTaskDefinitionSpec,
};

/// Every CustomResourceDefinition of the group, in the order in which they are documented.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![cluster(), task_definition(), service()]
}

/// EcsCluster.
pub fn cluster() -> CustomResourceDefinition {
    finish::<EcsClusterSpec>(EcsCluster::crd())
}

/// EcsTaskDefinition.
pub fn task_definition() -> CustomResourceDefinition {
    finish::<EcsTaskDefinitionSpec>(EcsTaskDefinition::crd())
}

/// EcsService.
pub fn service() -> CustomResourceDefinition {
    finish::<EcsServiceSpec>(EcsService::crd())
}

/// A label selector that no Pod can match, in the language of selectors: a label that is there and is not there. As a default of
/// the schema it is on every object without a write, also on those that an operator before it wrote.
const NO_POD: &str = "ecs-operator.dev/pod,!ecs-operator.dev/pod";

/// What the derive cannot say: an object that nobody has looked at yet has `observedGeneration: -1`, so that
/// `kubectl wait`, Flux and Argo CD never take "no status" for "ready"; and the selector of the scale subresource.
fn finish<Spec: JsonSchema>(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
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
            let members = status.properties.as_mut();
            if let Some(selector) = members.and_then(|members| members.get_mut("selector")) {
                selector.default = Some(JSON(json!(NO_POD)));
            }
        }
        if let Some(spec) = properties.get_mut("spec") {
            describe(spec, &documented::<Spec>());
        }
        for (name, member) in properties {
            polish(member, name == "spec");
        }
    }
    crd
}

/// The schema of a spec with the documentation of its members, as schemars makes it.
fn documented<Spec: JsonSchema>() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
    settings
        .into_generator()
        .into_root_schema_for::<Spec>()
        .to_value()
}

/// Gives every member its own documentation: kube takes that of the type for an optional member with a closed set of words.
fn describe(schema: &mut JSONSchemaProps, documented: &Value) {
    // An optional member is: what it is, or null.
    let documented = documented.pointer("/anyOf/0").unwrap_or(documented);
    for (name, member) in schema.properties.iter_mut().flatten() {
        let documented = &documented["properties"][name];
        if let Some(text) = documented["description"].as_str() {
            member.description = Some(text.to_owned());
        }
        describe(member, documented);
    }
    if let Some(Items::Schema(item)) = &mut schema.items {
        describe(item, &documented["items"]);
    }
    if let Some(Values::Schema(values)) = &mut schema.additional_properties {
        describe(values, &documented["additionalProperties"]);
    }
}

/// Length of the longest string that can be in an object of ours: a task definition has 64 KiB at most (ECS, service quotas).
const TEXT_MAX: i64 = 65_536;

/// The rule of members that can be left out but can't be empty.
pub const NOT_EMPTY: &str = "self != ''";

/// What is said of `""` in such a member.
pub const EMPTY: &str = "is empty, which AWS refuses. Remove it.";

/// `nullable` only costs bytes: absent is how a member is left out, and an explicit null is refused. So do integer formats,
/// which API servers warn about. In what users write, every string has a greatest length, so that the API server can bound
/// what rules cost, and an empty one gets an answer of its own.
fn polish(schema: &mut JSONSchemaProps, is_users: bool) {
    schema.nullable = None;
    match schema.type_.as_deref() {
        Some("integer") => schema.format = None,
        Some("string") if is_users && schema.enum_.is_none() && schema.format.is_none() => {
            schema.max_length.get_or_insert(TEXT_MAX);
        }
        _ => {}
    }
    let required = schema.required.clone().unwrap_or_default();
    for (name, member) in schema.properties.iter_mut().flatten() {
        polish(member, is_users);
        if is_users && !required.contains(name) {
            refuse_empty(member);
        }
    }
    if let Some(Items::Schema(item)) = &mut schema.items {
        polish(item, is_users);
    }
    if let Some(Values::Schema(values)) = &mut schema.additional_properties {
        polish(values, is_users);
    }
}

/// Skeletons and consoles write `""` into members that are not meant. The API server's own words for that don't say what to do; so a rule
/// does. Where there is a closed set of words, the schema takes the empty one: a word outside of the set keeps the API server from
/// looking at any rule.
fn refuse_empty(schema: &mut JSONSchemaProps) {
    let is_refused = schema.pattern.is_some() || schema.min_length > Some(0);
    if let Some(words) = &mut schema.enum_ {
        words.push(JSON(json!("")));
    } else if !is_refused {
        return;
    }
    let rule = ValidationRule {
        rule: NOT_EMPTY.to_owned(),
        message: Some(EMPTY.to_owned()),
        ..ValidationRule::default()
    };
    schema
        .x_kubernetes_validations
        .get_or_insert_default()
        .push(rule);
}
