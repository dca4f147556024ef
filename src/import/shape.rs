//! The shapes of a kind's spec, from its CustomResourceDefinition: a member that is added to `api/` needs nothing here.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray as Items, JSONSchemaPropsOrBool as Values,
};

use crate::api::crd;

/// What a value may be.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Members with names of their own.
    Object(BTreeMap<String, Member>),
    /// Any names, values of one shape.
    Map(Box<Shape>),
    /// Items of one shape.
    List(Box<Shape>),
    /// A text.
    Text {
        /// The only ones; none: any.
        allowed: Vec<String>,
    },
    /// A number.
    Number {
        /// Whether it has no fraction.
        is_whole: bool,
        /// The least.
        minimum: f64,
    },
    /// `true` or `false`.
    Flag,
    /// Any JSON.
    Any,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Member {
    /// Whether the object is invalid without it.
    pub is_required: bool,
    /// What it may be.
    pub shape: Shape,
}

impl Shape {
    /// The spec of a kind.
    pub fn of_spec(kind: &str) -> Self {
        let crd = crd::crds()
            .into_iter()
            .find(|crd| crd.spec.names.kind == kind);
        let schema = crd
            .and_then(|mut crd| crd.spec.versions.pop())
            .and_then(|version| version.schema?.open_api_v3_schema?.properties)
            .and_then(|mut properties| properties.remove("spec"));
        Self::of(&schema.expect("every kind has a spec"))
    }

    fn of(schema: &JSONSchemaProps) -> Self {
        if schema.x_kubernetes_preserve_unknown_fields == Some(true)
            || schema.x_kubernetes_int_or_string == Some(true)
        {
            return Self::Any;
        }
        match schema.type_.as_deref() {
            Some("object") => match (&schema.properties, &schema.additional_properties) {
                (None, Some(Values::Schema(values))) => Self::Map(Box::new(Self::of(values))),
                (properties, _) => Self::Object(
                    properties
                        .iter()
                        .flatten()
                        .map(|(name, member)| (name.clone(), Member::of(name, member, schema)))
                        .collect(),
                ),
            },
            Some("array") => match &schema.items {
                Some(Items::Schema(item)) => Self::List(Box::new(Self::of(item))),
                _ => Self::List(Box::new(Self::Any)),
            },
            Some("string") => Self::Text {
                allowed: schema
                    .enum_
                    .iter()
                    .flatten()
                    .filter_map(|value| value.0.as_str().map(str::to_owned))
                    .collect(),
            },
            Some(number @ ("integer" | "number")) => Self::Number {
                is_whole: number == "integer",
                minimum: schema.minimum.unwrap_or(f64::MIN),
            },
            Some("boolean") => Self::Flag,
            _ => Self::Any,
        }
    }

    /// The members of an object; none for every other shape.
    pub fn members(&self) -> Option<&BTreeMap<String, Member>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// What AWS calls it, for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Object(_) => "an object",
            Self::Map(_) => "an object of names and values",
            Self::List(_) => "a list",
            Self::Text { .. } => "a text in quotes",
            Self::Number { is_whole: true, .. } => "a whole number without quotes",
            Self::Number { .. } => "a number without quotes",
            Self::Flag => "true or false without quotes",
            Self::Any => "any JSON",
        }
    }
}

impl Member {
    fn of(name: &String, member: &JSONSchemaProps, parent: &JSONSchemaProps) -> Self {
        Self {
            is_required: parent
                .required
                .iter()
                .flatten()
                .any(|required| required == name),
            shape: Shape::of(member),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spec_of_every_kind_has_members() {
        for crd in crd::crds() {
            let kind = &crd.spec.names.kind;
            let shape = Shape::of_spec(kind);
            assert!(
                shape.members().is_some_and(|m| m.contains_key("tags")),
                "{kind}"
            );
        }
    }
}
