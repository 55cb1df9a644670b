//! Long work on stderr: bars on a terminal; elsewhere a line now and then, and none for short work.

use super::{Ui, note, seconds};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use pyro::event::{Event, Unit};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines about the same step where there is no terminal; shorter steps are not told.
const BETWEEN_LINES: Duration = Duration::from_secs(2);
const SPIN: Duration = Duration::from_millis(120);

/// Shows the events of one piece of work. Dropping it takes its bars away.
#[derive(Debug)]
pub(crate) struct Progress {
    ui: Ui,
    bars: MultiProgress,
    steps: Mutex<HashMap<String, Step>>,
}

#[derive(Debug)]
enum Step {
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl Progress {
    pub(super) fn new(ui: Ui) -> Self {
        let target = if ui.stderr_is_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self { ui, bars: MultiProgress::with_draw_target(target), steps: Mutex::default() }
    }

    /// The observer to hand to the library.
    pub(crate) fn observe(&self, event: &Event) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { what } => {
                steps.insert(what.clone(), self.begin(what));
            }
            Event::Advanced { what, done, total, unit } => match steps.get_mut(what) {
                Some(Step::Bar(bar)) => advance(bar, *done, *total, *unit),
                Some(Step::Lines { last }) if last.elapsed() >= BETWEEN_LINES => {
                    *last = Instant::now();
                    note(&format!("{what}: {}", position(*done, *total, *unit)));
                }
                Some(Step::Lines { .. }) | None => {}
            },
            Event::Finished { what, took } => self.finish(what, *took, steps.remove(what)),
            Event::Warning(message) => self.bars.suspend(|| self.ui.warning(message)),
            _ => {}
        }
    }

    fn begin(&self, what: &str) -> Step {
        if !self.ui.stderr_is_terminal {
            return Step::Lines { last: Instant::now() };
        }
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(SPIN);
        Step::Bar(bar)
    }

    fn finish(&self, what: &str, took: Duration, step: Option<Step>) {
        if let Some(Step::Bar(bar)) = step {
            bar.finish_and_clear();
        }
        if took >= BETWEEN_LINES {
            self.bars.suspend(|| note(&format!("{what}: done in {}", seconds(took))));
        }
    }
}

fn advance(bar: &ProgressBar, done: u64, total: Option<u64>, unit: Unit) {
    if let Some(total) = total.or((unit == Unit::Percent).then_some(100))
        && bar.length() != Some(total)
    {
        bar.set_length(total);
        bar.set_style(style(unit));
    } else if bar.length().is_none() && bar.position() == 0 {
        bar.set_style(counter(unit));
    }
    bar.set_position(done);
}

/// Where nobody knows how much there will be.
fn counter(unit: Unit) -> ProgressStyle {
    let template = match unit {
        Unit::Bytes => "{spinner} {msg} {bytes}",
        Unit::Items | Unit::Percent => "{spinner} {msg} {pos}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// indicatif reads the template at run time; one that it cannot read leaves its default.
fn style(unit: Unit) -> ProgressStyle {
    let template = match unit {
        Unit::Bytes => "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        Unit::Items => "{msg} {bar:30} {pos}/{len}",
        Unit::Percent => "{msg} {bar:30} {pos} %",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn position(done: u64, total: Option<u64>, unit: Unit) -> String {
    match (unit, total) {
        (Unit::Percent, _) => format!("{done} %"),
        (Unit::Bytes, None) => super::human_bytes(done),
        (Unit::Bytes, Some(total)) => {
            format!("{} of {}", super::human_bytes(done), super::human_bytes(total))
        }
        (Unit::Items, None) => done.to_string(),
        (Unit::Items, Some(total)) => format!("{done} of {total}"),
    }
}
