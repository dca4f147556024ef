//! Sizes of tasks: how they may be written, and which of them Fargate has.

/// CPU units of a vCPU, and MiB of a GB (RegisterTaskDefinition, parameters cpu and memory).
const PER_UNIT: f64 = 1024.0;

/// Pattern of `cpu`: units, or vCPU with at most four decimals.
pub const CPU: &str =
    r"^([1-9][0-9]{0,5}|([0-9]{1,3}(\.[0-9]{1,4})?|\.[0-9]{1,4}) *[vV][cC][pP][uU])$";

/// Pattern of `memory`: MiB, or GB with at most four decimals.
pub const MEMORY: &str = r"^([1-9][0-9]{0,7}|([0-9]{1,4}(\.[0-9]{1,4})?|\.[0-9]{1,4}) *[gG][bB])$";

/// CPU units with the memory that Fargate has for them: from, to and in steps of so many MiB.
pub struct FargateSize {
    /// CPU units.
    pub cpu: i64,
    /// Least memory, MiB.
    pub least: i64,
    /// Greatest memory, MiB.
    pub most: i64,
    /// Distance between sizes, MiB.
    pub step: i64,
}

const fn size(cpu: i64, least: i64, most: i64, step: i64) -> FargateSize {
    FargateSize {
        cpu,
        least,
        most,
        step,
    }
}

/// The sizes of Fargate (RegisterTaskDefinition, parameter memory).
pub const FARGATE: [FargateSize; 8] = [
    size(256, 512, 512, 512),
    size(256, 1024, 2048, 1024),
    size(512, 1024, 4096, 1024),
    size(1024, 2048, 8192, 1024),
    size(2048, 4096, 16_384, 1024),
    size(4096, 8192, 30_720, 1024),
    size(8192, 16_384, 61_440, 4096),
    size(16_384, 32_768, 122_880, 8192),
];

/// `256`, `.25 vCPU`, `1vcpu` → CPU units. None when it is no whole number of them.
pub fn cpu_units(text: &str) -> Option<i64> {
    units(text, "vcpu")
}

/// `512`, `0.5GB`, `1 GB` → MiB. None when it is no whole number of them.
pub fn memory_mib(text: &str) -> Option<i64> {
    units(text, "gb")
}

fn units(text: &str, unit: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let Some(number) = text.strip_suffix(unit) else {
        return text.parse().ok().filter(|units| *units > 0);
    };
    let units = number.trim().parse::<f64>().ok()? * PER_UNIT;
    ((1.0..1e9).contains(&units) && units.fract() == 0.0).then_some(units as i64)
}

/// Whether Fargate has this size.
pub fn is_on_fargate(cpu: i64, memory: i64) -> bool {
    FARGATE.iter().any(|size| {
        size.cpu == cpu
            && (size.least..=size.most).contains(&memory)
            && (memory - size.least) % size.step == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_mean_the_same_however_they_are_written() {
        for text in ["256", ".25 vcpu", "0.25 vCPU", ".25vCPU", "0.2500 VCPU"] {
            assert_eq!(cpu_units(text), Some(256), "{text}");
        }
        for text in ["512", ".5 gb", "0.5GB", "0.5 GB"] {
            assert_eq!(memory_mib(text), Some(512), "{text}");
        }
        assert_eq!(
            (cpu_units("1 vCPU"), memory_mib("1 GB")),
            (Some(1024), Some(1024))
        );
    }

    #[test]
    fn what_is_no_whole_number_of_units_is_no_size() {
        for text in ["", "0", "-1", "half", "1 GB", "vCPU", ".3 vCPU", "nan vcpu"] {
            assert_eq!(cpu_units(text), None, "{text}");
        }
        for text in ["", "1 vCPU", "GB", "512MB", "inf gb"] {
            assert_eq!(memory_mib(text), None, "{text}");
        }
    }

    #[test]
    fn fargate_has_steps_between_its_bounds() {
        for (cpu, memory) in [(256, 512), (256, 2048), (512, 4096), (8192, 20_480)] {
            assert!(is_on_fargate(cpu, memory), "{cpu} {memory}");
        }
        for (cpu, memory) in [(256, 1536), (256, 4096), (300, 512), (8192, 17_408)] {
            assert!(!is_on_fargate(cpu, memory), "{cpu} {memory}");
        }
    }
}
