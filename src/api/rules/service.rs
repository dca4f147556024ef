//! Admission rules in CEL, said in one line each: what must hold, and what a person reads when it does not.

use kube::core::{Reason, Rule};

/// A combination of members that is impossible.
pub fn invalid(rule: &str, message: &str) -> Rule {
    Rule::new(rule)
        .message(message)
        .reason(Reason::FieldValueInvalid)
}

/// The same with a message that is itself CEL, so that it can say the value.
pub fn invalid_value(rule: &str, message: &str) -> Rule {
    Rule::new(rule)
        .message(kube::core::Message::Expression(message.to_owned()))
        .reason(Reason::FieldValueInvalid)
}

/// A change that AWS has no call for.
pub fn forbidden(rule: &str, message: &str) -> Rule {
    Rule::new(rule)
        .message(message)
        .reason(Reason::FieldValueForbidden)
}
