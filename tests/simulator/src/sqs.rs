//! Simple Queue Service, as far as an operator that waits for ECS events uses it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::clock::Time;
use crate::world::NOT_SIMULATED;
use crate::{Answer, ApiError, Call, Ids};

/// Queues whose names begin so get the ECS events of their Region (unverified: `SQS_EVENTS`).
const EVENTS: &str = "ecs-events";
/// Seconds; SQS CreateQueue, attribute VisibilityTimeout [D].
const VISIBILITY: f64 = 30.0;

/// All queues of one account and Region.
#[derive(Clone, Debug, Default)]
pub struct State {
    queues: BTreeMap<String, Queue>,
}

#[derive(Clone, Debug, Default)]
struct Queue {
    attributes: BTreeMap<String, String>,
    messages: Vec<Message>,
}

#[derive(Clone, Debug)]
struct Message {
    id: String,
    body: String,
    visible_at: Time,
    receipt: Option<String>,
    received: u32,
}

impl State {
    /// One API call.
    pub fn call(&mut self, call: &Call, ids: &mut Ids) -> Answer {
        let input = call.input;
        match call.operation {
            "CreateQueue" => self.create(call),
            "GetQueueUrl" => {
                let name = input["QueueName"].as_str().unwrap_or_default();
                self.queues.get(name).ok_or_else(missing)?;
                Ok(json!({ "QueueUrl": url(call, name) }))
            }
            "ListQueues" => {
                let urls: Vec<_> = self.queues.keys().map(|name| url(call, name)).collect();
                Ok(json!({ "QueueUrls": urls }))
            }
            "DeleteQueue" => {
                self.queue(input)?;
                self.queues.remove(queue_name(input));
                Ok(json!({}))
            }
            "SendMessage" => self.queue(input)?.send(call, ids),
            "ReceiveMessage" => self.queue(input)?.receive(call, ids),
            "DeleteMessage" => {
                let receipt = input["ReceiptHandle"].as_str().unwrap_or_default();
                self.queue(input)?.delete(receipt);
                Ok(json!({}))
            }
            "DeleteMessageBatch" => self.queue(input)?.delete_batch(input),
            "GetQueueAttributes" => self.attributes(call),
            "SetQueueAttributes" => {
                self.queue(input)?.set(&input["Attributes"]);
                Ok(json!({}))
            }
            "PurgeQueue" => {
                self.queue(input)?.messages.clear();
                Ok(json!({}))
            }
            other => Err(ApiError::with_status(
                501,
                NOT_SIMULATED,
                format!("sqs {other}"),
            )),
        }
    }

    /// Whether a ReceiveMessage with this input would get something now.
    pub fn would_receive(&self, input: &Value, now: Time) -> bool {
        let queue = self.queues.get(queue_name(input));
        queue.is_none_or(|queue| {
            queue
                .messages
                .iter()
                .any(|message| message.visible_at <= now)
        })
    }

    /// Puts an ECS event into every queue that is for them.
    pub(crate) fn publish(&mut self, event: &Value, now: Time, ids: &mut Ids) {
        let queues = self
            .queues
            .iter_mut()
            .filter(|(name, _)| name.starts_with(EVENTS));
        for (_, queue) in queues {
            queue.put(event.to_string(), now, ids);
        }
    }

    fn create(&mut self, call: &Call) -> Answer {
        let name = call.input["QueueName"].as_str().unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 80 || !name.chars().all(allowed) {
            let text = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            return Err(ApiError::client("InvalidParameterValue", text));
        }
        let queue = self.queues.entry(name.to_owned()).or_default();
        queue.set(&call.input["attributes"]);
        queue.set(&call.input["Attributes"]);
        Ok(json!({ "QueueUrl": url(call, name) }))
    }

