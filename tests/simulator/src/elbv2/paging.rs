//! `PageSize` and `Marker`.

use serde_json::{Value, json};

use super::{input, invalid};
use crate::Answer;

/// ELBv2's pages, parameter PageSize [M].
const LARGEST: usize = 400;

/// A page of `items` as the member `name`, with `NextMarker` where there is more.
pub fn page(request: &Value, name: &str, items: Vec<Value>) -> Answer {
    let start = match input::text(request, "Marker") {
        "" => 0,
        marker => marker
            .parse()
            .map_err(|_| invalid("The specified marker is not valid."))?,
    };
    let size = request["PageSize"]
        .as_u64()
        .map_or(LARGEST, |size| size as usize);
    let total = items.len();
    let shown: Vec<_> = items.into_iter().skip(start).take(size).collect();
    let next = start + shown.len();
    let mut output = json!({ name: shown });
    if next < total {
        output["NextMarker"] = json!(next.to_string());
    }
    Ok(output)
}
