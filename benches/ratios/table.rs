//! The table: one line per ratio, and what it was computed from.

use std::fmt;
use std::time::Duration;

/// Lines in the order they were measured.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

#[derive(Debug)]
struct Row {
    what: String,
    ours: String,
    beside: String,
    ratio: Option<f64>,
    bound: Option<Bound>,
}

/// What a value must keep.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Bound {
    fn keeps(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "<= {most}"),
            Self::AtLeast(least) => write!(f, ">= {least}"),
        }
    }
}

impl Table {
    /// A ratio with its bound; `ours` and `beside` say what was divided.
    pub(crate) fn ratio(
        &mut self,
        what: &str,
        ours: impl Into<String>,
        beside: impl Into<String>,
        ratio: f64,
        bound: Bound,
    ) {
        self.0.push(Row {
            what: what.into(),
            ours: ours.into(),
            beside: beside.into(),
            ratio: Some(ratio),
            bound: Some(bound),
        });
    }

    /// A ratio that nothing holds us to.
    pub(crate) fn comparison(
        &mut self,
        what: &str,
        ours: impl Into<String>,
        beside: impl Into<String>,
        ratio: f64,
    ) {
        let (ours, beside) = (ours.into(), beside.into());
        self.0.push(Row { what: what.into(), ours, beside, ratio: Some(ratio), bound: None });
    }

    /// A number that only explains another.
    pub(crate) fn note(&mut self, what: &str, ours: impl Into<String>, beside: impl Into<String>) {
        let (ours, beside) = (ours.into(), beside.into());
        self.0.push(Row { what: what.into(), ours, beside, ratio: None, bound: None });
    }
}

/// What stands above the columns.
pub(crate) const HEADING: &str =
    "what                                            pyro                 beside    ratio  bound";

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.0 {
            let ratio = row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let bound = row.bound.map_or_else(String::new, |bound| bound.to_string());
            let kept = row.bound.zip(row.ratio).is_none_or(|(bound, ratio)| bound.keeps(ratio));
            let verdict = if kept { "" } else { "  MISSED" };
            let Row { what, ours, beside, .. } = row;
            writeln!(f, "{what:<42} {ours:>9} {beside:>22} {ratio:>8}  {bound}{verdict}")?;
        }
        Ok(())
    }
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
}

/// Milliseconds with the digits that mean something.
pub(crate) fn milliseconds(seconds: f64) -> String {
    format!("{:.*} ms", if seconds < 0.01 { 2 } else { 0 }, seconds * 1000.0)
}

/// Seconds as a number.
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
