//! Rules within a container, a port, a volume.

use kube::core::Rule;

use super::rule;

/// See [`memory_above_reservation`].
pub const MEMORY: &str = "{memory} is less than memoryReservation {memoryReservation}. Raise memory or lower memoryReservation.";

/// A container can't be guaranteed more than it may use.
pub fn memory_above_reservation() -> Rule {
    rule(
        "!has(self.memory) || !has(self.memoryReservation) || self.memory >= self.memoryReservation",
        ".memory",
        MEMORY,
    )
}

/// See [`health_check_begins_with_cmd`].
pub const HEALTH_CHECK: &str =
    "must begin with CMD and arguments, with CMD-SHELL and a shell line, or be NONE.";

/// The first word says how the rest is run. It is not repeated: what is there instead may hold a password.
pub fn health_check_begins_with_cmd() -> Rule {
    rule(
        "self.command[0] in ['CMD', 'CMD-SHELL', 'NONE']",
        ".command",
        HEALTH_CHECK,
    )
}

/// See [`port_or_range`].
pub const PORT_OR_RANGE: &str = "give exactly one of containerPort (it is {containerPort?}) and containerPortRange ({containerPortRange?}), and hostPort ({hostPort?}) only with containerPort.";

/// A port mapping is of one port or of a range.
pub fn port_or_range() -> Rule {
    rule(
        "has(self.containerPort) != has(self.containerPortRange) && !(has(self.hostPort) && has(self.containerPortRange))",
        "",
        PORT_OR_RANGE,
    )
}

/// See [`range_ascends`].
pub const RANGE: &str = "'{containerPortRange}' is no range of ports. Write first-last, each 1-65535, the first not above the last.";

/// `8000-8010`.
pub fn range_ascends() -> Rule {
    let (first, last) = (
        "int(self.containerPortRange.split('-')[0])",
        "int(self.containerPortRange.split('-')[1])",
    );
    rule(
        &format!(
            "!has(self.containerPortRange) || ({first} >= 1 && {last} <= 65535 && {first} <= {last})"
        ),
        ".containerPortRange",
        RANGE,
    )
}

/// See [`volume_of_one_kind`].
pub const VOLUME: &str = "'{name}' is of more than one kind. Keep one of host, dockerVolumeConfiguration, efsVolumeConfiguration, s3filesVolumeConfiguration, fsxWindowsFileServerVolumeConfiguration and configuredAtLaunch.";

/// The members of a volume that say what it is.
pub const VOLUME_KINDS: [&str; 5] = [
    "host",
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "s3filesVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
];

/// A volume is one thing.
pub fn volume_of_one_kind() -> Rule {
    let kinds: Vec<_> = VOLUME_KINDS
        .iter()
        .map(|kind| format!("has(self.{kind})"))
        .chain(["has(self.configuredAtLaunch) && self.configuredAtLaunch".to_owned()])
        .collect();
    rule(
        &format!("[{}].filter(x, x).size() <= 1", kinds.join(", ")),
        "",
        VOLUME,
    )
}

/// See [`efs_iam_needs_encryption`].
pub const EFS_IAM: &str =
    "IAM authorisation needs encryption in transit. Set transitEncryption: ENABLED.";

/// IAM authorisation of EFS goes over TLS.
pub fn efs_iam_needs_encryption() -> Rule {
    rule(
        "!has(self.authorizationConfig) || !has(self.authorizationConfig.iam) || self.authorizationConfig.iam != 'ENABLED' || (has(self.transitEncryption) && self.transitEncryption == 'ENABLED')",
        ".transitEncryption",
        EFS_IAM,
    )
}

/// See [`efs_access_point_has_its_root`].
pub const EFS_ROOT: &str = "'{rootDirectory}' cannot be the root with an access point, which has its own. Remove rootDirectory.";

/// The root directory of an access point is the access point's.
pub fn efs_access_point_has_its_root() -> Rule {
    rule(
        "!has(self.authorizationConfig) || !has(self.authorizationConfig.accessPointId) || !has(self.rootDirectory) || self.rootDirectory in ['', '/']",
        ".rootDirectory",
        EFS_ROOT,
    )
}