    fn attributes(&mut self, call: &Call) -> Answer {
        let name = queue_name(call.input).to_owned();
        let queue = self.queue(call.input)?;
        let visible = queue
            .messages
            .iter()
            .filter(|m| m.visible_at <= call.now)
            .count();
        let mut all: Map<String, Value> = queue
            .attributes
            .iter()
            .map(|(k, v)| (k.clone(), json!(v)))
            .collect();
        let arn = format!("arn:aws:sqs:{}:{}:{name}", call.region, call.account);
        all.insert("QueueArn".to_owned(), json!(arn));
        all.insert(
            "ApproximateNumberOfMessages".to_owned(),
            json!(visible.to_string()),
        );
        let hidden = (queue.messages.len() - visible).to_string();
        all.insert(
            "ApproximateNumberOfMessagesNotVisible".to_owned(),
            json!(hidden),
        );
        all.insert(
            "VisibilityTimeout".to_owned(),
            json!(queue.visibility().to_string()),
        );
        let wanted = call.input["AttributeNames"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if !wanted.contains(&json!("All")) {
            all.retain(|name, _| wanted.contains(&json!(name)));
        }
        Ok(json!({ "Attributes": all }))
    }

    fn queue(&mut self, input: &Value) -> Result<&mut Queue, ApiError> {
        self.queues.get_mut(queue_name(input)).ok_or_else(missing)
    }
}

impl Queue {
    fn set(&mut self, attributes: &Value) {
        let pairs = attributes.as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.attributes
            .extend(pairs.map(|(name, value)| (name.clone(), text(value))));
    }

    fn visibility(&self) -> f64 {
        let set = self.attributes.get("VisibilityTimeout");
        set.and_then(|seconds| seconds.parse().ok())
            .unwrap_or(VISIBILITY)
    }

    fn put(&mut self, body: String, visible_at: Time, ids: &mut Ids) -> String {
        let id = ids.hex(32);
        self.messages.push(Message {
            id: id.clone(),
            body,
            visible_at,
            receipt: None,
            received: 0,
        });
        id
    }

    fn send(&mut self, call: &Call, ids: &mut Ids) -> Answer {
        let body = call.input["MessageBody"].as_str().unwrap_or_default();
        let delay = call.input["DelaySeconds"].as_f64().unwrap_or(0.0);
        let id = self.put(body.to_owned(), call.now + delay, ids);
        Ok(json!({ "MessageId": id }))
    }

    fn receive(&mut self, call: &Call, ids: &mut Ids) -> Answer {
        let count = call.input["MaxNumberOfMessages"].as_u64().unwrap_or(1);
        if !(1..=10).contains(&count) {
            let text = format!(
                "Value {count} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
            );
            return Err(ApiError::client("InvalidParameterValue", text));
        }
        let visibility = call.input["VisibilityTimeout"]
            .as_f64()
            .unwrap_or(self.visibility());
        let visible = self
            .messages
            .iter_mut()
            .filter(|message| message.visible_at <= call.now);
        let mut take = |message: &mut Message| {
            let receipt = ids.hex(40);
            message.visible_at = call.now + visibility;
            message.received += 1;
            message.receipt = Some(receipt.clone());
            json!({
                "MessageId": message.id,
                "ReceiptHandle": receipt,
                "Body": message.body,
                "Attributes": { "ApproximateReceiveCount": message.received.to_string() },
            })
        };
        let taken: Vec<_> = visible.take(count as usize).map(&mut take).collect();
        Ok(if taken.is_empty() {
            json!({})
        } else {
            json!({ "Messages": taken })
        })
    }

    fn delete(&mut self, receipt: &str) {
        self.messages
            .retain(|message| message.receipt.as_deref() != Some(receipt));
    }

    fn delete_batch(&mut self, input: &Value) -> Answer {
        let entries = input["Entries"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if entries.is_empty() || entries.len() > 10 {
            let (code, text) = match entries.len() {
                0 => ("EmptyBatchRequest", "There should be at least one entry"),
                _ => (
                    "TooManyEntriesInBatchRequest",
                    "Maximum number of entries per request are 10",
                ),
            };
            return Err(ApiError::client(code, text));
        }
        for entry in entries {
            self.delete(entry["ReceiptHandle"].as_str().unwrap_or_default());
        }
        let done: Vec<_> = entries
            .iter()
            .map(|entry| json!({ "Id": entry["Id"] }))
            .collect();
        Ok(json!({ "Successful": done, "Failed": [] }))
    }
}

/// The last word of a queue's URL is its name.
fn queue_name(input: &Value) -> &str {
    let url = input["QueueUrl"].as_str().unwrap_or_default();
    url.rsplit('/').next().unwrap_or_default()
}

fn url(call: &Call, name: &str) -> String {
    format!(
        "https://sqs.{}.amazonaws.com/{}/{name}",
        call.region, call.account
    )
}

fn missing() -> ApiError {
    ApiError::client("QueueDoesNotExist", "The specified queue does not exist.")
}
