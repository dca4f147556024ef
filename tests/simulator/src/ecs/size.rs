//! Task sizes: how they may be written, and which ones Fargate has. Table: aws.md §B3 [M].

use super::failure::client;
use crate::error::ApiError;

/// What ECS answers to a size it cannot read [I].
const INVALID_CPU: &str = "Invalid 'cpu' setting for task. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
const INVALID_MEMORY: &str = "Invalid 'memory' setting for task. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";

/// `256`, `.25 vCPU`, `1vcpu` → CPU units.
pub(super) fn cpu(text: &str) -> Result<i64, ApiError> {
    units(text, "vcpu").ok_or_else(|| client(INVALID_CPU))
}

/// `512`, `0.5GB`, `1 GB` → MiB.
pub(super) fn memory(text: &str) -> Result<i64, ApiError> {
    units(text, "gb").ok_or_else(|| client(INVALID_MEMORY))
}

/// A whole number as it is, or a number with `unit` behind it times 1024.
fn units(text: &str, unit: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let number = match text.strip_suffix(unit) {
        Some(number) => number.trim().parse::<f64>().ok()? * 1024.0,
        None => return text.parse().ok().filter(|number| *number > 0),
    };
    // In range and whole: a size has few digits.
    ((1.0..1e9).contains(&number) && number.fract() == 0.0).then_some(number as i64)
}

/// Whether Fargate has this size.
pub(super) fn fargate(cpu: i64, memory: i64) -> Result<(), ApiError> {
    if fits(cpu, memory) {
        return Ok(());
    }
    Err(client(format!(
        "No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS documentation for the valid values."
    )))
}

fn fits(cpu: i64, memory: i64) -> bool {
    let steps = |least: i64, most: i64, step: i64| {
        (least..=most).contains(&memory) && (memory - least) % step == 0
    };
    match cpu {
        256 => [512, 1024, 2048].contains(&memory),
        512 => steps(1024, 4096, 1024),
        1024 => steps(2048, 8192, 1024),
        2048 => steps(4096, 16384, 1024),
        4096 => steps(8192, 30720, 1024),
        8192 => steps(16 * 1024, 60 * 1024, 4 * 1024),
        16384 => steps(32 * 1024, 120 * 1024, 8 * 1024),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_aws_reads_them() {
        assert_eq!(cpu(".25 vCPU").unwrap(), 256);
        assert_eq!(cpu("1 vCPU").unwrap(), 1024);
        assert_eq!(cpu("512").unwrap(), 512);
        assert_eq!(memory("0.5GB").unwrap(), 512);
        assert_eq!(memory("2 GB").unwrap(), 2048);
        for wrong in ["", "vCPU", "0", "-1", "half", "1 GB", "NaN vCPU"] {
            assert!(cpu(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn fargate_has_steps_between_its_bounds() {
        for (cpu, memory) in [
            (256, 512),
            (512, 4096),
            (4096, 30720),
            (8192, 20480),
            (16384, 122_880),
        ] {
            assert!(fargate(cpu, memory).is_ok(), "{cpu} {memory}");
        }
        for (cpu, memory) in [
            (256, 256),
            (256, 4096),
            (512, 1500),
            (300, 512),
            (8192, 17408),
        ] {
            assert!(fargate(cpu, memory).is_err(), "{cpu} {memory}");
        }
    }
}
