//! Virtual time. No timers here: time is asked for, it never calls back.

use std::time::Instant;

/// Virtual time: seconds since the Unix epoch, as awsJson writes timestamps.
pub type Time = f64;

/// Where virtual time starts: 2026-01-01T00:00:00Z.
pub const START: Time = 1_767_225_600.0;

/// A clock that runs at `rate` virtual seconds a real second and can be moved by hand.
#[derive(Clone, Debug)]
pub struct Clock {
    base: Time,
    rate: f64,
    since: Instant,
}

impl Clock {
    /// A clock at [`START`]. With rate 0 it moves only by [`Clock::advance`].
    pub fn new(rate: f64) -> Self {
        Self {
            base: START,
            rate,
            since: Instant::now(),
        }
    }

    /// The virtual time now.
    pub fn now(&self) -> Time {
        self.base + self.rate * self.since.elapsed().as_secs_f64()
    }

    /// Moves the clock ahead; it never goes back.
    pub fn advance(&mut self, seconds: f64) {
        self.base += seconds.max(0.0);
    }

    /// Virtual seconds a real second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Changes the rate without a jump in time.
    pub fn set_rate(&mut self, rate: f64) {
        (self.base, self.since, self.rate) = (self.now(), Instant::now(), rate.max(0.0));
    }
}

/// A virtual time as ISO 8601 with milliseconds, for example `2026-01-01T00:00:00.000Z`.
pub fn iso8601(time: Time) -> String {
    let millis = (time * 1000.0).round() as i64;
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Days since the epoch to year, month and day, by the algorithm of Hinnant's "chrono-compatible low-level date algorithms".
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso8601_writes_the_calendar() {
        assert_eq!(iso8601(START), "2026-01-01T00:00:00.000Z");
        assert_eq!(iso8601(951_782_400.5), "2000-02-29T00:00:00.500Z");
    }

    #[test]
    fn rate_zero_stands_still_and_rate_changes_without_a_jump() {
        let mut clock = Clock::new(0.0);
        clock.advance(3.0);
        assert_eq!(clock.now(), START + 3.0);
        clock.set_rate(1000.0);
        clock.set_rate(0.0);
        let then = clock.now();
        assert!(then >= START + 3.0);
        assert_eq!(clock.now(), then);
    }
}
