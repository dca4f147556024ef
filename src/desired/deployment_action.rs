//! The annotation that answers a pause of a deployment → who is answered what.

/// The answer to a pause.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// The deployment goes on.
    Continue,
    /// The service goes back to the revision before.
    Rollback,
}

impl Action {
    /// AWS's word (ContinueServiceDeployment, parameter action).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "CONTINUE",
            Self::Rollback => "ROLLBACK",
        }
    }
}

/// Reads `<deployment id>=Continue` or `<deployment id>=Rollback`; on failure says what is wrong and what to do.
pub fn parse(value: &str) -> Result<(&str, Action), String> {
    let action = |word: &str| match word {
        "Continue" => Some(Action::Continue),
        "Rollback" => Some(Action::Rollback),
        _ => None,
    };
    let parts = value.rsplit_once('=').map(|(id, word)| (id, action(word)));
    match parts {
        Some((id, Some(action))) if !id.is_empty() => Ok((id, action)),
        _ => Err(format!(
            "{value:?} is no answer to a deployment. Give <status.rollout.id>=Continue or <status.rollout.id>=Rollback."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_names_a_deployment_and_what_becomes_of_it() {
        assert_eq!(
            parse("ecs-svc/1=Continue"),
            Ok(("ecs-svc/1", Action::Continue))
        );
        assert_eq!(
            parse("ecs-svc/1=Rollback"),
            Ok(("ecs-svc/1", Action::Rollback))
        );
    }

    #[test]
    fn anything_else_is_told_with_the_way_out() {
        for value in [
            "",
            "=",
            "=Continue",
            "Continue",
            "ecs-svc/1",
            "ecs-svc/1=",
            "ecs-svc/1=continue",
            "ecs-svc/1=Abort",
            "ecs-svc/1=Continue ",
        ] {
            let error = parse(value).unwrap_err();
            assert!(error.contains("=Continue or"), "{value}: {error}");
        }
    }
}
