//! Which members are declared and may be in AWS: kept in the status, so that a restart still knows what was taken out of the spec.

use crate::{
    model::declared::Paths,
    plan::{Plan, State},
};

/// The record after a look: what is declared alone once AWS is as declared; before steps, what may be there besides, so that
/// a crash between two of them loses nothing of an object that was looked at before; otherwise what it was.
pub fn applied(before: &[String], declared: &Paths, plan: &Plan) -> Vec<String> {
    if !plan.steps.is_empty() {
        let before: Paths = before.iter().cloned().collect();
        return (&before | declared).into_iter().collect();
    }
    match plan.state {
        State::Settled => declared.iter().cloned().collect(),
        State::Waiting(..) | State::Blocked(..) => before.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::condition::Reason,
        plan::{Step, request},
    };

    fn paths(names: &[&str]) -> Paths {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn nothing_is_forgotten_before_aws_is_as_declared() {
        let before = ["/a".to_owned(), "/b".to_owned()];
        let declared = paths(&["/b", "/c"]);
        let steps = Plan::steps(vec![Step::UpdateService(request! {})]);
        assert_eq!(applied(&before, &declared, &steps), ["/a", "/b", "/c"]);
        let waiting = Plan::waiting(Reason::RolloutInProgress, "");
        assert_eq!(applied(&before, &declared, &waiting), before);
        assert_eq!(applied(&before, &declared, &Plan::settled()), ["/b", "/c"]);
    }
}
