//! Calls on scalable targets and their tags.

use serde_json::{Value, json};

use super::key::{Key, page};
use super::{ScalableTarget, State, World, invalid, not_found};
use crate::{Answer, ApiError, Call, ids};

impl ScalableTarget {
    pub(super) fn show(&self, key: &Key) -> Value {
        json!({
            "ServiceNamespace": key.namespace,
            "ResourceId": key.resource_id,
            "ScalableDimension": key.dimension,
            "MinCapacity": self.min,
            "MaxCapacity": self.max,
            "RoleARN": self.role,
            "CreationTime": self.created,
            "SuspendedState": self.suspended,
            "ScalableTargetARN": self.arn,
        })
    }

    fn new(call: &Call, key: &Key) -> Self {
        let Call {
            account, region, ..
        } = call;
        let id = ids::named(&[account, region, &key.resource_id, &key.dimension], 32);
        let role = "aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService";
        Self {
            min: 0,
            max: 0,
            arn: format!("arn:aws:application-autoscaling:{region}:{account}:scalable-target/{id}"),
            role: format!("arn:aws:iam::{account}:role/{role}"),
            suspended: json!({
                "DynamicScalingInSuspended": false,
                "DynamicScalingOutSuspended": false,
                "ScheduledScalingSuspended": false,
            }),
            created: call.now,
            tags: Default::default(),
        }
    }

    fn set(&mut self, input: &Value) -> Result<(), ApiError> {
        self.min = input["MinCapacity"].as_i64().unwrap_or(self.min);
        self.max = input["MaxCapacity"].as_i64().unwrap_or(self.max);
        if self.min > self.max || self.min < 0 {
            return Err(invalid(
                "Maximum capacity cannot be less than minimum capacity",
            ));
        }
        for (name, flag) in input["SuspendedState"].as_object().into_iter().flatten() {
            self.suspended[name] = flag.clone();
        }
        Ok(())
    }
}

impl State {
    /// An upsert that clamps the service's desired count into the bounds, even when it names none [D].
    pub(super) fn register(&mut self, call: &Call, mut world: World) -> Answer {
        let key = Key::read(call.input);
        let Some((cluster, service)) = key.service() else {
            return Err(invalid(format!(
                "Unsupported service namespace, resource type or scalable dimension: {}",
                key.resource_id
            )));
        };
        let desired = desired_count(call, &mut world, cluster, service)
            .ok_or_else(|| invalid(format!("ECS service doesn't exist: {}", key.resource_id)))?;
        let known = self.targets.get(&key).cloned();
        let bounded = call.input["MinCapacity"].is_i64() && call.input["MaxCapacity"].is_i64();
        if known.is_none() && !bounded {
            return Err(invalid(
                "MinCapacity and MaxCapacity are required to register a new scalable target",
            ));
        }
        let tags = call.input["Tags"].as_object().cloned().unwrap_or_default();
        if known.is_some() && !tags.is_empty() {
            // Unverified: AAS_TAGS.
            return Err(invalid(
                "Tags can only be specified when a scalable target is registered; use TagResource",
            ));
        }
        let mut target = known.unwrap_or_else(|| ScalableTarget::new(call, &key));
        target.set(call.input)?;
        target.tags.extend(
            tags.into_iter()
                .map(|(k, v)| (k, v.as_str().unwrap_or_default().to_owned())),
        );
        let clamped = desired.clamp(target.min, target.max);
        if clamped != desired {
            // Unverified: AAS_CLAMP.
            update(call, &mut world, cluster, service, clamped)?;
        }
        let arn = target.arn.clone();
        self.targets.insert(key, target);
        Ok(json!({ "ScalableTargetARN": arn }))
    }

    pub(super) fn describe_targets(&self, request: &Value) -> Answer {
        let ids = request["ResourceIds"].as_array();
        let named = |key: &Key| {
            ids.is_none_or(|ids| ids.is_empty() || ids.contains(&json!(key.resource_id)))
        };
        let shown = self
            .targets
            .iter()
            .filter(|(key, _)| key.shown_by(request) && named(key));
        page(
            request,
            "ScalableTargets",
            shown.map(|(key, target)| target.show(key)).collect(),
            50,
        )
    }

    /// Takes policies and scheduled actions along [D].
    pub(super) fn deregister(&mut self, request: &Value) -> Answer {
        let key = Key::read(request);
        self.targets
            .remove(&key)
            .ok_or_else(|| missing_target(&key))?;
        self.policies.retain(|(of, _), _| *of != key);
        self.actions.retain(|(of, _), _| *of != key);
        Ok(json!({}))
    }

    pub(super) fn tag(&mut self, request: &Value) -> Answer {
        let target = self.tagged(request)?;
        let tags = request["Tags"].as_object().cloned().unwrap_or_default();
        let fresh = tags
            .keys()
            .filter(|key| !target.tags.contains_key(*key))
            .count();
        if target.tags.len() + fresh > 50 {
            return Err(ApiError::client(
                "TooManyTagsException",
                "A scalable target can have at most 50 tags",
            ));
        }
        if let Some(key) = tags
            .keys()
            .find(|key| key.to_ascii_lowercase().starts_with("aws:"))
        {
            return Err(invalid(format!(
                "The tag key '{key}' uses the reserved prefix 'aws:'"
            )));
        }
        target.tags.extend(
            tags.into_iter()
                .map(|(k, v)| (k, v.as_str().unwrap_or_default().to_owned())),
        );
        Ok(json!({}))
    }

    pub(super) fn untag(&mut self, request: &Value) -> Answer {
        let keys = request["TagKeys"].as_array().cloned().unwrap_or_default();
        self.tagged(request)?
            .tags
            .retain(|key, _| !keys.contains(&json!(key)));
        Ok(json!({}))
    }

    pub(super) fn list_tags(&mut self, request: &Value) -> Answer {
        Ok(json!({ "Tags": self.tagged(request)?.tags }))
    }

    fn tagged(&mut self, request: &Value) -> Result<&mut ScalableTarget, ApiError> {
        let arn = request["ResourceARN"].as_str().unwrap_or_default();
        let missing = || {
            ApiError::client(
                "ResourceNotFoundException",
                format!("The resource {arn} doesn't exist"),
            )
        };
        self.targets
            .values_mut()
            .find(|target| target.arn == arn)
            .ok_or_else(missing)
    }
}

pub(super) fn missing_target(key: &Key) -> ApiError {
    let Key {
        namespace,
        resource_id,
        dimension,
    } = key;
    not_found(format!(
        "No scalable target found for service namespace: {namespace}, resource ID: {resource_id}, scalable dimension: {dimension}"
    ))
}

/// The desired count of an ACTIVE service.
fn desired_count(call: &Call, world: &mut World, cluster: &str, service: &str) -> Option<i64> {
    let input = json!({ "cluster": cluster, "services": [service] });
    let answer = ecs(call, world, "DescribeServices", &input).ok()?;
    let found = &answer["services"][0];
    (found["status"] == "ACTIVE").then(|| found["desiredCount"].as_i64())?
}

fn update(call: &Call, world: &mut World, cluster: &str, service: &str, count: i64) -> Answer {
    let input = json!({ "cluster": cluster, "service": service, "desiredCount": count });
    ecs(call, world, "UpdateService", &input)
}

fn ecs(call: &Call, world: &mut World, operation: &str, input: &Value) -> Answer {
    let call = Call {
        operation,
        input,
        ..*call
    };
    world.ecs.call(&call, world.elbv2, world.ids, world.script)
}
