//! The table: rows as they are measured, aligned when they are printed.

use std::fmt;

use crate::settings::Settings;

/// The bar and the peer's figure; empty where there is none.
pub type Bars = (&'static str, &'static str);

/// One figure.
struct Row {
    what: String,
    ours: String,
    bar: String,
    peer: String,
}

/// Everything that is told.
pub struct Table {
    head: Vec<String>,
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    /// An empty table with a line on what is measured and one on the machine.
    pub fn new(settings: &Settings) -> Self {
        let head = vec![
            format!(
                "{} services, each with its own task definition of {} container(s), in one cluster, without a load balancer; release build; simulator at {} virtual seconds a second; --poll-period 5s (the default) throughout.",
                settings.services, settings.containers, settings.rate
            ),
            format!("Machine: {}; at the start {}.", processors(), load()),
        ];
        Self {
            head,
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A line between figures that says what the next ones are about.
    pub fn phase(&mut self, what: impl Into<String>) {
        self.push(format!("**{}**", what.into()), "", ("", ""));
    }

    /// A figure that nothing is asked of.
    pub fn row(&mut self, what: &str, ours: impl Into<String>) {
        self.push(what.to_owned(), ours, ("", ""));
    }

    /// A figure with what is asked of it: the target and what ACK's controller needs, both for 1,000 services.
    pub fn against(&mut self, bars: Bars, what: &str, ours: impl Into<String>) {
        self.push(what.to_owned(), ours, bars);
    }

    /// Something to know about the figures.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Everything is measured.
    pub fn finish(&mut self) {
        self.head.push(format!("At the end {}.", load()));
    }

    fn push(&mut self, what: String, ours: impl Into<String>, bars: Bars) {
        self.rows.push(Row {
            what,
            ours: ours.into(),
            bar: bars.0.to_owned(),
            peer: bars.1.to_owned(),
        });
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.head {
            writeln!(f, "{line}")?;
        }
        writeln!(f)?;
        let title = Row {
            what: String::new(),
            ours: "ours".to_owned(),
            bar: "bar (1,000)".to_owned(),
            peer: "ACK (1,000)".to_owned(),
        };
        let cells = |row: &Row| [&row.what, &row.ours, &row.bar, &row.peer].map(Clone::clone);
        let rows: Vec<_> = std::iter::once(&title)
            .chain(&self.rows)
            .map(cells)
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: [usize; 4] = std::array::from_fn(|column| width(column).unwrap_or(0));
        for (index, row) in rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(widths) {
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")?;
            if index == 0 {
                let [a, b, c, d] = widths.map(|width| "-".repeat(width + 2));
                writeln!(f, "|{a}|{b}|{c}|{d}|")?;
            }
        }
        writeln!(f)?;
        for note in &self.notes {
            writeln!(f, "- {note}")?;
        }
        Ok(())
    }
}

fn processors() -> String {
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{count} cores shared by operator, control plane, simulator and this program")
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<_> = text.split(' ').take(3).collect();
    format!("load {}", averages.join(" "))
}
