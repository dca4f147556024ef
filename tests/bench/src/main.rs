//! `make bench`: measures the operator on a real control plane and the simulator, and prints one table.
//!
//! It starts the control plane, the simulator (in this process) and the release build of `ecs-operator` with a token of
//! the chart's ServiceAccount under the chart's own RBAC, and puts load on them. Nothing is asserted: it fails only when
//! something broke, with a sentence. Every process that it starts ends with it.
//!
//! - `settings`, `table`: what is asked for, what is told
//! - `processes`, `chart`, `operator`: what runs
//! - `fleet`, `board`: objects that are written, and what is seen of them
//! - `calls`, `requests`, `window`: what it cost, from the journal, the audit log and /proc
//! - `program`, `yardstick`: the program itself, and what a write costs on this machine
//! - `latency`, `phases`, `limited`: the measurements
//!
//! Run it from the root of the repository. `N`, `CONTAINERS`, `FULL` and `RATE` are described in `settings`.

#![forbid(unsafe_code)]

mod board;
mod calls;
mod chart;
mod fleet;
mod latency;
mod limited;
mod operator;
mod phases;
mod processes;
mod program;
mod requests;
mod rig;
mod settings;
mod table;
mod window;
mod yardstick;

use std::process::ExitCode;

use settings::Settings;
use table::Table;

/// What went wrong, as a sentence.
pub type Result<T> = std::result::Result<T, String>;

#[tokio::main]
async fn main() -> ExitCode {
    match bounded().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("bench: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// The run, ended by its deadline and by Ctrl-C.
async fn bounded() -> Result<()> {
    let settings = Settings::from_environment()?;
    let deadline = settings.deadline();
    let folder = std::env::temp_dir().join(format!("ecs-operator-bench-{}", std::process::id()));
    let result = tokio::select! {
        result = run(&settings, &folder) => result,
        () = tokio::time::sleep(deadline) => Err(format!("not done after {} s, which is far too long", deadline.as_secs())),
        _ = tokio::signal::ctrl_c() => Err("interrupted".to_owned()),
    };
    match result {
        Ok(table) => {
            // The figures are known; a folder that can't be removed takes nothing from them.
            let _ = std::fs::remove_dir_all(&folder);
            print!("{table}");
            Ok(())
        }
        Err(sentence) => Err(format!("{sentence}. Logs are in {}", folder.display())),
    }
}

async fn run(settings: &Settings, folder: &std::path::Path) -> Result<Table> {
    let mut table = Table::new(settings);
    program::measure(settings, &mut table)?;
    let mut rig = rig::Rig::start(settings, folder).await?;
    table.row(
        "API server's memory, without / with the CRDs",
        format!("{:.0} / {:.0} MiB", rig.memory.0, rig.memory.1),
    );
    yardstick::measure(&rig, &mut table).await?;
    latency::measure(&mut rig, &mut table).await?;
    phases::measure(&mut rig, &mut table).await?;
    limited::measure(&mut rig, &mut table).await?;
    rig.stop().await;
    table.note("The API server is compiled as Kubernetes releases it and shares the two cores with everything else: where it took the objects late, it is the wall.");
    table.finish();
    Ok(table)
}

/// Tells on stderr what is being done, so that a person sees that something is.
pub fn progress(what: &str) {
    eprintln!("bench: {what}");
}
