//! Account settings. Long ARNs are always on [D]; values that were put are kept.

use serde_json::{Value, json};

use super::State;
use super::input::{flag, text};
use crate::Call;
use crate::error::Answer;

/// Effective values of an account that never changed any [D].
const DEFAULTS: [(&str, &str); 8] = [
    ("awsvpcTrunking", "disabled"),
    ("containerInsights", "disabled"),
    ("containerInstanceLongArnFormat", "enabled"),
    ("fargateFIPSMode", "disabled"),
    ("fargateTaskRetirementWaitPeriod", "7"),
    ("serviceLongArnFormat", "enabled"),
    ("tagResourceAuthorization", "on"),
    ("taskLongArnFormat", "enabled"),
];

impl State {
    /// The settings that were put, or with `effectiveSettings` also the defaults.
    pub(super) fn list_account_settings(&self, call: &Call) -> Answer {
        let mut settings = self.settings.clone();
        if flag(call.input, "effectiveSettings") {
            for (name, value) in DEFAULTS {
                settings
                    .entry(name.to_owned())
                    .or_insert_with(|| value.to_owned());
            }
        }
        let (name, value) = (text(call.input, "name"), text(call.input, "value"));
        let settings: Vec<Value> = settings
            .iter()
            .filter(|(key, _)| name.is_none_or(|name| name == key.as_str()))
            .filter(|(_, current)| value.is_none_or(|value| value == current.as_str()))
            .map(|(name, value)| setting(call, name, value))
            .collect();
        Ok(json!({ "settings": settings }))
    }

    /// Sets one for the whole account.
    pub(super) fn put_account_setting(&mut self, call: &Call) -> Answer {
        let name = text(call.input, "name").unwrap_or_default();
        let value = text(call.input, "value").unwrap_or_default();
        self.settings.insert(name.to_owned(), value.to_owned());
        Ok(json!({ "setting": setting(call, name, value) }))
    }

    /// What a cluster without the setting of its own gets for Container Insights.
    pub(super) fn container_insights(&self) -> &str {
        self.settings
            .get("containerInsights")
            .map_or("disabled", String::as_str)
    }
}

fn setting(call: &Call, name: &str, value: &str) -> Value {
    let principal = format!("arn:aws:iam::{}:root", call.account);
    json!({ "name": name, "value": value, "principalArn": principal, "type": "user" })
}
