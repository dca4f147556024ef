//! Ports of a container.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// A port, or a range of ports, of a container.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::port_or_range(), validation = rules::range_ascends())]
pub struct PortMapping {
    /// Name that Service Connect and VPC Lattice refer to: at most 64 letters, digits, hyphens and underscores, the first no hyphen; unique in the container. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 64),
        regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$")
    )]
    pub name: Option<String>,
    /// Port in the container, 1–65535. Absent: with containerPortRange only; exactly one of the two is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub container_port: Option<i32>,
    /// Port on the instance. In network modes `awsvpc` and `host` absent or equal to `containerPort`. Absent or 0 in `bridge` mode: chosen at run time. Not with a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 65535))]
    pub host_port: Option<i32>,
    /// `tcp` or `udp`. Absent: `tcp`. With Service Connect it cannot be changed while services use the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<TransportProtocol>,
    /// Protocol that Service Connect speaks on the port: `http`, `http2` or `grpc`. Absent: plain TCP. With Service Connect it cannot be changed while services use the port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<AppProtocol>,
    /// Ports in the container, `first-last`, each 1–65535; network modes `bridge` and `awsvpc` only. At most 100 in a container. Absent: with containerPort only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 11), regex(pattern = r"^[0-9]{1,5}-[0-9]{1,5}$"))]
    pub container_port_range: Option<String>,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TransportProtocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Application protocol of a port.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AppProtocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2.
    Http2,
    /// gRPC.
    Grpc,
}
