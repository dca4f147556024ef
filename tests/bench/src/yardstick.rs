//! What a write costs this API server on this machine, by which to read every figure that the API server has a part in.

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
};
use serde_json::{Value, json};

use crate::{Result, chart, progress, rig::Rig, table::Table};

const GROUP: &str = "bench.ecs-operator.dev";

/// Applies that are measured.
const APPLIES: u32 = 300;

/// Applies before them, which fill the API server's caches.
const WARM: u32 = 50;

/// Writes the row.
pub async fn measure(rig: &Rig, table: &mut Table) -> Result<()> {
    progress("what a write costs here");
    let yardstick = api(&rig.client);
    for number in 0..WARM {
        apply(&yardstick, number).await?;
    }
    let before = rig.control_plane_usage()?.cpu;
    for number in 0..APPLIES {
        apply(&yardstick, WARM + number).await?;
    }
    let used = rig.control_plane_usage()?.cpu - before;
    table.row(
        "control plane's CPU for one apply of a status, of a kind without a schema",
        format!("{:.1} ms", 1000.0 * used / f64::from(APPLIES)),
    );
    Ok(())
}

/// Makes an object of a kind that the API server has nothing to check about.
pub async fn create(client: &Client) -> Result<()> {
    let free = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let schema = json!({"type": "object", "properties": {"spec": free, "status": free}});
    chart::apply(
        client,
        &json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("yardsticks.{GROUP}")},
            "spec": {
                "group": GROUP, "scope": "Cluster", "names": {"kind": "Yardstick", "plural": "yardsticks"},
                "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema}}],
            },
        }),
    )
    .await?;
    chart::await_served(&[api(client)]).await?;
    chart::apply(client, &yardstick()).await
}

fn api(client: &Client) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, "v1", "Yardstick"));
    Api::all_with(client.clone(), &resource)
}

fn yardstick() -> Value {
    json!({"apiVersion": format!("{GROUP}/v1"), "kind": "Yardstick", "metadata": {"name": "one"}})
}

/// A status as the operator's are: facts and a condition, one of which is another each time.
async fn apply(api: &Api<DynamicObject>, number: u32) -> Result<()> {
    let mut object = yardstick();
    object["status"] = json!({
        "arn": "arn:aws:ecs:us-east-1:000000000000:service/fleet-main/fleet-web-0000",
        "desiredCount": 1, "runningCount": 1, "observedGeneration": 1,
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Synced", "message": format!("look {number}"),
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1,
        }],
    });
    let params = PatchParams::apply("bench").force();
    api.patch_status("one", &params, &Patch::Apply(object))
        .await
        .map(drop)
        .map_err(|error| format!("a yardstick's status can't be applied: {error}"))
}
