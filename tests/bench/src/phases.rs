//! The life of a fleet without AWS's buckets: created, applied again, given a new image, met by a new operator, left alone, deleted.

use std::time::{Duration, Instant};

use crate::{
    Result,
    fleet::{Fleet, Kind},
    operator::Operator,
    progress,
    rig::Rig,
    table::Table,
    window::{Costs, Window},
};

const NAMESPACE: &str = "fleet";

/// After the last change a user sees, so that what follows it (an event) is counted as well.
const AFTER: Duration = Duration::from_secs(1);

/// Measures every phase and writes their rows.
pub async fn measure(rig: &mut Rig, table: &mut Table) -> Result<()> {
    let operator = rig.operator(&["--no-rate-limits"]).await?;
    operator.ready().await?;
    let fleet = rig.fleet(NAMESPACE, rig.settings.services).await?;
    operator.quiet(rig.settings.patience()).await?;
    create(rig, &operator, &fleet, table).await?;
    reapply(rig, &operator, &fleet, table).await?;
    image(rig, &operator, &fleet, table).await?;
    operator.stop().await?;
    restart(rig, &fleet, table).await?;
    let operator = idle(rig, &fleet, table).await?;
    delete(rig, &operator, &fleet, table).await?;
    operator.stop().await
}

async fn create(rig: &Rig, operator: &Operator, fleet: &Fleet, table: &mut Table) -> Result<()> {
    progress("creating all at once, without buckets");
    let window = Window::open(rig, operator).await?;
    let start = window.start;
    fleet.create_all().await?;
    let written = start.elapsed();
    let services = (Kind::Service, NAMESPACE);
    let ready = rig
        .board
        .ready(services, 1, fleet.count, rig.settings.patience())
        .await?;
    tokio::time::sleep(AFTER).await;
    let measured = window.close(rig, operator).await?;
    table.phase(format!(
        "{} created at once, no buckets (object: a service with its task definition)",
        fleet.count
    ));
    table.against(
        ("<= 20 s", "227 s"),
        "seconds to all Ready",
        seconds(ready - start),
    );
    table.row(
        "  of which the API server took the objects",
        seconds(written),
    );
    table.row(
        "  last CreateService",
        at(measured.calls.last("CreateService")),
    );
    measured.costs(
        table,
        fleet.count,
        Costs {
            calls: ("<= 4", "9.0"),
            writes: ("<= 6", "8.9"),
            gets: ("0", "11"),
            ..Costs::default()
        },
    );
    table.row("deployments started", rig.deployments(fleet)?.to_string());
    let series = operator.metrics().await?.len();
    table.against(("<= 1,500", ""), "series of /metrics", series.to_string());
    memory(table, operator)?;
    Ok(())
}

async fn reapply(rig: &Rig, operator: &Operator, fleet: &Fleet, table: &mut Table) -> Result<()> {
    progress("applying all again unchanged");
    operator.quiet(rig.settings.patience()).await?;
    let before = rig.deployments(fleet)?;
    let window = Window::open(rig, operator).await?;
    fleet.apply_all().await?;
    operator.quiet(rig.settings.patience()).await?;
    let measured = window.close(rig, operator).await?;
    table.phase("the same applied again, server-side, by the same user");
    let registered = measured.calls.taken("RegisterTaskDefinition");
    table.against(
        ("0", "1,000"),
        "revisions registered",
        registered.to_string(),
    );
    measured.costs(table, fleet.count, Costs::default());
    let started = rig.deployments(fleet)? - before;
    table.against(("0", ""), "deployments started", started.to_string());
    memory(table, operator)?;
    Ok(())
}

async fn image(rig: &Rig, operator: &Operator, fleet: &Fleet, table: &mut Table) -> Result<()> {
    progress("a new image for all");
    let before = rig.deployments(fleet)?;
    let window = Window::open(rig, operator).await?;
    let start = window.start;
    fleet.set_image_all(2).await?;
    let written = start.elapsed();
    let services = (Kind::Service, NAMESPACE);
    let ready = rig
        .board
        .ready(services, 2, fleet.count, rig.settings.patience())
        .await?;
    tokio::time::sleep(AFTER).await;
    let measured = window.close(rig, operator).await?;
    let calls = &measured.calls;
    table.phase("a new image in every task definition, no buckets");
    table.against(
        ("<= 30 s", "never"),
        "seconds to the last UpdateService",
        at(calls.last("UpdateService")),
    );
    table.row(
        "  of which the API server took the objects",
        seconds(written),
    );
    table.row(
        "seconds to all Ready with the new revision",
        seconds(ready - start),
    );
    let (registered, updated) = (
        calls.taken("RegisterTaskDefinition"),
        calls.taken("UpdateService"),
    );
    let started = rig.deployments(fleet)? - before;
    table.against(
        ("one each", ""),
        "registered / UpdateService / deployments started",
        format!("{registered} / {updated} / {started}"),
    );
    measured.costs(table, fleet.count, Costs::default());
    memory(table, operator)?;
    Ok(())
}

