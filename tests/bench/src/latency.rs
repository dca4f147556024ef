//! One new service on an idle operator: from the object to CreateService.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    Result,
    calls::{Calls, Mark},
    fleet::{Fleet, Kind},
    progress,
    rig::Rig,
    table::Table,
};

/// Between two objects: long enough for the operator to be idle again.
const PAUSE: Duration = Duration::from_millis(250);

const NAMESPACE: &str = "single";

/// Virtual times at which an object's POST was sent and answered.
#[derive(Clone, Copy)]
struct Posted {
    sent: f64,
    answered: f64,
}

/// Measures both ways and writes their rows.
pub async fn measure(rig: &mut Rig, table: &mut Table) -> Result<()> {
    progress("single services on an idle operator");
    let operator = rig.operator(&["--no-rate-limits"]).await?;
    operator.ready().await?;
    let singles = rig.settings.singles;
    let fleet = rig.fleet(NAMESPACE, 2 * singles).await?;
    for name in fleet.names().take(singles) {
        fleet.create(Kind::TaskDefinition, &name, 1).await?;
    }
    let patience = rig.settings.patience();
    let task_definitions = (Kind::TaskDefinition, NAMESPACE);
    rig.board
        .ready(task_definitions, 1, singles, patience)
        .await?;
    operator.quiet(patience).await?;

    let mark = Mark::now(&rig.simulator);
    let mut known = BTreeMap::new();
    for name in fleet.names().take(singles) {
        known.insert(name.clone(), post(rig, &fleet, &name, false).await?);
        tokio::time::sleep(PAUSE).await;
    }
    let mut together = BTreeMap::new();
    for name in fleet.names().skip(singles) {
        together.insert(name.clone(), post(rig, &fleet, &name, true).await?);
        tokio::time::sleep(PAUSE).await;
    }
    rig.board
        .ready((Kind::Service, NAMESPACE), 1, 2 * singles, patience)
        .await?;
    let created = Calls::since(&rig.simulator, mark, rig.rate).creations();

    table.phase("one new service on an idle operator, p50 / p95");
    let missing = "a service was Ready without a CreateService";
    let figures = [
        ("its task definition known", &known, "<= 8 ms", "10.5 ms"),
        (
            "its task definition created with it",
            &together,
            "<= 15 ms",
            "21.9 ms",
        ),
    ];
    for (what, posts, bar, peer) in figures {
        let times = |from: fn(&Posted) -> f64| -> Result<Vec<f64>> {
            let time = |(name, posted): (&String, &Posted)| {
                let created = created.get(&format!("{NAMESPACE}-{name}")).ok_or(missing)?;
                Ok((created - from(posted)) / rig.rate * 1000.0)
            };
            posts.iter().map(time).collect()
        };
        let answered = times(|posted| posted.answered)?;
        let sent = times(|posted| posted.sent)?;
        table.against(
            (bar, peer),
            &format!("object created -> CreateService, {what}"),
            spread(answered),
        );
        table.row("  the same from before the POST", spread(sent));
    }
    fleet.delete_all().await?;
    rig.board.gone(NAMESPACE, patience).await?;
    operator.stop().await
}

/// Creates a service, alone or at the same time as its task definition.
async fn post(rig: &Rig, fleet: &Fleet, name: &str, both: bool) -> Result<Posted> {
    let sent = rig.simulator.now();
    if both {
        tokio::try_join!(
            fleet.create(Kind::TaskDefinition, name, 1),
            fleet.create(Kind::Service, name, 1)
        )?;
    } else {
        fleet.create(Kind::Service, name, 1).await?;
    }
    Ok(Posted {
        sent,
        answered: rig.simulator.now(),
    })
}

fn spread(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let at = |part: f64| {
        let index = (times.len() as f64 * part).ceil() as usize;
        times
            .get(index.saturating_sub(1))
            .copied()
            .unwrap_or(f64::NAN)
    };
    format!("{:.1} / {:.1} ms", at(0.5), at(0.95))
}
