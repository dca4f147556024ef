//! What an object is known to have in AWS stays what it means: Region, cluster and name are immutable, also when the object was
//! written around admission or the operator was given another Region. Else another resource would be made, and this one forgotten.

use super::{Identity, Invalid};
use crate::{
    api::Lifecycle,
    model::{Installation, arn},
};

/// The name in AWS: that of the known resource, if there is one, else the declared one or what follows from the object's.
pub fn name(
    known_arn: Option<&str>,
    id: Identity<'_>,
    declared: Option<&str>,
    path: &str,
) -> Result<String, Invalid> {
    match known_arn.and_then(arn::name) {
        Some(known) => Ok(known.to_owned()),
        None => id.aws_name(declared, path),
    }
}

/// Refuses another name than the known resource has.
pub fn keeps_name(
    known_arn: &str,
    id: Identity<'_>,
    declared: Option<&str>,
    path: &str,
) -> Result<(), Invalid> {
    let name = id.aws_name(declared, path)?;
    stays(path, &name, arn::name(known_arn), known_arn)
}

/// Refuses another value of an immutable member than the known resource has. `seen` is none when its ARN does not say.
pub fn stays(
    path: &str,
    declared: &str,
    seen: Option<&str>,
    known_arn: &str,
) -> Result<(), Invalid> {
    match seen {
        Some(seen) if seen != declared => Err(Invalid::new(
            path,
            format!(
                "it is \"{declared}\" now, and this object has \"{seen}\" in AWS ({known_arn}). It is immutable, and nothing was changed. Set it back; for another one create another object. Deleting this one acts on what it has."
            ),
        )),
        _ => Ok(()),
    }
}

/// Refuses another Region than that of the known resource.
pub fn stays_in_region(
    lifecycle: &Lifecycle,
    known_arn: &str,
    installation: &Installation,
) -> Result<(), Invalid> {
    let seen = arn::region(known_arn);
    if let Some(declared) = &lifecycle.region {
        return stays("spec.region", declared, seen, known_arn);
    }
    match seen {
        Some(seen) if seen != installation.region => Err(Invalid::new(
            "spec.region",
            format!(
                "it is absent, which means the operator's Region \"{}\", and what this object has in AWS is in \"{seen}\" ({known_arn}). Nothing was changed. Start the operator with --region {seen} again; for another Region create another object. Deleting this one acts on what it has.",
                installation.region
            ),
        )),
        _ => Ok(()),
    }
}
