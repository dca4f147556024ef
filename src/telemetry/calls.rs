//! Calls of AWS's APIs: the names of the AWS Load Balancer Controller, whose meaning is the same.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Call {
    service: &'static str,
    operation: &'static str,
    /// HTTP status; 0 without an answer.
    status_code: u16,
    /// Empty when it went well.
    error_code: Cow<'static, str>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Operation {
    service: &'static str,
    operation: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Service {
    service: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OfReader {
    operation: &'static str,
}

/// Seconds: from a call on a fast network to the longest that is let run.
const BUCKETS: [f64; 4] = [0.05, 0.25, 1.0, 5.0];

/// Failures by operation, status and error code that are told apart, at most: error codes are AWS's own words, and what stands between may make up
/// any number of them. Further ones are told as `Other`.
const MOST: usize = 100;

/// Sorts of failures that somebody watches for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// Too many calls.
    Throttled,
    /// AWS does not answer, or with a fault of its own.
    Unavailable,
    /// The credentials are not accepted.
    Credentials,
    /// A right is missing.
    Permission,
    /// A quota is used up.
    ServiceLimitExceeded,
    /// The request is wrong.
    Validation,
}

/// Every sort, with the name of its counter and what that counts.
const FAILURES: [(Failure, &str, &str); 6] = [
    (
        Failure::Throttled,
        "aws_api_call_throttled_errors",
        "Calls that AWS answered with 'slow down'",
    ),
    (
        Failure::Unavailable,
        "aws_api_call_unavailable_errors",
        "Calls that AWS did not answer in time, or with a fault of its own",
    ),
    (
        Failure::Credentials,
        "aws_api_call_credential_errors",
        "Calls whose credentials were missing, wrong or expired",
    ),
    (
        Failure::Permission,
        "aws_api_call_permission_errors",
        "Calls that the operator's role may not make",
    ),
    (
        Failure::ServiceLimitExceeded,
        "aws_api_call_service_limit_exceeded_errors",
        "Calls that an AWS quota hindered",
    ),
    (
        Failure::Validation,
        "aws_api_call_validation_errors",
        "Calls that AWS found wrong",
    ),
];

/// A call that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// `ecs` or `elbv2`.
    pub service: &'static str,
    /// AWS's name.
    pub operation: &'static str,
    /// HTTP status; none: there was no answer, or one that could not be read.
    pub status: Option<u16>,
    /// AWS's error code, or ours where AWS gave none; none: it went well.
    pub error_code: Option<&'a str>,
    /// What sort of failure it was, if of one that is counted apart.
    pub failure: Option<Failure>,
    /// Whether it failed in a way that is tried again by itself.
    pub is_retried: bool,
    /// How long AWS took.
    pub time: Duration,
    /// How long the call waited for its token before.
    pub waited: Duration,
}

/// Counters of AWS calls.
#[derive(Debug)]
pub struct Calls {
    calls: Family<Call, Counter>,
    /// Failures of operations that were told apart so far.
    failed: AtomicUsize,
    time: Family<Operation, Histogram>,
    retries: Family<Operation, Counter>,
    failures: [Family<Operation, Counter>; FAILURES.len()],
    throttle_wait: Family<Service, Counter<f64, AtomicU64>>,
    saved: Family<OfReader, Counter>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            calls: Family::default(),
            failed: AtomicUsize::new(0),
            time: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            retries: Family::default(),
            failures: Default::default(),
            throttle_wait: Family::default(),
            saved: Family::default(),
        }
    }
}

