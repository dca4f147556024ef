//! What is asked for, by environment variables.

use std::{path::PathBuf, time::Duration};

use crate::{Result, processes::CONTROL_PLANE};

/// How much is measured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Services, each with its own task definition (`N`).
    pub services: usize,
    /// Services of the phase with AWS's published buckets: up to 100, or all with `FULL=1`.
    pub limited: usize,
    /// Containers of each task definition (`CONTAINERS`); with more than one, task definitions and services are of full size.
    pub containers: usize,
    /// Objects of the latency phase, each way.
    pub singles: usize,
    /// Virtual seconds a real second in the phases without buckets (`RATE`).
    pub rate: f64,
    /// The release build of the operator: beside this program.
    pub operator: PathBuf,
}

/// Services that are measured with the published buckets unless all are asked for: they take a second each.
const LIMITED: usize = 100;

impl Settings {
    /// Reads `N`, `CONTAINERS`, `FULL` and `RATE`.
    pub fn from_environment() -> Result<Self> {
        let services = number("N", 100)? as usize;
        if !(1..=5000).contains(&services) {
            return Err(format!(
                "N={services} can't be measured; give a number from 1 to 5000"
            ));
        }
        let containers = number("CONTAINERS", 1)? as usize;
        if !(1..=10).contains(&containers) {
            return Err(format!(
                "CONTAINERS={containers}: a task definition has 1 to 10 containers"
            ));
        }
        let full = std::env::var("FULL").is_ok_and(|full| !full.is_empty() && full != "0");
        let operator = std::env::current_exe()
            .map_err(|error| format!("this program does not know where it lies: {error}"))?
            .with_file_name("ecs-operator");
        for file in [
            operator.as_path(),
            CONTROL_PLANE.as_ref(),
            ".cache/bin/helm".as_ref(),
            "charts/ecs-operator".as_ref(),
            "crds".as_ref(),
        ] {
            if !file.exists() {
                return Err(format!(
                    "there is no {}; run `make bench` in the root of the repository, which builds everything",
                    file.display()
                ));
            }
        }
        Ok(Self {
            services,
            limited: if full {
                services
            } else {
                services.min(LIMITED)
            },
            containers,
            singles: 30,
            rate: number("RATE", 100)? as f64,
            operator,
        })
    }

    /// When the whole run has gone wrong: many times what it takes on a slow machine.
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(600)
            + self.patience() * 4
            + Duration::from_secs(2 * self.limited as u64)
    }

    /// When a single wait for the fleet has gone wrong.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(120) + Duration::from_millis(300) * self.services as u32
    }

    /// `--drift-period` of the idle phase: so long that looks come one by one, as they do in five minutes.
    pub fn drift_period(&self) -> Duration {
        Duration::from_secs((self.services as u64 / 10).max(10))
    }
}

fn number(name: &str, default: u32) -> Result<u32> {
    match std::env::var(name) {
        Ok(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{name}={text:?} is no whole number above 0")),
        },
        Err(_) => Ok(default),
    }
}
