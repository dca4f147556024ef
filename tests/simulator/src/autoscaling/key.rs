//! What names a scalable target.

use serde_json::Value;

/// Namespace, resource and dimension together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub namespace: String,
    pub resource_id: String,
    pub dimension: String,
}

impl Key {
    /// The key that a request or a stored object names.
    pub fn read(input: &Value) -> Self {
        let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        Self {
            namespace: text("ServiceNamespace"),
            resource_id: text("ResourceId"),
            dimension: text("ScalableDimension"),
        }
    }

    /// The key of a service's desired count.
    pub fn of_service(cluster: &str, service: &str) -> Self {
        Self {
            namespace: "ecs".to_owned(),
            resource_id: format!("service/{cluster}/{service}"),
            dimension: "ecs:service:DesiredCount".to_owned(),
        }
    }

    /// Cluster and service; none for what is not an ECS service.
    pub fn service(&self) -> Option<(&str, &str)> {
        if (&self.namespace[..], &self.dimension[..]) != ("ecs", "ecs:service:DesiredCount") {
            return None;
        }
        let (cluster, service) = self.resource_id.strip_prefix("service/")?.split_once('/')?;
        (!cluster.is_empty() && !service.is_empty() && !service.contains('/'))
            .then_some((cluster, service))
    }

    /// Whether a Describe with these filters shows this key's objects.
    pub fn shown_by(&self, request: &Value) -> bool {
        let fits =
            |name: &str, value: &str| request[name].as_str().is_none_or(|wanted| wanted == value);
        fits("ServiceNamespace", &self.namespace)
            && fits("ResourceId", &self.resource_id)
            && fits("ScalableDimension", &self.dimension)
    }
}

/// A page of `items` as the member `name`; `most` is the page's size without MaxResults [M].
pub fn page(request: &Value, name: &str, items: Vec<Value>, most: usize) -> crate::Answer {
    let start = match request["NextToken"].as_str() {
        None => 0,
        Some(token) => token.parse().map_err(|_| {
            crate::ApiError::client("InvalidNextTokenException", "The next token is not valid")
        })?,
    };
    let size = request["MaxResults"]
        .as_u64()
        .map_or(most, |size| (size as usize).min(most));
    let total = items.len();
    let shown: Vec<_> = items.into_iter().skip(start).take(size).collect();
    let next = start + shown.len();
    let mut output = serde_json::json!({ name: shown });
    if next < total {
        output["NextToken"] = serde_json::json!(next.to_string());
    }
    Ok(output)
}