async fn restart(rig: &mut Rig, fleet: &Fleet, table: &mut Table) -> Result<()> {
    progress("a new operator");
    let before = rig.deployments(fleet)?;
    let window = Window::before_start(rig)?;
    let operator = rig.operator(&["--no-rate-limits"]).await?;
    let synced = operator.ready().await?;
    operator.quiet(rig.settings.patience()).await?;
    let measured = window.close(rig, &operator).await?;
    let calls = &measured.calls;
    table.phase("the operator started again");
    let started = rig.deployments(fleet)? - before;
    table.against(
        ("0 / 0", "1,000 / up to 1,000"),
        "mutating AWS calls / deployments started",
        format!("{} / {started}", calls.mutating()),
    );
    table.row(
        "seconds to synced / to the last AWS call",
        format!(
            "{:.2} / {:.2} s",
            synced.as_secs_f64(),
            calls.last_of_all().unwrap_or(0.0)
        ),
    );
    measured.costs(
        table,
        fleet.count,
        Costs {
            writes: ("0", ""),
            gets: ("0", ""),
            ..Costs::default()
        },
    );
    memory(table, &operator)?;
    operator.stop().await
}

async fn idle(rig: &mut Rig, fleet: &Fleet, table: &mut Table) -> Result<Operator> {
    let period = rig.settings.drift_period();
    progress(&format!("left alone for {} s", period.as_secs()));
    let argument = format!("{}s", period.as_secs());
    let operator = rig
        .operator(&["--no-rate-limits", "--drift-period", &argument])
        .await?;
    operator.ready().await?;
    let started = Instant::now();
    let before = rig.deployments(fleet)?;
    // The looks of the start are over well before the first look for drift, at three quarters of the period.
    tokio::time::sleep(period.mul_f64(0.5)).await;
    let window = Window::open(rig, &operator).await?;
    tokio::time::sleep((period + Duration::from_millis(500)).saturating_sub(started.elapsed()))
        .await;
    let measured = window.close(rig, &operator).await?;
    table.phase("five idle minutes: one look for drift at everything");
    table.against(
        ("0", ""),
        "mutating AWS calls",
        measured.calls.mutating().to_string(),
    );
    let begun = rig.deployments(fleet)? - before;
    table.against(("0", ""), "deployments started", begun.to_string());
    measured.costs(
        table,
        fleet.count,
        Costs {
            writes: ("0", ""),
            gets: ("0", ""),
            ..Costs::default()
        },
    );
    memory(table, &operator)?;
    table.note(format!(
        "Five idle minutes: an object is looked at once in --drift-period, 5 minutes by default; here it was {} s, and one such period was measured. The looks come one by one in both, so the calls are the same.",
        period.as_secs()
    ));
    Ok(operator)
}

async fn delete(rig: &Rig, operator: &Operator, fleet: &Fleet, table: &mut Table) -> Result<()> {
    progress("deleting all");
    let window = Window::open(rig, operator).await?;
    let start = window.start;
    fleet.delete_all().await?;
    let written = start.elapsed();
    let gone = rig.board.gone(NAMESPACE, rig.settings.patience()).await?;
    let measured = window.close(rig, operator).await?;
    table.phase("everything deleted, the cluster too");
    table.row("seconds until all objects are gone", seconds(gone - start));
    table.row(
        "  of which the API server took the deletions",
        seconds(written),
    );
    measured.costs(table, fleet.count, Costs::default());
    // Nobody can be asked any more how many deployments there were.
    let could = ["CreateService", "UpdateService"].map(|call| measured.calls.taken(call));
    let could = could.into_iter().sum::<usize>();
    table.row("calls that start deployments", could.to_string());
    memory(table, operator)?;
    Ok(())
}

/// A row on the memory of the operator.
pub fn memory(table: &mut Table, operator: &Operator) -> Result<()> {
    let usage = operator.usage()?;
    let text = format!("{:.1} / {:.1}", usage.rss, usage.peak);
    table.against(("<= 40 MiB", "87 MiB"), "RSS MiB now / peak", text);
    Ok(())
}

/// A time in seconds.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// A moment in seconds from the start.
pub fn at(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "never".to_owned(), |seconds| format!("{seconds:.1} s"))
}
