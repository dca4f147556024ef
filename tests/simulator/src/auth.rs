//! What a SigV4 signature says about its caller. The signature itself is not computed again: presence, form, scope and access key count.

use http::HeaderMap;

/// The credential scope of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// Access key id.
    pub access_key: String,
    /// Region.
    pub region: String,
    /// Signing name of the service.
    pub service: String,
}

/// Why there is no scope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// No `Authorization` header.
    Missing,
    /// Not a well-formed SigV4 header.
    Malformed,
}

/// Reads the `Authorization` header.
pub fn scope(headers: &HeaderMap) -> Result<Scope, Refusal> {
    let header = headers.get("authorization").ok_or(Refusal::Missing)?;
    header
        .to_str()
        .ok()
        .and_then(parse)
        .ok_or(Refusal::Malformed)
}

fn parse(header: &str) -> Option<Scope> {
    let parts = header.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let part = |name: &str| {
        let mut parts = parts.split(',').map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let hex = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let signed = part("SignedHeaders")?;
    if !hex(part("Signature")?) || !signed.split(';').any(|name| name == "host") {
        return None;
    }
    let credential: Vec<_> = part("Credential")?.split('/').collect();
    let [access_key, date, region, service, "aws4_request"] = credential[..] else {
        return None;
    };
    let dated = date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit());
    let named = !access_key.is_empty() && !region.is_empty() && !service.is_empty();
    (dated && named).then(|| Scope {
        access_key: access_key.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::header::AUTHORIZATION, text.parse().expect("ascii"))])
    }

    #[test]
    fn scope_names_key_region_and_service() {
        let signature = "0".repeat(64);
        let text = format!(
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/ecs/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        let expected = Scope {
            access_key: "AKID".into(),
            region: "eu-west-1".into(),
            service: "ecs".into(),
        };
        assert_eq!(scope(&header(&text)), Ok(expected));
        assert_eq!(
            scope(&header(&text.replace(&signature, "0"))),
            Err(Refusal::Malformed)
        );
        assert_eq!(
            scope(&header(&text.replace("host;", ""))),
            Err(Refusal::Malformed)
        );
        assert_eq!(scope(&header("Bearer x")), Err(Refusal::Malformed));
        assert_eq!(scope(&HeaderMap::new()), Err(Refusal::Missing));
    }
}
