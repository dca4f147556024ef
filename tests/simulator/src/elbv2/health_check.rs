//! Health checks of target groups.

use serde_json::{Value, json};

use super::invalid;
use crate::ApiError;

/// A target group's health check, defaults filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HealthCheck {
    /// Whether it checks at all (only `lambda` groups may say no).
    pub enabled: bool,
    /// Protocol of the check.
    pub protocol: String,
    /// `traffic-port` or a number.
    pub port: String,
    /// Path, for HTTP and HTTPS.
    pub path: Option<String>,
    /// Seconds between checks.
    pub interval_seconds: i64,
    /// Seconds before a check counts as failed.
    pub timeout_seconds: i64,
    /// Checks in a row until healthy.
    pub healthy_threshold: i64,
    /// Checks in a row until unhealthy.
    pub unhealthy_threshold: i64,
    /// Name (`HttpCode` or `GrpcCode`) and value of the matcher, for HTTP and HTTPS.
    pub matcher: Option<(String, String)>,
}

/// What the defaults and rules depend on.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Protocol of the group; none for `lambda`.
    pub protocol: Option<&'a str>,
    /// `HTTP1`, `HTTP2` or `GRPC`.
    pub version: Option<&'a str>,
    /// Target type.
    pub target_type: &'a str,
}

impl Context<'_> {
    fn application(self) -> bool {
        matches!(self.protocol, Some("HTTP" | "HTTPS"))
    }
}

impl HealthCheck {
    /// The defaults [M]; the timeout of HTTP groups is [L], where [M] says 6.
    pub fn default_for(context: Context) -> Self {
        let lambda = context.target_type == "lambda";
        let geneve = context.protocol == Some("GENEVE");
        let http = context.application() || lambda;
        Self {
            enabled: !lambda,
            protocol: if http { "HTTP" } else { "TCP" }.to_owned(),
            port: if geneve { "80" } else { "traffic-port" }.to_owned(),
            path: None,
            interval_seconds: if lambda {
                35
            } else if geneve {
                10
            } else {
                30
            },
            timeout_seconds: if lambda {
                30
            } else if context.protocol == Some("HTTP") || geneve {
                5
            } else {
                10
            },
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            matcher: None,
        }
    }

    /// This check with what a Create or Modify request says, checked.
    pub fn with(&self, request: &Value, context: Context) -> Result<Self, ApiError> {
        let mut check = self.clone();
        let text = |name: &str| request[name].as_str().map(str::to_owned);
        let number = |name: &str, old: i64| request[name].as_i64().unwrap_or(old);
        check.enabled = request["HealthCheckEnabled"]
            .as_bool()
            .unwrap_or(self.enabled);
        check.protocol = text("HealthCheckProtocol").unwrap_or(check.protocol);
        check.port = text("HealthCheckPort").unwrap_or(check.port);
        check.path = text("HealthCheckPath").or(check.path);
        check.interval_seconds = number("HealthCheckIntervalSeconds", self.interval_seconds);
        check.timeout_seconds = number("HealthCheckTimeoutSeconds", self.timeout_seconds);
        check.healthy_threshold = number("HealthyThresholdCount", self.healthy_threshold);
        check.unhealthy_threshold = number("UnhealthyThresholdCount", self.unhealthy_threshold);
        for name in ["HttpCode", "GrpcCode"] {
            if let Some(value) = request["Matcher"][name].as_str() {
                check.matcher = Some((name.to_owned(), value.to_owned()));
            }
        }
        check.fill(context);
        check.validate(context)?;
        Ok(check)
    }

    /// Path and matcher exist for HTTP and HTTPS checks only.
    fn fill(&mut self, context: Context) {
        let grpc = context.version == Some("GRPC");
        if !matches!(&self.protocol[..], "HTTP" | "HTTPS") {
            (self.path, self.matcher) = (None, None);
            return;
        }
        self.path
            .get_or_insert(if grpc { "/AWS.ALB/healthcheck" } else { "/" }.to_owned());
        let code = match (
            grpc,
            context.application() || context.target_type == "lambda",
        ) {
            (true, _) => ("GrpcCode", "12"),
            (false, true) => ("HttpCode", "200"),
            (false, false) => ("HttpCode", "200-399"),
        };
        self.matcher
            .get_or_insert((code.0.to_owned(), code.1.to_owned()));
    }

    fn validate(&self, context: Context) -> Result<(), ApiError> {
        if !self.enabled && context.target_type != "lambda" {
            return Err(invalid(format!(
                "Health check enabled must be true for target groups with target type '{}'",
                context.target_type
            )));
        }
        let http = matches!(&self.protocol[..], "HTTP" | "HTTPS");
        if !http && (context.application() || self.protocol != "TCP") {
            return Err(invalid(format!(
                "Health check protocol '{}' is not supported for this target group",
                self.protocol
            )));
        }
        if self.interval_seconds <= self.timeout_seconds {
            return Err(invalid(format!(
                "Health check interval '{}' must be greater than the timeout '{}'",
                self.interval_seconds, self.timeout_seconds
            )));
        }
        let port: Option<i64> = self.port.parse().ok();
        if self.port != "traffic-port" && !port.is_some_and(|port| (1..=65_535).contains(&port)) {
            return Err(invalid(format!(
                "Health check port '{}' must be 'traffic-port' or between 1 and 65535",
                self.port
            )));
        }
        if self
            .path
            .as_ref()
            .is_some_and(|path| !path.starts_with('/'))
        {
            return Err(invalid("Health check path must begin with a '/' character"));
        }
        match &self.matcher {
            Some((kind, codes)) => check_codes(kind, codes, context.application()),
            None => Ok(()),
        }
    }

    /// The members as DescribeTargetGroups shows them.
    pub fn show(&self, body: &mut Value) {
        body["HealthCheckEnabled"] = json!(self.enabled);
        body["HealthCheckProtocol"] = json!(self.protocol);
        body["HealthCheckPort"] = json!(self.port);
        body["HealthCheckIntervalSeconds"] = json!(self.interval_seconds);
        body["HealthCheckTimeoutSeconds"] = json!(self.timeout_seconds);
        body["HealthyThresholdCount"] = json!(self.healthy_threshold);
        body["UnhealthyThresholdCount"] = json!(self.unhealthy_threshold);
        if let Some(path) = &self.path {
            body["HealthCheckPath"] = json!(path);
        }
        if let Some((name, value)) = &self.matcher {
            body["Matcher"] = json!({ name: value });
        }
    }
}

/// Codes, lists and ranges of them: 200-499 for application load balancers, 200-599 for others, 0-99 for gRPC [M].
fn check_codes(kind: &str, codes: &str, application: bool) -> Result<(), ApiError> {
    let range = match (kind, application) {
        ("GrpcCode", _) => 0..=99,
        (_, true) => 200..=499,
        (_, false) => 200..=599,
    };
    let valid = |code: &str| code.parse().is_ok_and(|code: i64| range.contains(&code));
    let fits = codes
        .split(',')
        .all(|part| part.split('-').all(valid) && part.split('-').count() <= 2);
    match fits {
        true => Ok(()),
        false => Err(invalid(format!(
            "Health check matcher {kind} '{codes}' must be within '{}-{}'",
            range.start(),
            range.end()
        ))),
    }
}
