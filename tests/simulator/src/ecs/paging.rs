//! Pages of List calls. A token names the first entry of the next page, so that entries added meanwhile do not shift it.

use serde_json::{Value, json};

use super::failure::invalid;
use super::input::{integer, text};
use crate::error::{Answer, ApiError};

/// The largest page of any List call of ECS [M].
const MAX: i64 = 100;

/// One page of `all` under `member`, of at most `maxResults` entries (`default` if absent).
pub(super) fn page(input: &Value, member: &str, all: Vec<String>, default: i64) -> Answer {
    let size = size(input, default)?;
    let start = match text(input, "nextToken") {
        None | Some("") => 0,
        Some(token) => all
            .iter()
            .position(|entry| entry == token)
            .ok_or_else(|| invalid("Invalid token."))?,
    };
    let mut answer = json!({});
    if let Some(next) = all.get(start + size) {
        answer["nextToken"] = json!(next);
    }
    answer[member] = all.into_iter().skip(start).take(size).collect();
    Ok(answer)
}

fn size(input: &Value, default: i64) -> Result<usize, ApiError> {
    let size = integer(input, "maxResults").unwrap_or(default);
    if (1..=MAX).contains(&size) {
        Ok(usize::try_from(size).expect("between 1 and 100"))
    } else {
        Err(invalid("Invalid maxResults value."))
    }
}
