//! Security Token Service: who a caller is, and temporary credentials. Roles exist in every account that the simulator has; IAM policies are scripted by faults.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::simulator::Account;
use crate::world::NOT_SIMULATED;
use crate::{Answer, ApiError, Call, ids};

/// Who an access key belongs to.
#[derive(Clone, Debug)]
struct Identity {
    account: String,
    arn: String,
    user_id: String,
}

/// Access keys of all accounts.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    keys: BTreeMap<String, Identity>,
    issued: u64,
}

impl Sessions {
    pub fn new(accounts: &[Account]) -> Self {
        let root = |account: &Account| Identity {
            account: account.id.clone(),
            arn: format!("arn:aws:iam::{}:root", account.id),
            user_id: account.id.clone(),
        };
        let keys = accounts
            .iter()
            .map(|a| (a.access_key.clone(), root(a)))
            .collect();
        Self { keys, issued: 0 }
    }

    /// The account of an access key.
    pub fn account(&self, access_key: &str) -> Option<&str> {
        self.keys
            .get(access_key)
            .map(|identity| &identity.account[..])
    }

    pub fn call(&mut self, call: &Call, access_key: &str) -> Answer {
        match call.operation {
            "GetCallerIdentity" => self.caller(call, access_key),
            "AssumeRole" => self.assume(call, None),
            "AssumeRoleWithWebIdentity" => {
                let token = call.input["WebIdentityToken"].as_str().unwrap_or_default();
                self.assume(call, Some(ids::named(&[token], 12)))
            }
            other => Err(ApiError::with_status(
                501,
                NOT_SIMULATED,
                format!("sts {other}"),
            )),
        }
    }

    fn caller(&self, call: &Call, access_key: &str) -> Answer {
        let root = || Identity {
            account: call.account.to_owned(),
            arn: format!("arn:aws:iam::{}:root", call.account),
            user_id: call.account.to_owned(),
        };
        let identity = self.keys.get(access_key).cloned().unwrap_or_else(root);
        Ok(json!({ "Account": identity.account, "Arn": identity.arn, "UserId": identity.user_id }))
    }

    fn assume(&mut self, call: &Call, web_subject: Option<String>) -> Answer {
        let role = call.input["RoleArn"].as_str().unwrap_or_default();
        let session = call.input["RoleSessionName"].as_str().unwrap_or_default();
        let parts: Vec<_> = role.split(':').collect();
        let ["arn", _, "iam", "", account, resource] = parts[..] else {
            return Err(ApiError::client(
                "ValidationError",
                format!("{role} is invalid"),
            ));
        };
        let known = self
            .keys
            .values()
            .any(|identity| identity.account == account);
        let (true, Some(path)) = (known, resource.strip_prefix("role/")) else {
            let message =
                format!("User is not authorized to perform: sts:AssumeRole on resource: {role}");
            return Err(ApiError::with_status(403, "AccessDenied", message));
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        let role_id = format!("AROA{}", ids::named(&[role], 17).to_uppercase());
        let identity = Identity {
            account: account.to_owned(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"),
            user_id: format!("{role_id}:{session}"),
        };
        let user = json!({ "AssumedRoleId": identity.user_id, "Arn": identity.arn });
        let seconds = call.input["DurationSeconds"].as_f64().unwrap_or(3600.0);
        let mut output =
            json!({ "Credentials": self.issue(identity, seconds), "AssumedRoleUser": user });
        if let Some(subject) = web_subject {
            output["SubjectFromWebIdentityToken"] = Value::from(subject);
        }
        Ok(output)
    }

    fn issue(&mut self, identity: Identity, seconds: f64) -> Value {
        self.issued += 1;
        let id = ids::named(&["session", &identity.arn, &self.issued.to_string()], 64);
        let key = format!("ASIA{}", id[..16].to_uppercase());
        self.keys.insert(key.clone(), identity);
        // Unverified: ASSUMED_EXPIRATION.
        let real = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0.0, |d| d.as_secs_f64());
        json!({
            "AccessKeyId": key,
            "SecretAccessKey": &id[..40],
            "SessionToken": id,
            "Expiration": (real + seconds).floor(),
        })
    }
}
