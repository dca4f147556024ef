//! The shapes of a kind's spec, from its CustomResourceDefinition: a member that is added to `api/` needs nothing here.

use std::{collections::BTreeMap, sync::LazyLock};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray as Items,
    JSONSchemaPropsOrBool as Values,
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
        /// Whether an empty one is a text as well.
        takes_empty: bool,
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
    pub fn of_spec(kind: &str) -> &'static Self {
        static SPECS: LazyLock<BTreeMap<String, Shape>> = LazyLock::new(specs);
        SPECS.get(kind).unwrap_or(&Self::Any)
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
                takes_empty: schema.min_length.unwrap_or(0) == 0 && schema.pattern.is_none(),
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

/// The spec of every kind.
fn specs() -> BTreeMap<String, Shape> {
    let spec = |crd: CustomResourceDefinition| {
        let version = crd.spec.versions.into_iter().next()?;
        let mut properties = version.schema?.open_api_v3_schema?.properties?;
        Some((crd.spec.names.kind, Shape::of(&properties.remove("spec")?)))
    };
    crd::crds().into_iter().filter_map(spec).collect()
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
