//! The process itself, under the names that every Prometheus client has: read from /proc, and absent where there is none.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// Ticks of a second in /proc: the same on every architecture that Linux runs on today (proc(5), getconf CLK_TCK).
const TICKS: f64 = 100.0;

/// The process.
#[derive(Debug)]
pub struct Process {
    /// Seconds since 1970.
    start: f64,
}

impl Default for Process {
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            start: now.unwrap_or_default().as_secs_f64(),
        }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let start = ConstGauge::new(self.start);
        let help = "When the process began, in seconds since 1970";
        tell(&mut encoder, "process_start_time_seconds", help, &start)?;
        if let Some(seconds) = cpu() {
            let help = "CPU time that the process has used, in user and system mode";
            let cpu = ConstCounter::new(seconds);
            tell(&mut encoder, "process_cpu_seconds", help, &cpu)?;
        }
        if let Some(bytes) = resident() {
            let help = "Memory of the process that is resident";
            let memory = ConstGauge::new(bytes);
            tell(&mut encoder, "process_resident_memory_bytes", help, &memory)?;
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            let files = ConstGauge::new(i64::try_from(files.count()).unwrap_or(i64::MAX));
            tell(
                &mut encoder,
                "process_open_fds",
                "Open file descriptors",
                &files,
            )?;
        }
        Ok(())
    }
}

fn tell(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> Result<(), std::fmt::Error> {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// User and system time: members 14 and 15 of the line, counted after the name, which may have spaces and ends with `)`.
fn cpu() -> Option<f64> {
    let line = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = line.rsplit_once(')')?;
    let mut members = rest.split_whitespace().skip(11);
    let mut ticks = || members.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

fn resident() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_says_what_the_process_uses() {
        assert!(resident().unwrap() > 1 << 20);
        assert!(cpu().unwrap() >= 0.0);
    }
}