impl Calls {
    /// Registers everything.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "aws_api_calls",
            "AWS calls by service, operation, HTTP status (0: no answer) and error code (empty: success)",
            self.calls.clone(),
        );
        registry.register_with_unit(
            "aws_api_call_duration",
            "Time of AWS calls",
            Unit::Seconds,
            self.time.clone(),
        );
        registry.register(
            "aws_api_call_retries",
            "Calls that failed and are made again by the work queue: the SDK itself repeats none",
            self.retries.clone(),
        );
        for ((_, name, help), family) in FAILURES.iter().zip(&self.failures) {
            registry.register(*name, *help, family.clone());
        }
        registry.register_with_unit(
            "ecs_operator_client_throttle_wait",
            "Time that calls waited for tokens of AWS's buckets, on the operator's side",
            Unit::Seconds,
            self.throttle_wait.clone(),
        );
        registry.register(
            "ecs_operator_aws_calls_saved",
            "Reads that needed no call of their own, because they shared another's",
            self.saved.clone(),
        );
    }

    /// Counts a call.
    pub fn ended(&self, call: Ended<'_>) {
        let (service, operation) = (call.service, call.operation);
        let label = Operation { service, operation };
        // A counter that comes into being with its first event has no increase that a rule could see.
        if self.retries.get(&label).is_none() {
            for family in &self.failures {
                drop(family.get_or_create(&label));
            }
        }
        let retries = self.retries.get_or_create(&label);
        if call.is_retried {
            retries.inc();
        }
        for ((failure, ..), family) in FAILURES.iter().zip(&self.failures) {
            if call.failure == Some(*failure) {
                family.get_or_create(&label).inc();
            }
        }
        self.time
            .get_or_create(&label)
            .observe(call.time.as_secs_f64());
        self.throttle_wait
            .get_or_create(&Service { service })
            .inc_by(call.waited.as_secs_f64());
        let mut counted = Call {
            service,
            operation,
            status_code: call.status.unwrap_or(0),
            error_code: call
                .error_code
                .map_or(Cow::Borrowed(""), |code| Cow::Owned(code.to_owned())),
        };
        let is_new = call.error_code.is_some() && self.calls.get(&counted).is_none();
        if is_new && self.failed.fetch_add(1, Ordering::Relaxed) >= MOST {
            (counted.status_code, counted.error_code) = (0, Cow::Borrowed("Other"));
        }
        self.calls.get_or_create(&counted).inc();
    }

    /// So many reads were answered by calls that others made.
    pub fn saved(&self, operation: &'static str, reads: u64) {
        self.saved
            .get_or_create(&OfReader { operation })
            .inc_by(reads);
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    const CALL: Ended<'_> = Ended {
        service: "ecs",
        operation: "CreateService",
        status: Some(200),
        error_code: None,
        failure: None,
        is_retried: false,
        time: Duration::from_millis(3),
        waited: Duration::from_secs(2),
    };

    fn text(calls: &Calls) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        calls.register(&mut registry);
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn call_is_counted_with_what_became_of_it() {
        let calls = Calls::default();
        calls.ended(CALL);
        let throttled = Ended {
            status: Some(400),
            error_code: Some("ThrottlingException"),
            failure: Some(Failure::Throttled),
            is_retried: true,
            ..CALL
        };
        calls.ended(throttled);
        let text = text(&calls);
        let operation = r#"service="ecs",operation="CreateService""#;
        for line in [
            format!("aws_api_calls_total{{{operation},status_code=\"200\",error_code=\"\"}} 1"),
            format!(
                "aws_api_calls_total{{{operation},status_code=\"400\",error_code=\"ThrottlingException\"}} 1"
            ),
            format!("aws_api_call_throttled_errors_total{{{operation}}} 1"),
            format!("aws_api_call_permission_errors_total{{{operation}}} 0"),
            format!("aws_api_call_retries_total{{{operation}}} 1"),
            format!("aws_api_call_duration_seconds_count{{{operation}}} 2"),
            "ecs_operator_client_throttle_wait_seconds_total{service=\"ecs\"} 4.0".to_owned(),
        ] {
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn error_codes_without_end_are_not_series_without_end() {
        let calls = Calls::default();
        for n in 0..10 * MOST {
            let code = format!("Code{n}");
            calls.ended(Ended {
                status: None,
                error_code: Some(&code),
                ..CALL
            });
        }
        let text = text(&calls);
        assert_eq!(text.matches("aws_api_calls_total{").count(), MOST + 1);
        assert!(text.contains("error_code=\"Other\"} 900"));
    }
}
