//! Creation in real time, with AWS's published buckets in the simulator and the operator's own before them.

use std::time::Duration;

use crate::{
    Result,
    fleet::Kind,
    phases::{at, memory, seconds},
    progress,
    rig::Rig,
    table::Table,
    window::{Costs, Window},
};

const NAMESPACE: &str = "limited";

/// Burst and refill per second of the buckets that N services with a family each go through (aws.md C1).
const BUCKETS: [(f64, f64); 2] = [(20.0, 1.0), (50.0, 5.0)];

/// Measures it and writes its rows.
pub async fn measure(rig: &mut Rig, table: &mut Table) -> Result<()> {
    let count = rig.settings.limited;
    let waits = BUCKETS.map(|(burst, refill)| (count as f64 - burst).max(0.0) / refill);
    let floor = waits.into_iter().fold(0.0, f64::max);
    progress(&format!(
        "creating {count} with the published buckets, at least {floor:.0} s"
    ));
    rig.set_rate(1.0);
    let operator = rig.operator(&[]).await?;
    operator.ready().await?;
    let fleet = rig.fleet(NAMESPACE, count).await?;
    operator.quiet(rig.settings.patience()).await?;
    rig.simulator.set_throttling(true);
    let window = Window::open(rig, &operator).await?;
    let start = window.start;
    fleet.create_all().await?;
    let patience = rig.settings.patience() + Duration::from_secs_f64(1.5 * floor);
    let ready = rig
        .board
        .ready((Kind::Service, NAMESPACE), 1, count, patience)
        .await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let measured = window.close(rig, &operator).await?;
    let calls = &measured.calls;
    let share = |time: Option<f64>| match time {
        Some(time) if floor > 0.0 => format!(" ({:.2} x floor)", time / floor),
        _ => String::new(),
    };
    table.phase(format!(
        "{count} created at once with the published buckets, in real time; floor {floor:.0} s"
    ));
    let (registered, created) = (
        calls.last("RegisterTaskDefinition"),
        calls.last("CreateService"),
    );
    table.against(
        ("<= 1.05 x floor", "1.09 x floor"),
        "seconds to the last RegisterTaskDefinition",
        at(registered) + &share(registered),
    );
    table.against(
        ("<= 1.05 x floor", ""),
        "seconds to the last CreateService",
        at(created) + &share(created),
    );
    let all = Some((ready - start).as_secs_f64());
    table.against(
        ("<= 1.05 x floor", ""),
        "seconds to all Ready (ECS starts a task in 5 to 10 of them)",
        seconds(ready - start) + &share(all),
    );
    measured.costs(
        table,
        count,
        Costs {
            calls: ("<= 4", "9.0"),
            throttled: "850",
            writes: ("<= 6", "8.9"),
            gets: ("0", "11"),
        },
    );
    table.row("deployments started", rig.deployments(&fleet)?.to_string());
    memory(table, &operator)?;
    operator.stop().await
}
