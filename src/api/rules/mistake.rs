//! Several mistakes in one rule: for each rule the API server takes the object, and all containers, apart anew. What is said is
//! of the first one that is made.

use std::fmt::Display;

use kube::core::{Message, Rule};

use super::{Items, message, or, rule_that_says};

/// Values that mistakes ask for, each with the name they know it by: CEL lists of one item, which are worked out once.
pub(super) type Given<'a> = &'a [(&'a str, &'a str)];

/// A mistake: an expression of CEL that holds when it is made, and what is said of it.
pub(super) type Mistake<'a> = (&'a str, &'static str);

/// Mistakes that only an item can make of which an expression of CEL holds.
pub(super) type Mistakes<'a> = (&'a str, &'a [Mistake<'a>]);

/// The containers `c` of a task.
pub(super) const CONTAINERS: Items = Items {
    of: "containerDefinitions",
    item: "c",
};

/// The object makes none of these mistakes, which are about `path`; it is not asked when `unless` holds.
pub(super) fn none_of(unless: &str, given: Given, path: &str, mistakes: &[Mistake]) -> Rule {
    let wrong = any(mistakes.iter().map(|(wrong, _)| wrong));
    let said = { mistakes.iter() }
        .map(|(wrong, message)| (with(given, wrong), expression(message, "self")));
    let holds = format!("{unless} || !{}", with(given, &format!("({wrong})")));
    rule_that_says(&holds, path, first_said(said.collect()))
}

/// No container makes one of these mistakes; they are not asked when `unless` holds, which may be empty.
pub(super) fn containers(items: Items, unless: &str, given: Given, mistakes: &[Mistakes]) -> Rule {
    no_item(items, "container '{name}' ", unless, given, mistakes)
}

/// No item makes one of these mistakes; what is said begins with `who`, which may be empty, as `unless` may.
pub(super) fn no_item(
    items: Items,
    who: &str,
    unless: &str,
    given: Given,
    mistakes: &[Mistakes],
) -> Rule {
    let (list, item) = (items.list(), items.item);
    let wrong = any(mistakes.iter().map(|(of, mistakes)| {
        let wrong = any(mistakes.iter().map(|(wrong, _)| wrong));
        format!("{of} && ({wrong})")
    }));
    let each = { mistakes.iter() }
        .flat_map(|(of, mistakes)| mistakes.iter().map(move |mistake| (of, mistake)));
    let said = each.map(|(of, (wrong, message))| {
        let wrong = with(given, &format!("{of} && ({wrong})"));
        let found = format!("{list}.filter({item}, {wrong})");
        let said = expression(&format!("{who}{message}"), &format!("{found}[0]"));
        (format!("{found}.size() > 0"), said)
    });
    let made = with(given, &format!("{list}.exists({item}, {wrong})"));
    rule_that_says(
        &format!("{}!{made}", or(unless)),
        &items.path(),
        first_said(said.collect()),
    )
}

/// A message as an expression of CEL, also one that names no member of what the expression `of` gives.
fn expression(message: &str, of: &str) -> String {
    message::expression(message, of)
        .unwrap_or_else(|| format!("'{}'.format([])", message::escaped(message)))
}

/// An expression that knows what is given.
fn with(given: Given, expression: &str) -> String {
    { given.iter().rev() }.fold(expression.to_owned(), |inner, (name, list)| {
        format!("{list}.exists({name}, {inner})")
    })
}

/// Whether any of these expressions holds.
fn any(wrong: impl Iterator<Item = impl Display>) -> String {
    let wrong: Vec<_> = wrong.map(|wrong| format!("({wrong})")).collect();
    wrong.join(" || ")
}

/// What is said of the first mistake: conditions, each with what is said when it holds. The last one is meant when none before it is.
fn first_said(said: Vec<(String, String)>) -> Message {
    let said = said.into_iter().rev();
    let said = said.fold(None, |after, (condition, said)| {
        Some(match after {
            None => said,
            Some(after) => format!("{condition} ? {said} : {after}"),
        })
    });
    Message::Expression(said.unwrap_or_default())
}
