//! Rows of the table, and the place in the document where they go.

use std::fmt::{self, Display};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::measure::Pair;
use crate::{Outcome, process};

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// One line of the table.
pub struct Row {
    figure: String,
    measured: String,
    against: String,
    ratio: String,
    goal: String,
    result: String,
}

/// What a figure has to reach.
#[derive(Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Only reported.
    None,
}

impl Goal {
    fn result(self, value: f64) -> String {
        let (is_met, miss) = match self {
            Self::AtMost(goal) => (value <= goal, value / goal - 1.0),
            Self::AtLeast(goal) => (value >= goal, 1.0 - value / goal),
            Self::None => return "reported".into(),
        };
        if is_met {
            "met".into()
        } else {
            format!("**missed by {:.0} %**", (miss * 100.0).max(1.0))
        }
    }

    fn text(self, unit: &str) -> String {
        match self {
            Self::AtMost(goal) => format!("at most {goal}{unit}"),
            Self::AtLeast(goal) => format!("at least {goal}{unit}"),
            Self::None => String::new(),
        }
    }
}

impl Row {
    /// A ratio of two times.
    pub fn ratio(figure: &str, other: &str, pair: &Pair, goal: Goal) -> Self {
        Self::of_pair(figure, time(pair.a), time(pair.b), other, pair, goal)
    }

    /// A ratio of two rates.
    pub fn rate(figure: &str, other: &str, pair: &Pair, goal: Goal) -> Self {
        let rate = |took: Duration| format!("{:.0} /s", 1.0 / took.as_secs_f64());
        Self::of_pair(figure, rate(pair.a), rate(pair.b), other, pair, goal)
    }

    /// Two times that were measured as one each.
    pub fn times(figure: &str, a: Duration, other: &str, b: Duration, goal: Goal) -> Self {
        let ratio = a.as_secs_f64() / b.as_secs_f64();
        Self {
            figure: figure.into(),
            measured: time(a),
            against: format!("{} ({other})", time(b)),
            ratio: format!("{ratio:.2}"),
            goal: goal.text(""),
            result: goal.result(ratio),
        }
    }

    fn of_pair(
        figure: &str,
        measured: String,
        against: String,
        other: &str,
        pair: &Pair,
        goal: Goal,
    ) -> Self {
        let (low, high) = pair.range();
        Self {
            figure: figure.into(),
            measured,
            against: format!("{against} ({other})"),
            ratio: format!("{:.2} ({low:.2} to {high:.2})", pair.ratio()),
            goal: goal.text(""),
            result: goal.result(pair.ratio()),
        }
    }

    /// A plain number with its unit.
    pub fn number(figure: &str, value: f64, unit: &str, goal: Goal) -> Self {
        let digits = if value.fract() == 0.0 { 0 } else { 2 };
        Self {
            figure: figure.into(),
            measured: format!("{value:.digits$}{unit}"),
            against: String::new(),
            ratio: String::new(),
            goal: goal.text(unit),
            result: goal.result(value),
        }
    }

    /// A figure that couldn't be had here.
    pub fn missing(figure: &str, why: &str) -> Self {
        Self {
            figure: figure.into(),
            measured: "not measured".into(),
            against: String::new(),
            ratio: String::new(),
            goal: String::new(),
            result: why.into(),
        }
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            figure,
            measured,
            against,
            ratio,
            goal,
            result,
        } = self;
        write!(
            f,
            "| {figure} | {measured} | {against} | {ratio} | {goal} | {result} |"
        )
    }
}

/// A time in the unit that reads best.
fn time(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    match seconds {
        1.0.. => format!("{seconds:.2} s"),
        0.01.. => format!("{:.1} ms", seconds * 1e3),
        0.001.. => format!("{:.2} ms", seconds * 1e3),
        _ => format!("{:.0} µs", seconds * 1e6),
    }
}

/// Puts the table between the document's marks; a quick run only shows it.
pub fn write(document: &Path, rows: &[String], quick: bool) -> Outcome<()> {
    let mut table = format!(
        "Made by `make bench` on {}.\n\n\
         | figure | measured | against | ratio (lowest to highest round) | goal | result |\n\
         | --- | --- | --- | --- | --- | --- |\n",
        machine()?
    );
    for row in rows {
        table += row;
        table.push('\n');
    }
    println!("{table}");
    if quick {
        return Ok(());
    }
    let text = std::fs::read_to_string(document)?;
    let (Some(begin), Some(end)) = (text.find(BEGIN), text.find(END)) else {
        return Err(format!("{}: the marks are gone", document.display()).into());
    };
    let head = &text[..begin + BEGIN.len()];
    let tail = &text[end..];
    std::fs::write(document, format!("{head}\n{table}{tail}"))?;
    Ok(())
}

/// The machine's kind: processors, memory, architecture, kernel series.
fn machine() -> Outcome<String> {
    let cores = std::thread::available_parallelism()?;
    let release = process::output(Command::new("uname").arg("-r"))?;
    let series: Vec<&str> = release.split(['.', '-']).take(2).collect();
    let memory = std::fs::read_to_string("/proc/meminfo")?
        .split_whitespace()
        .nth(1)
        .and_then(|kilobytes| kilobytes.parse::<f64>().ok())
        .unwrap_or_default();
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let kind = if cpu.contains(" hypervisor") {
        "a virtual machine"
    } else {
        "a machine"
    };
    Ok(format!(
        "{kind} with {cores} cores ({}), {:.0} GB, Linux {}",
        std::env::consts::ARCH,
        memory / 1e6,
        series.join(".")
    ))
}
