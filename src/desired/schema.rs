//! What the schemas say of single members, checked again from the schemas themselves: lengths, ranges, patterns, keys of lists.
//! An object that was written around admission gains nothing, and no limit stands in two places.
//!
//! Types, required members and closed sets of words need no check: what lacks them can't be read as its kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray as Items,
    JSONSchemaPropsOrBool as Values,
};
use regex_lite::Regex;
use serde_json::Value;

use super::Invalid;
use crate::{api::crd, model::Members};

/// The limits of EcsCluster.
pub static CLUSTER: LazyLock<Limits> = LazyLock::new(|| Limits::of_kind(crd::cluster()));
/// The limits of EcsTaskDefinition.
pub static TASK_DEFINITION: LazyLock<Limits> =
    LazyLock::new(|| Limits::of_kind(crd::task_definition()));
/// The limits of EcsService.
pub static SERVICE: LazyLock<Limits> = LazyLock::new(|| Limits::of_kind(crd::service()));

/// What stands before and behind a bound: the API server's own words.
type Words = (&'static str, &'static str);
const SHORT: Words = ("should be at least", "chars long");
const LONG: Words = ("may not be more than", "characters long");
const FEW: Words = ("should have at least", "items");
const MANY: Words = ("must have at most", "items");

/// The limits that a schema sets to a value and to what is in it.
#[derive(Debug, Default)]
pub struct Limits {
    least: Option<f64>,
    most: Option<f64>,
    least_size: Option<i64>,
    most_size: Option<i64>,
    pattern: Option<Regex>,
    /// Members whose values tell the items of a list apart.
    keys: Vec<String>,
    is_set: bool,
    refuses_empty: bool,
    members: BTreeMap<String, Limits>,
    /// Of a list's items, or of a map's values.
    items: Option<Box<Limits>>,
}

impl Limits {
    /// The limits of a kind's spec.
    fn of_kind(mut crd: CustomResourceDefinition) -> Self {
        let version = crd.spec.versions.swap_remove(0);
        let schema = version.schema.and_then(|schema| schema.open_api_v3_schema);
        let spec = schema.and_then(|mut schema| schema.properties.as_mut()?.remove("spec"));
        Self::of(spec.expect("every kind has a schema of its spec"))
    }

    fn of(schema: JSONSchemaProps) -> Self {
        let items = match (schema.items, schema.additional_properties) {
            (Some(Items::Schema(items)), _) => Some(*items),
            (_, Some(Values::Schema(values))) => Some(*values),
            _ => None,
        };
        let size = |of: [Option<i64>; 3]| of.into_iter().flatten().next();
        Self {
            least: schema.minimum,
            most: schema.maximum,
            least_size: size([schema.min_length, schema.min_items, schema.min_properties]),
            most_size: size([schema.max_length, schema.max_items, schema.max_properties]),
            pattern: schema
                .pattern
                .map(|pattern| Regex::new(&pattern).expect("patterns of schemas are tested")),
            keys: schema.x_kubernetes_list_map_keys.unwrap_or_default(),
            is_set: schema.x_kubernetes_list_type.as_deref() == Some("set"),
            refuses_empty: (schema.x_kubernetes_validations.into_iter().flatten())
                .any(|rule| rule.rule == crd::NOT_EMPTY),
            members: (schema.properties.into_iter().flatten())
                .map(|(name, member)| (name, Self::of(member)))
                .collect(),
            items: items.map(|items| Box::new(Self::of(items))),
        }
    }

    /// Finds the first member of a spec that is beyond its limits.
    pub fn check(&self, spec: &Members) -> Result<(), Invalid> {
        self.members_of(spec).map_err(|error| error.below("spec"))
    }

    fn members_of(&self, members: &Members) -> Result<(), Invalid> {
        members.iter().try_for_each(|(name, value)| {
            let limits = self.members.get(name).or(self.items.as_deref());
            limits.map_or(Ok(()), |limits| {
                limits
                    .value(value)
                    .map_err(|error| error.below(&format!(".{name}")))
            })
        })
    }

    fn value(&self, value: &Value) -> Result<(), Invalid> {
        match value {
            Value::String(text) => self.text(text),
            Value::Number(number) => self.number(number.as_f64().unwrap_or_default()),
            Value::Array(items) => self.list(items),
            Value::Object(members) => {
                self.size(members.len(), FEW, MANY)?;
                self.members_of(members)
            }
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    /// Only what has a pattern is repeated in the message: other texts may be values of environment variables.
    fn text(&self, text: &str) -> Result<(), Invalid> {
        match &self.pattern {
            _ if self.refuses_empty && text.is_empty() => Err(Invalid::new("", crd::EMPTY)),
            Some(pattern) if !pattern.is_match(text) => Err(Invalid::new(
                "",
                format!("\"{text}\" should match '{}'. Change it.", pattern.as_str()),
            )),
            _ => self.size(text.chars().count(), SHORT, LONG),
        }
    }

    fn number(&self, number: f64) -> Result<(), Invalid> {
        let beyond = |how: &str, bound: f64| {
            let message = format!("{number} should be {how} than or equal to {bound}. Change it.");
            Err(Invalid::new("", message))
        };
        match (self.least, self.most) {
            (Some(least), _) if number < least => beyond("greater", least),
            (_, Some(most)) if number > most => beyond("less", most),
            _ => Ok(()),
        }
    }

    fn size(&self, size: usize, least: Words, most: Words) -> Result<(), Invalid> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let beyond = |(before, after): Words, bound: i64| {
            let message = format!("has {size}, {before} {bound} {after}. Change it.");
            Err(Invalid::new("", message))
        };
        match (self.least_size, self.most_size) {
            (Some(bound), _) if size < bound => beyond(least, bound),
            (_, Some(bound)) if size > bound => beyond(most, bound),
            _ => Ok(()),
        }
    }

    fn list(&self, items: &[Value]) -> Result<(), Invalid> {
        self.size(items.len(), FEW, MANY)?;
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let below = |error: Invalid| error.below(&format!("[{index}]"));
            if let Some(limits) = &self.items {
                limits.value(item).map_err(below)?;
            }
            let key = match self.keys.as_slice() {
                [] if self.is_set => item.to_string(),
                [] => continue,
                keys => {
                    let key = keys.iter().map(|key| (key.clone(), item[key].clone()));
                    Value::Object(key.collect()).to_string()
                }
            };
            if !seen.insert(key.clone()) {
                let message = format!("Duplicate value: {key}. Rename or remove one.");
                return Err(below(Invalid::new("", message)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_schema_can_be_checked() {
        for limits in [&CLUSTER, &TASK_DEFINITION, &SERVICE] {
            assert!(!limits.members.is_empty());
        }
    }

    #[test]
    fn values_of_variables_are_never_repeated() {
        let long = "secret".repeat(20_000);
        let environment = json!([{"name": "A", "value": long}]);
        let spec = json!({"containerDefinitions": [{"name": "a", "image": "i", "environment": environment}]});
        let error = TASK_DEFINITION
            .check(spec.as_object().unwrap())
            .unwrap_err();
        assert_eq!(
            error.path,
            "spec.containerDefinitions[0].environment[0].value"
        );
        assert!(!error.message.contains("secret"), "{error}");
    }
}
