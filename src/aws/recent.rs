//! What this process created a moment ago: AWS is eventually consistent, and a look that misses a new resource must not create it again.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

/// How long a new resource may stay unseen before it counts as gone. ECS documents no bound; Terraform re-reads for 2 minutes (aws.md 4.5).
const GRACE: Duration = Duration::from_secs(60);

/// New resources by what they are found under.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    scopes: HashMap<String, Vec<(String, Instant)>>,
    /// When what nobody asked for again was last forgotten.
    swept: Option<Instant>,
}

impl Known {
    /// Forgets what counts as gone. Once in that time: each creation would walk over all others.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_none_or(|swept| now - swept >= GRACE) {
            self.scopes
                .retain(|_, arns| arns.iter().any(|(_, at)| now - *at < GRACE));
            self.swept = Some(now);
        }
    }
}

impl Recent {
    /// Remembers that `arn` was created and must show up under `scope`.
    pub fn created(&self, scope: String, arn: &str) {
        if let Ok(mut known) = self.0.lock() {
            let now = Instant::now();
            known.sweep(now);
            let arns = known.scopes.entry(scope).or_default();
            arns.push((arn.to_owned(), now));
        }
    }

    /// The ARN that was created under `scope` and that a look did not see, if there is one. What was seen is forgotten.
    pub fn unseen<'a>(
        &self,
        scope: &str,
        seen: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        let Ok(mut known) = self.0.lock() else {
            return None;
        };
        let arns = known.scopes.get_mut(scope)?;
        let seen: Vec<_> = seen.into_iter().collect();
        arns.retain(|(arn, at)| at.elapsed() < GRACE && !seen.contains(&arn.as_str()));
        let unseen = arns.first().map(|(arn, _)| arn.clone());
        if arns.is_empty() {
            known.scopes.remove(scope);
        }
        unseen
    }

    /// Forgets one resource of a scope: it was deleted, and the next of its kind need not wait for it.
    pub fn gone(&self, scope: &str, arn: &str) {
        if let Ok(mut known) = self.0.lock()
            && let Some(arns) = known.scopes.get_mut(scope)
        {
            arns.retain(|(known, _)| known != arn);
        }
    }

    /// Forgets a scope: it was deleted.
    pub fn deleted(&self, scope: &str) {
        if let Ok(mut known) = self.0.lock() {
            known.scopes.remove(scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn new_resource_is_expected_until_seen_or_given_up() {
        let recent = Recent::default();
        recent.created("service:a/b".into(), "arn1");
        assert_eq!(recent.unseen("service:a/b", []).as_deref(), Some("arn1"));
        assert_eq!(recent.unseen("service:a/b", ["arn1"]), None);
        assert_eq!(recent.unseen("service:a/b", []), None);
        recent.created("service:a/b".into(), "arn2");
        tokio::time::advance(GRACE).await;
        assert_eq!(recent.unseen("service:a/b", []), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_asks_for_again_is_forgotten() {
        let recent = Recent::default();
        let known = || recent.0.lock().expect("no panic").scopes.len();
        for name in ["a", "b"] {
            recent.created(format!("family:{name}"), name);
        }
        assert_eq!(known(), 2);
        tokio::time::advance(GRACE).await;
        recent.created("family:c".into(), "c");
        assert_eq!(known(), 1);
    }

    #[test]
    fn deleted_resource_is_not_expected_and_others_are() {
        let recent = Recent::default();
        recent.created("family:web".into(), "web:1");
        recent.created("family:web".into(), "web:2");
        recent.gone("family:web", "web:1");
        assert_eq!(recent.unseen("family:web", []).as_deref(), Some("web:2"));
        recent.gone("family:web", "web:2");
        assert_eq!(recent.unseen("family:web", []), None);
    }
}
