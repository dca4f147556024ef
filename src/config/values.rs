//! What the values of flags must be; the errors are sentences.

use std::time::Duration;

/// An endpoint of AWS: credentials travel only over https, unless it is a simulator.
pub fn endpoint(url: Option<&str>, allow_insecure: bool) -> Result<(), String> {
    let Some(url) = url else {
        return Ok(());
    };
    let uri = url.parse::<hyper::Uri>().ok();
    let uri = uri.filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    let scheme = uri.as_ref().and_then(hyper::Uri::scheme_str);
    let secure = scheme == Some("https");
    if !secure && scheme != Some("http") {
        return Err(format!(
            "--endpoint-url {url:?} is no URL. Write https://host[:port]."
        ));
    }
    if !secure && !allow_insecure {
        return Err(format!(
            "--endpoint-url {url:?} is not https: credentials would travel in the clear. Use https, or --allow-insecure-endpoint for a simulator."
        ));
    }
    Ok(())
}

/// A label (RFC 1123), as names of namespaces are.
pub fn is_namespace(name: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(is_inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// An AWS Region.
pub fn region(text: &str) -> Result<String, String> {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if text.contains('-') && text.bytes().all(is_word) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text:?} is no Region. Write for example eu-west-1."
        ))
    }
}

/// A time with a unit: `500ms`, `30s`, `5m`, `1h`; more than zero.
pub fn duration(text: &str) -> Result<Duration, String> {
    let hint =
        || format!("{text:?} is no time. Write a number and ms, s, m or h, for example 30s.");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(hint)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| hint())?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(hint()),
    };
    match number.checked_mul(millis) {
        Some(0) | None => Err(hint()),
        Some(millis) => Ok(Duration::from_millis(millis)),
    }
}

/// A tag value (ECS Tag, member value), without the `/` that separates it in the adoption tag.
pub fn cluster_id(text: &str) -> Result<String, String> {
    let fits = (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:=+-@".contains(&b));
    if text == "any" {
        Err("\"any\" stands for every cluster in adoption tags. Choose another identity.".into())
    } else if fits {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text:?} can't be in a tag. Use 1-128 letters, digits and . _ : = + - @"
        ))
    }
}

/// What is logged: a level, or pairs of target and level.
pub fn directives(text: &str) -> Result<String, String> {
    text.parse::<tracing_subscriber::filter::Targets>()
        .map(|_| text.to_owned())
        .map_err(|error| format!("{text:?}: {error}. Write a level, or target=level pairs."))
}
